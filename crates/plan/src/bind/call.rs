//! Function calls.

use weir_catalog::SqlType;
use weir_functions::{Given, Manual, ResolveError, Resolved};
use weir_sql::{Expression, ExpressionKind, Ident};

use super::{Scope, Typed, coerce, expression, lambda::Lambda, scope::nearest, table};
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
            Some(function) if clause == "SELECT" && !scope.is_in_lambda() => {
                table::call(name, function, arguments, scope, clause)
            }
            Some(_) => Err(not_found(name).hint("table functions stand in the SELECT list only")),
            None => Err(unknown(name, scope)),
        };
    };
    let bound = arguments.iter().enumerate().map(|(place, argument)| {
        Argument::bind(argument, scope, clause).map_err(|mut error| {
            if error.kind == ErrorKind::UnknownColumn
                && let Some(wanted) = wanted(function.manual(), place, argument)
            {
                error.hint = Some(wanted);
            }
            error
        })
    });
    let bound = bound.collect::<Result<Vec<_>, _>>()?;
    let given: Vec<_> = bound.iter().map(Argument::given).collect();
    let refused = |error: ResolveError| Error {
        hint: error.hint,
        ..Error::new(ErrorKind::Type, error.message).at(name.span)
    };
    let mut selected = function.select(&given).map_err(refused)?;
    let mut made = Vec::with_capacity(bound.len());
    // Lambdas come last: what their parameters are follows from the values.
    for (index, argument) in bound.into_iter().enumerate() {
        made.push(match argument {
            Argument::Value(typed) => typed,
            Argument::Unit(unit) => Typed::new(datafusion_expr::lit(unit), SqlType::String),
            Argument::Lambda(lambda) => {
                let inputs = selected.lambda_inputs(index).map_err(refused)?;
                let output = selected.lambda_output(index);
                let typed = lambda.bind(&inputs, output, scope, clause)?;
                if let Some(gives) = &typed.sql_type {
                    selected.lambda_gives(index, gives).map_err(refused)?;
                }
                typed
            }
        });
    }
    let resolved = selected.finish().map_err(refused)?;
    Ok(resolved_call(resolved, made))
}

/// A call of a function that there is, over arguments that are bound already.
pub fn bound_call(name: &Ident, bound: Vec<Typed>, scope: &Scope<'_>) -> Result<Typed, Error> {
    let Some(function) = scope.functions.get(&name.value) else {
        return Err(unknown(name, scope));
    };
    let given = bound
        .iter()
        .map(|typed| Given::from(typed.sql_type.clone()));
    let selected = function.select(&given.collect::<Vec<_>>());
    let resolved = selected
        .and_then(|selected| selected.finish())
        .map_err(|error| Error {
            hint: error.hint,
            ..Error::new(ErrorKind::Type, error.message).at(name.span)
        })?;
    Ok(resolved_call(resolved, bound))
}

fn resolved_call(resolved: Resolved, arguments: Vec<Typed>) -> Typed {
    let arguments = arguments
        .into_iter()
        .zip(&resolved.arguments)
        .map(|(typed, wanted)| coerce(typed, wanted));
    let mut arguments: Vec<_> = arguments.collect();
    // They stand where larger things stood, and are kept for as long as the query is.
    arguments.shrink_to_fit();
    Typed::new(resolved.udf.call(arguments), resolved.returns)
}

/// What stands between the brackets.
enum Argument<'a> {
    Value(Typed),
    Unit(String),
    Lambda(Lambda<'a>),
}

impl<'a> Argument<'a> {
    fn bind(
        argument: &'a Expression,
        scope: &Scope<'_>,
        clause: &'static str,
    ) -> Result<Self, Error> {
        match &argument.kind {
            ExpressionKind::Lambda { parameters, body } => {
                let lambda = Lambda::try_new(parameters, body, argument.span, scope)?;
                Ok(Self::Lambda(lambda))
            }
            ExpressionKind::TimeUnit(unit) => Ok(Self::Unit(unit.to_string())),
            _ => expression(argument, scope, clause).map(Self::Value),
        }
    }

    fn given(&self) -> Given {
        match self {
            Self::Value(typed) => Given::from(typed.sql_type.clone()),
            Self::Unit(_) => Given::Unit,
            Self::Lambda(lambda) => Given::Lambda(lambda.parameters.len()),
        }
    }
}

/// What a function takes in a place where there is a name that no column has: a unit of time in the plural, a lambda.
fn wanted(manual: &Manual, place: usize, argument: &Expression) -> Option<String> {
    let overloads = manual.overloads.iter();
    let types = overloads.filter_map(|overload| Some(&overload.arguments.get(place)?.sql_type));
    if types.clone().any(|wanted| wanted == "INTERVALUNIT") {
        let unit = match &argument.kind {
            ExpressionKind::Column { source: None, name } => name.value.to_uppercase(),
            _ => return None,
        };
        let is_singular = matches!(unit.as_str(), "DAY" | "HOUR" | "MINUTE" | "SECOND");
        return Some(match is_singular {
            true => format!("write {unit}S: functions take units in the plural"),
            false => "the units are DAYS, HOURS, MINUTES, SECONDS and MILLISECONDS".to_owned(),
        });
    }
    let mut forms: Vec<&str> = types.filter_map(|wanted| lambda_form(wanted)).collect();
    forms.dedup();
    if forms.is_empty() {
        return None;
    }
    Some(format!(
        "{} takes a lambda here, which names what it is called with: {}",
        manual.name,
        forms.join(" or ")
    ))
}

/// How one with so many parameters as `LAMBDA (K, V) => BOOLEAN` is written.
fn lambda_form(sql_type: &str) -> Option<&'static str> {
    let (parameters, _) = sql_type.strip_prefix("LAMBDA (")?.split_once(')')?;
    Some(match parameters.split(',').count() {
        1 => "x => …",
        2 => "(x, y) => …",
        _ => "(x, y, z) => …",
    })
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
