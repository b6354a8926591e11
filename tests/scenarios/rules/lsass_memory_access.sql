-- rules/windows/lsass_memory_access: LSASS Memory Read by an Unusual Process.

--@test: lsass_memory_access: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/lsass_memory_access.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/lsass_memory_access.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('LSASS Memory Read by an Unusual Process', 'access 0x1010');
ASSERT VALUES found (`case`) VALUES ('access 0x1038');
ASSERT VALUES found (`case`) VALUES ('access 0x1410');
ASSERT VALUES found (`case`) VALUES ('access 0x1438');
ASSERT VALUES found (`case`) VALUES ('access 0x143a');
ASSERT VALUES found (`case`) VALUES ('access 0x1f0fff');
ASSERT VALUES found (`case`) VALUES ('access 0x1f1fff');
ASSERT VALUES found (`case`) VALUES ('access 0x1f3fff');
ASSERT VALUES found (`case`) VALUES ('access 0x1fffff');
ASSERT VALUES found (`case`) VALUES ('through dbgcore');
ASSERT VALUES found (`case`) VALUES ('through dbghelp');
ASSERT VALUES found (`case`) VALUES ('through comsvcs');
ASSERT VALUES found (`case`) VALUES ('a name of Defender, elsewhere');
ASSERT VALUES found (`case`) VALUES ('a tool in the folder of Defender');
ASSERT COUNT 14 IN found;

--@test: lsass_memory_access: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/lsass_memory_access.sql';
--@events: events/lsass_memory_access.quiet.ndjson INTO wineventlogs
ASSERT COUNT 11 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
