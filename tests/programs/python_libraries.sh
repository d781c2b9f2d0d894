# needs: /usr/bin/python3
# prints: SUCCESS
# CPython's own tests of modules that bring C libraries with their own use of malloc.
. "$CASES/python_tests"
python_tests test_json test_pickle test_decimal test_zlib test_bz2 test_ast test_xml_etree_c test_ctypes test_struct
