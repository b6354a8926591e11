//! What exists: sources, their columns, types and formats. Data only: nothing here reads, writes or waits.

pub mod calendar;
pub mod catalog;
mod error;
pub mod format;
pub mod schema;
pub mod source;
pub mod text;
pub mod types;
pub mod window;

pub use catalog::Catalog;
pub use error::Error;
pub use format::{Format, FormatSpec};
pub use schema::{Column, ColumnRole, Schema};
pub use source::{Source, SourceKind};
pub use types::{Field, SqlType};
pub use window::Window;
