//! The types of the language, and the Arrow arrays that hold their values.
//!
//! | SQL | Arrow | a value |
//! | --- | --- | --- |
//! | BOOLEAN | `Boolean` | |
//! | INTEGER, BIGINT, DOUBLE | `Int32`, `Int64`, `Float64` | |
//! | DECIMAL(p, s) | `Decimal128` up to p = 38, then `Decimal256` up to 76 | unscaled |
//! | STRING | `Utf8` | |
//! | BYTES | `Binary` | |
//! | TIME, DATE, TIMESTAMP | `Time32(ms)`, `Date32`, `Timestamp(ms, no zone)` | ms of day, days, ms since the epoch |
//! | ARRAY, MAP, STRUCT | `List`, `Map`, `Struct` | all members may be NULL |

use std::{fmt, sync::Arc};

use arrow_schema::{DataType, Field as ArrowField, Fields, TimeUnit};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SqlType {
    Boolean,
    Integer,
    BigInt,
    Double,
    Decimal { precision: u8, scale: u8 },
    String,
    Bytes,
    Time,
    Date,
    Timestamp,
    Array(Arc<SqlType>),
    Map(Arc<SqlType>, Arc<SqlType>),
    Struct(Arc<[Field]>),
}

/// A member of a STRUCT.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub sql_type: SqlType,
}

impl SqlType {
    /// The most digits that a DECIMAL holds here; ksqlDB has no such bound, Arrow has.
    pub const MAX_DECIMAL_PRECISION: u8 = 76;

    pub fn array(element: SqlType) -> Self {
        Self::Array(Arc::new(element))
    }

    pub fn map(key: SqlType, value: SqlType) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    pub fn structure(fields: impl IntoIterator<Item = (String, SqlType)>) -> Self {
        Self::Struct(
            fields
                .into_iter()
                .map(|(name, sql_type)| Field { name, sql_type })
                .collect(),
        )
    }

    /// Numbers, in the order INTEGER < BIGINT < DECIMAL < DOUBLE.
    pub fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Integer | Self::BigInt | Self::Decimal { .. } | Self::Double
        )
    }

    /// The Arrow type of a column of this type.
    pub fn to_arrow(&self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Decimal { precision, scale } if *precision <= 38 => {
                DataType::Decimal128(*precision, *scale as i8)
            }
            Self::Decimal { precision, scale } => DataType::Decimal256(*precision, *scale as i8),
            Self::String => DataType::Utf8,
            Self::Bytes => DataType::Binary,
            Self::Time => DataType::Time32(TimeUnit::Millisecond),
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::Array(element) => DataType::List(Arc::new(element.to_arrow_field("item"))),
            Self::Map(key, value) => {
                let entries = Fields::from(vec![
                    ArrowField::new("keys", key.to_arrow(), false),
                    value.to_arrow_field("values"),
                ]);
                let entries = ArrowField::new("entries", DataType::Struct(entries), false);
                DataType::Map(Arc::new(entries), false)
            }
            Self::Struct(fields) => DataType::Struct(
                fields
                    .iter()
                    .map(|field| field.sql_type.to_arrow_field(&field.name))
                    .collect(),
            ),
        }
    }

    /// A nullable Arrow field of this type.
    pub fn to_arrow_field(&self, name: &str) -> ArrowField {
        ArrowField::new(name, self.to_arrow(), true)
    }

    /// The type that [`SqlType::to_arrow`] gives `data_type` for; `None` for the types that no column of ours has.
    pub fn from_arrow(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::Int32 => Self::Integer,
            DataType::Int64 => Self::BigInt,
            DataType::Float64 => Self::Double,
            DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
                Self::Decimal {
                    precision: *precision,
                    scale: u8::try_from(*scale).ok()?,
                }
            }
            DataType::Utf8 => Self::String,
            DataType::Binary => Self::Bytes,
            DataType::Time32(TimeUnit::Millisecond) => Self::Time,
            DataType::Date32 => Self::Date,
            DataType::Timestamp(TimeUnit::Millisecond, None) => Self::Timestamp,
            DataType::List(element) => Self::array(Self::from_arrow(element.data_type())?),
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => Self::map(
                    Self::from_arrow(fields[0].data_type())?,
                    Self::from_arrow(fields[1].data_type())?,
                ),
                _ => return None,
            },
            DataType::Struct(fields) => Self::Struct(
                fields
                    .iter()
                    .map(|field| {
                        Some(Field {
                            name: field.name().clone(),
                            sql_type: Self::from_arrow(field.data_type())?,
                        })
                    })
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        })
    }
}

/// As ksqlDB prints types in schemas and errors: `` STRUCT<`F` INTEGER> ``.
impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::Integer => f.write_str("INTEGER"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            Self::String => f.write_str("STRING"),
            Self::Bytes => f.write_str("BYTES"),
            Self::Time => f.write_str("TIME"),
            Self::Date => f.write_str("DATE"),
            Self::Timestamp => f.write_str("TIMESTAMP"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Struct(fields) => {
                f.write_str("STRUCT<")?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    let name = field.name.replace('`', "``");
                    write!(f, "{comma}`{name}` {}", field.sql_type)?;
                }
                f.write_str(if fields.is_empty() { " >" } else { ">" })
            }
        }
    }
}
