-- Program or Script Put Into a Startup Folder
-- cb74681b-6403-42bc-81cc-3a556665e62c · high · Weir
-- https://attack.mitre.org/techniques/T1547/001/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_CB74681B_6403_42BC_81CC_3A556665E62C')
SELECT 'cb74681b-6403-42bc-81cc-3a556665e62c' AS RULE_ID,
       'Program or Script Put Into a Startup Folder' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.persistence', 'attack.privilege-escalation', 'attack.t1547.001'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational'
  AND `winlog`->`event_id` = '11'
  AND `winlog`->`event_data`->`TargetFilename` ILIKE '%\Start Menu\Programs\Startup\%'
  AND `winlog`->`event_data`->`TargetFilename` ILIKE ANY (
      '%.bat',
      '%.cmd',
      '%.com',
      '%.exe',
      '%.hta',
      '%.js',
      '%.jse',
      '%.ps1',
      '%.scr',
      '%.url',
      '%.vbe',
      '%.vbs',
      '%.wsf'
    )
  AND NOT `winlog`->`event_data`->`Image` ILIKE 'C:\Windows\CCM\CcmExec.exe'
EMIT CHANGES;
