# needs: clang awk sha256sum
awk -f "$CASES/c_source.awk" -v functions=80 >source.c
clang -O2 -c source.c -o object.o && sha256sum object.o
