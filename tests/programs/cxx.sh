# needs: g++ sha256sum
# A C++ program with containers, threads and exceptions: how it is compiled, and how it runs.
g++ -std=c++17 -O1 -pthread -c "$CASES/containers.cc" -o containers.o && sha256sum <containers.o
g++ -pthread containers.o -o containers && ./containers
