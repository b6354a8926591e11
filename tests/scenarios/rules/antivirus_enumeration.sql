-- rules/windows/antivirus_enumeration: Possible Antivirus or Firewall Software Enumeration.

--@test: antivirus_enumeration: what it is about is an alert
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/antivirus_enumeration.sql';
CREATE STREAM found AS SELECT RULE_TITLE AS title, EXTRACTJSONFIELD(EVENT, '$.labels.case') AS `case` FROM `windows_alerts`;
--@events: events/antivirus_enumeration.alert.ndjson INTO wineventlogs
ASSERT VALUES found (title, `case`) VALUES ('Possible Antivirus or Firewall Software Enumeration', 'the virus scanner, Security 4688');
ASSERT VALUES found (`case`) VALUES ('the spyware scanner, Sysmon 1');
ASSERT VALUES found (`case`) VALUES ('the firewall, in capitals');
ASSERT VALUES found (`case`) VALUES ('no parent is known');
ASSERT VALUES found (`case`) VALUES ('a list of processes');
ASSERT VALUES found (`case`) VALUES ('a list of processes, even from a development tool');
ASSERT COUNT 6 IN found;

--@test: antivirus_enumeration: what only looks like it is none
RUN SCRIPT '../../../rules/windows.sql';
RUN SCRIPT '../../../rules/windows/antivirus_enumeration.sql';
--@events: events/antivirus_enumeration.quiet.ndjson INTO wineventlogs
ASSERT COUNT 11 IN `wineventlogs`;
ASSERT COUNT 0 IN `windows_alerts`;
