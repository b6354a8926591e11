//! What only a real Apache Kafka can show: security, compressions, transactions, outages.
//!
//! `scripts/kafka.sh start`, then `eval "$(scripts/kafka.sh env)"`. Without one the tests say that they are skipped; in CI they fail.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod compression;
mod fixture;
mod outage;
mod security;
mod topics;
mod transactions;
