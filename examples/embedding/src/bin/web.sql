CREATE STREAM events (host VARCHAR, command VARCHAR)
  WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
CREATE STREAM alerts AS SELECT * FROM events WHERE command LIKE '%AntiVirusProduct%';
