# needs: gcc awk sha256sum
# The compiler at work on a large file: the object must be the same to the byte.
awk -f "$CASES/c_source.awk" -v functions=150 >source.c
gcc -O2 -c source.c -o object.o && sha256sum object.o
