//! Sigma detection rules to Weir SQL.
//!
//! ```text
//! files ── yaml ──▶ documents ── rule ──▶ Rule ── condition, selection, modifier ──▶ Term ── mapping, predicate ──▶ tree ── pages ──▶ SQL
//! ```
//!
//! [`Rules::load`] reads a file or a folder, [`convert`] makes the statement of one rule, [`events_stream`] declares the stream
//! with the fields that the rules need, [`Events`] lets it grow with what further rules need. What cannot be used is an [`Error`] that says where and why; the rest goes on.
//!
//! **Invariant:** a rule means what Sigma says it means. Letter case does not count, a field that is absent meets nothing and `not` of
//! that holds, `*` goes over line breaks, a number is its text.
//!
//! Not here: correlations.

mod condition;
mod convert;
mod deployed;
mod error;
mod events;
mod expand;
mod mapping;
mod modifier;
mod pages;
mod pattern;
mod predicate;
mod regular;
mod rule;
mod rules;
mod selection;
mod stream;
mod term;
mod yaml;

pub use convert::{Converted, Options, convert};
pub use deployed::{Deployed, is_same, replacing};
pub use error::{Error, ErrorKind};
pub use events::{Events, check_alerts};
pub use expand::Placeholders;
pub use mapping::{FieldPath, Mapping};
pub use pages::statement as print;
pub use rule::{LogSource, Named, Rule};
pub use rules::{LeftOut, Rules};
pub use stream::{alerts_stream, events_stream};
pub use weir_sql::Statement;
