-- Somebody logged in as an administrator from an address that is not ours.
CREATE STREAM ADMIN_FROM_OUTSIDE WITH (KAFKA_TOPIC = 'admin-from-outside') AS
SELECT user_name, source_ip, app
FROM AUTH_EVENTS
WHERE event_type = 'login_success'
  AND LCASE(user_name) LIKE 'adm%'
  AND NOT (source_ip LIKE '10.%' OR source_ip LIKE '192.168.%');
