-- rules/windows/event_log_cleared: Windows Event Log Cleared.

--@test: event_log_cleared: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/event_log_cleared.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/event_log_cleared.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Windows Event Log Cleared', 'the security log');
ASSERT VALUES found (`case`) VALUES ('104 for Application');
ASSERT VALUES found (`case`) VALUES ('104 for Microsoft-Windows-PowerShell/Operational');
ASSERT VALUES found (`case`) VALUES ('104 for Microsoft-Windows-Sysmon/Operational');
ASSERT VALUES found (`case`) VALUES ('104 for Microsoft-Windows-TaskScheduler/Operational');
ASSERT VALUES found (`case`) VALUES ('104 for Microsoft-Windows-TerminalServices-LocalSessionManager/Operational');
ASSERT VALUES found (`case`) VALUES ('104 for Microsoft-Windows-Windows Defender/Operational');
ASSERT VALUES found (`case`) VALUES ('104 for Microsoft-Windows-WMI-Activity/Operational');
ASSERT VALUES found (`case`) VALUES ('104 for System');
ASSERT VALUES found (`case`) VALUES ('104 for Windows PowerShell');
ASSERT COUNT 10 IN found;

--@test: event_log_cleared: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/event_log_cleared.sql';
--@events: events/event_log_cleared.quiet.ndjson INTO wineventlogs
ASSERT COUNT 4 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
