-- What searches and dashboards get: every event that matters, and one in ten of the others. Which one is decided by a hash of the
-- event's id, so that it is the same after a restart, in a second run, and for an event that was delivered twice. The percentage stands
-- in the row: a count is right again when each row counts 100 / sample_percent times.

CREATE STREAM auth_sampled WITH (KAFKA_TOPIC = 'auth-sampled') AS
SELECT *, CASE WHEN severity IN ('low', 'info') THEN 10 ELSE 100 END AS sample_percent
FROM auth_graded
WHERE severity IN ('critical', 'high', 'medium') OR ABS(HASH(event_id)) % 100 < 10;

CREATE STREAM network_sampled WITH (KAFKA_TOPIC = 'network-sampled') AS
SELECT *, CASE WHEN severity IN ('low', 'info') THEN 10 ELSE 100 END AS sample_percent
FROM network_graded
WHERE severity IN ('critical', 'high', 'medium') OR ABS(HASH(event_id)) % 100 < 10;

CREATE STREAM endpoint_sampled WITH (KAFKA_TOPIC = 'endpoint-sampled') AS
SELECT *, CASE WHEN severity IN ('low', 'info') THEN 10 ELSE 100 END AS sample_percent
FROM endpoint_graded
WHERE severity IN ('critical', 'high', 'medium') OR ABS(HASH(event_id)) % 100 < 10;
