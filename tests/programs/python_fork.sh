# needs: /usr/bin/python3
# prints: SUCCESS
. "$CASES/python_tests"
python_tests test_fork1 test_posix test_threadsignals
