# needs: lua5.4
lua5.4 "$CASES/tables.lua"
