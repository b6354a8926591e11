-- rules/windows/system_tool_calls_out: System Tool Connects to the Internet.

--@test: system_tool_calls_out: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/system_tool_calls_out.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/system_tool_calls_out.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('System Tool Connects to the Internet', 'certutil');
ASSERT VALUES found (`case`) VALUES ('cmstp');
ASSERT VALUES found (`case`) VALUES ('cscript');
ASSERT VALUES found (`case`) VALUES ('mshta');
ASSERT VALUES found (`case`) VALUES ('msxsl');
ASSERT VALUES found (`case`) VALUES ('notepad');
ASSERT VALUES found (`case`) VALUES ('regsvr32');
ASSERT VALUES found (`case`) VALUES ('rundll32');
ASSERT VALUES found (`case`) VALUES ('WMIC');
ASSERT VALUES found (`case`) VALUES ('wscript');
ASSERT VALUES found (`case`) VALUES ('InstallUtil');
ASSERT VALUES found (`case`) VALUES ('MSBuild');
ASSERT VALUES found (`case`) VALUES ('RegAsm');
ASSERT VALUES found (`case`) VALUES ('over IPv6');
ASSERT VALUES found (`case`) VALUES ('another tool asks for a revocation list');
ASSERT VALUES found (`case`) VALUES ('certutil asks somebody else');
ASSERT COUNT 16 IN found;

--@test: system_tool_calls_out: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/system_tool_calls_out.sql';
--@events: events/system_tool_calls_out.quiet.ndjson INTO wineventlogs
ASSERT COUNT 15 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
