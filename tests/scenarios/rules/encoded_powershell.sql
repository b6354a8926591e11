-- rules/windows/encoded_powershell: PowerShell Started With an Encoded Command.

--@test: encoded_powershell: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/encoded_powershell.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/encoded_powershell.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('PowerShell Started With an Encoded Command', '-enc, Security 4688');
ASSERT VALUES found (`case`) VALUES ('-e, as short as it goes, in quotes');
ASSERT VALUES found (`case`) VALUES ('the alias -ec, PowerShell 7');
ASSERT VALUES found (`case`) VALUES ('/EncodedCommand, in capitals');
ASSERT VALUES found (`case`) VALUES ('an en dash');
ASSERT VALUES found (`case`) VALUES ('the editor is a shell too');
ASSERT VALUES found (`case`) VALUES ('one short command');
ASSERT VALUES found (`case`) VALUES ('an agent of that name, elsewhere');
ASSERT VALUES found (`case`) VALUES ('PowerShell.EXE under another name');
ASSERT VALUES found (`case`) VALUES ('PowerShell_ISE.EXE under another name');
ASSERT VALUES found (`case`) VALUES ('pwsh.dll under another name');
ASSERT COUNT 11 IN found;

--@test: encoded_powershell: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/encoded_powershell.sql';
--@events: events/encoded_powershell.quiet.ndjson INTO wineventlogs
ASSERT COUNT 7 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
