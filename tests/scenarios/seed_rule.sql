-- The rule "Possible Antivirus or Firewall Software Enumeration" of rules/, over invented events.

--@test: a query of the installed products is an alert, and its parent may be missing
RUN SCRIPT '../../rules/winlogevents.sql';
RUN SCRIPT '../../rules/antivirus_enumeration.sql';
--@events: events/seed_rule.ndjson INTO wineventlogs
ASSERT VALUES windows_alerts (host, parentimage) VALUES ('pc-01', 'C:\Windows\explorer.exe');
ASSERT VALUES windows_alerts (host, parentimage) VALUES ('pc-02', NULL);
ASSERT VALUES windows_alerts (host, commandline) VALUES ('pc-07', 'wmic /namespace:\\root\SecurityCenter2 path
FirewallProduct get displayName, productState');
ASSERT VALUES windows_alerts (host) VALUES ('pc-08');
ASSERT COUNT 4 IN windows_alerts;

--@test: its result is JSON with the names of the rule in capitals, and has no key
RUN SCRIPT '../../rules/winlogevents.sql';
RUN SCRIPT '../../rules/antivirus_enumeration.sql';
CREATE STREAM raw (line VARCHAR) WITH (kafka_topic='windows_alerts', value_format='KAFKA');
--@events: events/seed_rule.ndjson INTO wineventlogs
ASSERT VALUES raw (line) VALUES ('{"HOST":"pc-01","COMMANDLINE":"wmic path AntiVirusProduct get displayName,productState","PARENTIMAGE":"C:\\Windows\\explorer.exe"}');

--@test: an event_id that is a number becomes its text
RUN SCRIPT '../../rules/winlogevents.sql';
CREATE STREAM ids AS SELECT winlog->event_id AS event_id, winlog->event_data->ProcessId AS pid FROM winlogevents;
--@events: events/seed_rule.ndjson INTO wineventlogs
ASSERT VALUES ids (event_id, pid) VALUES ('4688', '0x1f4');
ASSERT VALUES ids (event_id) VALUES ('4688');
