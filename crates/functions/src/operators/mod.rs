//! The operators of the language as total functions over columns.
//!
//! **Rule:** no row fails. Where ksqlDB throws, a value is NULL and a predicate FALSE. A predicate is never NULL: the
//! binder may combine them with AND, OR and NOT as they are.

pub mod access;
pub mod arithmetic;
pub mod cast;
pub mod comparison;
pub mod construct;
pub mod like;
pub mod time_text;

pub use access::{element, field, map_value};
pub use arithmetic::{ArithmeticOperator, arithmetic, arithmetic_type, negate};
pub use cast::{cast, check_cast};
pub use comparison::{ComparisonOperator, compare, in_set, truth};
pub use construct::{concat, make_array, make_map, make_struct};
pub use like::{LikePattern, like};
