-- Remote Desktop Logon From a Public Address
-- 6b811012-3c15-459d-a1c5-afe1c5f97050 · high · Weir
-- https://attack.mitre.org/techniques/T1021/001/
-- https://attack.mitre.org/techniques/T1133/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_6B811012_3C15_459D_A1C5_AFE1C5F97050')
SELECT '6b811012-3c15-459d-a1c5-afe1c5f97050' AS RULE_ID,
       'Remote Desktop Logon From a Public Address' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.initial-access', 'attack.t1133', 'attack.lateral-movement', 'attack.t1021.001'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Security'
  AND `winlog`->`event_id` = '4624'
  AND COALESCE(`winlog`->`event_data`->`LogonType`, `winlog`->`user_data`->`LogonType`) IN ('7', '10')
  AND COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`) ILIKE ANY ('%.%', '%:%')
  AND NOT (
      CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), '10.0.0.0/8')
      OR CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), '100.64.0.0/10')
      OR CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), '127.0.0.0/8')
      OR CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), '169.254.0.0/16')
      OR CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), '172.16.0.0/12')
      OR CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), '192.168.0.0/16')
      OR CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), '::1/128')
      OR CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), 'fc00::/7')
      OR CIDR_MATCH(COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`), 'fe80::/10')
    )
EMIT CHANGES;
