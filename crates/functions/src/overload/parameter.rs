//! What a function takes, as a pattern over types.
//!
//! As ksqlDB does: a parameter that names a type nowhere (`T`, `ARRAY<T>`) takes an argument as it is, and the first argument
//! that says what `T` is says it for the whole call; implicit casts are for the other parameters. Beyond ksqlDB, numbers
//! that are all `T` widen to one type, so that `IFNULL(bytes, 0)` needs no cast.

use std::{collections::BTreeMap, fmt};

use weir_catalog::{Field, SqlType};

use crate::operators::arithmetic::as_decimal;

/// What an argument may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    Is(SqlType),
    /// DECIMAL of any precision and scale.
    AnyDecimal,
    /// `T`, the same for all of an overload's arguments: short for `Generic("T")`.
    Any,
    /// `ARRAY<T>`.
    ArrayOfAny,
    /// `MAP<K, V>`.
    MapOfAny,
    /// Any type; where its name stands again it is the same one.
    Generic(&'static str),
    Array(Box<Parameter>),
    Map(Box<Parameter>, Box<Parameter>),
    /// Just these members; without any, every STRUCT.
    Struct(Vec<(&'static str, Parameter)>),
    /// Any type, each argument for itself.
    Anything,
    /// A bare unit of time, `DAYS`: the function gets its name in upper case, a constant STRING.
    Unit,
    /// `(inputs) => output`.
    Lambda(Vec<Parameter>, Box<Parameter>),
}

/// What stands at an argument's place.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// The literal NULL: it has no type.
    Null,
    Value(SqlType),
    /// A bare unit of time.
    Unit,
    /// A lambda of so many parameters. What it gives is known when their types are.
    Lambda(usize),
}

/// What the names of a call's generic types stand for.
pub type Generics = BTreeMap<&'static str, SqlType>;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Casts {
    None,
    Implicit,
}

impl Parameter {
    pub const BOOLEAN: Self = Self::Is(SqlType::Boolean);
    pub const INTEGER: Self = Self::Is(SqlType::Integer);
    pub const BIGINT: Self = Self::Is(SqlType::BigInt);
    pub const DOUBLE: Self = Self::Is(SqlType::Double);
    pub const STRING: Self = Self::Is(SqlType::String);
    pub const BYTES: Self = Self::Is(SqlType::Bytes);
    pub const TIME: Self = Self::Is(SqlType::Time);
    pub const DATE: Self = Self::Is(SqlType::Date);
    pub const TIMESTAMP: Self = Self::Is(SqlType::Timestamp);

    pub fn array(element: Self) -> Self {
        Self::Array(Box::new(element))
    }

    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    pub fn lambda(inputs: impl Into<Vec<Self>>, output: Self) -> Self {
        Self::Lambda(inputs.into(), Box::new(output))
    }

    /// Whether `given` may stand here. It may say what generic types are.
    pub(super) fn accepts(&self, given: &Given, generics: &mut Generics, casts: Casts) -> bool {
        match (self.plain(), given) {
            (_, Given::Null) | (Self::Anything, Given::Value(_)) => true,
            (Self::Unit, Given::Unit) => true,
            (Self::Lambda(inputs, _), Given::Lambda(parameters)) => inputs.len() == *parameters,
            (Self::Generic(name), Given::Value(given)) if casts == Casts::Implicit => {
                widens(name, given, generics)
            }
            (plain, Given::Value(given)) if plain.has_generics() => {
                plain.is_shaped(given, generics)
            }
            (plain, Given::Value(given)) => plain.is_compatible(given, casts),
            _ => false,
        }
    }

    /// The longer form of what is short for something.
    fn plain(&self) -> Self {
        match self {
            Self::Any => Self::Generic("T"),
            Self::ArrayOfAny => Self::array(Self::Generic("T")),
            Self::MapOfAny => Self::map(Self::Generic("K"), Self::Generic("V")),
            other => other.clone(),
        }
    }

    pub(super) fn has_generics(&self) -> bool {
        match self {
            Self::Any | Self::ArrayOfAny | Self::MapOfAny | Self::Generic(_) => true,
            Self::Is(_) | Self::AnyDecimal | Self::Anything | Self::Unit => false,
            Self::Array(element) => element.has_generics(),
            Self::Map(key, value) => key.has_generics() || value.has_generics(),
            Self::Struct(members) => members.iter().any(|(_, member)| member.has_generics()),
            Self::Lambda(inputs, output) => {
                output.has_generics() || inputs.iter().any(Self::has_generics)
            }
        }
    }

    /// Whether a type has this shape, with each generic type the same wherever it is named.
    pub(super) fn is_shaped(&self, given: &SqlType, generics: &mut Generics) -> bool {
        match (self.plain(), given) {
            (Self::Generic(name), given) => match generics.get(name) {
                Some(known) => known == given,
                None => {
                    generics.insert(name, given.clone());
                    true
                }
            },
            (Self::Array(element), SqlType::Array(given)) => element.is_shaped(given, generics),
            (Self::Map(key, value), SqlType::Map(given_key, given_value)) => {
                key.is_shaped(given_key, generics) && value.is_shaped(given_value, generics)
            }
            (Self::Struct(members), SqlType::Struct(fields)) => {
                are_members(&members, fields, |member, field| {
                    member.is_shaped(field, generics)
                })
            }
            (plain, given) => plain.is_compatible(given, Casts::None),
        }
    }

    fn is_compatible(&self, given: &SqlType, casts: Casts) -> bool {
        match (self, given) {
            (Self::Is(sql_type), given) => is_compatible(given, sql_type, casts),
            (Self::AnyDecimal, SqlType::Decimal { .. }) => true,
            (Self::AnyDecimal, SqlType::Integer | SqlType::BigInt) => casts == Casts::Implicit,
            (Self::Array(element), SqlType::Array(given)) => element.is_compatible(given, casts),
            (Self::Map(key, value), SqlType::Map(given_key, given_value)) => {
                key.is_compatible(given_key, Casts::None) && value.is_compatible(given_value, casts)
            }
            (Self::Struct(members), SqlType::Struct(fields)) => {
                are_members(members, fields, |member, field| {
                    member.is_compatible(field, Casts::None)
                })
            }
            (Self::Anything, _) => true,
            _ => false,
        }
    }

    /// The type that an argument which is accepted gets; of generic types, what is known of them.
    pub(super) fn wanted(&self, given: &Given, generics: &Generics) -> SqlType {
        match given {
            Given::Null => self.filled(generics).unwrap_or(SqlType::String),
            Given::Value(given) => self.around(given, generics),
            Given::Unit | Given::Lambda(_) => SqlType::String,
        }
    }

    /// The type that a value of type `given` gets.
    fn around(&self, given: &SqlType, generics: &Generics) -> SqlType {
        match (self.plain(), given) {
            (Self::Is(sql_type), _) => sql_type,
            (Self::AnyDecimal, given) => match as_decimal(given) {
                Some((precision, scale)) => SqlType::Decimal { precision, scale },
                None => given.clone(),
            },
            (Self::Generic(name), given) => generics.get(name).unwrap_or(given).clone(),
            (Self::Array(element), SqlType::Array(given)) => {
                SqlType::array(element.around(given, generics))
            }
            (Self::Map(key, value), SqlType::Map(given_key, given_value)) => SqlType::map(
                key.around(given_key, generics),
                value.around(given_value, generics),
            ),
            _ => given.clone(),
        }
    }

    /// The type that this is with the generic types known; the name of one that is not.
    pub(super) fn filled(&self, generics: &Generics) -> Result<SqlType, &'static str> {
        Ok(match self.plain() {
            Self::Is(sql_type) => sql_type,
            Self::AnyDecimal => SqlType::Decimal {
                precision: 1,
                scale: 0,
            },
            Self::Generic(name) => generics.get(name).cloned().ok_or(name)?,
            Self::Array(element) => SqlType::array(element.filled(generics)?),
            Self::Map(key, value) => SqlType::map(key.filled(generics)?, value.filled(generics)?),
            Self::Struct(members) => {
                let members = members.iter().map(|(name, member)| {
                    let sql_type = member.filled(generics);
                    sql_type.map(|sql_type| ((*name).to_owned(), sql_type))
                });
                SqlType::structure(members.collect::<Result<Vec<_>, _>>()?)
            }
            Self::Lambda(_, output) => output.filled(generics)?,
            Self::Anything | Self::Unit | Self::Any | Self::ArrayOfAny | Self::MapOfAny => {
                SqlType::String
            }
        })
    }

    /// Some type that may stand here.
    pub(super) fn example(&self) -> SqlType {
        let mut generics = Generics::new();
        loop {
            match self.filled(&generics) {
                Ok(SqlType::Decimal { .. }) => {
                    return SqlType::Decimal {
                        precision: 2,
                        scale: 1,
                    };
                }
                Ok(sql_type) => return sql_type,
                Err(name) => generics.insert(name, SqlType::String),
            };
        }
    }
}

/// Whether `given` is of the generic type, or both are numbers, of which the wider one is then the type.
fn widens(name: &'static str, given: &SqlType, generics: &mut Generics) -> bool {
    let Some(known) = generics.get(name) else {
        generics.insert(name, given.clone());
        return true;
    };
    if known == given {
        return true;
    }
    let are_numbers = known.is_number() && given.is_number();
    if are_numbers && is_compatible(given, known, Casts::Implicit) {
        return true;
    }
    if are_numbers && is_compatible(known, given, Casts::Implicit) {
        generics.insert(name, given.clone());
        return true;
    }
    false
}

fn are_members(
    members: &[(&str, Parameter)],
    fields: &[Field],
    mut fits: impl FnMut(&Parameter, &SqlType) -> bool,
) -> bool {
    if members.is_empty() || fields.is_empty() {
        return true;
    }
    members.len() == fields.len()
        && members.iter().all(|(name, member)| {
            let field = fields.iter().find(|field| field.name == *name);
            field.is_some_and(|field| fits(member, &field.sql_type))
        })
}

/// Whether a value of `from` may stand where `to` is asked for.
fn is_compatible(from: &SqlType, to: &SqlType, casts: Casts) -> bool {
    use SqlType::{
        Array, BigInt, Bytes, Date, Decimal, Double, Integer, Map, String, Time, Timestamp,
    };
    match (from, to) {
        (from, to) if from == to => true,
        (Array(from), Array(to)) => is_compatible(from, to, casts),
        (Map(from_key, from), Map(to_key, to)) => {
            from_key == to_key && is_compatible(from, to, casts)
        }
        (Integer, BigInt | Decimal { .. } | Double)
        | (BigInt, Decimal { .. } | Double)
        | (Decimal { .. }, Double)
        | (String, Time | Date | Timestamp | Bytes) => casts == Casts::Implicit,
        _ => false,
    }
}

/// As the manual and errors print it.
impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(sql_type) => sql_type.fmt(f),
            Self::AnyDecimal => f.write_str("DECIMAL"),
            Self::Any => f.write_str("T"),
            Self::ArrayOfAny => f.write_str("ARRAY<T>"),
            Self::MapOfAny => f.write_str("MAP<K, V>"),
            Self::Generic(name) => f.write_str(name),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Struct(members) => {
                let members = members.iter();
                let members: Vec<_> = members
                    .map(|(name, member)| format!("{name} {member}"))
                    .collect();
                write!(f, "STRUCT<{}>", members.join(", "))
            }
            Self::Anything => f.write_str("ANY"),
            Self::Unit => f.write_str("INTERVALUNIT"),
            Self::Lambda(inputs, output) => {
                write!(f, "LAMBDA ({}) => {output}", listed(inputs))
            }
        }
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Value(sql_type) => sql_type.fmt(f),
            Self::Unit => f.write_str("INTERVALUNIT"),
            Self::Lambda(_) => f.write_str("LAMBDA"),
        }
    }
}

/// `a, b, c`.
pub(super) fn listed<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    items.join(", ")
}

impl From<Option<SqlType>> for Given {
    fn from(given: Option<SqlType>) -> Self {
        given.map_or(Self::Null, Self::Value)
    }
}
