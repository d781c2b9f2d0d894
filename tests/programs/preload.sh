# needs: grep
# prints: the allocator is mapped
# The preload is there, also in the programs that a program starts; without this, all other cases would show nothing.
grep -q "$CAIRN_LIBRARY" /proc/self/maps || exit 1
bash -c 'mapfile -t maps </proc/self/maps && [[ ${maps[*]} == *"$CAIRN_LIBRARY"* ]]' && echo "the allocator is mapped"
