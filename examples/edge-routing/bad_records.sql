-- Records that could not be read or dated, one row each: from which topic, of which kind, and why. To count them is to count the rows.

CREATE STREAM bad_records WITH (KAFKA_TOPIC = 'bad-records') AS
SELECT
  message->deserializationError->`topic` AS topic_name,
  message->deserializationError->cause[1] AS kind,
  message->deserializationError->errorMessage AS reason
FROM KSQL_PROCESSING_LOG
WHERE message->type = 0;
