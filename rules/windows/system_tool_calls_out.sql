-- System Tool Connects to the Internet
-- 7ea7dbd4-f651-482f-9a01-d8b1f59038cf · high · Weir
-- https://attack.mitre.org/techniques/T1218/
-- https://attack.mitre.org/techniques/T1105/
INSERT INTO `windows_alerts` WITH (QUERY_ID = 'SIGMA_7EA7DBD4_F651_482F_9A01_D8B1F59038CF')
SELECT '7ea7dbd4-f651-482f-9a01-d8b1f59038cf' AS RULE_ID,
       'System Tool Connects to the Internet' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY['attack.stealth', 'attack.t1218', 'attack.command-and-control', 'attack.t1105'] AS RULE_TAGS,
       'Weir' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'wineventlogs' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `wineventlogs`
WHERE `winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational'
  AND `winlog`->`event_id` = '3'
  AND `winlog`->`event_data`->`Initiated` ILIKE 'true'
  AND `winlog`->`event_data`->`Image` ILIKE ANY (
      '%\certutil.exe',
      '%\cmstp.exe',
      '%\cscript.exe',
      '%\installutil.exe',
      '%\msbuild.exe',
      '%\mshta.exe',
      '%\msxsl.exe',
      '%\notepad.exe',
      '%\regasm.exe',
      '%\regsvr32.exe',
      '%\rundll32.exe',
      '%\wmic.exe',
      '%\wscript.exe'
    )
  AND NOT (
      CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, '10.0.0.0/8')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, '100.64.0.0/10')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, '127.0.0.0/8')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, '169.254.0.0/16')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, '172.16.0.0/12')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, '192.168.0.0/16')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, '224.0.0.0/4')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, '::1/128')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, 'fc00::/7')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, 'fe80::/10')
      OR CIDR_MATCH(`winlog`->`event_data`->`DestinationIp`, 'ff00::/8')
    )
  AND NOT (
      `winlog`->`event_data`->`Image` ILIKE ANY ('%\certutil.exe', '%\rundll32.exe')
      AND `winlog`->`event_data`->`DestinationHostname` ILIKE ANY ('%.digicert.com', '%.windowsupdate.com')
    )
EMIT CHANGES;
