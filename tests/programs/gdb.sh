# needs: gdb
gdb -q -nx -batch -ex 'python print(sum(len(str(i)) for i in range(100000)))' -ex 'print sizeof(long) * 6'
