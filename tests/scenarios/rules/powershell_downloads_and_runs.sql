-- rules/windows/powershell_downloads_and_runs: PowerShell Downloads a Script and Runs It.

--@test: powershell_downloads_and_runs: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/powershell_downloads_and_runs.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/powershell_downloads_and_runs.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('PowerShell Downloads a Script and Runs It', 'bytes');
ASSERT VALUES found (`case`) VALUES ('a text');
ASSERT VALUES found (`case`) VALUES ('a stream');
ASSERT VALUES found (`case`) VALUES ('a service');
ASSERT VALUES found (`case`) VALUES ('a page');
ASSERT VALUES found (`case`) VALUES ('irm, as short as it goes');
ASSERT VALUES found (`case`) VALUES ('iwr, as short as it goes');
ASSERT VALUES found (`case`) VALUES ('an object of COM');
ASSERT VALUES found (`case`) VALUES ('a program');
ASSERT VALUES found (`case`) VALUES ('a module in a profile');
ASSERT COUNT 10 IN found;

--@test: powershell_downloads_and_runs: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/powershell_downloads_and_runs.sql';
--@events: events/powershell_downloads_and_runs.quiet.ndjson INTO wineventlogs
ASSERT COUNT 4 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
