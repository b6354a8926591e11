//! A rule to the statement that runs it.

use std::collections::BTreeSet;

use weir_sql::{
    Expression, ExpressionKind, Ident, Span, Statement,
    expression::Literal,
    statement::{
        AliasedSource, Emit, InsertSelect, Properties, Property, Query, Relation, SelectItem,
        TypeName, TypeNameKind,
    },
};

use crate::{
    error::Error,
    expand::Placeholders,
    mapping::{Alternative, FieldPath, Mapping},
    pages,
    predicate::{self, Predicate, call, cast, column, name, node, stream_name, text},
    rule::Rule,
    term::Term,
};

/// Where events come from, where alerts go, and what words mean.
#[derive(Debug, Clone)]
pub struct Options {
    pub mapping: Mapping,
    pub placeholders: Placeholders,
    /// The topic that events come from: what SOURCE_TOPIC says.
    pub topic: String,
    /// The stream over that topic. What a stream's name cannot have (it has letters, digits, `_` and `-`) is `_` in it.
    pub stream: String,
    /// The topic that alerts go to, and the stream over it.
    pub sink: String,
    /// Whether an alert carries its event.
    pub has_event: bool,
}

impl Options {
    /// The stream has the topic's name.
    pub fn new(mapping: Mapping, topic: impl Into<String>, sink: impl Into<String>) -> Self {
        let topic = topic.into();
        Self {
            mapping,
            placeholders: Placeholders::default(),
            stream: topic.clone(),
            topic,
            sink: sink.into(),
            has_event: true,
        }
    }

    /// The stream of events, as it is called.
    pub fn stream_of_events(&self) -> String {
        self.stream_ident().value
    }

    /// The stream of alerts, as it is called.
    pub fn stream_of_alerts(&self) -> String {
        stream_name(&self.sink).value
    }

    pub(crate) fn stream_ident(&self) -> Ident {
        stream_name(&self.stream)
    }
}

/// A rule in SQL.
#[derive(Debug, Clone)]
pub struct Converted {
    /// The id that the statement gives its query.
    pub query_id: String,
    /// Which events the rule is about, and what it asks of them.
    pub predicate: Expression,
    /// The fields that it names, and those that its alerts are made of.
    pub fields: BTreeSet<FieldPath>,
    pub statement: Statement,
    /// The statement as a person reads it, with a head that says which rule it is; without a semicolon.
    pub text: String,
    /// Filters over the rule that cannot be used: without them it says more than it should.
    pub filters_left_out: Vec<Error>,
}

/// Fails with what stands in the way and where, the rule's file if nothing else.
pub fn convert(rule: &Rule, options: &Options) -> Result<Converted, Error> {
    let file = rule.file.as_deref();
    let mut filters_left_out = Vec::new();
    let term = rule.term(&options.placeholders, &mut filters_left_out)?;
    let alternatives = options.mapping.alternatives(&rule.log_source);
    let alternatives = alternatives.map_err(|error| error.at(rule.place).in_file(file))?;
    let mut fields = BTreeSet::new();
    let predicate = predicate_of(&term, &alternatives, &options.mapping, &mut fields);
    fields.extend(options.mapping.layout.time.iter().cloned());
    let statement = statement(rule, predicate.clone(), options);
    let text = pages::rule(rule, &statement);
    Ok(Converted {
        query_id: rule.query_id(),
        predicate,
        fields,
        statement,
        text,
        filters_left_out,
    })
}

/// `events AND rule` for each alternative, joined by OR. What is the same in all of them is said once.
fn predicate_of(
    term: &Term,
    alternatives: &[Alternative],
    mapping: &Mapping,
    fields: &mut BTreeSet<FieldPath>,
) -> Expression {
    let conjuncts = match term {
        Term::And(terms) => terms.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut events = Vec::new();
    let mut rules = Vec::new();
    for alternative in alternatives {
        let mut convert = |terms: &[Term], is_of_source: bool| -> Vec<Expression> {
            let mut predicate = Predicate {
                mapping,
                alternative,
                is_of_source,
                fields: &mut *fields,
            };
            terms.iter().map(|term| predicate.term(term)).collect()
        };
        events.push(convert(&alternative.events, true));
        rules.push(convert(conjuncts, false));
    }
    let is_common = |at: usize| rules.iter().all(|rule| rule.get(at) == rules[0].get(at));
    let common: Vec<bool> = (0..conjuncts.len()).map(is_common).collect();
    let select = |rule: &[Expression], wanted: bool| -> Vec<Expression> {
        let chosen = rule
            .iter()
            .zip(&common)
            .filter(|(_, is_common)| **is_common == wanted);
        chosen.map(|(expression, _)| expression.clone()).collect()
    };
    let shared = rules
        .first()
        .map(|rule| select(rule, true))
        .unwrap_or_default();
    let branches = events.into_iter().zip(&rules).map(|(mut events, rule)| {
        events.extend(select(rule, false));
        predicate::all(events)
    });
    let mut whole = vec![predicate::any(branches.collect())];
    whole.extend(shared);
    let is_true = |expression: &Expression| {
        expression.kind == ExpressionKind::Literal(Literal::Boolean(true))
    };
    whole.retain(|expression| !is_true(expression));
    predicate::all(whole)
}

fn statement(rule: &Rule, filter: Expression, options: &Options) -> Statement {
    let said = |value: &Option<String>| match value {
        Some(value) => text(value),
        None => cast(
            node(ExpressionKind::Literal(Literal::Null)),
            TypeNameKind::String,
        ),
    };
    let mut columns = vec![
        ("RULE_ID", said(&rule.id)),
        ("RULE_TITLE", text(&rule.title)),
        ("RULE_LEVEL", said(&rule.level)),
        ("RULE_TAGS", tags(&rule.tags)),
        ("RULE_AUTHOR", said(&rule.author)),
        ("EVENT_TIME", predicate::event_time(&options.mapping.layout)),
        ("SOURCE_TOPIC", text(&options.topic)),
        ("SOURCE_PARTITION", column("ROWPARTITION")),
        ("SOURCE_OFFSET", column("ROWOFFSET")),
    ];
    if options.has_event {
        columns.push(("EVENT", column("RAW_VALUE")));
    }
    let items = columns
        .into_iter()
        .map(|(alias, expression)| SelectItem::Expression {
            expression,
            alias: Some(name(alias)),
        });
    let query = Query {
        items: items.collect(),
        from: Relation {
            first: AliasedSource {
                name: stream_name(&options.stream),
                alias: None,
            },
            joins: Vec::new(),
        },
        window: None,
        filter: Some(filter),
        group_by: None,
        partition_by: None,
        having: None,
        emit: Some(Emit::Changes),
        limit: None,
        span: Span::default(),
    };
    Statement::InsertSelect(InsertSelect {
        target: stream_name(&options.sink),
        properties: properties(&[("QUERY_ID", Literal::String(rule.query_id()))]),
        query,
    })
}

pub(crate) fn properties(entries: &[(&str, Literal)]) -> Properties {
    let entries = entries.iter().map(|(property, value)| Property {
        name: name(property),
        value: value.clone(),
        value_span: Span::default(),
    });
    Properties {
        entries: entries.collect(),
    }
}

/// An empty ARRAY has no type of its own: one is made of an array that has something in it.
fn tags(tags: &[String]) -> Expression {
    match tags {
        [] => {
            let one = node(ExpressionKind::Array(vec![text("")]));
            call("ARRAY_REMOVE", vec![one, text("")])
        }
        tags => node(ExpressionKind::Array(
            tags.iter().map(|tag| text(tag)).collect(),
        )),
    }
}

/// The type of a column.
pub(crate) fn of_kind(kind: TypeNameKind) -> TypeName {
    TypeName {
        kind,
        span: Span::default(),
    }
}
