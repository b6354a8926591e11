-- rules/windows/startup_folder_program: Program or Script Put Into a Startup Folder.

--@test: startup_folder_program: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/startup_folder_program.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/startup_folder_program.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Program or Script Put Into a Startup Folder', '.bat');
ASSERT VALUES found (`case`) VALUES ('.cmd');
ASSERT VALUES found (`case`) VALUES ('.com');
ASSERT VALUES found (`case`) VALUES ('.exe');
ASSERT VALUES found (`case`) VALUES ('.hta');
ASSERT VALUES found (`case`) VALUES ('.js');
ASSERT VALUES found (`case`) VALUES ('.jse');
ASSERT VALUES found (`case`) VALUES ('.ps1');
ASSERT VALUES found (`case`) VALUES ('.scr');
ASSERT VALUES found (`case`) VALUES ('.url');
ASSERT VALUES found (`case`) VALUES ('.vbe');
ASSERT VALUES found (`case`) VALUES ('.vbs');
ASSERT VALUES found (`case`) VALUES ('.wsf');
ASSERT VALUES found (`case`) VALUES ('the folder of all');
ASSERT COUNT 14 IN found;

--@test: startup_folder_program: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/startup_folder_program.sql';
--@events: events/startup_folder_program.quiet.ndjson INTO wineventlogs
ASSERT COUNT 3 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
