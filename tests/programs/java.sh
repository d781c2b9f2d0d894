# needs: java
# The virtual machine's own threads and compiler live on malloc; here it starts, checks classes and lists its modules.
java -Xmx256m -Xverify:all -Xlog:disable --list-modules | sed 's/@.*//' | sort | cksum
