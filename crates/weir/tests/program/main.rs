//! The program as its users meet it: every test starts `weir` itself.
//!
//! Those against a real Kafka run where `WEIR_TEST_KAFKA` names one, and say so where it does not; in CI it must.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod all_events;
mod bad_clients;
mod bench;
mod clients;
mod demo;
mod docs;
mod edge_routing;
mod filter;
mod http;
mod kill;
mod oracle;
mod pack;
mod produce_consume;
mod prompt;
mod prompt_remote;
mod refusals;
mod rules_kill;
mod secrets;
mod seedrule;
mod server;
mod session;
mod sigma;
mod sigma_eval;
mod sigma_test;
mod support;
mod test_docs;
mod test_query;
mod test_rest;
mod test_runner;
