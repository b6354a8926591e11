-- title: PowerShell Started With an Encoded Command
-- level: high
-- Base64 behind -EncodedCommand, which PowerShell takes in any case and cut down to -e. (MITRE ATT&CK T1059.001, T1027.)
CREATE STREAM ENCODED_POWERSHELL WITH (KAFKA_TOPIC = 'encoded_powershell') AS
SELECT winlog->computer_name AS Host, winlog->event_data->CommandLine AS CommandLine,
  COALESCE(winlog->event_data->ParentProcessName, 'unknown') AS ParentImage
FROM WINLOGEVENTS
WHERE winlog->event_id IN ('1', '4688')
  AND LCASE(winlog->event_data->CommandLine) LIKE '%powershell%'
  AND (LCASE(winlog->event_data->CommandLine) LIKE '% -e %' OR LCASE(winlog->event_data->CommandLine) LIKE '% -ec %'
    OR LCASE(winlog->event_data->CommandLine) LIKE '% -enc %' OR LCASE(winlog->event_data->CommandLine) LIKE '% -encodedcommand %');
