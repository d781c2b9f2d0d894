# needs: /usr/bin/python3
# prints: SUCCESS
# Without those of its tests in which CPython 3.11 itself errs: now and then a thread that ends reads its interpreter's state
# when Py_EndInterpreter has freed it already, which the debug form reports as heap-use-after-free.
. "$CASES/python_tests"
python_tests -i 'test_threads_join*' test_thread test_threading test_mmap
