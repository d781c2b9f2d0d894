CREATE TABLE numbers (id INTEGER PRIMARY KEY, square INTEGER, text TEXT);
WITH RECURSIVE count(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM count WHERE i < 30000)
INSERT INTO numbers SELECT i, i * i, printf('number %d %s', i, hex(i * 7919)) FROM count;
CREATE INDEX by_text ON numbers (text);
DELETE FROM numbers WHERE id % 3 = 0;
UPDATE numbers SET text = upper(text) || id WHERE id % 5 = 0;
SELECT count(*), sum(square), max(text) FROM numbers;
SELECT a.id, b.id, a.text FROM numbers a JOIN numbers b ON a.square = b.id ORDER BY a.text DESC;
SELECT id % 100 AS rest, group_concat(text, ',') FROM numbers GROUP BY rest HAVING sum(square) > 1000 ORDER BY rest;
SELECT json_group_array(json_object('id', id, 'text', text)) FROM numbers WHERE id < 2000;
VACUUM;
PRAGMA integrity_check;
