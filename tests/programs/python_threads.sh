# needs: /usr/bin/python3
# prints: SUCCESS
. "$CASES/python_tests"
python_tests test_thread test_threading test_mmap
