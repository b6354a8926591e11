-- Critical and high go to the SIEM, everything to the archive: two topics for all domains, and one query for each way into them,
-- with a position and failures of its own.

CREATE STREAM siem (
  event_id VARCHAR, domain VARCHAR, severity VARCHAR, event_type VARCHAR, `user` VARCHAR, host VARCHAR, source_ip VARCHAR, detail VARCHAR
) WITH (KAFKA_TOPIC = 'siem', VALUE_FORMAT = 'JSON', PARTITIONS = 1);

INSERT INTO siem WITH (QUERY_ID = 'siem_auth')
SELECT event_id, 'auth' AS domain, severity, event_type, `user`, CAST(NULL AS VARCHAR) AS host, source_ip, reason AS detail
FROM auth_graded WHERE severity IN ('critical', 'high');

INSERT INTO siem WITH (QUERY_ID = 'siem_network')
SELECT event_id, 'network' AS domain, severity, event_type, CAST(NULL AS VARCHAR) AS `user`, dest_ip AS host, source_ip, signature AS detail
FROM network_graded WHERE severity IN ('critical', 'high');

INSERT INTO siem WITH (QUERY_ID = 'siem_endpoint')
SELECT event_id, 'endpoint' AS domain, severity, event_type, `user`, host, CAST(NULL AS VARCHAR) AS source_ip,
  COALESCE(command_line, technique, process_name) AS detail
FROM endpoint_graded WHERE severity IN ('critical', 'high');

-- The archive keeps each graded event whole: the same topics once more, each record one text. A record without a value (JSON's `null`)
-- has nothing to keep.
CREATE STREAM archive (event_id VARCHAR, domain VARCHAR, severity VARCHAR, event VARCHAR)
  WITH (KAFKA_TOPIC = 'archive', VALUE_FORMAT = 'JSON', PARTITIONS = 1);

CREATE STREAM auth_text (event VARCHAR) WITH (KAFKA_TOPIC = 'auth-graded', VALUE_FORMAT = 'KAFKA');
CREATE STREAM network_text (event VARCHAR) WITH (KAFKA_TOPIC = 'network-graded', VALUE_FORMAT = 'KAFKA');
CREATE STREAM endpoint_text (event VARCHAR) WITH (KAFKA_TOPIC = 'endpoint-graded', VALUE_FORMAT = 'KAFKA');

INSERT INTO archive WITH (QUERY_ID = 'archive_auth')
SELECT EXTRACTJSONFIELD(event, '$.EVENT_ID') AS event_id, 'auth' AS domain, EXTRACTJSONFIELD(event, '$.SEVERITY') AS severity, event
FROM auth_text WHERE event IS NOT NULL;

INSERT INTO archive WITH (QUERY_ID = 'archive_network')
SELECT EXTRACTJSONFIELD(event, '$.EVENT_ID') AS event_id, 'network' AS domain, EXTRACTJSONFIELD(event, '$.SEVERITY') AS severity, event
FROM network_text WHERE event IS NOT NULL;

INSERT INTO archive WITH (QUERY_ID = 'archive_endpoint')
SELECT EXTRACTJSONFIELD(event, '$.EVENT_ID') AS event_id, 'endpoint' AS domain, EXTRACTJSONFIELD(event, '$.SEVERITY') AS severity, event
FROM endpoint_text WHERE event IS NOT NULL;
