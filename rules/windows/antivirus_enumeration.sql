-- Possible Antivirus or Firewall Software Enumeration
-- e778f01a-f71e-4eb3-acdd-f2f462b2b592 · high · Weir
-- https://attack.mitre.org/techniques/T1518/001/
-- https://attack.mitre.org/techniques/T1047/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_E778F01A_F71E_4EB3_ACDD_F2F462B2B592')
SELECT 'e778f01a-f71e-4eb3-acdd-f2f462b2b592' AS RULE_ID,
       'Possible Antivirus or Firewall Software Enumeration' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.discovery', 'attack.t1518.001', 'attack.execution', 'attack.t1047'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE (
    `winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational'
    AND `winlog`->`event_id` = '1'
    AND (
      (
        `winlog`->`event_data`->`CommandLine` ILIKE ANY ('%AntiSpywareProduct%', '%AntiVirusProduct%', '%FirewallProduct%')
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%displayName%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%productState%'
        AND NOT `winlog`->`event_data`->`ParentImage` ILIKE ANY ('%\phpstorm64.exe', '%\pycharm64.exe')
      )
      OR (
        `winlog`->`event_data`->`CommandLine` ILIKE '%Win32!_Process%' ESCAPE '!'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%AvastUI.exe%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%AvastSvc.exe%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%FortiWF.exe%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%xagt.exe%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%fcappdb.exe%'
      )
    )
  )
  OR (
    `winlog`->`channel` ILIKE 'Security'
    AND `winlog`->`event_id` = '4688'
    AND (
      (
        `winlog`->`event_data`->`CommandLine` ILIKE ANY ('%AntiSpywareProduct%', '%AntiVirusProduct%', '%FirewallProduct%')
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%displayName%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%productState%'
        AND NOT `winlog`->`event_data`->`ParentProcessName` ILIKE ANY ('%\phpstorm64.exe', '%\pycharm64.exe')
      )
      OR (
        `winlog`->`event_data`->`CommandLine` ILIKE '%Win32!_Process%' ESCAPE '!'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%AvastUI.exe%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%AvastSvc.exe%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%FortiWF.exe%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%xagt.exe%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%fcappdb.exe%'
      )
    )
  )
EMIT CHANGES;
