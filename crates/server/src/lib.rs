//! HTTP over the engine: ksqlDB's REST API, byte for byte where clients look (reference, "HTTP API").
//!
//! ```text
//! listen ─▶ guard (who asks, from where) ─▶ routes ─▶ Engine::execute ─▶ entities, or rows as they come
//! ```
//!
//! No door has logic of its own: what a statement means is the engine's. Here is what HTTP adds: sessions out of
//! requests, formats of rows, limits, and what to do about clients that stall.

mod app;
pub mod client;
mod credentials;
mod error;
mod guard;
mod lines;
mod listen;
mod long_texts;
mod negotiate;
mod options;
mod push;
mod request;
mod routes;
mod rows;
mod tls;

pub use app::{Server, router};
pub use credentials::Credentials;
pub use options::{Limits, Options, is_property};
pub use tls::TlsFiles;

/// The version of ksqlDB whose protocol this is: its command line refuses servers that name an older one.
pub const KSQLDB_VERSION: &str = "0.29.0";
