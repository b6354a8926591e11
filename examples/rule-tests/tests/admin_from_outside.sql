--@test: an administrator from outside is an alert
RUN SCRIPT '../rules/auth_events.sql';
RUN SCRIPT '../rules/admin_from_outside.sql';
INSERT INTO AUTH_EVENTS VALUES ('login_failure', 'adm-berta', '203.0.113.7', 'vpn');
INSERT INTO AUTH_EVENTS VALUES ('login_success', 'adm-berta', '203.0.113.7', 'vpn');
INSERT INTO AUTH_EVENTS VALUES ('login_success', 'adm-berta', '10.0.0.4', 'vpn');
INSERT INTO AUTH_EVENTS VALUES ('login_success', 'carla', '203.0.113.7', 'vpn');
ASSERT VALUES ADMIN_FROM_OUTSIDE (user_name, source_ip) VALUES ('adm-berta', '203.0.113.7');
ASSERT COUNT 1 IN ADMIN_FROM_OUTSIDE;

--@test: an event without an address is an alert too
RUN SCRIPT '../rules/auth_events.sql';
RUN SCRIPT '../rules/admin_from_outside.sql';
INSERT INTO AUTH_EVENTS (event_type, user_name) VALUES ('login_success', 'Admin');
ASSERT VALUES ADMIN_FROM_OUTSIDE (user_name, source_ip) VALUES ('Admin', NULL);

--@test: a recorded morning has two of them
RUN SCRIPT '../rules/auth_events.sql';
RUN SCRIPT '../rules/admin_from_outside.sql';
--@events: events/morning.ndjson INTO auth-events
ASSERT COUNT 8 IN AUTH_EVENTS;
ASSERT VALUES ADMIN_FROM_OUTSIDE VALUES ('adm-berta', '203.0.113.7', 'vpn');
ASSERT VALUES ADMIN_FROM_OUTSIDE VALUES ('ADM-DORA', '198.51.100.23', 'portal');
ASSERT COUNT 2 IN ADMIN_FROM_OUTSIDE;
