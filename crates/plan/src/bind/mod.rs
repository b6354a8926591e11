//! Names to columns, types to expressions: where the language's meaning is decided.
//!
//! The one place where logic becomes two-valued: every predicate that leaves this module is TRUE or FALSE.

mod call;
mod comparison;
mod copies;
mod expression;
mod lambda;
mod list;
mod literal;
mod scope;
mod shown;
mod table;
pub mod types;
mod unify;

use datafusion_expr::Expr;
use weir_catalog::SqlType;
use weir_sql::Expression;

use crate::{Error, ErrorKind};

pub use expression::expression;
pub use literal::{coerce, constant_into, literal_as_decimal, null};
pub use scope::{Scope, columns_of};
pub use shown::{shown, shown_qualified};
pub use table::TableCalls;

/// An expression and what it gives.
#[derive(Debug, Clone)]
pub struct Typed {
    pub expr: Expr,
    /// `None`: NULL without a type.
    pub sql_type: Option<SqlType>,
    /// A BOOLEAN that is never NULL.
    pub is_certain: bool,
}

impl Typed {
    pub fn new(expr: Expr, sql_type: SqlType) -> Self {
        Self {
            expr,
            sql_type: Some(sql_type),
            is_certain: false,
        }
    }

    /// A predicate of our own operators.
    pub fn certain(expr: Expr) -> Self {
        Self {
            expr,
            sql_type: Some(SqlType::Boolean),
            is_certain: true,
        }
    }

    /// The type as errors print it.
    pub fn type_name(&self) -> String {
        self.sql_type
            .as_ref()
            .map_or("null".to_owned(), SqlType::to_string)
    }

    /// As a condition: NULL is FALSE.
    fn truth(self) -> Expr {
        if self.is_certain {
            self.expr
        } else {
            weir_functions::operators::truth(self.expr)
        }
    }
}

/// A WHERE: must be BOOLEAN; the result is never NULL.
pub fn condition(
    expression: &Expression,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Expr, Error> {
    let bound = self::expression(expression, scope, clause)?;
    match &bound.sql_type {
        Some(SqlType::Boolean) => Ok(bound.truth()),
        _ => Err(Error::new(
            ErrorKind::Type,
            format!(
                "Type error in {clause} expression: Should evaluate to boolean but is {} ({}) instead.",
                shown(expression),
                bound.type_name()
            ),
        )
        .at(expression.span)),
    }
}

/// An error that ksqlDB finds when it types an expression, in its words.
fn type_error(clause: &str, message: String) -> Error {
    let message = match clause {
        "WHERE" => format!("Error in WHERE expression: {message}"),
        _ => message,
    };
    Error::new(ErrorKind::Type, message)
}

/// An error that ksqlDB finds later, when it compiles one.
fn compile_error(clause: &str, error: Error) -> Error {
    let what = match clause {
        "WHERE" => "Invalid Predicate",
        "SELECT" => "Invalid Select",
        "PARTITION BY" => "Invalid SelectKey",
        _ => return error,
    };
    Error {
        message: format!("{what}: {}", error.message),
        ..error
    }
}
