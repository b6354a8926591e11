-- Defender Switched Off or Told to Look Away
-- 2ec00f22-d12e-4474-8e8d-7a2a4687e87e · high · Weir
-- https://attack.mitre.org/techniques/T1685/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_2EC00F22_D12E_4474_8E8D_7A2A4687E87E')
SELECT '2ec00f22-d12e-4474-8e8d-7a2a4687e87e' AS RULE_ID,
       'Defender Switched Off or Told to Look Away' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.defense-impairment', 'attack.t1685'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Microsoft-Windows-Windows Defender/Operational'
  AND (
    `winlog`->`event_id` IN ('5001', '5010', '5012')
    OR (
      `winlog`->`event_id` = '5007'
      AND COALESCE(`winlog`->`event_data`->`NewValue`, `winlog`->`event_data`->`New Value`, `winlog`->`user_data`->`NewValue`, `winlog`->`user_data`->`New Value`) ILIKE ANY (
          '%\DisableAntiSpyware = 0x1',
          '%\DisableAntiVirus = 0x1',
          '%\Real-Time Protection\DisableBehaviorMonitoring = 0x1',
          '%\Real-Time Protection\DisableIOAVProtection = 0x1',
          '%\Real-Time Protection\DisableRealtimeMonitoring = 0x1',
          '%\Real-Time Protection\DisableScriptScanning = 0x1',
          '%\SpyNet\SpyNetReporting = 0x0',
          '%\Features\TamperProtection = 0x0',
          '%\Features\TamperProtection = 0x4'
        )
    )
    OR (
      `winlog`->`event_id` = '5007'
      AND COALESCE(`winlog`->`event_data`->`NewValue`, `winlog`->`event_data`->`New Value`, `winlog`->`user_data`->`NewValue`, `winlog`->`user_data`->`New Value`) ILIKE ANY (
          '%\Exclusions\Extensions\%',
          '%\Exclusions\IpAddresses\%',
          '%\Exclusions\Paths\%',
          '%\Exclusions\Processes\%'
        )
      AND NOT COALESCE(`winlog`->`event_data`->`NewValue`, `winlog`->`event_data`->`New Value`, `winlog`->`user_data`->`NewValue`, `winlog`->`user_data`->`New Value`) ILIKE ANY (
            '%\Exclusions\Paths\C:\Windows\CCM\%',
            '%\Exclusions\Paths\C:\Windows\NTDS\%'
          )
    )
  )
EMIT CHANGES;
