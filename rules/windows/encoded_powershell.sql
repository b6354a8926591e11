-- PowerShell Started With an Encoded Command
-- b5b6e2a9-ff04-4f3d-aa08-4dfc1bcfb7e1 · high · Weir
-- https://attack.mitre.org/techniques/T1059/001/
-- https://attack.mitre.org/techniques/T1027/010/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_B5B6E2A9_FF04_4F3D_AA08_4DFC1BCFB7E1')
SELECT 'b5b6e2a9-ff04-4f3d-aa08-4dfc1bcfb7e1' AS RULE_ID,
       'PowerShell Started With an Encoded Command' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.execution', 'attack.t1059.001', 'attack.stealth', 'attack.t1027.010'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE (
    (
      `winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational'
      AND `winlog`->`event_id` = '1'
      AND (
        `winlog`->`event_data`->`Image` ILIKE ANY ('%\powershell.exe', '%\powershell!_ise.exe', '%\pwsh.exe') ESCAPE '!'
        OR `winlog`->`event_data`->`OriginalFileName` ILIKE ANY ('PowerShell.EXE', 'PowerShell!_ISE.EXE', 'pwsh.dll') ESCAPE '!'
      )
      AND NOT `winlog`->`event_data`->`ParentImage` ILIKE ANY (
            'C:\Windows\CCM\CcmExec.exe',
            'C:\Program Files\AzureConnectedMachineAgent\GCArcService\GC\gc!_service.exe',
            'C:\Program Files (x86)\Microsoft Intune Management Extension\AgentExecutor.exe'
          ) ESCAPE '!'
    )
    OR (
      `winlog`->`channel` ILIKE 'Security'
      AND `winlog`->`event_id` = '4688'
      AND (
        `winlog`->`event_data`->`NewProcessName` ILIKE ANY ('%\powershell.exe', '%\powershell!_ise.exe', '%\pwsh.exe') ESCAPE '!'
        OR `winlog`->`event_data`->`OriginalFileName` ILIKE ANY ('PowerShell.EXE', 'PowerShell!_ISE.EXE', 'pwsh.dll') ESCAPE '!'
      )
      AND NOT `winlog`->`event_data`->`ParentProcessName` ILIKE ANY (
            'C:\Windows\CCM\CcmExec.exe',
            'C:\Program Files\AzureConnectedMachineAgent\GCArcService\GC\gc!_service.exe',
            'C:\Program Files (x86)\Microsoft Intune Management Extension\AgentExecutor.exe'
          ) ESCAPE '!'
    )
  )
  AND REGEXP_LIKE(`winlog`->`event_data`->`CommandLine`, '(?Ui)\s[-/–—―]e(c|nc?|nco[a-z]*)?\s+["'']?[a-z0-9+/=]{16,}')
EMIT CHANGES;
