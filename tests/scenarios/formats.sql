-- JSON, DELIMITED and KAFKA (reference: formats). What records hold that SQL cannot write stands in files beside these.

--@test: members of JSON are found whatever the case of their letters
CREATE STREAM s (`message` VARCHAR, user_name VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT `message`, user_name FROM s;
--@events: events/names.ndjson INTO s
ASSERT VALUES o (`message`, user_name) VALUES ('exact', 'ann');
ASSERT VALUES o (`message`, user_name) VALUES (NULL, 'bob');
ASSERT COUNT 2 IN o;

--@test: a STRING takes any JSON, numbers take text that spells one
CREATE STREAM s (t VARCHAR, n INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT t, n FROM s;
--@events: events/coerced.ndjson INTO s
ASSERT VALUES o (t, n) VALUES ('4688', 1);
ASSERT VALUES o (t, n) VALUES ('true', 7);
ASSERT VALUES o (t, n) VALUES ('{"a":1}', NULL);
ASSERT COUNT 3 IN o;

--@test: a BOOLEAN takes true and false, and no text
CREATE STREAM s (b BOOLEAN) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT b FROM s;
--@events: events/booleans.ndjson INTO s
ASSERT VALUES o (b) VALUES (true);
ASSERT VALUES o (b) VALUES (NULL);
ASSERT COUNT 2 IN o;

--@test: DELIMITED quotes what needs it, and has no empty text
CREATE STREAM s (id INT KEY, a VARCHAR, b INT, c VARCHAR) WITH (kafka_topic='s', value_format='DELIMITED');
CREATE STREAM o AS SELECT * FROM s;
CREATE STREAM raw (line VARCHAR) WITH (kafka_topic='O', value_format='KAFKA');
INSERT INTO s VALUES (1, 'a,b', 2, 'say "hi"');
INSERT INTO s VALUES (2, '', NULL, 'z');
ASSERT VALUES raw (line) VALUES ('"a,b",2,"say ""hi"""');
ASSERT VALUES raw (line) VALUES (',,z');
CREATE STREAM again AS SELECT id, a, b, c FROM o;
ASSERT VALUES again (a, b, c) VALUES ('a,b', 2, 'say "hi"');
ASSERT VALUES again (a, b, c) VALUES (NULL, NULL, 'z');

--@test: a delimiter of one's own
CREATE STREAM s (a VARCHAR, b INT) WITH (kafka_topic='s', value_format='DELIMITED', value_delimiter='TAB');
CREATE STREAM piped WITH (value_delimiter='|') AS SELECT * FROM s;
CREATE STREAM raw (line VARCHAR) WITH (kafka_topic='PIPED', value_format='KAFKA');
--@events: events/tabs.tsv INTO s
ASSERT VALUES raw (line) VALUES ('x y|1');
ASSERT STREAM piped (a VARCHAR, b INT) WITH (value_format='DELIMITED', value_delimiter='|');

--@test: a line with too many or too few columns is set aside
CREATE STREAM s (a VARCHAR, b INT) WITH (kafka_topic='s', value_format='DELIMITED');
CREATE STREAM o AS SELECT * FROM s;
--@events: events/columns.csv INTO s
ASSERT VALUES o (a, b) VALUES ('x', 1);
ASSERT COUNT 1 IN o;

--@test: the KAFKA format has one value as its type's own bytes
CREATE STREAM s (id INT KEY, v BIGINT) WITH (kafka_topic='s', format='KAFKA');
CREATE STREAM o WITH (value_format='JSON') AS SELECT id, v FROM s;
INSERT INTO s VALUES (1, 9000000000);
ASSERT VALUES o (id, v) VALUES (1, 9000000000);

--@test: JSON without an object around a single value
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM bare WITH (wrap_single_value=false) AS SELECT * FROM s;
CREATE STREAM raw (line VARCHAR) WITH (kafka_topic='BARE', value_format='KAFKA');
INSERT INTO s VALUES (1, 10);
ASSERT VALUES raw (line) VALUES ('10');
ASSERT STREAM bare (id INT KEY, v INT) WITH (value_format='JSON', wrap_single_value=false);

--@test: WRAP_SINGLE_VALUE is for a single value
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: 'WRAP_SINGLE_VALUE' is only valid for single-field value schemas
CREATE STREAM s (a INT, b INT) WITH (kafka_topic='s', value_format='JSON', wrap_single_value=false);

--@test: what is written as JSON
CREATE STREAM s (id INT KEY, d DECIMAL(4, 2), n DOUBLE, b BYTES, t DATE, x VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s;
CREATE STREAM raw (line VARCHAR) WITH (kafka_topic='O', value_format='KAFKA');
INSERT INTO s VALUES (1, 1.10, 2, 'IQ==', '1970-01-03', NULL);
ASSERT VALUES raw (line) VALUES ('{"D":1.10,"N":2.0,"B":"IQ==","T":2,"X":null}');

--@test: a format that there is not
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Unknown format: FOO
CREATE STREAM s (v INT) WITH (kafka_topic='s', value_format='FOO');

--@test: the result has the formats of its source unless it says otherwise
CREATE STREAM s (id INT KEY, a INT, b INT) WITH (kafka_topic='s', key_format='JSON', value_format='DELIMITED');
CREATE STREAM o AS SELECT * FROM s;
CREATE STREAM j WITH (format='JSON') AS SELECT * FROM s;
ASSERT STREAM o WITH (key_format='JSON', value_format='DELIMITED');
ASSERT STREAM j WITH (key_format='JSON', value_format='JSON');
