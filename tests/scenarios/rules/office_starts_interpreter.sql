-- rules/windows/office_starts_interpreter: Office Program Starts a Script Interpreter.

--@test: office_starts_interpreter: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/office_starts_interpreter.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/office_starts_interpreter.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Office Program Starts a Script Interpreter', 'EXCEL starts cmd');
ASSERT VALUES found (`case`) VALUES ('MSACCESS starts cmd');
ASSERT VALUES found (`case`) VALUES ('MSPUB starts cmd');
ASSERT VALUES found (`case`) VALUES ('ONENOTE starts cmd');
ASSERT VALUES found (`case`) VALUES ('OUTLOOK starts cmd');
ASSERT VALUES found (`case`) VALUES ('POWERPNT starts cmd');
ASSERT VALUES found (`case`) VALUES ('WINWORD starts cmd');
ASSERT VALUES found (`case`) VALUES ('a PDF starts cmd');
ASSERT VALUES found (`case`) VALUES ('Word starts bitsadmin');
ASSERT VALUES found (`case`) VALUES ('Word starts certutil');
ASSERT VALUES found (`case`) VALUES ('Word starts cscript');
ASSERT VALUES found (`case`) VALUES ('Word starts mshta');
ASSERT VALUES found (`case`) VALUES ('Word starts powershell');
ASSERT VALUES found (`case`) VALUES ('Word starts regsvr32');
ASSERT VALUES found (`case`) VALUES ('Word starts WMIC');
ASSERT VALUES found (`case`) VALUES ('Word starts wscript');
ASSERT VALUES found (`case`) VALUES ('Excel starts PowerShell 7');
ASSERT VALUES found (`case`) VALUES ('Outlook registers another library');
ASSERT VALUES found (`case`) VALUES ('the same words, another program');
ASSERT COUNT 19 IN found;

--@test: office_starts_interpreter: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/office_starts_interpreter.sql';
--@events: events/office_starts_interpreter.quiet.ndjson INTO wineventlogs
ASSERT COUNT 3 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
