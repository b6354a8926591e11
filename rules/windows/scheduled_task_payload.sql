-- Scheduled Task Runs From a User's Folder or Fetches Its Program
-- 0e9efa3b-cc64-412f-ac0c-80113ab2de66 · high · Weir
-- https://attack.mitre.org/techniques/T1053/005/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_0E9EFA3B_CC64_412F_AC0C_80113AB2DE66')
SELECT '0e9efa3b-cc64-412f-ac0c-80113ab2de66' AS RULE_ID,
       'Scheduled Task Runs From a User''s Folder or Fetches Its Program' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.execution', 'attack.persistence', 'attack.t1053.005'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Security'
  AND `winlog`->`event_id` = '4698'
  AND (
    COALESCE(`winlog`->`event_data`->`TaskContent`, `winlog`->`user_data`->`TaskContent`) ILIKE ANY (
        '%\AppData\%',
        '%\PerfLogs\%',
        '%\Users\Public\%',
        '%\Windows\Temp\%',
        '%!%APPDATA!%%',
        '%!%LOCALAPPDATA!%%',
        '%!%PUBLIC!%%',
        '%!%TEMP!%%'
      ) ESCAPE '!'
    OR COALESCE(`winlog`->`event_data`->`TaskContent`, `winlog`->`user_data`->`TaskContent`) ILIKE ANY (
        '% -enc%',
        '%.DownloadString(%',
        '%Invoke-RestMethod%',
        '%Invoke-WebRequest%',
        '%mshta%'
      )
  )
  AND NOT (
      (
        COALESCE(`winlog`->`event_data`->`TaskName`, `winlog`->`user_data`->`TaskName`) ILIKE '\OneDrive %'
        AND COALESCE(`winlog`->`event_data`->`TaskContent`, `winlog`->`user_data`->`TaskContent`) ILIKE '%\Microsoft\OneDrive\OneDriveStandaloneUpdater.exe</Command>%'
      )
      OR (
        COALESCE(`winlog`->`event_data`->`TaskName`, `winlog`->`user_data`->`TaskName`) ILIKE ANY (
            '\GoogleUpdateTaskUser%',
            '\MicrosoftEdgeUpdateTaskUser%'
          )
        AND COALESCE(`winlog`->`event_data`->`TaskContent`, `winlog`->`user_data`->`TaskContent`) ILIKE ANY (
            '%\AppData\Local\Google\Update\GoogleUpdate.exe</Command>%',
            '%\AppData\Local\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe</Command>%'
          )
      )
    )
EMIT CHANGES;
