-- rules/windows/scheduled_task_payload: Scheduled Task Runs From a User's Folder or Fetches Its Program.

--@test: scheduled_task_payload: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/scheduled_task_payload.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/scheduled_task_payload.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Scheduled Task Runs From a User''s Folder or Fetches Its Program', 'runs C:\Users\jdoe\AppData\Roaming\sync.exe');
ASSERT VALUES found (`case`) VALUES ('runs C:\PerfLogs\a.exe');
ASSERT VALUES found (`case`) VALUES ('runs C:\Users\Public\sync.bat');
ASSERT VALUES found (`case`) VALUES ('runs C:\Windows\Temp\x.exe');
ASSERT VALUES found (`case`) VALUES ('runs %APPDATA%\sync.exe');
ASSERT VALUES found (`case`) VALUES ('runs %LocalAppData%\sync.exe');
ASSERT VALUES found (`case`) VALUES ('runs %PUBLIC%\sync.exe');
ASSERT VALUES found (`case`) VALUES ('runs %temp%\x.exe');
ASSERT VALUES found (`case`) VALUES ('runs an encoded command');
ASSERT VALUES found (`case`) VALUES ('fetches a text');
ASSERT VALUES found (`case`) VALUES ('asks a service');
ASSERT VALUES found (`case`) VALUES ('fetches a file');
ASSERT VALUES found (`case`) VALUES ('an application of HTML');
ASSERT VALUES found (`case`) VALUES ('the name of an updater alone');
ASSERT VALUES found (`case`) VALUES ('the name of another updater alone');
ASSERT VALUES found (`case`) VALUES ('the program of an updater, another name');
ASSERT VALUES found (`case`) VALUES ('the program of another updater, another name');
ASSERT COUNT 17 IN found;

--@test: scheduled_task_payload: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/scheduled_task_payload.sql';
--@events: events/scheduled_task_payload.quiet.ndjson INTO wineventlogs
ASSERT COUNT 5 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
