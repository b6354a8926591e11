//! SELECT: a scan of one stream and the steps after it.

use std::{collections::BTreeSet, sync::Arc};

use weir_catalog::{Schema, Source, SourceKind};
use weir_sql::statement::{Emit, Query, SelectItem};

use crate::{
    Context, Dataflow, Error, ErrorKind, Explode, LAMBDAS, ProjectedColumn, QueryPlan, ScanColumn,
    ScanSource, Step, TableCall,
    bind::{self, Scope},
    dataflow::Resting,
    partition_by::PartitionBy,
    projection::{ItemNames, KeyOrder, Keys, Projected, Projection},
};

const SELECT_ORDER: &str = "ksql.new.query.planner.enabled";

/// The properties that a persistent query's dataflow hangs on.
pub const PROPERTIES: [&str; 2] = [SELECT_ORDER, LAMBDAS];

/// A push or a pull query.
pub fn transient(query: &Query, context: &Context<'_>) -> Result<QueryPlan, Error> {
    let is_continuous = query.emit.is_some();
    if !is_continuous {
        check_pull(query)?;
        check_pull_limit(query, context)?;
    }
    plan(query, context, Keys::AreColumns, is_continuous).map(|(plan, _)| plan)
}

/// The query behind CREATE … AS or INSERT INTO, and the error if it does not select all keys; `target` is the stream that is
/// there already.
pub fn persistent(
    query: &Query,
    context: &Context<'_>,
    sink: &str,
    target: Option<&Schema>,
) -> Result<(QueryPlan, Option<Error>), Error> {
    let is_select_order = context
        .properties
        .get(SELECT_ORDER)
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let keys = Keys::MustBeSelected {
        sink: sink.to_owned(),
        target: target.cloned(),
        order: match is_select_order {
            true => KeyOrder::OfTheSelectList,
            false => KeyOrder::OfTheRows,
        },
    };
    plan(query, context, keys, true)
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
    Ok(())
}

fn plan(
    query: &Query,
    context: &Context<'_>,
    keys: Keys,
    is_continuous: bool,
) -> Result<(QueryPlan, Option<Error>), Error> {
    let source = source(query, context)?;
    let alias = query
        .from
        .first
        .alias
        .as_ref()
        .unwrap_or(&query.from.first.name)
        .value
        .clone();
    let scope = Scope::new(&source, &alias, context.catalog, context.functions)
        .with_lambdas(context.has_lambdas());
    check_aggregation(query, &scope)?;
    check_supported(query)?;
    let names = ItemNames::try_new(query, &source, &keys)?;
    let filter = query
        .filter
        .as_ref()
        .map(|filter| bind::condition(filter, &scope, "WHERE"))
        .transpose()?;
    if !is_continuous {
        check_pull_columns(&scope, "WHERE", query.span)?;
    }
    let partition_by = PartitionBy::bind(query, &source, &scope)?;
    let Projected {
        columns: projected,
        missing,
    } = Projection {
        source: &source,
        scope: &scope,
        keys: &keys,
        partition_by: partition_by.as_ref(),
    }
    .columns(query, names)?;
    if !is_continuous {
        check_pull_columns(&scope, "SELECT", query.span)?;
    }
    let (mut scan, calls) = scope.into_parts();
    if source.kind == SourceKind::Table && !calls.is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "Table source is not supported with table functions",
        )
        .at(query.span));
    }
    let schema = Schema::new(projected.iter().map(|item| item.column.clone()).collect());
    let mut steps: Vec<Step> = filter.into_iter().map(Step::Filter).collect();
    if let Some(partition_by) = partition_by {
        let keys = partition_by.keys.into_iter().map(|key| key.key);
        steps.push(Step::PartitionBy(keys.collect()));
    }
    if !calls.is_empty() {
        let explode = explode(calls, &projected, &scan, &steps);
        steps.push(Step::Explode(explode));
    }
    steps.push(Step::Project(projected));
    // There are thousands of plans, and none grows any more.
    scan.shrink_to_fit();
    steps.shrink_to_fit();
    let plan = QueryPlan {
        source,
        schema: Arc::new(schema),
        limit: query.limit,
        is_continuous,
        dataflow: Resting::new(Dataflow { scan, steps }),
    };
    Ok((plan, missing))
}

/// Rows that are brought together cannot be made as well.
fn check_aggregation(query: &Query, scope: &Scope<'_>) -> Result<(), Error> {
    if query.group_by.is_none() {
        return Ok(());
    }
    scope.tables.refuse_in_aggregation();
    for item in &query.items {
        // What else is wrong with them is found when they are bound to stay.
        if let SelectItem::Expression { expression, .. } = item
            && let Err(error) = bind::expression(expression, scope, "SELECT")
            && error.message.starts_with("Table functions cannot be")
        {
            return Err(error);
        }
    }
    Ok(())
}

/// The step that makes rows, with just those columns beside its own that the projection names.
fn explode(
    calls: Vec<TableCall>,
    projected: &[ProjectedColumn],
    scan: &[ScanColumn],
    before: &[Step],
) -> Explode {
    let named: BTreeSet<String> = projected
        .iter()
        .flat_map(|item| bind::columns_of(&item.expression))
        .collect();
    let scanned = scan.iter().map(|column| &column.name);
    let made = before.iter().flat_map(|step| match step {
        Step::PartitionBy(keys) => keys.iter().map(|key| &key.name).collect(),
        _ => Vec::new(),
    });
    let kept = scanned.chain(made).filter(|name| named.contains(*name));
    Explode {
        kept: kept.cloned().collect(),
        calls,
    }
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
