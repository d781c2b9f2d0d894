# needs: /usr/bin/python3
# prints: 300 texts
/usr/bin/python3 - <<'CODE'
import ctypes

library = ctypes.CDLL("libc.so.6")
library.strdup.restype = ctypes.c_void_p
library.realloc.restype = ctypes.c_void_p
library.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
texts = [library.strdup(b"x" * count) for count in range(300)]
for count, text in enumerate(texts):
    text = library.realloc(text, 2 * count + 1)
    assert ctypes.string_at(text) == b"x" * count
    library.free(text)
print(len(texts), "texts")
CODE
