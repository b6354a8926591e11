//! The operators of the language as total functions over columns.
//!
//! **Rule:** no row fails. Where ksqlDB throws, a value is NULL and a predicate FALSE. A predicate is never NULL: the
//! binder may combine them with AND, OR and NOT as they are. Operands already have the types that an operator needs.

pub mod access;
pub mod arithmetic;
pub mod asked;
pub mod cast;
pub mod comparison;
pub mod construct;
pub(crate) mod decimal;
pub(crate) mod encoding;
pub(crate) mod equality;
pub mod in_list;
pub mod like;
pub mod logic;
pub(crate) mod order;
pub mod time_text;

pub use self::{
    access::{as_field, element, field, map_value},
    arithmetic::{ArithmeticOperator, arithmetic, arithmetic_type, negate},
    asked::{Asked, asked, first_of},
    cast::{cast, check_cast, parse},
    comparison::{ComparisonOperator, compare},
    construct::{concat, make_array, make_map, make_struct},
    in_list::in_set,
    like::{BadPattern, Like, LikePattern, Place, Written, like},
    logic::{case, is_null, truth},
};
