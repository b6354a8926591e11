-- LIKE (reference: comparison and logic). Where Weir differs from ksqlDB, docs/differences.md says why.

--@test: a percent sign is any run of characters, an underscore is one
CREATE STREAM s (id INT KEY, image VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM ends AS SELECT * FROM s WHERE image LIKE '%\cmd.exe';
CREATE STREAM one AS SELECT * FROM s WHERE image LIKE 'Win32_Process';
INSERT INTO s VALUES (1, 'C:\Windows\System32\cmd.exe');
INSERT INTO s VALUES (2, 'C:\Windows\System32\cmd.exe.txt');
INSERT INTO s VALUES (3, 'Win32_Process');
INSERT INTO s VALUES (4, 'Win32-Process');
INSERT INTO s VALUES (5, 'Win32Process');
ASSERT VALUES ends (id) VALUES (1);
ASSERT COUNT 1 IN ends;
ASSERT VALUES one (id) VALUES (3);
ASSERT VALUES one (id) VALUES (4);
ASSERT COUNT 2 IN one;

--@test: the case of letters counts
CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM exact AS SELECT * FROM s WHERE v LIKE '%PowerShell%';
CREATE STREAM any_case AS SELECT * FROM s WHERE LCASE(v) LIKE '%powershell%';
INSERT INTO s VALUES (1, 'powershell -enc');
INSERT INTO s VALUES (2, 'PowerShell -enc');
ASSERT VALUES exact (id) VALUES (2);
ASSERT COUNT 1 IN exact;
ASSERT COUNT 2 IN any_case;

--@test: ESCAPE makes a wildcard stand for itself
CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE v LIKE '100!%' ESCAPE '!';
INSERT INTO s VALUES (1, '100%');
INSERT INTO s VALUES (2, '1000');
ASSERT VALUES o (id, v) VALUES (1, '100%');
ASSERT COUNT 1 IN o;

--@test: a backslash is no escape unless it is said to be
CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE v LIKE 'a\_b';
INSERT INTO s VALUES (1, 'a_b');
INSERT INTO s VALUES (2, 'a\xb');
ASSERT VALUES o (id) VALUES (2);
ASSERT COUNT 1 IN o;

--@test: a pattern that ends in its escape character is refused
--@expected.error: io.confluent.ksql.util.KsqlException
CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE v LIKE 'abc!' ESCAPE '!';

--@test: a pattern may come out of a column
CREATE STREAM s (id INT KEY, v VARCHAR, pattern VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v FROM s WHERE v LIKE pattern;
INSERT INTO s VALUES (1, 'lsass.exe', '%.exe');
INSERT INTO s VALUES (2, 'lsass.exe', '%.dll');
ASSERT VALUES o (id) VALUES (1);
ASSERT COUNT 1 IN o;

--@test: LIKE is a value too
CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v LIKE '%a%' AS has_a, v NOT LIKE '%a%' AS has_none FROM s;
INSERT INTO s VALUES (1, 'banana');
INSERT INTO s VALUES (2, 'berry');
ASSERT VALUES o VALUES (1, true, false);
ASSERT VALUES o VALUES (2, false, true);
