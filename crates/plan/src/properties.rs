//! The WITH clause: which properties there are, and what they mean together.

use std::collections::HashSet;

use weir_catalog::{Format, FormatSpec, Schema, SqlType, source::TimestampColumn};
use weir_functions::time_pattern::Pattern;
use weir_sql::{
    expression::Literal,
    statement::{Properties, Property},
};

use crate::{Context, Error, ErrorKind, TopicFacts, TopicSpec};

/// Of CREATE STREAM over a topic.
pub const SOURCE_PROPERTIES: &[&str] = &[
    "CLEANUP_POLICY",
    "FORMAT",
    "KAFKA_TOPIC",
    "KEY_DELIMITER",
    "KEY_FORMAT",
    "KEY_PROTOBUF_NULLABLE_REPRESENTATION",
    "KEY_SCHEMA_FULL_NAME",
    "KEY_SCHEMA_ID",
    "PARTITIONS",
    "REPLICAS",
    "RETENTION_MS",
    "SOURCED_BY_CONNECTOR",
    "SOURCE_CONNECTOR",
    "TIMESTAMP",
    "TIMESTAMP_FORMAT",
    "VALUE_AVRO_SCHEMA_FULL_NAME",
    "VALUE_DELIMITER",
    "VALUE_FORMAT",
    "VALUE_PROTOBUF_NULLABLE_REPRESENTATION",
    "VALUE_SCHEMA_FULL_NAME",
    "VALUE_SCHEMA_ID",
    "WINDOW_SIZE",
    "WINDOW_TYPE",
    "WRAP_SINGLE_VALUE",
];

/// Of CREATE … AS SELECT.
pub const SINK_PROPERTIES: &[&str] = &[
    "CLEANUP_POLICY",
    "FORMAT",
    "KAFKA_TOPIC",
    "KEY_DELIMITER",
    "KEY_FORMAT",
    "KEY_PROTOBUF_NULLABLE_REPRESENTATION",
    "KEY_SCHEMA_FULL_NAME",
    "KEY_SCHEMA_ID",
    "PARTITIONS",
    "REPLICAS",
    "RETENTION_MS",
    "TIMESTAMP",
    "TIMESTAMP_FORMAT",
    "VALUE_AVRO_SCHEMA_FULL_NAME",
    "VALUE_DELIMITER",
    "VALUE_FORMAT",
    "VALUE_PROTOBUF_NULLABLE_REPRESENTATION",
    "VALUE_SCHEMA_FULL_NAME",
    "VALUE_SCHEMA_ID",
    "WRAP_SINGLE_VALUE",
];

/// A WITH clause whose names are all known.
pub struct With<'a> {
    properties: &'a Properties,
}

impl<'a> With<'a> {
    pub fn try_new(properties: &'a Properties, known: &[&str]) -> Result<Self, Error> {
        let unknown: Vec<_> = properties
            .entries
            .iter()
            .filter(|entry| !known.contains(&entry.name.value.as_str()))
            .collect();
        if let Some(first) = unknown.first() {
            let names: Vec<_> = unknown
                .iter()
                .map(|entry| entry.name.value.as_str())
                .collect();
            let mut error = Error::new(
                ErrorKind::Property,
                format!("Failed to prepare statement: Invalid config variable(s) in the WITH clause: {}", names.join(",")),
            )
            .at(first.name.span);
            error.hint = crate::bind::Scope::nearest_property(&first.name.value, known);
            return Err(error);
        }
        if let Some(again) = repeated(properties) {
            return Err(Error::new(
                ErrorKind::Property,
                format!(
                    "Multiple entries with same key: {} is in the WITH clause more than once.",
                    again.name.value
                ),
            )
            .at(again.name.span)
            .hint("names of properties are the same in upper and lower case"));
        }
        if let Some(policy) = properties.get("CLEANUP_POLICY") {
            return Err(Error::new(
                ErrorKind::Property,
                "Invalid config variable in the WITH clause: CLEANUP_POLICY.\nThe CLEANUP_POLICY config is automatically inferred based on the type of source (STREAM or TABLE).\nUsers can't set the CLEANUP_POLICY config manually.",
            )
            .at(policy.name.span)
            .hint("leave it out: topics of streams have the policy `delete`"));
        }
        Ok(Self { properties })
    }

    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(property) = self.properties.get(name) else {
            return Ok(None);
        };
        match &property.value {
            Literal::String(text) => Ok(Some(text.clone())),
            other => Err(wrong(property, "Expected value to be a string", other)),
        }
    }

    /// An error that is about a property, if it is in the clause, with its place.
    pub fn place(&self, error: Error, name: &str) -> Error {
        match self.properties.get(name) {
            Some(property) => error.at(property.value_span),
            None => error,
        }
    }

    fn property_error(&self, name: &str, message: impl Into<String>) -> Error {
        self.place(Error::new(ErrorKind::Property, message), name)
    }

    pub fn number(&self, name: &str) -> Result<Option<i64>, Error> {
        let Some(property) = self.properties.get(name) else {
            return Ok(None);
        };
        match &property.value {
            Literal::Integer(number) => Ok(Some(i64::from(*number))),
            Literal::BigInt(number) => Ok(Some(*number)),
            Literal::String(text) if text.trim().parse::<i64>().is_ok() => {
                Ok(text.trim().parse().ok())
            }
            other => Err(wrong(property, "Not a number of type INT", other)),
        }
    }

    pub fn boolean(&self, name: &str) -> Result<Option<bool>, Error> {
        let Some(property) = self.properties.get(name) else {
            return Ok(None);
        };
        match &property.value {
            Literal::Boolean(value) => Ok(Some(*value)),
            Literal::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Literal::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            other => Err(wrong(
                property,
                "Expected value to be either true or false",
                other,
            )),
        }
    }

    /// The key's and the value's format.
    pub fn formats(
        &self,
        context: &Context<'_>,
        inherited: Option<Inherited<'_>>,
    ) -> Result<(FormatSpec, FormatSpec), Error> {
        let both = self.text("FORMAT")?;
        let (key, value) = (self.text("KEY_FORMAT")?, self.text("VALUE_FORMAT")?);
        for (name, own) in [("KEY_FORMAT", &key), ("VALUE_FORMAT", &value)] {
            if both.is_some() && own.is_some() {
                return Err(self.property_error(
                    name,
                    format!(
                        "Cannot supply both '{name}' and 'FORMAT' properties, as 'FORMAT' sets both key and value formats. Either use just 'FORMAT', or use 'KEY_FORMAT' and 'VALUE_FORMAT'."
                    ),
                ));
            }
        }
        for (name, given) in [
            ("FORMAT", &both),
            ("KEY_FORMAT", &key),
            ("VALUE_FORMAT", &value),
        ] {
            if let Some(given) = given {
                parse_format(given).map_err(|error| self.place(error, name))?;
            }
        }
        let default = |name: &str| {
            context
                .properties
                .get(name)
                .filter(|text| !text.is_empty())
                .cloned()
        };
        let default_key = || {
            parse_format(
                &default("ksql.persistence.default.format.key")
                    .unwrap_or_else(|| "KAFKA".to_owned()),
            )
        };
        let key = key.or_else(|| both.clone());
        let value = value.or(both);
        let key = match (key, &inherited) {
            (named, Some(inherited)) if inherited.drops_keys => keyless(named.as_deref())?,
            (Some(name), inherited) => {
                like(&name, inherited.as_ref().map(|inherited| inherited.key))?
            }
            (None, Some(inherited)) => match inherited.key.format {
                Format::None if inherited.has_keys => default_key()?,
                _ => inherited.key.clone(),
            },
            (None, None) => default_key()?,
        };
        let value = match (value, &inherited) {
            (Some(name), inherited) => {
                like(&name, inherited.as_ref().map(|inherited| inherited.value))?
            }
            (None, Some(inherited)) => inherited.value.clone(),
            (None, None) => match default("ksql.persistence.default.format.value") {
                Some(name) => parse_format(&name)?,
                None => {
                    return Err(Error::new(
                        ErrorKind::Property,
                        "Statement is missing the 'VALUE_FORMAT' property from the WITH clause. Either provide one or set a default via the 'ksql.persistence.default.format.value' config.",
                    ));
                }
            },
        };
        let key = self.delimited(key, "KEY_DELIMITER")?;
        let value = self.delimited(value, "VALUE_DELIMITER")?;
        self.check_schema_properties(&key, "KEY")?;
        self.check_schema_properties(&value, "VALUE")?;
        Ok((key, value))
    }

    /// Properties of formats whose schemas are in a registry: none of the formats here knows them.
    fn check_schema_properties(&self, spec: &FormatSpec, part: &str) -> Result<(), Error> {
        let of_part = [
            ("AVRO_SCHEMA_FULL_NAME", "fullSchemaName"),
            ("SCHEMA_FULL_NAME", "fullSchemaName"),
            ("SCHEMA_ID", "schemaId"),
            ("PROTOBUF_NULLABLE_REPRESENTATION", "nullableRepresentation"),
        ];
        for (property, shown) in of_part {
            if let Some(found) = self.properties.get(&format!("{part}_{property}")) {
                return Err(Error::new(
                    ErrorKind::Property,
                    format!(
                        "{} does not support the following configs: [{shown}]",
                        spec.format
                    ),
                )
                .at(found.name.span)
                .hint("schemas in a registry are not in this version: leave it out"));
            }
        }
        Ok(())
    }

    fn delimited(&self, mut spec: FormatSpec, name: &str) -> Result<FormatSpec, Error> {
        let text = self.text(name)?;
        // A delimiter is looked at for itself before it is asked whose it is.
        let given = text.map(|text| delimiter(name, &text)).transpose();
        let given = given.map_err(|error| self.place(error, name))?;
        let Some(given) = given else {
            return Ok(spec);
        };
        if spec.format != Format::Delimited {
            let message = format!(
                "{} does not support the following configs: [delimiter]",
                spec.format
            );
            return Err(self
                .property_error(name, message)
                .hint("only the format DELIMITED has delimiters"));
        }
        spec.delimiter = Some(given);
        Ok(spec)
    }

    /// WRAP_SINGLE_VALUE, and what it may not be set for. It is never inherited.
    pub fn wrapped(
        &self,
        mut value: FormatSpec,
        schema: &Schema,
        context: &Context<'_>,
    ) -> Result<FormatSpec, Error> {
        let is_single = schema.values().count() == 1;
        let wanted = self.boolean("WRAP_SINGLE_VALUE")?;
        if wanted.is_some() && !is_single {
            let count = schema.values().count();
            return Err(self
                .property_error(
                    "WRAP_SINGLE_VALUE",
                    "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas",
                )
                .hint(format!("the value has {count} columns: leave it out")));
        }
        let default = context
            .properties
            .get("ksql.persistence.wrap.single.values")
            .map(|text| text.eq_ignore_ascii_case("true"));
        value.wrap_single = match (value.format, wanted) {
            (Format::Json, wanted) => wanted.or(default).unwrap_or(true),
            (format, Some(true)) => {
                return Err(self.property_error(
                    "WRAP_SINGLE_VALUE",
                    format!(
                        "Format '{format}' does not support 'WRAP_SINGLE_VALUE' set to 'true'."
                    ),
                ));
            }
            _ => false,
        };
        Ok(value)
    }

    /// The column that dates rows, if one is named, and how its texts are read.
    pub fn timestamp(&self, schema: &Schema) -> Result<Option<TimestampColumn>, Error> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Property, message));
        let format = self.timestamp_format()?;
        // A format by itself is checked, and says nothing, as in ksqlDB.
        let Some(name) = self.text("TIMESTAMP")? else {
            return Ok(None);
        };
        let name = match name
            .strip_prefix('`')
            .and_then(|name| name.strip_suffix('`'))
        {
            Some(quoted) => quoted.to_owned(),
            None => name.to_uppercase(),
        };
        let Some(column) = schema.column(&name) else {
            return refuse(format!(
                "The TIMESTAMP column set in the WITH clause does not exist in the schema: '{name}'"
            ));
        };
        match (&column.sql_type, &format) {
            (SqlType::String, None) => refuse(
                "A String timestamp field has been specified without also specifying the timestamp_format"
                    .to_owned(),
            )
            .map_err(|error| {
                error.hint("add TIMESTAMP_FORMAT, a pattern such as 'yyyy-MM-dd HH:mm:ssX'")
            }),
            (SqlType::String, Some(_)) | (SqlType::BigInt | SqlType::Timestamp, None) => {
                Ok(Some(TimestampColumn {
                    column: name,
                    format,
                }))
            }
            (_, Some(_)) => refuse(
                "'TIMESTAMP_FORMAT' set in the WITH clause can only be used when the timestamp column is of type STRING."
                    .to_owned(),
            ),
            _ => refuse(format!(
                "Timestamp column, `{name}`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified."
            )),
        }
    }

    /// A pattern of Java's `DateTimeFormatter`.
    fn timestamp_format(&self) -> Result<Option<String>, Error> {
        let Some(pattern) = self.text("TIMESTAMP_FORMAT")? else {
            return Ok(None);
        };
        let Err(reason) = Pattern::try_new(&pattern) else {
            return Ok(Some(pattern));
        };
        let message =
            format!("Invalid datetime format for config:TIMESTAMP_FORMAT, reason:{reason}");
        let error = Error::new(ErrorKind::Property, message);
        Err(match self.properties.get("TIMESTAMP_FORMAT") {
            Some(property) => error.at(property.value_span),
            None => error,
        })
    }

    /// The topic that the clause asks for; what is not said is as in the topic `like`.
    pub fn topic(&self, name: String, like: Option<TopicFacts>) -> Result<TopicSpec, Error> {
        let partitions = self.number("PARTITIONS")?;
        if partitions.is_some_and(|partitions| !(1..=100_000).contains(&partitions)) {
            return Err(self.property_error(
                "PARTITIONS",
                "Number of partitions must be larger than 0, and at most 100000.",
            ));
        }
        let replicas = self.number("REPLICAS")?;
        let most = i64::from(i16::MAX);
        if replicas.is_some_and(|replicas| replicas != -1 && !(1..=most).contains(&replicas)) {
            return Err(self
                .property_error(
                    "REPLICAS",
                    "Replication factor must be larger than 0, and at most 32767.",
                )
                .hint("-1, or no REPLICAS at all, is the broker's default"));
        }
        let retention_ms = self.number("RETENTION_MS")?;
        if retention_ms.is_some_and(|retention| retention < -1) {
            return Err(self
                .property_error(
                    "RETENTION_MS",
                    "Invalid value for property RETENTION_MS: Value must be at least -1",
                )
                .hint("-1 keeps records for ever"));
        }
        let partitions = partitions.and_then(|number| i32::try_from(number).ok());
        Ok(TopicSpec {
            name,
            partitions: partitions.or(like.map(|facts| facts.partitions)),
            replicas: replicas
                .and_then(|number| i16::try_from(number).ok())
                .or(like.map(|facts| facts.replicas))
                .unwrap_or(-1),
            retention_ms,
            is_said: ["PARTITIONS", "REPLICAS"]
                .iter()
                .any(|name| self.properties.get(name).is_some()),
        })
    }
}

/// A property that is there a second time.
fn repeated(properties: &Properties) -> Option<&Property> {
    let mut seen = HashSet::new();
    let mut entries = properties.entries.iter();
    entries.find(|entry| !seen.insert(entry.name.value.as_str()))
}

/// What a query's result has from its source where the statement says nothing.
#[derive(Debug)]
pub struct Inherited<'a> {
    pub key: &'a FormatSpec,
    pub value: &'a FormatSpec,
    /// Whether the result has key columns.
    pub has_keys: bool,
    /// Whether it is without them because PARTITION BY NULL says so.
    pub drops_keys: bool,
}

/// The format of a key that PARTITION BY NULL has taken away.
fn keyless(named: Option<&str>) -> Result<FormatSpec, Error> {
    match named.map(parse_format).transpose()? {
        Some(named) if named.format != Format::None => Err(Error::new(
            ErrorKind::Property,
            "Key format specified for stream without key columns.",
        )),
        _ => parse_format("NONE"),
    }
}

/// The format of this name; what else is said of it is as in the source's, if that has the same format.
fn like(name: &str, inherited: Option<&FormatSpec>) -> Result<FormatSpec, Error> {
    let mut named = parse_format(name)?;
    if let Some(inherited) = inherited.filter(|inherited| inherited.format == named.format) {
        named.delimiter = inherited.delimiter;
    }
    Ok(named)
}

fn wrong(property: &Property, wanted: &str, found: &Literal) -> Error {
    let found = match found {
        Literal::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found: String = found.chars().take(80).collect();
    Error::new(
        ErrorKind::Property,
        format!(
            "Invalid value {found} for property {}: {wanted}",
            property.name.value
        ),
    )
    .at(property.value_span)
}

/// One character that is no blank, or the name of a blank.
fn delimiter(property: &str, text: &str) -> Result<char, Error> {
    let invalid = |why: String| {
        Err(Error::new(
            ErrorKind::Property,
            format!("Failed to prepare statement: Configuration {property} is invalid: {why}"),
        ))
    };
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("SPACE", ..) => Ok(' '),
        ("TAB", ..) => Ok('\t'),
        (_, Some(only), None) if !only.is_whitespace() => Ok(only),
        _ if text.trim().is_empty() => invalid(
            "Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'\nExample valid value: ';'"
                .to_owned(),
        ),
        _ => invalid(format!(
            "Invalid delimiter value: '{text}'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'"
        )),
    }
}

fn parse_format(name: &str) -> Result<FormatSpec, Error> {
    let format = match name.trim().to_uppercase().as_str() {
        "NONE" => Format::None,
        "KAFKA" => Format::Kafka,
        "DELIMITED" => Format::Delimited,
        "JSON" => Format::Json,
        "PROTOBUF_NOSR" => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "The format PROTOBUF_NOSR is not in this version: use JSON, DELIMITED or KAFKA.",
            ));
        }
        later @ ("AVRO" | "PROTOBUF" | "JSON_SR") => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "The format {later} needs a schema registry, which is not in this version: use JSON, DELIMITED or KAFKA."
                ),
            ));
        }
        _ => {
            return Err(
                Error::new(ErrorKind::Property, format!("Unknown format: {name}"))
                    .hint("there are JSON, DELIMITED, KAFKA and NONE"),
            );
        }
    };
    Ok(FormatSpec {
        format,
        delimiter: None,
        wrap_single: format == Format::Json,
        window: None,
    })
}
