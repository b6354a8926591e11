-- title: Windows Event Log Cleared
-- level: critical
-- Nobody clears the security log by accident. (MITRE ATT&CK T1070.001.)
CREATE STREAM EVENT_LOG_CLEARED WITH (KAFKA_TOPIC = 'event_log_cleared') AS
SELECT winlog->computer_name AS Host, winlog->channel AS Channel, winlog->event_id AS EventId, message AS Message
FROM WINLOGEVENTS
WHERE (winlog->event_id = '1102' AND LCASE(winlog->channel) = 'security')
   OR (winlog->event_id = '104' AND LCASE(winlog->channel) = 'system');
