//! CREATE STREAM … AS SELECT.

use std::sync::Arc;

use weir_catalog::{ColumnRole, Schema, Source, SourceKind};
use weir_sql::statement::{self, CreateAsSelect};

use crate::{
    Context, Dataflow, Error, ErrorKind, PersistentPlan, QueryPlan, Sink, Step, TopicFacts,
    dataflow::Recipe,
    format_support::check_formats,
    properties::{Inherited, SINK_PROPERTIES, With},
    query,
};

pub fn plan(
    create: &CreateAsSelect,
    text: &Arc<str>,
    context: &Context<'_>,
) -> Result<PersistentPlan, Error> {
    if create.query.limit.is_some() {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "CREATE {} AS SELECT statements don't support LIMIT clause.",
                match create.kind {
                    statement::SourceKind::Stream => "STREAM",
                    statement::SourceKind::Table => "TABLE",
                }
            ),
        )
        .at(create.query.span));
    }
    let (planned, missing_keys) =
        query::persistent(&create.query, context, &create.name.value, None)?;
    if create.kind == statement::SourceKind::Table {
        return Err(Error::new(
            ErrorKind::Invalid,
            "Invalid result type. Your SELECT query produces a STREAM. Please use CREATE STREAM AS SELECT statement instead.",
        )
        .at(create.name.span));
    }
    let name = create.name.value.clone();
    let with = With::try_new(&create.properties, SINK_PROPERTIES)?;
    let prefix = context
        .properties
        .get("ksql.output.topic.name.prefix")
        .cloned()
        .unwrap_or_default();
    let topic = with
        .text("KAFKA_TOPIC")?
        .unwrap_or_else(|| format!("{prefix}{name}"));
    let from = &planned.source;
    let schema = Schema::clone(&planned.schema);
    let inherited = Inherited {
        key: &from.key_format,
        value: &from.value_format,
        has_keys: schema.keys().next().is_some(),
        drops_keys: drops_keys(&*planned.dataflow()?),
    };
    let (mut key_format, value_format) = with.formats(context, Some(inherited))?;
    // Whatever the form of the keys, they keep their windows.
    key_format.window = from.key_format.window;
    let value_format = with.wrapped(value_format, &schema, context)?;
    let timestamp = with.timestamp(&schema);
    let timestamp = timestamp.map_err(|error| with.place(error, "TIMESTAMP"))?;
    if let Some(error) = missing_keys {
        return Err(error);
    }
    check_formats(&schema, &key_format, &value_format)?;
    let like = context.topics.topic(&from.topic);
    let spec = with.topic(topic.clone(), like.map(|facts| topic_like(facts, context)))?;
    debug_assert!(
        schema
            .columns
            .iter()
            .all(|column| matches!(column.role, ColumnRole::Key | ColumnRole::Value))
    );
    let sink = Sink {
        topic: topic.clone(),
        schema: schema.clone(),
        key_format: key_format.clone(),
        value_format: value_format.clone(),
        timestamp: timestamp.clone(),
    };
    let recipe = Recipe::new(text, &planned.source, None, context);
    Ok(PersistentPlan {
        query: QueryPlan {
            dataflow: planned.dataflow.with(recipe),
            ..planned
        },
        sink,
        source: Source {
            name,
            kind: SourceKind::Stream,
            topic,
            schema,
            key_format,
            value_format,
            timestamp,
            is_source: false,
            created_by: None,
            statement: text.to_string(),
        },
        or_replace: create.or_replace,
        if_not_exists: create.if_not_exists,
        topic: spec,
    })
}

/// PARTITION BY NULL: the rows lose their keys.
fn drops_keys(dataflow: &Dataflow) -> bool {
    let mut steps = dataflow.steps.iter();
    steps.any(|step| matches!(step, Step::PartitionBy(keys) if keys.is_empty()))
}

/// What a sink's topic has from that of the source.
fn topic_like(facts: TopicFacts, context: &Context<'_>) -> TopicFacts {
    const SWITCH: &str = "ksql.create.topic.inherit.source.replicas.enabled";
    let switch = context.properties.get(SWITCH);
    let replicas = match switch.is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        true => -1,
        false => facts.replicas,
    };
    TopicFacts { replicas, ..facts }
}
