# needs: /usr/bin/python3
# prints: SUCCESS
# CPython's own tests of its types, with every object in a block of malloc.
. "$CASES/python_tests"
python_tests test_list test_dict test_set test_unicode test_bytes test_deque test_long test_sort test_array \
    test_memoryview test_weakref test_gc test_re test_generators
