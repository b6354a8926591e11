-- Run Key Starts a Script or a Program From a Folder Anybody Can Write
-- 2f39937f-4aa3-4c2f-bd58-a531100982d9 · medium · Weir
-- https://attack.mitre.org/techniques/T1547/001/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_2F39937F_4AA3_4C2F_BD58_A531100982D9')
SELECT '2f39937f-4aa3-4c2f-bd58-a531100982d9' AS RULE_ID,
       'Run Key Starts a Script or a Program From a Folder Anybody Can Write' AS RULE_TITLE,
       'medium' AS RULE_LEVEL,
       ARRAY['attack.persistence', 'attack.privilege-escalation', 'attack.t1547.001'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational'
  AND `winlog`->`event_id` = '13'
  AND `winlog`->`event_data`->`TargetObject` ILIKE ANY (
      '%\CurrentVersion\Run\%',
      '%\CurrentVersion\RunOnce\%',
      '%\CurrentVersion\Policies\Explorer\Run\%'
    )
  AND (
    `winlog`->`event_data`->`Details` ILIKE ANY (
        '%mshta%',
        '%powershell%',
        '%pwsh%',
        '%regsvr32%',
        '%rundll32%',
        '%wscript%',
        '%cscript%'
      )
    OR `winlog`->`event_data`->`Details` ILIKE ANY (
        '%\AppData\Local\Temp\%',
        '%\AppData\Roaming\%',
        '%\PerfLogs\%',
        '%\Users\Public\%',
        '%\Windows\Temp\%',
        '%!%APPDATA!%%',
        '%!%TEMP!%%'
      ) ESCAPE '!'
  )
  AND NOT (
      (
        `winlog`->`event_data`->`TargetObject` ILIKE '%\RunOnce\wextract!_cleanup%' ESCAPE '!'
        AND `winlog`->`event_data`->`Details` ILIKE 'rundll32.exe C:\Windows\system32\advpack.dll,DelNodeRunDLL32 %'
      )
      OR (
        `winlog`->`event_data`->`TargetObject` ILIKE ANY ('%\Run\Spotify', '%\Run\Zoom')
        AND `winlog`->`event_data`->`Details` ILIKE ANY (
            '%\AppData\Roaming\Zoom\bin\Zoom.exe%',
            '%\AppData\Roaming\Spotify\Spotify.exe%'
          )
      )
    )
EMIT CHANGES;
