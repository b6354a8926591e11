-- rules/windows/service_runs_interpreter: Service Installed That Runs a Script or From a User's Folder.

--@test: service_runs_interpreter: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/service_runs_interpreter.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/service_runs_interpreter.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Service Installed That Runs a Script or From a User''s Folder', '7045: the command interpreter');
ASSERT VALUES found (`case`) VALUES ('4697: the command interpreter');
ASSERT VALUES found (`case`) VALUES ('7045: cmd by its path');
ASSERT VALUES found (`case`) VALUES ('4697: cmd by its path');
ASSERT VALUES found (`case`) VALUES ('7045: an application of HTML');
ASSERT VALUES found (`case`) VALUES ('4697: an application of HTML');
ASSERT VALUES found (`case`) VALUES ('7045: PowerShell');
ASSERT VALUES found (`case`) VALUES ('4697: PowerShell');
ASSERT VALUES found (`case`) VALUES ('7045: PowerShell without its ending');
ASSERT VALUES found (`case`) VALUES ('4697: PowerShell without its ending');
ASSERT VALUES found (`case`) VALUES ('7045: PowerShell 7');
ASSERT VALUES found (`case`) VALUES ('4697: PowerShell 7');
ASSERT VALUES found (`case`) VALUES ('7045: a library');
ASSERT VALUES found (`case`) VALUES ('4697: a library');
ASSERT VALUES found (`case`) VALUES ('7045: from the share of administrators');
ASSERT VALUES found (`case`) VALUES ('4697: from the share of administrators');
ASSERT VALUES found (`case`) VALUES ('7045: from a profile');
ASSERT VALUES found (`case`) VALUES ('4697: from a profile');
ASSERT VALUES found (`case`) VALUES ('7045: from PerfLogs');
ASSERT VALUES found (`case`) VALUES ('4697: from PerfLogs');
ASSERT VALUES found (`case`) VALUES ('7045: from the public folder');
ASSERT VALUES found (`case`) VALUES ('4697: from the public folder');
ASSERT VALUES found (`case`) VALUES ('7045: from the temporary folder');
ASSERT VALUES found (`case`) VALUES ('4697: from the temporary folder');
ASSERT COUNT 24 IN found;

--@test: service_runs_interpreter: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/service_runs_interpreter.sql';
--@events: events/service_runs_interpreter.quiet.ndjson INTO wineventlogs
ASSERT COUNT 6 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
