//! Any Apache Kafka: krafka reads and administers, rskafka writes.
