-- Logon Attempt With an Account That Is Switched Off
-- 1b85a409-b07a-464c-8191-657ac657bfc9 · medium · Weir
-- https://attack.mitre.org/techniques/T1078/
-- https://attack.mitre.org/techniques/T1110/003/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_1B85A409_B07A_464C_8191_657AC657BFC9')
SELECT '1b85a409-b07a-464c-8191-657ac657bfc9' AS RULE_ID,
       'Logon Attempt With an Account That Is Switched Off' AS RULE_TITLE,
       'medium' AS RULE_LEVEL,
       ARRAY['attack.initial-access', 'attack.t1078', 'attack.credential-access', 'attack.t1110.003'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Security'
  AND `winlog`->`event_id` = '4625'
  AND COALESCE(`winlog`->`event_data`->`SubStatus`, `winlog`->`user_data`->`SubStatus`) ILIKE ANY ('0xc0000072', '0xc0000193')
  AND COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`) IS NOT NULL
  AND NOT (
      COALESCE(`winlog`->`event_data`->`IpAddress`, `winlog`->`user_data`->`IpAddress`) IN ('-', '127.0.0.1', '::1')
      OR COALESCE(`winlog`->`event_data`->`TargetUserName`, `winlog`->`user_data`->`TargetUserName`) ILIKE '%$'
      OR COALESCE(`winlog`->`event_data`->`TargetUserName`, `winlog`->`user_data`->`TargetUserName`) ILIKE ANY (
          'Guest',
          'DefaultAccount'
        )
    )
EMIT CHANGES;
