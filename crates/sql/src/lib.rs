//! Text to statements: ksqlDB's language, its tree, and the tree printed back as text.
//!
//! ```text
//! script ── split ──▶ one text per statement ── variables ──▶ ── parse ──▶ Statement ── print ──▶ text
//! ```
//!
//! This crate knows no names: whether a stream, a column or a function exists is for `weir-plan`.
//!
//! **Invariant:** a statement that parses prints to a text that parses to the same tree, spans aside.

mod deep;
mod directive;
mod error;
pub mod expression;
pub mod ident;
mod keywords;
mod lexer;
pub mod parse;
pub mod print;
pub mod span;
pub mod statement;
pub mod variables;

pub use directive::{Directive, directives};
pub use error::{Error, ErrorKind, render};
pub use expression::{Expression, ExpressionKind};
pub use ident::Ident;
pub use keywords::is_reserved;
pub use parse::{ParsedStatement, StatementText, parse_expression, parse_statement, split};
pub use span::{Position, Span};
pub use statement::Statement;
pub use variables::Variables;
