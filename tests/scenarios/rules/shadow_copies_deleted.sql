-- rules/windows/shadow_copies_deleted: Backups of the Machine Made Useless.

--@test: shadow_copies_deleted: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/shadow_copies_deleted.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/shadow_copies_deleted.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Backups of the Machine Made Useless', 'vssadmin delete, Security 4688');
ASSERT VALUES found (`case`) VALUES ('vssadmin resize');
ASSERT VALUES found (`case`) VALUES ('wmic');
ASSERT VALUES found (`case`) VALUES ('PowerShell');
ASSERT VALUES found (`case`) VALUES ('the catalogue');
ASSERT VALUES found (`case`) VALUES ('the backups of the system state');
ASSERT VALUES found (`case`) VALUES ('no repair');
ASSERT VALUES found (`case`) VALUES ('no repair after failures');
ASSERT VALUES found (`case`) VALUES ('all backups of the system state, in the words of keeping');
ASSERT VALUES found (`case`) VALUES ('vssadmin deletes the storage');
ASSERT COUNT 10 IN found;

--@test: shadow_copies_deleted: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/shadow_copies_deleted.sql';
--@events: events/shadow_copies_deleted.quiet.ndjson INTO wineventlogs
ASSERT COUNT 23 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
