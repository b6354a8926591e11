-- Windows Event Log Cleared
-- 6df3726a-78fc-4096-82f3-2a798bc54197 · critical · Weir
-- https://attack.mitre.org/techniques/T1685/005/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_6DF3726A_78FC_4096_82F3_2A798BC54197')
SELECT '6df3726a-78fc-4096-82f3-2a798bc54197' AS RULE_ID,
       'Windows Event Log Cleared' AS RULE_TITLE,
       'critical' AS RULE_LEVEL,
       ARRAY['attack.defense-impairment', 'attack.t1685.005'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`provider_name` ILIKE 'Microsoft-Windows-Eventlog'
  AND (
    `winlog`->`event_id` = '1102'
    OR (
      `winlog`->`event_id` = '104'
      AND COALESCE(`winlog`->`event_data`->`Channel`, `winlog`->`user_data`->`Channel`, `winlog`->`channel`) ILIKE ANY (
          'Application',
          'Microsoft-Windows-PowerShell/Operational',
          'Microsoft-Windows-Sysmon/Operational',
          'Microsoft-Windows-TaskScheduler/Operational',
          'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational',
          'Microsoft-Windows-Windows Defender/Operational',
          'Microsoft-Windows-WMI-Activity/Operational',
          'System',
          'Windows PowerShell'
        )
    )
  )
EMIT CHANGES;
