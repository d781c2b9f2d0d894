# needs: curl
# No network: a file by URL, many times over one handle and in parallel.
seq 20000 >data
for i in $(seq 30); do echo "url = file://$PWD/data"; echo "output = copy$i"; done >list
curl -sS --parallel --parallel-max 4 -K list && cat copy* | cksum
