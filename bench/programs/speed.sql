-- Inserts, indexes, updates, joins, aggregates, text functions and JSON in a database in memory.
CREATE TABLE numbers (id INTEGER PRIMARY KEY, square INTEGER, text TEXT);
WITH RECURSIVE count(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM count WHERE i < 40000)
INSERT INTO numbers SELECT i, i * 7919 % 10007, printf('number %d %s', i, hex(i * 7919)) FROM count;
CREATE INDEX by_square ON numbers (square);
CREATE INDEX by_text ON numbers (text);
UPDATE numbers SET text = upper(text) || id WHERE id % 5 = 0;
DELETE FROM numbers WHERE id % 7 = 0;
SELECT count(*), sum(square), max(text) FROM numbers;
SELECT count(*), sum(length(a.text || b.text)) FROM numbers a JOIN numbers b ON a.square = b.square;
SELECT sum(length(list)) FROM (SELECT group_concat(text, ',') AS list FROM numbers GROUP BY id % 500);
SELECT length(json_group_array(json_object('id', id, 'text', text))) FROM numbers;
SELECT count(*) FROM (SELECT DISTINCT substr(text, 8, 6) FROM numbers);
SELECT count(*) FROM numbers WHERE text LIKE '%77%' AND replace(text, 'number', 'n') LIKE 'n%';
WITH ranked AS (SELECT text, row_number() OVER (PARTITION BY square % 100 ORDER BY text DESC) AS place FROM numbers)
SELECT sum(length(text)) FROM ranked WHERE place <= 10;
DROP TABLE numbers;
