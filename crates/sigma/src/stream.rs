//! The streams that converted rules read and write.

use std::collections::{BTreeMap, BTreeSet};

use weir_sql::{
    Span, Statement,
    expression::Literal,
    statement::{ColumnDefinition, ColumnRole, CreateSource, SourceKind, TypeName, TypeNameKind},
};

use crate::{
    convert::{Options, of_kind, properties},
    error::{Error, ErrorKind, shown},
    mapping::FieldPath,
    predicate::{name, stream_name},
};

/// Declares the stream of events, with these fields and those that every event has. All are VARCHAR: rules compare text, and a
/// number in JSON is its text there. There is no TIMESTAMP property, so that no event is lost for its time.
///
/// Fails if a field is said to be a text and an object too.
pub fn events_stream(fields: &BTreeSet<FieldPath>, options: &Options) -> Result<Statement, Error> {
    let layout = &options.mapping.layout;
    let mut members = Members::default();
    let own = layout.time.iter().chain(layout.fields.values());
    for path in own.chain(fields) {
        members.add(path)?;
    }
    let columns = members.fields.into_iter().map(|(field, members)| {
        let members = members.into_type();
        column(&field, members)
    });
    Ok(create(
        &options.stream,
        columns.collect(),
        &options.topic,
        None,
    ))
}

/// Declares the stream of alerts; `partitions` for a topic that is not there yet.
pub fn alerts_stream(options: &Options, partitions: Option<i32>) -> Statement {
    let texts = || of_kind(TypeNameKind::Array(Box::new(of_kind(TypeNameKind::String))));
    let mut columns = vec![
        column("RULE_ID", of_kind(TypeNameKind::String)),
        column("RULE_TITLE", of_kind(TypeNameKind::String)),
        column("RULE_LEVEL", of_kind(TypeNameKind::String)),
        column("RULE_TAGS", texts()),
        column("RULE_AUTHOR", of_kind(TypeNameKind::String)),
        column("EVENT_TIME", of_kind(TypeNameKind::Timestamp)),
        column("SOURCE_TOPIC", of_kind(TypeNameKind::String)),
        column("SOURCE_PARTITION", of_kind(TypeNameKind::Integer)),
        column("SOURCE_OFFSET", of_kind(TypeNameKind::BigInt)),
    ];
    if options.has_event {
        columns.push(column("EVENT", of_kind(TypeNameKind::String)));
    }
    create(&options.sink, columns, &options.sink, partitions)
}

fn create(
    stream: &str,
    columns: Vec<ColumnDefinition>,
    topic: &str,
    partitions: Option<i32>,
) -> Statement {
    let mut entries = vec![
        ("KAFKA_TOPIC", Literal::String(topic.to_owned())),
        ("VALUE_FORMAT", Literal::String("JSON".to_owned())),
    ];
    entries.extend(partitions.map(|partitions| ("PARTITIONS", Literal::Integer(partitions))));
    Statement::CreateSource(CreateSource {
        kind: SourceKind::Stream,
        or_replace: false,
        is_source: false,
        if_not_exists: true,
        name: stream_name(stream),
        columns,
        properties: properties(&entries),
    })
}

fn column(field: &str, type_name: TypeName) -> ColumnDefinition {
    ColumnDefinition {
        name: name(field),
        type_name,
        role: ColumnRole::Value,
        span: Span::default(),
    }
}

/// The members of an object; one without any is a text.
#[derive(Default)]
struct Members {
    is_text: bool,
    fields: BTreeMap<String, Members>,
}

impl Members {
    fn add(&mut self, path: &[String]) -> Result<(), Error> {
        let mut members = &mut *self;
        for name in path {
            members = members.fields.entry(name.clone()).or_default();
            if members.is_text && path.last() != Some(name) {
                return Err(both(path));
            }
        }
        members.is_text = true;
        match members.fields.is_empty() {
            true => Ok(()),
            false => Err(both(path)),
        }
    }

    fn into_type(self) -> TypeName {
        if self.fields.is_empty() {
            return of_kind(TypeNameKind::String);
        }
        let fields = self.fields.into_iter();
        let fields = fields.map(|(field, members)| (name(&field), members.into_type()));
        of_kind(TypeNameKind::Struct(fields.collect()))
    }
}

fn both(path: &[String]) -> Error {
    let message = format!(
        "the field `{}` cannot be a text and an object",
        shown(&path.join("->"))
    );
    Error::new(ErrorKind::Mapping, message)
}
