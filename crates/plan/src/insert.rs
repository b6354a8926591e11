//! INSERT INTO … SELECT and INSERT INTO … VALUES.

use std::sync::Arc;

use datafusion_expr::Expr;
use weir_catalog::{Catalog, Column, ColumnRole, Source, SourceKind, SqlType, Window};
use weir_sql::{
    Expression, Ident,
    statement::{InsertSelect, InsertValues},
};

use crate::{
    Context, Error, ErrorKind, InsertSelectPlan, InsertValuesPlan, ProjectedColumn, QueryPlan,
    Sink,
    bind::{self, Scope},
    dataflow::Recipe,
    properties::With,
    query::{self, unknown_source},
};

/// Ids that begin like these belong to the engine.
const RESERVED_PREFIXES: &[&str] = &["INSERTQUERY_", "CTAS_", "CSAS_", "CST_"];

pub fn select(
    insert: &InsertSelect,
    text: &Arc<str>,
    context: &Context<'_>,
) -> Result<InsertSelectPlan, Error> {
    let Some(target) = context.catalog.source(&insert.target.value) else {
        let unknown = unknown_source(&insert.target.value, insert.target.span, context);
        return Err(Error {
            message: format!("Source `{}` does not exist.", insert.target.value),
            ..unknown
        }
        .saying(insert.target.span));
    };
    check_target(target, &insert.target, "Cannot insert into read-only")?;
    let with = With::try_new(&insert.properties, &["OR_REPLACE", "QUERY_ID"])?;
    let query_id = with.text("QUERY_ID")?.map(|id| check_id(&id)).transpose();
    let query_id = query_id.map_err(|error| with.place(error, "QUERY_ID"))?;
    let or_replace = with.boolean("OR_REPLACE")?.unwrap_or(false);
    if or_replace && query_id.is_none() {
        let error = Error::new(
            ErrorKind::Property,
            "OR_REPLACE replaces the query that QUERY_ID names, and there is no QUERY_ID.",
        );
        return Err(with
            .place(error, "OR_REPLACE")
            .hint("write WITH (QUERY_ID = '…', OR_REPLACE = true)"));
    }
    if insert.query.limit.is_some() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "INSERT INTO statements don't support LIMIT clause.",
        )
        .at(insert.query.span));
    }
    if target
        .schema
        .columns
        .iter()
        .any(|column| matches!(column.role, ColumnRole::Headers | ColumnRole::Header(_)))
    {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "Cannot insert into {} because it has header columns",
                target.name
            ),
        )
        .at(insert.target.span));
    }
    let (planned, missing_keys) =
        query::persistent(&insert.query, context, &target.name, Some(&target.schema))?;
    if let Some(error) = missing_keys {
        return Err(error);
    }
    let results: Vec<&Column> = planned.schema.keys_first().collect();
    let wanted: Vec<&Column> = target.schema.keys_first().collect();
    if results != wanted {
        return Err(Error::new(
            ErrorKind::Type,
            format!("Incompatible schema between results and sink.\nResult schema is {}\nSink schema is {}", planned.schema, target.schema),
        )
        .at(insert.query.span)
        .hint(first_difference(&results, &wanted)));
    }
    let (given, wanted) = (&planned.source.key_format, &target.key_format);
    if given.window != wanted.window {
        let shown = |window: Option<Window>| match window {
            Some(window) => format!("have {}", window.described()),
            None => "have no windows".to_owned(),
        };
        return Err(Error::new(
            ErrorKind::Type,
            format!(
                "Incompatible windows between results and sink.\nThe keys of the result {}.\nThe keys of the sink {}.",
                shown(given.window),
                shown(wanted.window)
            ),
        )
        .at(insert.query.span));
    }
    let recipe = Recipe::new(text, &planned.source, Some(target), context);
    Ok(InsertSelectPlan {
        query: QueryPlan {
            dataflow: planned.dataflow.with(recipe),
            ..planned
        },
        sink: Sink {
            topic: target.topic.clone(),
            schema: target.schema.clone(),
            key_format: target.key_format.clone(),
            value_format: target.value_format.clone(),
            timestamp: target.timestamp.clone(),
        },
        target: target.name.clone(),
        query_id,
        or_replace,
    })
}

fn check_id(id: &str) -> Result<String, Error> {
    let is_id = !id.is_empty()
        && id
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_');
    if !is_id {
        return Err(Error::new(
            ErrorKind::Property,
            format!("Query IDs may contain only alphanumeric characters and '_'. Got: '{id}'"),
        ));
    }
    let id = id.to_uppercase();
    if RESERVED_PREFIXES
        .iter()
        .any(|prefix| id.starts_with(prefix))
    {
        return Err(Error::new(
            ErrorKind::Property,
            format!(
                "Query IDs must not start with a reserved query ID prefix ({}). Got '{id}'.",
                RESERVED_PREFIXES.join(", ")
            ),
        ));
    }
    Ok(id)
}

/// What to change in a query, so that its result fits.
fn first_difference(results: &[&Column], wanted: &[&Column]) -> String {
    let mut pairs = results.iter().zip(wanted).enumerate();
    let differing = pairs.find(|(_, (result, wanted))| result != wanted);
    match differing {
        Some((index, (result, wanted))) => format!(
            "column {} must be {wanted}, and is {result}: names, types, order and keys must be the same",
            index + 1
        ),
        None if results.len() > wanted.len() => format!(
            "the query gives {} columns, which are more than the sink's {}",
            results.len(),
            wanted.len()
        ),
        None => format!(
            "the sink has {} columns, the query gives {}: CAST(NULL AS …) AS … stands for a missing one",
            wanted.len(),
            results.len()
        ),
    }
}

fn check_target(target: &Source, name: &Ident, read_only: &str) -> Result<(), Error> {
    if target.kind != SourceKind::Stream {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "INSERT INTO can only be used to insert into a stream. {} is a table.",
                target.name
            ),
        )
        .at(name.span));
    }
    if target.is_source {
        let kind = target.kind.to_string().to_lowercase();
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("{read_only} {kind}: {}", target.name),
        )
        .at(name.span)
        .hint("it was created with SOURCE, so that nothing writes to it"));
    }
    Ok(())
}

/// A source whose name differs in case only, and how to write it.
pub fn in_other_case(name: &str, catalog: &Catalog) -> String {
    let near = catalog
        .sources()
        .find(|source| source.name.eq_ignore_ascii_case(name));
    match near {
        None => String::new(),
        Some(near) if near.name == name.to_uppercase() => format!(
            "\nDid you mean {}? Hint: try removing double quotes from the source name.",
            near.name
        ),
        Some(near) => format!(
            "\nDid you mean \"{}\"? Hint: wrap the source name in double quotes to make it case-sensitive.",
            near.name
        ),
    }
}

pub fn values(insert: &InsertValues, context: &Context<'_>) -> Result<InsertValuesPlan, Error> {
    let switch = context.properties.get("ksql.insert.into.values.enabled");
    if switch.is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        return Err(Error::new(
            ErrorKind::Invalid,
            "The server has disabled INSERT INTO ... VALUES functionality. To enable it, restart your ksqlDB server with 'ksql.insert.into.values.enabled'=true",
        ));
    }
    let name = &insert.target;
    let Some(target) = context.catalog.source(&name.value) else {
        let unknown = unknown_source(&name.value, name.span, context);
        let near = in_other_case(&name.value, context.catalog);
        return Err(Error {
            hint: unknown.hint.filter(|_| near.is_empty()),
            message: format!(
                "Cannot insert values into an unknown stream/table: `{}`{near}",
                name.value
            ),
            ..unknown
        });
    };
    check_target(target, name, "Cannot insert values into read-only")?;
    if let Some(window) = target.key_format.window {
        return Err(Error::new(
            ErrorKind::Invalid,
            "Cannot insert values into windowed stream/table!",
        )
        .at(insert.target.span)
        .hint(format!(
            "the keys of {} have {window} windows behind them",
            target.name
        )));
    }
    let columns = columns(insert, target)?;
    let scope = Scope::without_columns(context.catalog, context.functions)
        .with_lambdas(context.has_lambdas());
    let given = |name: &str| {
        columns
            .iter()
            .find(|(column, _)| column == name)
            .map(|(_, value)| *value)
    };
    let row_time = given("ROWTIME")
        .map(|value| constant(value, &scope, &SqlType::BigInt, "ROWTIME"))
        .transpose()?;
    let writable = target
        .schema
        .keys_first()
        .filter(|column| matches!(column.role, ColumnRole::Key | ColumnRole::Value));
    let values = writable.map(|column| {
        let expression = match given(&column.name) {
            Some(value) => constant(value, &scope, &column.sql_type, &column.name)?,
            None => bind::null(&column.sql_type),
        };
        Ok(ProjectedColumn {
            column: column.clone(),
            expression,
        })
    });
    let values = values.collect::<Result<_, Error>>()?;
    Ok(InsertValuesPlan {
        source: target.clone(),
        values,
        row_time,
    })
}

fn constant(
    value: &Expression,
    scope: &Scope<'_>,
    to: &SqlType,
    column: &str,
) -> Result<Expr, Error> {
    let typed = bind::expression(value, scope, "INSERT VALUES")?;
    bind::constant_into(value, typed, to, column)
}

/// Which value is for which column.
fn columns<'a>(
    insert: &'a InsertValues,
    target: &Source,
) -> Result<Vec<(String, &'a Expression)>, Error> {
    let is_header =
        |column: &Column| matches!(column.role, ColumnRole::Headers | ColumnRole::Header(_));
    let names: Vec<String> = if insert.columns.is_empty() {
        let headers: Vec<_> = target
            .schema
            .columns
            .iter()
            .filter(|column| is_header(column))
            .collect();
        if !headers.is_empty() {
            return Err(cannot_insert_headers(&headers).at(insert.target.span));
        }
        target
            .schema
            .keys_first()
            .map(|column| column.name.clone())
            .collect()
    } else {
        insert
            .columns
            .iter()
            .map(|column| column.value.clone())
            .collect()
    };
    if insert.columns.is_empty() && names.len() != insert.values.len() {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "Expected a value for each column. Expected Columns: [{}]. Got {}",
                names.join(", "),
                insert.values.len()
            ),
        )
        .at(insert.target.span));
    }
    if names.len() != insert.values.len() {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "Expected number columns and values to match: {}, {}",
                names.len(),
                insert.values.len()
            ),
        )
        .at(insert.target.span));
    }
    for column in &insert.columns {
        match (column.value.as_str(), target.schema.column(&column.value)) {
            ("ROWTIME", _) => {}
            ("ROWPARTITION" | "ROWOFFSET", _) => {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    format!("Inserting into column `{}` is not allowed.", column.value),
                )
                .at(column.span));
            }
            (name, None) => {
                let names: Vec<&str> = target
                    .schema
                    .columns
                    .iter()
                    .map(|column| column.name.as_str())
                    .collect();
                let mut error = Error::new(
                    ErrorKind::UnknownColumn,
                    format!("Column name `{name}` does not exist."),
                )
                .at(column.span);
                error.hint = Scope::nearest_property(name, &names);
                return Err(error);
            }
            (_, Some(found)) if is_header(found) => {
                return Err(cannot_insert_headers(&[found]).at(column.span));
            }
            _ => {}
        }
    }
    Ok(names.into_iter().zip(&insert.values).collect())
}

fn cannot_insert_headers(columns: &[&Column]) -> Error {
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    Error::new(
        ErrorKind::Invalid,
        format!("Cannot insert into HEADER columns: {}", names.join(", ")),
    )
}
