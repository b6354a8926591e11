-- rules/windows/rdp_from_public_address: Remote Desktop Logon From a Public Address.

--@test: rdp_from_public_address: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/rdp_from_public_address.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/rdp_from_public_address.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Remote Desktop Logon From a Public Address', 'a logon');
ASSERT VALUES found (`case`) VALUES ('a logon over IPv6');
ASSERT VALUES found (`case`) VALUES ('a session taken up again');
ASSERT COUNT 3 IN found;

--@test: rdp_from_public_address: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/rdp_from_public_address.sql';
--@events: events/rdp_from_public_address.quiet.ndjson INTO wineventlogs
ASSERT COUNT 12 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
