-- Service Installed That Runs a Script or From a User's Folder
-- 968ceb34-b6ff-45f4-a51b-87cefc94f8cc · high · Weir
-- https://attack.mitre.org/techniques/T1543/003/
-- https://attack.mitre.org/techniques/T1569/002/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_968CEB34_B6FF_45F4_A51B_87CEFC94F8CC')
SELECT '968ceb34-b6ff-45f4-a51b-87cefc94f8cc' AS RULE_ID,
       'Service Installed That Runs a Script or From a User''s Folder' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.persistence', 'attack.privilege-escalation', 'attack.t1543.003', 'attack.execution', 'attack.t1569.002'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE (
    `winlog`->`provider_name` ILIKE 'Service Control Manager'
    AND `winlog`->`event_id` = '7045'
    AND COALESCE(`winlog`->`event_data`->`ImagePath`, `winlog`->`user_data`->`ImagePath`) ILIKE ANY (
        '%!%COMSPEC!%%',
        '%\cmd.exe%',
        '%mshta%',
        '%powershell.exe%',
        '%powershell -%',
        '%pwsh.exe%',
        '%rundll32%',
        '%\ADMIN$\%',
        '%\AppData\%',
        '%\PerfLogs\%',
        '%\Users\Public\%',
        '%\Windows\Temp\%'
      ) ESCAPE '!'
  )
  OR (
    `winlog`->`provider_name` ILIKE 'Microsoft-Windows-Security-Auditing'
    AND `winlog`->`event_id` = '4697'
    AND COALESCE(`winlog`->`event_data`->`ServiceFileName`, `winlog`->`user_data`->`ServiceFileName`) ILIKE ANY (
        '%!%COMSPEC!%%',
        '%\cmd.exe%',
        '%mshta%',
        '%powershell.exe%',
        '%powershell -%',
        '%pwsh.exe%',
        '%rundll32%',
        '%\ADMIN$\%',
        '%\AppData\%',
        '%\PerfLogs\%',
        '%\Users\Public\%',
        '%\Windows\Temp\%'
      ) ESCAPE '!'
  )
EMIT CHANGES;
