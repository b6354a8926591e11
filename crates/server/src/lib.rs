//! HTTP over the engine.

pub mod client;
