//! ARRAY, MAP and CASE: several expressions brought to one type.

use datafusion_expr::Expr;
use weir_catalog::SqlType;
use weir_functions::operators;
use weir_sql::{Expression, Ident, expression::CaseBranch};

use super::{
    Scope, Typed, coerce, compile_error, expression, shown, type_error,
    unify::{common, convert},
};
use crate::{Error, ErrorKind};

/// Elements as one type, which the first that is not NULL sets; `what` they are of.
fn unify(
    items: &[&Expression],
    scope: &Scope<'_>,
    clause: &'static str,
    what: &str,
) -> Result<(Vec<Expr>, SqlType), Error> {
    let bound = items
        .iter()
        .map(|item| expression(item, scope, clause))
        .collect::<Result<Vec<_>, _>>()?;
    let to = common(items.iter().copied().zip(&bound))
        .map_err(|error| compile_error(clause, error))?
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Type,
                format!("Cannot construct {what} (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL {} to the desired type.", if what.ends_with("keys") { "key" } else { "value" }),
            )
        })?;
    let converted = items
        .iter()
        .zip(bound)
        .map(|(item, typed)| convert(item, typed, &to, scope, clause));
    let converted = converted
        .collect::<Result<_, _>>()
        .map_err(|error| compile_error(clause, error))?;
    Ok((converted, to))
}

pub fn array(
    items: &[Expression],
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    if items.is_empty() {
        return Err(Error::new(
            ErrorKind::Type,
            "Array constructor cannot be empty. Please supply at least one element (see https://github.com/confluentinc/ksql/issues/4239).",
        ));
    }
    let items: Vec<&Expression> = items.iter().collect();
    let what = "an array with all NULL elements";
    let (items, element) = unify(&items, scope, clause, what)?;
    let made = operators::make_array(items, &element);
    Ok(Typed::new(made, SqlType::array(element)))
}

pub fn map(
    entries: &[(Expression, Expression)],
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    if entries.is_empty() {
        return Err(Error::new(
            ErrorKind::Type,
            "Map constructor cannot be empty. Please supply at least one key value pair (see https://github.com/confluentinc/ksql/issues/4239).",
        ));
    }
    let (keys, values): (Vec<_>, Vec<_>) = entries.iter().map(|(key, value)| (key, value)).unzip();
    let (key_exprs, key_type) = unify(&keys, scope, clause, "a map with all NULL keys")?;
    let (values, value_type) = unify(&values, scope, clause, "a map with all NULL values")?;
    let made = operators::make_map(key_exprs, values, &value_type);
    Ok(Typed::new(made, SqlType::map(key_type, value_type)))
}

pub fn structure(
    members: &[(Ident, Expression)],
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let mut fields: Vec<(String, SqlType)> = Vec::new();
    let mut exprs = Vec::new();
    for (name, member) in members {
        if fields.iter().any(|(known, _)| *known == name.value) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("Duplicate field names found in STRUCT: '{}'.", name.value),
            )
            .at(name.span));
        }
        let typed = expression(member, scope, clause)?;
        let sql_type = typed.sql_type.clone().ok_or_else(|| untyped_null(member))?;
        exprs.push(typed.expr);
        fields.push((name.value.clone(), sql_type));
    }
    let sql_type = SqlType::structure(fields);
    Ok(Typed::new(
        operators::make_struct(exprs, &sql_type),
        sql_type,
    ))
}

pub fn untyped_null(expression: &Expression) -> Error {
    Error::new(
        ErrorKind::Type,
        "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
    )
    .at(expression.span)
}

pub fn case(
    branches: &[CaseBranch],
    otherwise: Option<&Expression>,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let mut then_type: Option<SqlType> = None;
    let mut arms = Vec::new();
    for branch in branches {
        let when = expression(&branch.condition, scope, clause)?;
        if when.sql_type != Some(SqlType::Boolean) {
            let message = format!(
                "WHEN operand type should be boolean.\nType for '{}' is {}",
                shown(&branch.condition),
                when.type_name()
            );
            return Err(type_error(clause, message).at(branch.condition.span));
        }
        let then = expression(&branch.result, scope, clause)?;
        match (&then_type, &then.sql_type) {
            (None, Some(found)) => then_type = Some(found.clone()),
            (Some(known), Some(found)) if known != found => {
                let message = format!(
                    "Invalid Case expression. Type for all 'THEN' clauses should be the same.\n\
                     THEN expression 'WHEN {} THEN {}' has type: {found}.\n\
                     Previous THEN expression(s) type: {known}.",
                    shown(&branch.condition),
                    shown(&branch.result)
                );
                return Err(type_error(clause, message).at(branch.result.span));
            }
            _ => {}
        }
        arms.push((when.truth(), then));
    }
    let default = otherwise
        .map(|otherwise| expression(otherwise, scope, clause))
        .transpose()?;
    let default_type = default
        .as_ref()
        .and_then(|default| default.sql_type.clone());
    if let (Some(known), Some(found), Some(otherwise)) = (&then_type, &default_type, otherwise)
        && known != found
    {
        let message = format!(
            "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses.\n\
             THEN type: {known}.\nDEFAULT type: {found}."
        );
        return Err(type_error(clause, message).at(otherwise.span));
    }
    let Some(result_type) = then_type.or(default_type) else {
        let message = "Invalid Case expression. All case branches have NULL type".to_owned();
        return Err(type_error(clause, message));
    };
    let arms = arms
        .into_iter()
        .map(|(when, then)| (Box::new(when), Box::new(coerce(then, &result_type))))
        .collect();
    let default = default.map_or_else(
        || super::literal::null(&result_type),
        |default| coerce(default, &result_type),
    );
    let case = datafusion_expr::expr::Case::new(None, arms, Some(Box::new(default)));
    Ok(Typed::new(Expr::Case(case), result_type))
}
