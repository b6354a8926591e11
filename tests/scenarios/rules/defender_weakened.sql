-- rules/windows/defender_weakened: Defender Switched Off or Told to Look Away.

--@test: defender_weakened: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/defender_weakened.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/defender_weakened.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Defender Switched Off or Told to Look Away', 'event 5001');
ASSERT VALUES found (`case`) VALUES ('event 5010');
ASSERT VALUES found (`case`) VALUES ('event 5012');
ASSERT VALUES found (`case`) VALUES ('DisableAntiSpyware = 0x1');
ASSERT VALUES found (`case`) VALUES ('DisableAntiVirus = 0x1');
ASSERT VALUES found (`case`) VALUES ('Real-Time Protection\DisableBehaviorMonitoring = 0x1');
ASSERT VALUES found (`case`) VALUES ('Real-Time Protection\DisableIOAVProtection = 0x1');
ASSERT VALUES found (`case`) VALUES ('Real-Time Protection\DisableRealtimeMonitoring = 0x1');
ASSERT VALUES found (`case`) VALUES ('Real-Time Protection\DisableScriptScanning = 0x1');
ASSERT VALUES found (`case`) VALUES ('SpyNet\SpyNetReporting = 0x0');
ASSERT VALUES found (`case`) VALUES ('Features\TamperProtection = 0x0');
ASSERT VALUES found (`case`) VALUES ('Features\TamperProtection = 0x4');
ASSERT VALUES found (`case`) VALUES ('an exclusion: Extensions\.exe');
ASSERT VALUES found (`case`) VALUES ('an exclusion: IpAddresses\203.0.113.9');
ASSERT VALUES found (`case`) VALUES ('an exclusion: Paths\C:\Users\Public');
ASSERT VALUES found (`case`) VALUES ('an exclusion: Processes\powershell.exe');
ASSERT COUNT 16 IN found;

--@test: defender_weakened: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/defender_weakened.sql';
--@events: events/defender_weakened.quiet.ndjson INTO wineventlogs
ASSERT COUNT 7 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
