# needs: vim
seq 5000 >text
vim -u NONE -N -es -c '%s/\v(\d)(\d)/\2<\1>/g' -c 'g/9/normal yyP' -c 'sort n' -c 'undo' -c 'redo' -c 'wq' text \
    </dev/null
cksum text
