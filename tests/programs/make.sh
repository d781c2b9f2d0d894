# needs: make gcc
# Two jobs at a time, each a compiler with its own programs.
for i in 1 2 3 4 5 6; do echo "int f$i(int x) { return x * $i; }" >"f$i.c"; done
echo '#include <stdio.h>
int f1(int), f2(int), f3(int), f4(int), f5(int), f6(int);
int main(void) { printf("%d\n", f1(f2(f3(f4(f5(f6(7))))))); }' >main.c
printf 'program: main.o f1.o f2.o f3.o f4.o f5.o f6.o\n\tgcc -o $@ $^\n%%.o: %%.c\n\t@gcc -O1 -c $< -o $@\n' >Makefile
make -s -j2 && ./program
