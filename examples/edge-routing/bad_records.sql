-- Records that could not be read (type 0) or dated (type 1), one row each: by which query, of which kind, and why, with topic, partition
-- and offset. To count them is to count the rows.

CREATE STREAM bad_records WITH (KAFKA_TOPIC = 'bad-records') AS
SELECT
  SPLIT(logger, '.')[2] AS by_query,
  CASE WHEN message->type = 0 THEN message->deserializationError->cause[1] ELSE 'no_time' END AS kind,
  COALESCE(message->deserializationError->errorMessage, message->recordProcessingError->errorMessage) AS reason
FROM KSQL_PROCESSING_LOG
WHERE message->type IN (0, 1);
