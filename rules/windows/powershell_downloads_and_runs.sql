-- PowerShell Downloads a Script and Runs It
-- 8d867880-a804-4827-af30-736f4b9a4b63 · high · Weir
-- https://attack.mitre.org/techniques/T1059/001/
-- https://attack.mitre.org/techniques/T1105/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_8D867880_A804_4827_AF30_736F4B9A4B63')
SELECT '8d867880-a804-4827-af30-736f4b9a4b63' AS RULE_ID,
       'PowerShell Downloads a Script and Runs It' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.execution', 'attack.t1059.001', 'attack.command-and-control', 'attack.t1105'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Microsoft-Windows-PowerShell/Operational'
  AND `winlog`->`event_id` = '4104'
  AND `winlog`->`event_data`->`ScriptBlockText` ILIKE ANY (
      '%.DownloadData(%',
      '%.DownloadString(%',
      '%.OpenRead(%',
      '%Invoke-RestMethod%',
      '%Invoke-WebRequest%',
      '%irm http%',
      '%iwr http%',
      '%Msxml2.XMLHTTP%'
    )
  AND `winlog`->`event_data`->`ScriptBlockText` ILIKE ANY (
      '%[ScriptBlock]::Create(%',
      '%.InvokeScript(%',
      '%Invoke-Expression%',
      '%|iex%',
      '%| iex%',
      '%iex(%',
      '%iex (%',
      '%[Reflection.Assembly]::Load(%'
    )
  AND NOT `winlog`->`event_data`->`Path` ILIKE ANY (
        'C:\Program Files\WindowsPowerShell\Modules\%',
        'C:\Windows\System32\WindowsPowerShell\v1.0\Modules\%'
      )
EMIT CHANGES;
