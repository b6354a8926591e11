//! Function calls.

use weir_sql::{Expression, Ident};

use super::{Scope, Typed, coerce, expression, scope::nearest};
use crate::{Error, ErrorKind};

/// ksqlDB's aggregates and table functions, which this version has not.
const LATER: &[&str] = &[
    "ATTR",
    "AVG",
    "COLLECT_LIST",
    "COLLECT_SET",
    "CORRELATION",
    "COUNT",
    "COUNT_DISTINCT",
    "CUBE_EXPLODE",
    "EARLIEST_BY_OFFSET",
    "EXPLODE",
    "HISTOGRAM",
    "LATEST_BY_OFFSET",
    "MAX",
    "MIN",
    "STDDEV_SAMP",
    "STDDEV_SAMPLE",
    "SUM",
    "SUM_LIST",
    "TOPK",
    "TOPKDISTINCT",
];

pub fn call(
    name: &Ident,
    arguments: &[Expression],
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let bound = arguments
        .iter()
        .map(|argument| expression(argument, scope, clause))
        .collect::<Result<Vec<_>, _>>();
    // A name that is unknown is said before anything that is wrong with its arguments.
    if scope.functions.get(&name.value).is_none() {
        return Err(unknown(name, scope));
    }
    bound_call(name, bound?, scope)
}

/// A call whose arguments are bound already.
pub fn bound_call(name: &Ident, bound: Vec<Typed>, scope: &Scope<'_>) -> Result<Typed, Error> {
    let Some(function) = scope.functions.get(&name.value) else {
        return Err(unknown(name, scope));
    };
    let types: Vec<_> = bound.iter().map(|typed| typed.sql_type.clone()).collect();
    let resolved = function
        .resolve(&types)
        .map_err(|error| Error::new(ErrorKind::Type, error.message).at(name.span))?;
    let arguments = bound
        .into_iter()
        .zip(&resolved.arguments)
        .map(|(typed, wanted)| coerce(typed, wanted))
        .collect();
    let call = datafusion_expr::expr::ScalarFunction::new_udf(resolved.udf, arguments);
    Ok(Typed::new(
        datafusion_expr::Expr::ScalarFunction(call),
        resolved.returns,
    ))
}

fn unknown(name: &Ident, scope: &Scope<'_>) -> Error {
    if LATER.contains(&name.value.as_str()) {
        return Error::new(
            ErrorKind::Unsupported,
            format!(
                "{} is an aggregate or table function: these are not in this version.",
                name.value
            ),
        )
        .at(name.span);
    }
    let names: Vec<&str> = scope
        .functions
        .iter()
        .map(|function| function.manual().name)
        .collect();
    let mut error = Error::new(
        ErrorKind::UnknownFunction,
        format!("Can't find any functions with the name '{}'", name.value),
    )
    .at(name.span);
    error.hint = nearest(&name.value, &names)
        .map(|near| format!("did you mean {near}? SHOW FUNCTIONS lists them all"));
    error
}
