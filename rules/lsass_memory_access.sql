-- title: LSASS Memory Read by an Unusual Process
-- level: critical
-- Sysmon 10 with the access masks of credential dumpers. (MITRE ATT&CK T1003.001.) The fields are not in WINLOGEVENTS:
-- a second stream over the same topic declares event_data as a MAP, and both share one read.
CREATE STREAM PROCESS_ACCESS (
  winlog STRUCT<event_id VARCHAR, channel VARCHAR, computer_name VARCHAR, event_data MAP<VARCHAR, VARCHAR>>
) WITH (KAFKA_TOPIC = 'wineventlogs', VALUE_FORMAT = 'JSON');

CREATE STREAM LSASS_MEMORY_ACCESS WITH (KAFKA_TOPIC = 'lsass_memory_access') AS
SELECT winlog->computer_name AS Host, winlog->event_data['SourceImage'] AS SourceImage, winlog->event_data['GrantedAccess'] AS GrantedAccess
FROM PROCESS_ACCESS
WHERE winlog->event_id = '10'
  AND LCASE(winlog->event_data['TargetImage']) LIKE '%\lsass.exe'
  AND winlog->event_data['GrantedAccess'] IN ('0x1010', '0x1038', '0x1410', '0x1438', '0x143a', '0x1fffff')
  AND NOT LCASE(winlog->event_data['SourceImage']) LIKE '%\system32\wbem\wmiprvse.exe';
