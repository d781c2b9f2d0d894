# needs: /usr/bin/python3
# Threads that hand objects to each other while others start programs and fork.
PYTHONMALLOC=malloc /usr/bin/python3 "$CASES/threads_and_processes.py"
