//! Types: `VARCHAR`, `ARRAY<…>`, `STRUCT<name type, …>`, and names of the user's own.

use super::cursor::Cursor;
use crate::{
    Error,
    lexer::TokenKind,
    statement::{TypeName, TypeNameKind},
};

pub fn type_name(cursor: &mut Cursor<'_>) -> Result<TypeName, Error> {
    cursor.nested(|cursor| {
        let start = cursor.span();
        let mut kind = base(cursor)?;
        cursor.raise()?;
        // `INT ARRAY` is another way to write `ARRAY<INT>`.
        while cursor.is_word(0, "ARRAY") && !cursor.is_symbol(1, "<") {
            let element = TypeName {
                kind,
                span: cursor.span_from(start),
            };
            cursor.advance();
            cursor.raise()?;
            kind = TypeNameKind::Array(Box::new(element));
        }
        Ok(TypeName {
            kind,
            span: cursor.span_from(start),
        })
    })
}

fn base(cursor: &mut Cursor<'_>) -> Result<TypeNameKind, Error> {
    let TokenKind::Word(word) = cursor.peek(0).clone() else {
        return named(cursor);
    };
    let is_generic = cursor.is_symbol(1, "<") || cursor.is_symbol(1, "<>");
    let kind = match word.to_ascii_uppercase().as_str() {
        "BOOLEAN" => TypeNameKind::Boolean,
        "INT" | "INTEGER" => TypeNameKind::Integer,
        "BIGINT" => TypeNameKind::BigInt,
        "DOUBLE" => TypeNameKind::Double,
        "VARCHAR" | "STRING" => TypeNameKind::String,
        "BYTES" => TypeNameKind::Bytes,
        "TIME" => TypeNameKind::Time,
        "DATE" => TypeNameKind::Date,
        "TIMESTAMP" => TypeNameKind::Timestamp,
        "DECIMAL" => return decimal(cursor),
        "ARRAY" if is_generic => return array(cursor),
        "MAP" if is_generic => return map(cursor),
        "STRUCT" if is_generic => return structure(cursor),
        _ => return named(cursor),
    };
    cursor.advance();
    skip_parameters(cursor)?;
    Ok(kind)
}

/// A type of the user's own.
fn named(cursor: &mut Cursor<'_>) -> Result<TypeNameKind, Error> {
    if !cursor.is_identifier(0) {
        return Err(cursor.no_viable("a type"));
    }
    cursor.identifier().map(TypeNameKind::Named)
}

/// `VARCHAR(20)`, `VARCHAR(STRING)`: accepted and ignored.
fn skip_parameters(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    if !cursor.eat_symbol("(") {
        return Ok(());
    }
    loop {
        if matches!(cursor.peek(0), TokenKind::Integer(_)) {
            cursor.advance();
        } else if !cursor.eat("STRING") {
            return Err(cursor.expected("{'STRING', INTEGER_VALUE}"));
        }
        if !cursor.eat_symbol(",") {
            return cursor.expect_symbol(")");
        }
    }
}

fn decimal(cursor: &mut Cursor<'_>) -> Result<TypeNameKind, Error> {
    cursor.advance();
    let hint = |mut error: Error, hint: String| {
        error.hint.get_or_insert(hint);
        error
    };
    cursor.expect_symbol("(").map_err(|error| {
        let sizes = "write DECIMAL(precision, scale): how many digits there are, and how many of them behind the point";
        hint(error, sizes.to_owned())
    })?;
    let precision = small_number(cursor)?;
    let ends = cursor.is_symbol(0, ")");
    cursor.expect_symbol(",").map_err(|error| match ends {
        true => hint(
            error,
            format!("write DECIMAL({precision}, 0) for one without digits behind the point"),
        ),
        false => error,
    })?;
    let scale = small_number(cursor)?;
    cursor.expect_symbol(")")?;
    Ok(TypeNameKind::Decimal { precision, scale })
}

fn small_number(cursor: &mut Cursor<'_>) -> Result<u32, Error> {
    let TokenKind::Integer(digits) = cursor.peek(0).clone() else {
        return Err(cursor.expected("INTEGER_VALUE"));
    };
    let number = digits
        .parse()
        .map_err(|_| cursor.invalid_number("", &digits))?;
    cursor.advance();
    Ok(number)
}

fn array(cursor: &mut Cursor<'_>) -> Result<TypeNameKind, Error> {
    cursor.advance();
    cursor.expect_symbol("<")?;
    let element = type_name(cursor)?;
    cursor.expect_symbol(">")?;
    Ok(TypeNameKind::Array(Box::new(element)))
}

fn map(cursor: &mut Cursor<'_>) -> Result<TypeNameKind, Error> {
    cursor.advance();
    cursor.expect_symbol("<")?;
    let key = type_name(cursor)?;
    cursor.expect_symbol(",")?;
    let value = type_name(cursor)?;
    cursor.expect_symbol(">")?;
    Ok(TypeNameKind::Map(Box::new(key), Box::new(value)))
}

fn structure(cursor: &mut Cursor<'_>) -> Result<TypeNameKind, Error> {
    cursor.advance();
    let mut fields = Vec::new();
    if cursor.eat_symbol("<>") {
        return Ok(TypeNameKind::Struct(fields));
    }
    cursor.expect_symbol("<")?;
    if cursor.eat_symbol(">") {
        return Ok(TypeNameKind::Struct(fields));
    }
    loop {
        let name = cursor.identifier()?;
        fields.push((name, type_name(cursor)?));
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(">")?;
    Ok(TypeNameKind::Struct(fields))
}
