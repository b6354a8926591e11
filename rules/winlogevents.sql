CREATE STREAM WINLOGEVENTS (
  `@timestamp` VARCHAR,
  `@metadata` STRUCT<beat VARCHAR, type VARCHAR, version VARCHAR>,
  winlog STRUCT<version INT,
    event_data STRUCT<ProcessId VARCHAR, CommandLine VARCHAR, SubjectDomainName VARCHAR, MandatoryLabel VARCHAR,
      SubjectUserName VARCHAR, SubjectLogonId VARCHAR, TargetUserSid VARCHAR, SubjectUserSid VARCHAR,
      TargetUserName VARCHAR, ParentProcessName VARCHAR, TargetLogonId VARCHAR, NewProcessName VARCHAR,
      TargetDomainName VARCHAR, TokenElevationType VARCHAR, NewProcessId VARCHAR>,
    api VARCHAR, task VARCHAR, process STRUCT<pid INT, thread STRUCT<id INT>>, keywords ARRAY<VARCHAR>,
    provider_guid VARCHAR, opcode VARCHAR, record_id BIGINT, computer_name VARCHAR, event_id VARCHAR,
    provider_name VARCHAR, channel VARCHAR>,
  event STRUCT<created VARCHAR, code VARCHAR, kind VARCHAR, provider VARCHAR, outcome VARCHAR, action VARCHAR>,
  log STRUCT<level VARCHAR>, message VARCHAR,
  host STRUCT<name VARCHAR, hostname VARCHAR, architecture VARCHAR,
    os STRUCT<version VARCHAR, family VARCHAR, name VARCHAR, kernel VARCHAR, build VARCHAR, type VARCHAR, platform VARCHAR>,
    id VARCHAR, ip ARRAY<VARCHAR>, mac ARRAY<VARCHAR>>,
  ecs STRUCT<version VARCHAR>,
  agent STRUCT<name VARCHAR, type VARCHAR, version VARCHAR, ephemeral_id VARCHAR, id VARCHAR>
) WITH (KAFKA_TOPIC = 'wineventlogs', VALUE_FORMAT = 'JSON');
