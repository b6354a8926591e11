//! Function calls.

use weir_sql::{Expression, Ident};

use super::{Scope, Typed, coerce, expression, scope::nearest, table};
use crate::{Error, ErrorKind};

/// ksqlDB's aggregates, which this version has not.
const LATER: &[&str] = &[
    "ATTR",
    "AVG",
    "COLLECT_LIST",
    "COLLECT_SET",
    "CORRELATION",
    "COUNT",
    "COUNT_DISTINCT",
    "EARLIEST_BY_OFFSET",
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
    let Some(function) = scope.functions.get(&name.value) else {
        return match scope.functions.table(&name.value) {
            Some(function) if clause == "SELECT" => {
                table::call(name, function, arguments, scope, clause)
            }
            Some(_) => Err(not_found(name).hint("table functions stand in the SELECT list only")),
            None => Err(unknown(name, scope)),
        };
    };
    let bound = arguments
        .iter()
        .map(|argument| expression(argument, scope, clause))
        .collect::<Result<Vec<_>, _>>()?;
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
                "{} is an aggregate function: these are not in this version.",
                name.value
            ),
        )
        .at(name.span);
    }
    let manuals = scope.functions.manuals();
    let names: Vec<&str> = manuals.iter().map(|(_, manual)| manual.name).collect();
    let mut error = not_found(name);
    error.hint = nearest(&name.value, &names)
        .map(|near| format!("did you mean {near}? SHOW FUNCTIONS lists them all"));
    error
}

fn not_found(name: &Ident) -> Error {
    Error::new(
        ErrorKind::UnknownFunction,
        format!("Can't find any functions with the name '{}'", name.value),
    )
    .at(name.span)
}
