# needs: grep
# prints: the allocator is mapped
# The preload is there, also in the programs that a program starts; without this, all other cases would show nothing.
grep -q "$CAIRN_LIBRARY" /proc/self/maps && bash -c 'grep -q "$CAIRN_LIBRARY" /proc/self/maps' && echo "the allocator is mapped"
