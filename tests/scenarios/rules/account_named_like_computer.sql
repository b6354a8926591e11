-- rules/windows/account_named_like_computer: User Account Named Like a Computer.

--@test: account_named_like_computer: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/account_named_like_computer.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/account_named_like_computer.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('User Account Named Like a Computer', 'created');
ASSERT VALUES found (`case`) VALUES ('renamed');
ASSERT COUNT 2 IN found;

--@test: account_named_like_computer: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/account_named_like_computer.sql';
--@events: events/account_named_like_computer.quiet.ndjson INTO wineventlogs
ASSERT COUNT 7 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
