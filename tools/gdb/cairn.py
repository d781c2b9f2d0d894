"""gdb commands that look into the debug form's tables, of a live process or of a core file.

    (gdb) source tools/gdb/cairn.py
    (gdb) cairn block EXPRESSION    what the address is: its block, who allocated and who freed it
    (gdb) cairn heap                blocks by size class, and where most memory was allocated
    (gdb) cairn leaks               live blocks that nothing points to, by where they were allocated

They call nothing in the process, and read its memory alone.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cairn_commands  # noqa: E402

cairn_commands.register()
