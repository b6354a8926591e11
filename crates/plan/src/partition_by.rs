//! PARTITION BY: other keys for the rows of a stream.
//!
//! The new keys leave the value, the old ones enter it, behind what was there. A column keeps its name; anything else gets
//! one as in the select list. Expressions see the source's columns and never the select list's names.

use datafusion_common::Column as ColumnReference;
use datafusion_expr::Expr;
use weir_catalog::{Source, SourceKind, SqlType};
use weir_sql::{Expression, ExpressionKind, expression::Literal, statement::Query};

use crate::{
    Error, ErrorKind, NewKey,
    bind::{self, Scope},
    names::Names,
};

/// The keys that a PARTITION BY gives; none for PARTITION BY NULL.
#[derive(Debug)]
pub struct PartitionBy {
    pub keys: Vec<PartitionKey>,
}

#[derive(Debug)]
pub struct PartitionKey {
    /// The name of the key column, unless the select list gives it another.
    pub name: String,
    /// What it is made of, without the source's name before columns.
    of: Expression,
    /// The same as it was written, the source's name before each column.
    shown: String,
    pub key: NewKey,
}

pub const CLAUSE: &str = "PARTITION BY";

impl PartitionBy {
    /// `None`: the query has no such clause.
    pub fn bind(query: &Query, source: &Source, scope: &Scope<'_>) -> Result<Option<Self>, Error> {
        let Some(expressions) = &query.partition_by else {
            return Ok(None);
        };
        let refuse = |message: &str| Err(Error::new(ErrorKind::Invalid, message).at(query.span));
        if source.key_format.window.is_some() {
            return refuse(
                "Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.",
            );
        }
        let is_null = |expression: &Expression| {
            matches!(expression.kind, ExpressionKind::Literal(Literal::Null))
        };
        match expressions.as_slice() {
            [] => return refuse("PARTITION BY requires at least one expression"),
            [only] if is_null(only) => return Ok(Some(Self { keys: Vec::new() })),
            several if several.iter().any(is_null) => {
                return refuse("Cannot PARTITION BY multiple columns including NULL");
            }
            _ => {}
        }
        let mut names = Names::new(&source.schema);
        let mut keys: Vec<PartitionKey> = Vec::with_capacity(expressions.len());
        for expression in expressions {
            if source.kind == SourceKind::Table {
                return refuse(&not_a_stream(source, expression));
            }
            let key = key(expression, scope, &mut names)?;
            if keys.iter().any(|known| known.name == key.name) {
                return refuse(&format!(
                    "Duplicate key columns found in schema: `{}` {} KEY",
                    key.name, key.key.sql_type
                ));
            }
            keys.push(key);
        }
        Ok(Some(Self { keys }))
    }

    /// Which of the keys an item of the select list is.
    pub fn place(&self, expression: &Expression) -> Option<usize> {
        let unqualified = unqualified(expression);
        self.keys.iter().position(|key| key.of == unqualified)
    }

    /// The expressions as an error repeats them.
    pub fn shown(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.shown.clone()).collect()
    }
}

fn key(
    expression: &Expression,
    scope: &Scope<'_>,
    names: &mut Names,
) -> Result<PartitionKey, Error> {
    let bound = bind::expression(expression, scope, CLAUSE).map_err(of_the_input)?;
    let Some(sql_type) = bound.sql_type else {
        return Err(Error::new(
            ErrorKind::Type,
            "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
        )
        .at(expression.span));
    };
    let name = match &expression.kind {
        ExpressionKind::Column { name, .. } => name.value.clone(),
        _ => names.name(expression),
    };
    let key = NewKey {
        name: scope.make(format!("KSQL_KEY_{name}")),
        sql_type,
        is_of_keys: scope.is_of_keys(&bound.expr),
        expression: bound.expr,
    };
    Ok(PartitionKey {
        name,
        of: unqualified(expression),
        shown: bind::shown_qualified(expression, scope.alias()),
        key,
    })
}

/// A name that is not there may be one of the select list's.
fn of_the_input(error: Error) -> Error {
    let Some((column, _)) = error
        .message
        .strip_prefix("PARTITION BY column '")
        .and_then(|rest| rest.split_once("' cannot be resolved."))
    else {
        return error;
    };
    let message = format!(
        "PARTITION BY column '{column}' cannot be resolved. '{column}' must be a column in the source schema since PARTITION BY is applied on the input."
    );
    Error { message, ..error }
}

fn not_a_stream(source: &Source, expression: &Expression) -> String {
    let keys: Vec<&str> = source.schema.keys().map(|key| key.name.as_str()).collect();
    format!(
        "Cannot repartition a TABLE source. If this is a join, make sure that the criteria uses the TABLE's key column {} instead of {}",
        keys.join(", "),
        bind::shown(expression)
    )
}

impl NewKey {
    /// The column that the step makes.
    pub fn reference(&self) -> Expr {
        Expr::Column(ColumnReference::from_name(self.name.clone()))
    }
}

impl PartitionKey {
    pub fn sql_type(&self) -> &SqlType {
        &self.key.sql_type
    }
}

/// The expression without the source's name before columns: it is the same with and without.
fn unqualified(expression: &Expression) -> Expression {
    let mut expression = expression.clone();
    expression.for_each_column(&mut |source, _| *source = None);
    expression
}
