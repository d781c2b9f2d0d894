# needs: tar gzip xz bzip2 sha256sum seq
mkdir tree && for i in $(seq 100); do seq $((i * 100)) >"tree/$i"; done
tar --sort=name --mtime=@0 --owner=0 --group=0 -cf tree.tar tree && sha256sum tree.tar
gzip -n -k tree.tar && bzip2 -k tree.tar && xz -k -T2 --block-size=1MiB tree.tar && sha256sum tree.tar.*
for kind in gz bz2 xz; do
    mkdir "$kind" && tar -xf "tree.tar.$kind" -C "$kind" && diff -r tree "$kind/tree" && echo "$kind is whole"
done
