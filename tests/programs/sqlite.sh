# needs: sqlite3 sha256sum
sqlite3 data.db <"$CASES/tables.sql" | sha256sum
sqlite3 data.db .dump | sha256sum
