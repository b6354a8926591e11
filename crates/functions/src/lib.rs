//! Values to value: the operators and functions that expressions call.
//!
//! One function a file, its manual entry beside it; DESCRIBE FUNCTION, SHOW FUNCTIONS and the reference manual come from
//! that entry. All work on whole columns, and all are total: where ksqlDB throws, the result is NULL.

mod arguments;
mod collections;
mod column;
mod constants;
pub mod fold;
mod host;
mod java_map;
pub mod kernel;
pub mod lambda;
pub mod manual;
pub mod operators;
pub mod overload;
pub mod registry;
mod regular;
pub mod scalar;
pub mod shown;
pub mod size;
pub mod table;
#[cfg(test)]
mod testing;
mod texts;
pub mod time_pattern;

pub use column::{Body, function, over_arrays};
pub use host::scalar_function;
pub use kernel::Call;
pub use manual::{Argument, Manual, Overload};
pub use operators::cast::{cast_array, check_cast};
pub use overload::{Builtin, Given, Parameter, Selected, Variant};
pub use registry::{Function, FunctionKind, Registry, ResolveError, Resolved, Udf};
pub use table::TableFunction;
