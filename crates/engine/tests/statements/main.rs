//! Every statement at the engine's door, over a broker in memory: what it answers, what it does, what it refuses and in
//! which words. What is expected here is what ksqlDB does, but for what `docs/differences.md` lists.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bad_input;
mod control;
mod create;
mod deploy;
mod describe;
mod drop;
mod explode;
mod expressions;
mod formats;
mod insert_values;
mod lambdas;
mod library;
mod like;
mod memory;
mod messages;
mod metrics;
mod partition_by;
mod persistent;
mod print;
mod restart;
mod rules;
mod rules_seen;
mod script;
mod select;
mod session;
mod settled;
mod sharing;
mod show;
mod support;
mod together;
mod topics;
mod windowed_keys;
