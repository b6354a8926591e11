--@test: each event is graded by its own domain
RUN SCRIPT '../streams.sql';
RUN SCRIPT '../severity.sql';
--@events: events/auth.ndjson INTO auth-events
--@events: events/network.ndjson INTO network-events
--@events: events/endpoint.ndjson INTO endpoint-events
ASSERT VALUES auth_graded (event_id, severity, rowtime) VALUES ('a-01', 'low', 1746514800000);
ASSERT VALUES auth_graded (event_id, severity, rowtime) VALUES ('a-02', 'critical', 1746514802500);
ASSERT VALUES auth_graded (event_id, severity, rowtime) VALUES ('a-03', 'high', 1746514801000);
ASSERT VALUES auth_graded (event_id, severity) VALUES ('a-04', 'medium');
-- Nobody knows where it came from: that is none of the countries in the list.
ASSERT VALUES auth_graded (event_id, geo, severity) VALUES ('a-05', NULL, 'critical');
-- A record that is JSON's `null` is a row of nothing, and passes.
ASSERT NULL VALUES auth_graded KEY ();
-- What stands where a text was declared is taken as it is written.
ASSERT VALUES auth_graded (event_id, source, severity) VALUES ('a-11', '{"name":"sso","node":2}', 'info');
ASSERT COUNT 7 IN auth_graded;
ASSERT VALUES network_graded (event_id, severity, rowtime) VALUES ('n-01', 'critical', 1746514800000);
ASSERT VALUES network_graded (event_id, severity) VALUES ('n-02', 'high');
ASSERT VALUES network_graded (event_id, severity) VALUES ('n-03', 'medium');
ASSERT VALUES network_graded (event_id, severity) VALUES ('n-04', 'medium');
ASSERT VALUES network_graded (event_id, severity) VALUES ('n-05', 'low');
ASSERT VALUES network_graded (event_id, severity) VALUES ('n-06', 'info');
ASSERT COUNT 6 IN network_graded;
ASSERT VALUES endpoint_graded (event_id, severity, rowtime) VALUES ('e-01', 'low', 1746514800000);
ASSERT VALUES endpoint_graded (event_id, severity) VALUES ('e-02', 'critical');
ASSERT VALUES endpoint_graded (event_id, severity) VALUES ('e-03', 'critical');
ASSERT VALUES endpoint_graded (event_id, severity) VALUES ('e-04', 'high');
ASSERT VALUES endpoint_graded (event_id, severity) VALUES ('e-05', 'medium');
ASSERT VALUES endpoint_graded (event_id, severity) VALUES ('e-06', 'critical');
ASSERT VALUES endpoint_graded (event_id, severity) VALUES ('e-08', 'info');
ASSERT COUNT 7 IN endpoint_graded;

--@test: critical and high go to the SIEM, everything goes to the archive
RUN SCRIPT '../streams.sql';
RUN SCRIPT '../severity.sql';
RUN SCRIPT '../routes.sql';
--@events: events/auth.ndjson INTO auth-events
ASSERT VALUES siem (event_id, domain, severity, `user`, source_ip) VALUES ('a-02', 'auth', 'critical', 'ines', '198.51.100.9');
ASSERT VALUES siem (event_id, domain, severity, detail) VALUES ('a-03', 'auth', 'high', 'account_expired');
ASSERT VALUES siem (event_id, domain, severity) VALUES ('a-05', 'auth', 'critical');
ASSERT COUNT 3 IN siem;
ASSERT VALUES archive (event_id, domain, severity) VALUES ('a-01', 'auth', 'low');
ASSERT VALUES archive (event_id, domain, severity) VALUES ('a-02', 'auth', 'critical');
ASSERT VALUES archive (event_id, domain, severity) VALUES ('a-03', 'auth', 'high');
ASSERT VALUES archive (event_id, event) VALUES ('a-04', '{"EVENT_ID":"a-04","TIMESTAMP":"2025-05-06T07:00:03.000Z","SOURCE":"iam","EVENT_TYPE":"password_change","user":"otto","SOURCE_IP":null,"GEO":null,"AUTH_METHOD":null,"APP":null,"USER_AGENT":null,"REASON":null,"SEVERITY":"medium"}');
ASSERT COUNT 6 IN archive;
--@events: events/network.ndjson INTO network-events
ASSERT VALUES siem (event_id, domain, severity, host, source_ip, detail) VALUES ('n-01', 'network', 'critical', '203.0.113.80', '10.1.0.7', 'Beacon of a known implant');
ASSERT VALUES siem (event_id, domain, severity) VALUES ('n-02', 'network', 'high');
ASSERT COUNT 5 IN siem;
ASSERT COUNT 12 IN archive;
--@events: events/endpoint.ndjson INTO endpoint-events
ASSERT VALUES siem (event_id, severity, host, detail) VALUES ('e-02', 'critical', 'LT-07', 'powershell.exe -NoP -ENC SQBFAFgA');
ASSERT VALUES siem (event_id, severity, detail) VALUES ('e-03', 'critical', 'Mimikatz.exe');
ASSERT VALUES siem (event_id, severity, detail) VALUES ('e-04', 'high', 'T1059');
ASSERT VALUES siem (event_id, severity, host) VALUES ('e-06', 'critical', 'SRV-2');
ASSERT COUNT 9 IN siem;
ASSERT COUNT 19 IN archive;

--@test: a sample has all that matters, and the same tenth of the others for every delivery
RUN SCRIPT '../streams.sql';
RUN SCRIPT '../severity.sql';
RUN SCRIPT '../sampling.sql';
--@events: events/network.ndjson INTO network-events
ASSERT VALUES network_sampled (event_id, sample_percent) VALUES ('n-01', 100);
ASSERT VALUES network_sampled (event_id, sample_percent) VALUES ('n-02', 100);
ASSERT VALUES network_sampled (event_id, sample_percent) VALUES ('n-03', 100);
ASSERT VALUES network_sampled (event_id, sample_percent) VALUES ('n-04', 100);
ASSERT COUNT 4 IN network_sampled;

--@test: every record that cannot be read or dated is counted, once
RUN SCRIPT '../streams.sql';
RUN SCRIPT '../severity.sql';
RUN SCRIPT '../routes.sql';
RUN SCRIPT '../bad_records.sql';
--@events: events/auth.ndjson INTO auth-events
ASSERT COUNT 5 IN bad_records;
ASSERT VALUES bad_records (by_query, kind) VALUES ('CSAS_AUTH_GRADED_3', 'not_json');
ASSERT VALUES bad_records (by_query, kind) VALUES ('CSAS_AUTH_GRADED_3', 'type_mismatch');
ASSERT VALUES bad_records (by_query, kind) VALUES ('CSAS_AUTH_GRADED_3', 'not_json');
ASSERT VALUES bad_records (by_query, kind) VALUES ('CSAS_AUTH_GRADED_3', 'no_time');
ASSERT VALUES bad_records (by_query, kind) VALUES ('CSAS_AUTH_GRADED_3', 'no_time');
--@events: events/network.ndjson INTO network-events
ASSERT COUNT 9 IN bad_records;
--@events: events/endpoint.ndjson INTO endpoint-events
ASSERT COUNT 11 IN bad_records;

--@test: whether a record is bad is decided for each query, by the columns that it names
RUN SCRIPT '../streams.sql';
CREATE STREAM without_the_port AS SELECT event_id, event_type FROM network_events;
CREATE STREAM without_the_process AS SELECT event_id, event_type FROM endpoint_events;
--@events: events/network.ndjson INTO network-events
--@events: events/endpoint.ndjson INTO endpoint-events
ASSERT COUNT 7 IN without_the_port;
ASSERT COUNT 8 IN without_the_process;
