-- User Account Named Like a Computer
-- bc6f17da-5f35-476c-959f-fb8931581b0f · high · Weir
-- https://attack.mitre.org/techniques/T1136/001/
-- https://attack.mitre.org/techniques/T1036/010/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_BC6F17DA_5F35_476C_959F_FB8931581B0F')
SELECT 'bc6f17da-5f35-476c-959f-fb8931581b0f' AS RULE_ID,
       'User Account Named Like a Computer' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.persistence', 'attack.t1136.001', 'attack.stealth', 'attack.t1036.010'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Security'
  AND (
    (
      `winlog`->`event_id` = '4720'
      AND COALESCE(`winlog`->`event_data`->`TargetUserName`, `winlog`->`user_data`->`TargetUserName`) ILIKE '%$'
    )
    OR (
      `winlog`->`event_id` = '4781'
      AND COALESCE(`winlog`->`event_data`->`NewTargetUserName`, `winlog`->`user_data`->`NewTargetUserName`) ILIKE '%$'
    )
  )
  AND NOT (
      COALESCE(`winlog`->`event_data`->`OldTargetUserName`, `winlog`->`user_data`->`OldTargetUserName`) ILIKE '%$'
      OR COALESCE(`winlog`->`event_data`->`TargetUserName`, `winlog`->`user_data`->`TargetUserName`) ILIKE 'HomeGroupUser$'
    )
EMIT CHANGES;
