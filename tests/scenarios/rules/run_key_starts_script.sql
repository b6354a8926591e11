-- rules/windows/run_key_starts_script: Run Key Starts a Script or a Program From a Folder Anybody Can Write.

--@test: run_key_starts_script: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/run_key_starts_script.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/run_key_starts_script.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Run Key Starts a Script or a Program From a Folder Anybody Can Write', 'Run: mshta');
ASSERT VALUES found (`case`) VALUES ('Run: powershell');
ASSERT VALUES found (`case`) VALUES ('Run: pwsh');
ASSERT VALUES found (`case`) VALUES ('Run: regsvr32');
ASSERT VALUES found (`case`) VALUES ('Run: rundll32');
ASSERT VALUES found (`case`) VALUES ('Run: wscript');
ASSERT VALUES found (`case`) VALUES ('Run: cscript');
ASSERT VALUES found (`case`) VALUES ('Run: a temporary folder');
ASSERT VALUES found (`case`) VALUES ('Run: a profile');
ASSERT VALUES found (`case`) VALUES ('Run: PerfLogs');
ASSERT VALUES found (`case`) VALUES ('Run: the public folder');
ASSERT VALUES found (`case`) VALUES ('Run: the temporary folder of Windows');
ASSERT VALUES found (`case`) VALUES ('Run: a variable');
ASSERT VALUES found (`case`) VALUES ('Run: another variable');
ASSERT VALUES found (`case`) VALUES ('RunOnce');
ASSERT VALUES found (`case`) VALUES ('a policy');
ASSERT VALUES found (`case`) VALUES ('the words of an installer under another name');
ASSERT VALUES found (`case`) VALUES ('the name of an installer with other words');
ASSERT VALUES found (`case`) VALUES ('the name of a known program, another place');
ASSERT VALUES found (`case`) VALUES ('the place of a known program, another name');
ASSERT COUNT 20 IN found;

--@test: run_key_starts_script: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/run_key_starts_script.sql';
--@events: events/run_key_starts_script.quiet.ndjson INTO wineventlogs
ASSERT COUNT 5 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
