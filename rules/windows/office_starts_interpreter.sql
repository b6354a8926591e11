-- Office Program Starts a Script Interpreter
-- 06cb9cf4-6aa9-4e33-87e1-32893acf4ad3 · high · Weir
-- https://attack.mitre.org/techniques/T1204/002/
-- https://attack.mitre.org/techniques/T1566/001/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_06CB9CF4_6AA9_4E33_87E1_32893ACF4AD3')
SELECT '06cb9cf4-6aa9-4e33-87e1-32893acf4ad3' AS RULE_ID,
       'Office Program Starts a Script Interpreter' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.execution', 'attack.t1204.002', 'attack.initial-access', 'attack.t1566.001'] AS RULE_TAGS,
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
    AND `winlog`->`event_data`->`ParentImage` ILIKE ANY (
        '%\excel.exe',
        '%\msaccess.exe',
        '%\mspub.exe',
        '%\onenote.exe',
        '%\outlook.exe',
        '%\powerpnt.exe',
        '%\winword.exe',
        '%\acrord32.exe'
      )
    AND `winlog`->`event_data`->`Image` ILIKE ANY (
        '%\bitsadmin.exe',
        '%\certutil.exe',
        '%\cmd.exe',
        '%\cscript.exe',
        '%\mshta.exe',
        '%\powershell.exe',
        '%\pwsh.exe',
        '%\regsvr32.exe',
        '%\wmic.exe',
        '%\wscript.exe'
      )
    AND NOT (
        `winlog`->`event_data`->`Image` ILIKE '%\regsvr32.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%\regsvr32.exe /s "C:\Program Files\Microsoft Office\root\Office16\MSOMSI.DLL"'
      )
  )
  OR (
    `winlog`->`channel` ILIKE 'Security'
    AND `winlog`->`event_id` = '4688'
    AND `winlog`->`event_data`->`ParentProcessName` ILIKE ANY (
        '%\excel.exe',
        '%\msaccess.exe',
        '%\mspub.exe',
        '%\onenote.exe',
        '%\outlook.exe',
        '%\powerpnt.exe',
        '%\winword.exe',
        '%\acrord32.exe'
      )
    AND `winlog`->`event_data`->`NewProcessName` ILIKE ANY (
        '%\bitsadmin.exe',
        '%\certutil.exe',
        '%\cmd.exe',
        '%\cscript.exe',
        '%\mshta.exe',
        '%\powershell.exe',
        '%\pwsh.exe',
        '%\regsvr32.exe',
        '%\wmic.exe',
        '%\wscript.exe'
      )
    AND NOT (
        `winlog`->`event_data`->`NewProcessName` ILIKE '%\regsvr32.exe'
        AND `winlog`->`event_data`->`CommandLine` ILIKE '%\regsvr32.exe /s "C:\Program Files\Microsoft Office\root\Office16\MSOMSI.DLL"'
      )
  )
EMIT CHANGES;
