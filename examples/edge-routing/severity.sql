-- How bad it is, decided once for each domain. A field that an event does not have is NULL, no comparison with it holds, and the
-- event falls through to what stands below.

CREATE STREAM auth_graded WITH (KAFKA_TOPIC = 'auth-graded') AS
SELECT *,
  CASE
    WHEN event_type = 'login_failure' AND geo->country NOT IN ('DE', 'NL', 'FR', 'US') THEN 'critical'
    WHEN event_type = 'login_failure' AND reason = 'account_expired' THEN 'high'
    WHEN event_type IN ('login_failure', 'mfa_failure', 'password_change') THEN 'medium'
    WHEN event_type IN ('login_success', 'mfa_challenge') THEN 'low'
    ELSE 'info'
  END AS severity
FROM auth_events;

CREATE STREAM network_graded WITH (KAFKA_TOPIC = 'network-graded') AS
SELECT *,
  CASE
    WHEN event_type = 'ids_alert' AND ids_severity = 1 THEN 'critical'
    WHEN event_type = 'ids_alert' AND ids_severity = 2 THEN 'high'
    WHEN event_type = 'connection_denied' AND dest_port IN (22, 23, 445, 3389) THEN 'medium'
    WHEN event_type = 'dns_query' AND rcode = 'NXDOMAIN' THEN 'medium'
    WHEN event_type IN ('connection_denied', 'ids_alert') THEN 'low'
    ELSE 'info'
  END AS severity
FROM network_events;

CREATE STREAM endpoint_graded WITH (KAFKA_TOPIC = 'endpoint-graded') AS
SELECT *,
  CASE
    WHEN event_type = 'edr_detection' AND tactic IN ('privilege_escalation', 'lateral_movement') THEN 'critical'
    WHEN LCASE(process_name) IN ('mimikatz.exe')
      OR LCASE(command_line) LIKE '%-enc %'
      OR LCASE(command_line) LIKE '%minidump%' THEN 'critical'
    WHEN event_type = 'edr_detection' AND detection_severity >= 50 THEN 'high'
    WHEN event_type = 'edr_detection' THEN 'medium'
    WHEN event_type IN ('process_start', 'logon') THEN 'low'
    ELSE 'info'
  END AS severity
FROM endpoint_events;
