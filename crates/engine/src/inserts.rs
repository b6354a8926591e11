//! Rows as JSON objects into a stream: what `/inserts-stream` does (reference, "Inserts stream").
//!
//! A row becomes the INSERT VALUES that says the same, so that both coerce, default and refuse alike.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use weir_catalog::{ColumnRole, Source, SqlType};
use weir_kafka::NewRecord;
use weir_plan::Plan;
use weir_sql::{
    Expression, Ident, Span, Statement,
    expression::{ExpressionKind, Literal},
    statement::InsertValues,
};

use crate::{Engine, Error, Session, engine::World, topics::Producer};

/// What takes rows for one stream.
pub struct Inserts {
    engine: Engine,
    settings: BTreeMap<String, String>,
    source: Arc<Source>,
    producer: Producer,
}

impl Engine {
    /// Opens a stream for rows. The name is an identifier: in upper case unless it is quoted.
    pub async fn inserts(&self, target: &str, session: Session) -> Result<Inserts, Error> {
        self.check_ours()?;
        let name = identifier(target);
        let source = self.state().catalog.source(&name).cloned();
        let Some(source) = source else {
            return Err(Error::user(format!(
                "Cannot insert values into an unknown stream: `{name}`"
            ))
            .hint("SHOW STREAMS lists those that there are"));
        };
        self.refuse_values_for(&session, &source.topic)?;
        let producer = self.topics().producer(&source.topic).await?;
        Ok(Inserts {
            engine: self.clone(),
            settings: self.settings(&session),
            source,
            producer,
        })
    }
}

impl Inserts {
    /// The record of a row: a JSON object whose names are identifiers. What it does not name is NULL; what the stream does not
    /// have is left out.
    pub fn encode(&self, row: &str) -> Result<NewRecord, Error> {
        let members: Members<'_> =
            serde_json::from_str(row).map_err(|_| Error::user("Invalid JSON in inserts stream"))?;
        let schema = &self.source.schema;
        let mut seen = HashSet::new();
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for (name, value) in &members.0 {
            let name = identifier(name);
            if !seen.insert(name.clone()) {
                return Err(Error::user(format!("Duplicate field: {name}")));
            }
            let Some(column) = schema.column(&name) else {
                continue;
            };
            if matches!(column.role, ColumnRole::Key | ColumnRole::Value) {
                values.push(expression(value.get(), &column.sql_type)?);
                columns.push(Ident::new(name, NOWHERE));
            }
        }
        let missing = schema.keys().find(|key| !seen.contains(&key.name));
        if let Some(key) = missing {
            return Err(Error::user(format!(
                "Key field must be specified: {}",
                key.name
            )));
        }
        if columns.is_empty() {
            // INSERT without columns would mean all of them.
            let first = schema.values().next();
            columns.extend(first.map(|column| Ident::new(column.name.clone(), NOWHERE)));
            values.push(literal(Literal::Null));
        }
        let statement = Statement::InsertValues(InsertValues {
            target: Ident::new(self.source.name.clone(), NOWHERE),
            columns,
            values,
        });
        let parts = &self.engine.inner.parts;
        let (state, world) = (self.engine.state(), World::default());
        let context = self.engine.context(&state.catalog, &world, &self.settings);
        // Places in a statement that nobody wrote say nothing.
        let unplaced = |error: weir_plan::Error| Error {
            span: None,
            ..Error::from(error)
        };
        match weir_plan::plan(&statement, &"".into(), &context).map_err(unplaced)? {
            // Dropped and made again over another topic: this is not the stream that was opened.
            Plan::InsertValues(plan) if plan.source.topic != self.source.topic => {
                Err(Error::user(format!(
                    "{} is another stream now, over topic '{}': open it again",
                    plan.source.name, plan.source.topic
                )))
            }
            Plan::InsertValues(plan) => Ok(parts.runtime.encode_values(&plan)?),
            _ => Err(Error::internal("an INSERT was planned as something else")),
        }
    }

    /// Writes records; they are durable when this returns.
    pub async fn write(&mut self, records: Vec<NewRecord>) -> Result<(), Error> {
        self.engine.check_ours()?;
        self.producer.send(records).await?;
        self.producer.flush().await
    }
}

const NOWHERE: Span = Span { start: 0, end: 0 };

/// An identifier as statements have them: quoted by back quotes or double quotes, or in upper case.
fn identifier(text: &str) -> String {
    for quote in ['`', '"'] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    text.to_uppercase()
}

fn literal(value: Literal) -> Expression {
    Expression {
        kind: ExpressionKind::Literal(value),
        span: NOWHERE,
    }
}

/// A JSON value as an expression. The declared type says how deep it goes; numbers keep their digits.
fn expression(json: &str, sql_type: &SqlType) -> Result<Expression, Error> {
    let broken = |_| Error::user("Invalid JSON in inserts stream");
    let kind = match (json.as_bytes().first(), sql_type) {
        (Some(b'n'), _) => ExpressionKind::Literal(Literal::Null),
        (Some(b't'), _) => ExpressionKind::Literal(Literal::Boolean(true)),
        (Some(b'f'), _) => ExpressionKind::Literal(Literal::Boolean(false)),
        (Some(b'"'), _) => {
            ExpressionKind::Literal(Literal::String(serde_json::from_str(json).map_err(broken)?))
        }
        (Some(b'['), SqlType::Array(element)) => {
            let items: Vec<&RawValue> = serde_json::from_str(json).map_err(broken)?;
            let items = items.iter().map(|item| expression(item.get(), element));
            ExpressionKind::Array(items.collect::<Result<_, _>>()?)
        }
        (Some(b'{'), SqlType::Map(_, value_type)) => {
            let members: Members<'_> = serde_json::from_str(json).map_err(broken)?;
            let entries = members.0.iter().map(|(name, value)| {
                let key = literal(Literal::String(name.clone()));
                Ok((key, expression(value.get(), value_type)?))
            });
            ExpressionKind::Map(entries.collect::<Result<_, Error>>()?)
        }
        (Some(b'{'), SqlType::Struct(fields)) => {
            let members: Members<'_> = serde_json::from_str(json).map_err(broken)?;
            let mut entries = Vec::new();
            for (name, value) in &members.0 {
                let name = identifier(name);
                if let Some(field) = fields.iter().find(|field| field.name == name) {
                    let value = expression(value.get(), &field.sql_type)?;
                    entries.push((Ident::new(name, NOWHERE), value));
                }
            }
            ExpressionKind::Struct(entries)
        }
        (Some(b'-' | b'0'..=b'9'), _) => ExpressionKind::Literal(number(json)?),
        _ => {
            let shown: String = json.chars().take(80).collect();
            return Err(Error::user(format!(
                "Can't coerce a field of type {} ({shown}) into type {sql_type}",
                if json.starts_with('[') {
                    "ARRAY"
                } else {
                    "OBJECT"
                }
            )));
        }
    };
    Ok(Expression {
        kind,
        span: NOWHERE,
    })
}

fn number(digits: &str) -> Result<Literal, Error> {
    if digits.contains(['e', 'E']) {
        let value = digits.parse::<f64>();
        return value
            .map(Literal::Double)
            .map_err(|_| Error::user("Invalid JSON in inserts stream"));
    }
    Ok(match (digits.parse::<i32>(), digits.parse::<i64>()) {
        (Ok(small), _) => Literal::Integer(small),
        (_, Ok(large)) => Literal::BigInt(large),
        _ => Literal::Decimal(digits.to_owned()),
    })
}

/// The members of an object in their order, repeated ones too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::{Members, identifier, number};
    use weir_sql::expression::Literal;

    #[test]
    fn names_are_identifiers() {
        assert_eq!(identifier("k"), "K");
        assert_eq!(identifier("`k`"), "k");
        assert_eq!(identifier("\"a\"\"b\""), "a\"b");
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(number("1").unwrap(), Literal::Integer(1));
        assert_eq!(
            number("-9223372036854775808").unwrap(),
            Literal::BigInt(i64::MIN)
        );
        assert_eq!(
            number("123456789012345678901234.50").unwrap(),
            Literal::Decimal("123456789012345678901234.50".to_owned())
        );
    }

    #[test]
    fn repeated_members_are_seen() {
        let members: Members<'_> = serde_json::from_str(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(members.0.len(), 2);
    }
}
