//! SELECT: a scan of one stream, a filter, a projection.

use std::sync::Arc;

use datafusion_expr::Expr;
use weir_catalog::{Column, ColumnRole, Schema, Source, SqlType};
use weir_sql::{
    Expression, ExpressionKind,
    statement::{Emit, Query, SelectItem},
};

use crate::{
    Context, Error, ErrorKind, ProjectedColumn, QueryPlan, ScanSource, Step,
    bind::{self, Scope, Typed},
    create_source::RESERVED_COLUMNS,
};

/// A push or a pull query.
pub fn transient(query: &Query, context: &Context<'_>) -> Result<QueryPlan, Error> {
    let is_continuous = query.emit.is_some();
    if !is_continuous {
        check_pull(query)?;
        check_pull_limit(query, context)?;
    }
    plan(query, context, Keys::AreColumns, is_continuous)
}

/// The query behind CREATE … AS or INSERT INTO.
pub fn persistent(query: &Query, context: &Context<'_>, sink: &str) -> Result<QueryPlan, Error> {
    plan(
        query,
        context,
        Keys::MustBeSelected {
            sink: sink.to_owned(),
        },
        true,
    )
}

/// What becomes of the source's key columns.
enum Keys {
    /// They are columns like all others.
    AreColumns,
    /// Each exactly once, as it is.
    MustBeSelected { sink: String },
}

fn check_pull(query: &Query) -> Result<(), Error> {
    let clauses = [
        (!query.from.joins.is_empty(), "JOIN"),
        (query.window.is_some(), "WINDOW"),
        (query.group_by.is_some(), "GROUP BY"),
        (query.partition_by.is_some(), "PARTITION BY"),
        (query.having.is_some(), "HAVING"),
    ];
    match clauses.iter().find(|(is_there, _)| *is_there) {
        None => Ok(()),
        Some((_, clause)) => Err(Error::new(
            ErrorKind::Invalid,
            format!("Pull queries don't support {clause} clauses. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query."),
        )
        .at(query.span)),
    }
}

fn check_pull_limit(query: &Query, context: &Context<'_>) -> Result<(), Error> {
    const SWITCH: &str = "ksql.query.pull.limit.clause.enabled";
    let switch = context.properties.get(SWITCH);
    if query.limit.is_some() && switch.is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("LIMIT clause in pull queries is currently disabled. You can enable them by setting {SWITCH}=true. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query."),
        )
        .at(query.span));
    }
    Ok(())
}

fn check_supported(query: &Query) -> Result<(), Error> {
    let later = |what: &str| {
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("{what} are not in this version."),
        )
        .at(query.span))
    };
    if !query.from.joins.is_empty() {
        return later("Joins");
    }
    if query.window.is_some() {
        return match query.group_by {
            None => Err(Error::new(
                ErrorKind::Invalid,
                "WINDOW clause requires a GROUP BY clause.",
            )
            .at(query.span)),
            Some(_) => later("Windows"),
        };
    }
    if query.emit == Some(Emit::Final) {
        return Err(Error::new(
            ErrorKind::Invalid,
            "EMIT FINAL is only supported for windowed aggregations.",
        )
        .at(query.span));
    }
    if query.group_by.is_some() || query.having.is_some() {
        return later("GROUP BY and HAVING");
    }
    if let Some(keys) = &query.partition_by {
        if keys.is_empty() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "PARTITION BY requires at least one expression",
            )
            .at(query.span));
        }
        return later("PARTITION BY clauses");
    }
    Ok(())
}

fn plan(
    query: &Query,
    context: &Context<'_>,
    keys: Keys,
    is_continuous: bool,
) -> Result<QueryPlan, Error> {
    let source = source(query, context)?;
    check_supported(query)?;
    let alias = query
        .from
        .first
        .alias
        .as_ref()
        .unwrap_or(&query.from.first.name)
        .value
        .clone();
    let has_lambdas = context.properties.get("ksql.lambdas.enabled");
    let scope = Scope::new(&source, &alias, context.catalog, context.functions)
        .with_lambdas(has_lambdas.is_none_or(|value| !value.eq_ignore_ascii_case("false")));
    let filter = query
        .filter
        .as_ref()
        .map(|filter| bind::condition(filter, &scope, "WHERE"))
        .transpose()?;
    if !is_continuous {
        check_pull_columns(&scope, "WHERE", query.span)?;
    }
    let projected = Projection {
        source: &source,
        alias: &alias,
        scope: &scope,
        keys: &keys,
    }
    .items(query)?;
    if !is_continuous {
        check_pull_columns(&scope, "SELECT", query.span)?;
    }
    let scan = scope.into_scan();
    let schema = Schema::new(projected.iter().map(|item| item.column.clone()).collect());
    let mut steps: Vec<Step> = filter.into_iter().map(Step::Filter).collect();
    steps.push(Step::Project(projected));
    Ok(QueryPlan {
        source,
        scan,
        steps,
        schema,
        limit: query.limit,
        is_continuous,
    })
}

fn source(query: &Query, context: &Context<'_>) -> Result<Arc<Source>, Error> {
    let name = &query.from.first.name;
    context
        .catalog
        .source(&name.value)
        .cloned()
        .ok_or_else(|| unknown_source(&name.value, name.span, context))
}

/// ksqlDB's sentence, and the name that was perhaps meant.
pub fn unknown_source(name: &str, span: weir_sql::Span, context: &Context<'_>) -> Error {
    let names: Vec<&str> = context
        .catalog
        .sources()
        .map(|source| source.name.as_str())
        .collect();
    let mut error =
        Error::new(ErrorKind::UnknownSource, format!("{name} does not exist.")).at(span);
    error.hint = names
        .iter()
        .find(|candidate| candidate.eq_ignore_ascii_case(name))
        .map(|near| format!("did you mean \"{near}\"? The name differs in case: quote it"))
        .or_else(|| Scope::nearest_property(name, &names));
    error
}

/// The select list being bound.
struct Projection<'a> {
    source: &'a Source,
    alias: &'a str,
    scope: &'a Scope<'a>,
    keys: &'a Keys,
}

impl Projection<'_> {
    fn items(&self, query: &Query) -> Result<Vec<ProjectedColumn>, Error> {
        let mut items = Vec::new();
        let mut unnamed = 0;
        for item in &query.items {
            match item {
                SelectItem::All { source, span } => {
                    if let Some(source) = source
                        .as_ref()
                        .filter(|name| name.value != self.alias && name.value != self.source.name)
                    {
                        return Err(Error::new(
                            ErrorKind::UnknownSource,
                            format!(
                                "'{}' is not a valid stream/table name or alias.",
                                source.value
                            ),
                        )
                        .at(*span));
                    }
                    self.all(&mut items)?;
                }
                SelectItem::AllFields(base) => self.all_fields(base, &mut items)?,
                SelectItem::Expression { expression, alias } => {
                    let bound = bind::expression(expression, self.scope, "SELECT")?;
                    let name = match alias {
                        Some(alias) => self.alias_name(&alias.value, alias.span)?,
                        None => self.own_name(expression, &items, &mut unnamed)?,
                    };
                    items.push(self.column(name, expression, bound)?);
                }
            }
        }
        self.check(&items, query)?;
        // The sink's key columns come first, whatever the order of the list.
        let (keys, values): (Vec<_>, Vec<_>) = items
            .into_iter()
            .partition(|item| item.column.role == ColumnRole::Key);
        Ok(keys.into_iter().chain(values).collect())
    }

    fn all(&self, items: &mut Vec<ProjectedColumn>) -> Result<(), Error> {
        for column in self.source.schema.keys_first() {
            let name = weir_sql::Ident::new(column.name.clone(), weir_sql::Span::default());
            let bound = self.scope.path(None, &name, &[], "SELECT")?;
            let role = self.role(&column.role);
            items.push(ProjectedColumn {
                column: Column {
                    name: column.name.clone(),
                    sql_type: column.sql_type.clone(),
                    role,
                },
                expression: bound.expr,
            });
        }
        Ok(())
    }

    fn role(&self, of: &ColumnRole) -> ColumnRole {
        match (of, self.keys) {
            (ColumnRole::Key, Keys::MustBeSelected { .. }) => ColumnRole::Key,
            _ => ColumnRole::Value,
        }
    }

    fn all_fields(&self, base: &Expression, items: &mut Vec<ProjectedColumn>) -> Result<(), Error> {
        let bound = bind::expression(base, self.scope, "SELECT")?;
        let Some(SqlType::Struct(fields)) = &bound.sql_type else {
            return Err(Error::new(
                ErrorKind::Type,
                format!(
                    "Cannot use '->*' on {}: it is {}, not a STRUCT.",
                    bind::shown(base),
                    bound.type_name()
                ),
            )
            .at(base.span));
        };
        for field in fields.iter() {
            let member = Expression {
                kind: ExpressionKind::Dereference {
                    base: Box::new(base.clone()),
                    field: weir_sql::Ident::new(field.name.clone(), base.span),
                },
                span: base.span,
            };
            let bound = bind::expression(&member, self.scope, "SELECT")?;
            items.push(self.column(field.name.clone(), &member, bound)?);
        }
        Ok(())
    }

    fn alias_name(&self, alias: &str, span: weir_sql::Span) -> Result<String, Error> {
        if matches!(self.keys, Keys::MustBeSelected { .. }) && RESERVED_COLUMNS.contains(&alias) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("`{alias}` is a reserved column name. You cannot use it as an alias for a column."),
            )
            .at(span));
        }
        Ok(alias.to_owned())
    }

    /// The column's name, the field's, or KSQL_COL_n.
    fn own_name(
        &self,
        expression: &Expression,
        items: &[ProjectedColumn],
        unnamed: &mut usize,
    ) -> Result<String, Error> {
        // A field's name stands back for a column of the source as well: it is `NAME_1` then, selected or not.
        let is_taken = |name: &str| {
            self.source.schema.column(name).is_some()
                || items.iter().any(|item| item.column.name == name)
        };
        match &expression.kind {
            ExpressionKind::Column { name, .. } => {
                let is_pseudo = RESERVED_COLUMNS.contains(&name.value.as_str());
                if is_pseudo && matches!(self.keys, Keys::MustBeSelected { .. }) {
                    return Err(Error::new(
                        ErrorKind::Invalid,
                        format!("Reserved column name in select: `{}`. Please remove or alias the column.", name.value),
                    )
                    .at(name.span));
                }
                Ok(name.value.clone())
            }
            ExpressionKind::Dereference { field, .. } => {
                let names = std::iter::once(field.value.clone())
                    .chain((1..).map(|number| format!("{}_{number}", field.value)));
                Ok(names
                    .into_iter()
                    .find(|name| !is_taken(name))
                    .unwrap_or_else(|| field.value.clone()))
            }
            _ => loop {
                let name = format!("KSQL_COL_{unnamed}");
                *unnamed += 1;
                if self.source.schema.column(&name).is_none() {
                    return Ok(name);
                }
            },
        }
    }

    fn column(
        &self,
        name: String,
        expression: &Expression,
        bound: Typed,
    ) -> Result<ProjectedColumn, Error> {
        let sql_type = bound.sql_type.clone().ok_or_else(|| {
            Error::new(
                ErrorKind::Type,
                "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
            )
            .at(expression.span)
        })?;
        let of = match &expression.kind {
            ExpressionKind::Column { name, .. } => self
                .source
                .schema
                .column(&name.value)
                .map(|column| &column.role),
            _ => None,
        };
        let role = of.map_or(ColumnRole::Value, |role| self.role(role));
        Ok(ProjectedColumn {
            column: Column {
                name,
                sql_type,
                role,
            },
            expression: bound.expr,
        })
    }

    fn check(&self, items: &[ProjectedColumn], query: &Query) -> Result<(), Error> {
        for (index, item) in items.iter().enumerate() {
            if items[..index]
                .iter()
                .any(|earlier| earlier.column.name == item.column.name)
            {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    format!(
                        "Duplicate value columns found in schema: `{}` {}",
                        item.column.name, item.column.sql_type
                    ),
                )
                .at(query.span)
                .hint("give one of them another name with AS"));
            }
        }
        let Keys::MustBeSelected { sink } = self.keys else {
            return Ok(());
        };
        for key in self.source.schema.keys() {
            let selected: Vec<&ProjectedColumn> = items
                .iter()
                .filter(|item| self.is_key(item, &key.name))
                .collect();
            match selected.as_slice() {
                [_] => {}
                [] => return Err(missing_key(sink, &key.name).at(query.span)),
                [first, second, ..] => {
                    return Err(Error::new(
                        ErrorKind::Key,
                        format!(
                            "The projection contains a key column (`{}`) more than once, aliased as: {} and {}.\nEach key column must only be in the projection once. If you intended to copy the key into the value, then consider using the AS_VALUE function to indicate which key reference should be copied.",
                            key.name, first.column.name, second.column.name
                        ),
                    )
                    .at(query.span));
                }
            }
        }
        if items.iter().all(|item| item.column.role == ColumnRole::Key) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "The projection contains no value columns.",
            )
            .at(query.span));
        }
        Ok(())
    }

    fn is_key(&self, item: &ProjectedColumn, key: &str) -> bool {
        let Expr::Column(column) = &item.expression else {
            return false;
        };
        item.column.role == ColumnRole::Key && column.name == key
    }
}

/// Where a record stands in its topic is nothing that a pull query knows.
fn check_pull_columns(scope: &Scope<'_>, clause: &str, span: weir_sql::Span) -> Result<(), Error> {
    let names: Vec<_> = [
        (ScanSource::RowPartition, "`ROWPARTITION`"),
        (ScanSource::RowOffset, "`ROWOFFSET`"),
    ]
    .into_iter()
    .filter_map(|(source, name)| scope.has_named(&source).then_some(name))
    .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        format!(
            "Pull queries don't support the following columns in {clause} clauses: {}",
            names.join(", ")
        ),
    )
    .at(span))
}

fn missing_key(sink: &str, key: &str) -> Error {
    Error::new(
        ErrorKind::Key,
        format!(
            "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `{sink}` must include the key column {key} in its projection (eg, SELECT {key}...)."
        ),
    )
}
