-- Backups of the Machine Made Useless
-- cdab86c6-3b86-4b00-85a5-f7101c3456b8 · critical · Weir
-- https://attack.mitre.org/techniques/T1490/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_CDAB86C6_3B86_4B00_85A5_F7101C3456B8')
SELECT 'cdab86c6-3b86-4b00-85a5-f7101c3456b8' AS RULE_ID,
       'Backups of the Machine Made Useless' AS RULE_TITLE,
       'critical' AS RULE_LEVEL,
       ARRAY['attack.impact', 'attack.t1490'] AS RULE_TAGS,
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
        `winlog`->`event_data`->`Image` ILIKE '%\vssadmin.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%delete%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%shadows%'
      )
      OR (
        `winlog`->`event_data`->`Image` ILIKE '%\vssadmin.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%resize%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%shadowstorage%'
      )
      OR (`winlog`->`event_data`->`CommandLine` ILIKE '%shadowcopy%' AND `winlog`->`event_data`->`CommandLine` ILIKE '%delete%')
      OR (
        `winlog`->`event_data`->`CommandLine` ILIKE '%Win32!_ShadowCopy%' ESCAPE '!'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%Remove-%'
      )
      OR (
        `winlog`->`event_data`->`Image` ILIKE '%\wbadmin.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%delete%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '% catalog%'
      )
      OR (
        `winlog`->`event_data`->`Image` ILIKE '%\wbadmin.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%delete%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '% systemstatebackup%'
        AND NOT REGEXP_LIKE(`winlog`->`event_data`->`CommandLine`, '(?iu)[-/]keepVersions:[1-9]')
      )
      OR (
        `winlog`->`event_data`->`Image` ILIKE '%\bcdedit.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%recoveryenabled%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '% no%'
      )
      OR (
        `winlog`->`event_data`->`Image` ILIKE '%\bcdedit.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%bootstatuspolicy%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%ignoreallfailures%'
      )
    )
  )
  OR (
    `winlog`->`channel` ILIKE 'Security'
    AND `winlog`->`event_id` = '4688'
    AND (
      (
        `winlog`->`event_data`->`NewProcessName` ILIKE '%\vssadmin.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%delete%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%shadows%'
      )
      OR (
        `winlog`->`event_data`->`NewProcessName` ILIKE '%\vssadmin.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%resize%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%shadowstorage%'
      )
      OR (`winlog`->`event_data`->`CommandLine` ILIKE '%shadowcopy%' AND `winlog`->`event_data`->`CommandLine` ILIKE '%delete%')
      OR (
        `winlog`->`event_data`->`CommandLine` ILIKE '%Win32!_ShadowCopy%' ESCAPE '!'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%Remove-%'
      )
      OR (
        `winlog`->`event_data`->`NewProcessName` ILIKE '%\wbadmin.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%delete%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '% catalog%'
      )
      OR (
        `winlog`->`event_data`->`NewProcessName` ILIKE '%\wbadmin.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%delete%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '% systemstatebackup%'
        AND NOT REGEXP_LIKE(`winlog`->`event_data`->`CommandLine`, '(?iu)[-/]keepVersions:[1-9]')
      )
      OR (
        `winlog`->`event_data`->`NewProcessName` ILIKE '%\bcdedit.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%recoveryenabled%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '% no%'
      )
      OR (
        `winlog`->`event_data`->`NewProcessName` ILIKE '%\bcdedit.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%bootstatuspolicy%'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%ignoreallfailures%'
      )
    )
  )
EMIT CHANGES;
