-- LSASS Memory Read by an Unusual Process
-- 723f591e-1c44-43cc-9da9-fedd5f738fa7 · critical · Weir
-- https://attack.mitre.org/techniques/T1003/001/
-- https://learn.microsoft.com/en-us/windows/win32/procthread/process-security-and-access-rights
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_723F591E_1C44_43CC_9DA9_FEDD5F738FA7')
SELECT '723f591e-1c44-43cc-9da9-fedd5f738fa7' AS RULE_ID,
       'LSASS Memory Read by an Unusual Process' AS RULE_TITLE,
       'critical' AS RULE_LEVEL,
       ARRAY['attack.credential-access', 'attack.t1003.001'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational'
  AND `winlog`->`event_id` = '10'
  AND `winlog`->`event_data`->`TargetImage` ILIKE '%\lsass.exe'
  AND (
    `winlog`->`event_data`->`GrantedAccess` ILIKE ANY (
        '0x1010',
        '0x1038',
        '0x1410',
        '0x1438',
        '0x143a',
        '0x1f0fff',
        '0x1f1fff',
        '0x1f3fff',
        '0x1fffff'
      )
    OR `winlog`->`event_data`->`CallTrace` ILIKE ANY ('%\dbgcore.dll+%', '%\dbghelp.dll+%', '%\comsvcs.dll+%')
  )
  AND NOT (
      `winlog`->`event_data`->`SourceImage` ILIKE ANY (
          'C:\Windows\System32\csrss.exe',
          'C:\Windows\System32\wininit.exe',
          'C:\Windows\System32\wbem\WmiPrvSE.exe',
          'C:\Windows\System32\MRT.exe'
        )
      OR (
        `winlog`->`event_data`->`SourceImage` ILIKE ANY (
            'C:\Program Files\Windows Defender\%',
            'C:\Program Files\Windows Defender Advanced Threat Protection\%',
            'C:\ProgramData\Microsoft\Windows Defender\Platform\%'
          )
        AND `winlog`->`event_data`->`SourceImage` ILIKE ANY ('%\MsMpEng.exe', '%\MsSense.exe', '%\SenseIR.exe')
      )
    )
EMIT CHANGES;
