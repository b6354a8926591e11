-- Three domains, each a topic of its own, as their collectors write them. Every one says its time in its own way: in UTC, in
-- milliseconds, with an offset.

CREATE STREAM auth_events (
  event_id VARCHAR, timestamp VARCHAR, source VARCHAR, event_type VARCHAR, `user` VARCHAR, source_ip VARCHAR,
  geo STRUCT<country VARCHAR, asn INT>, auth_method VARCHAR, app VARCHAR, user_agent VARCHAR, reason VARCHAR
) WITH (KAFKA_TOPIC = 'auth-events', VALUE_FORMAT = 'JSON', PARTITIONS = 1,
  TIMESTAMP = 'timestamp', TIMESTAMP_FORMAT = 'yyyy-MM-dd''T''HH:mm:ss.SSSX');

CREATE STREAM network_events (
  event_id VARCHAR, event_time_ms BIGINT, source VARCHAR, event_type VARCHAR, source_ip VARCHAR, dest_ip VARCHAR,
  source_port INT, dest_port INT, protocol VARCHAR, action VARCHAR, bytes_in BIGINT, bytes_out BIGINT,
  `query` VARCHAR, query_type VARCHAR, rcode VARCHAR, signature_id INT, signature VARCHAR, ids_severity INT
) WITH (KAFKA_TOPIC = 'network-events', VALUE_FORMAT = 'JSON', PARTITIONS = 1,
  TIMESTAMP = 'event_time_ms');

CREATE STREAM endpoint_events (
  event_id VARCHAR, timestamp VARCHAR, source VARCHAR, event_type VARCHAR, host VARCHAR, `user` VARCHAR,
  process_name VARCHAR, parent_process VARCHAR, command_line VARCHAR, pid INT, exit_code INT, path VARCHAR, bytes BIGINT,
  logon_type INT, tactic VARCHAR, technique VARCHAR, detection_severity INT, remote_host VARCHAR
) WITH (KAFKA_TOPIC = 'endpoint-events', VALUE_FORMAT = 'JSON', PARTITIONS = 1,
  TIMESTAMP = 'timestamp', TIMESTAMP_FORMAT = 'yyyy-MM-dd''T''HH:mm:ss.SSSXXX');
