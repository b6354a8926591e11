-- rules/windows/disabled_account_logon: Logon Attempt With an Account That Is Switched Off.

--@test: disabled_account_logon: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/disabled_account_logon.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/disabled_account_logon.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Logon Attempt With an Account That Is Switched Off', 'disabled');
ASSERT VALUES found (`case`) VALUES ('expired, in capitals');
ASSERT COUNT 2 IN found;

--@test: disabled_account_logon: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/disabled_account_logon.sql';
--@events: events/disabled_account_logon.quiet.ndjson INTO wineventlogs
ASSERT COUNT 9 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
