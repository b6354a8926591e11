//! Tree to text: what parses to the same tree again.

mod expression;
mod statement;

use std::fmt::{self, Display, Write};

use crate::{
    Ident,
    deep::deep,
    keywords::is_reserved,
    statement::{TypeName, TypeNameKind},
};

/// Bare if it would be read back as it is, else between back-quotes.
impl Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.value.bytes();
        let is_start = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
        let is_part = |byte: u8| is_start(byte) || byte.is_ascii_digit() || byte == b'@';
        let is_bare =
            bytes.next().is_some_and(is_start) && bytes.all(is_part) && !is_reserved(&self.value);
        if is_bare {
            f.write_str(&self.value)
        } else {
            write!(f, "`{}`", self.value.replace('`', "``"))
        }
    }
}

impl Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        deep(|| print_type(f, &self.kind))
    }
}

fn print_type(f: &mut fmt::Formatter<'_>, kind: &TypeNameKind) -> fmt::Result {
    match kind {
        TypeNameKind::Boolean => f.write_str("BOOLEAN"),
        TypeNameKind::Integer => f.write_str("INTEGER"),
        TypeNameKind::BigInt => f.write_str("BIGINT"),
        TypeNameKind::Double => f.write_str("DOUBLE"),
        TypeNameKind::Decimal { precision, scale } => {
            write!(f, "DECIMAL({precision}, {scale})")
        }
        TypeNameKind::String => f.write_str("VARCHAR"),
        TypeNameKind::Bytes => f.write_str("BYTES"),
        TypeNameKind::Time => f.write_str("TIME"),
        TypeNameKind::Date => f.write_str("DATE"),
        TypeNameKind::Timestamp => f.write_str("TIMESTAMP"),
        TypeNameKind::Array(element) => write!(f, "ARRAY<{element}>"),
        TypeNameKind::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
        TypeNameKind::Struct(fields) if fields.is_empty() => f.write_str("STRUCT< >"),
        TypeNameKind::Struct(fields) => {
            f.write_str("STRUCT<")?;
            separated(f, fields, ", ", |f, (name, type_name)| {
                write!(f, "{name} {type_name}")
            })?;
            f.write_char('>')
        }
        TypeNameKind::Named(name) => {
            // A type of one's own may have the name of a built-in one between quotes only.
            write!(f, "`{}`", name.value.replace('`', "``"))
        }
    }
}

/// A text between single quotes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    separator: &str,
    print: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        print(f, item)?;
    }
    Ok(())
}
