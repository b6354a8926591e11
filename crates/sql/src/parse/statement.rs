//! Statements by their first words.

use super::{
    cursor::Cursor,
    primary::{list, number},
    query::{query, time_span},
    types::type_name,
};
use crate::{
    Error, Expression, Ident, Statement,
    expression::Literal,
    lexer::TokenKind,
    statement::{
        AlterSource, AssertSchema, AssertTopic, AssertValues, ColumnDefinition, ColumnRole,
        CreateAsSelect, CreateSource, DropSource, Explain, InsertSelect, InsertValues, Print,
        Properties, Property, QueryTarget, Show, SourceKind,
    },
};

pub fn statement(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    let TokenKind::Word(word) = cursor.peek(0) else {
        return Err(cursor.unknown_statement());
    };
    match word.to_ascii_uppercase().as_str() {
        "SELECT" => query(cursor).map(Statement::Select),
        "CREATE" => create(cursor),
        "INSERT" => insert(cursor),
        "PRINT" => print(cursor),
        "SHOW" | "LIST" => show(cursor),
        "DESCRIBE" => describe(cursor),
        "EXPLAIN" => explain(cursor),
        "DROP" => drop(cursor),
        "ALTER" => alter(cursor),
        "TERMINATE" => query_target(cursor).map(Statement::Terminate),
        "PAUSE" => query_target(cursor).map(Statement::Pause),
        "RESUME" => query_target(cursor).map(Statement::Resume),
        "SET" => {
            cursor.advance();
            let (name, value) = assignment(cursor)?;
            Ok(Statement::Set { name, value })
        }
        "UNSET" => {
            cursor.advance();
            Ok(Statement::Unset {
                name: cursor.string()?,
            })
        }
        "DEFINE" => {
            cursor.advance();
            let name = variable_name(cursor)?;
            cursor.expect_symbol("=")?;
            Ok(Statement::Define {
                name,
                value: cursor.string()?,
            })
        }
        "UNDEFINE" => {
            cursor.advance();
            Ok(Statement::Undefine {
                name: variable_name(cursor)?,
            })
        }
        "RUN" => {
            cursor.advance();
            cursor.expect("SCRIPT")?;
            Ok(Statement::RunScript {
                path: cursor.string()?,
            })
        }
        "ASSERT" => assert(cursor),
        _ => Err(cursor.unknown_statement()),
    }
}

/// Any unquoted word, keywords too: `DEFINE format = 'JSON'`.
fn variable_name(cursor: &mut Cursor<'_>) -> Result<Ident, Error> {
    match cursor.peek(0) {
        TokenKind::Word(word) if !word.starts_with(|first: char| first.is_ascii_digit()) => {
            let name = Ident::new(word.to_ascii_uppercase(), cursor.span());
            cursor.advance();
            Ok(name)
        }
        _ => Err(cursor.expected("IDENTIFIER")),
    }
}

fn assignment(cursor: &mut Cursor<'_>) -> Result<(String, String), Error> {
    let name = cursor.string()?;
    cursor.expect_symbol("=")?;
    Ok((name, cursor.string()?))
}

fn create(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    if let Some(connector) = connector(cursor, "CREATE") {
        return connector;
    }
    if cursor.eat("TYPE") {
        let if_not_exists = cursor.eat_all(&["IF", "NOT", "EXISTS"]);
        let name = cursor.identifier()?;
        cursor.expect("AS")?;
        return Ok(Statement::CreateType {
            name,
            if_not_exists,
            definition: type_name(cursor)?,
        });
    }
    let or_replace = cursor.eat_all(&["OR", "REPLACE"]);
    let is_source = cursor.eat("SOURCE");
    let kind = source_kind(cursor)?;
    let if_not_exists = cursor.eat_all(&["IF", "NOT", "EXISTS"]);
    let name = cursor.source_name()?;
    let columns = if cursor.is_symbol(0, "(") {
        columns(cursor)?
    } else {
        Vec::new()
    };
    let properties = properties(cursor)?;
    if columns.is_empty() && !is_source && cursor.eat("AS") {
        let query = query(cursor)?;
        return Ok(Statement::CreateAsSelect(CreateAsSelect {
            kind,
            or_replace,
            if_not_exists,
            name,
            properties,
            query,
        }));
    }
    Ok(Statement::CreateSource(CreateSource {
        kind,
        or_replace,
        is_source,
        if_not_exists,
        name,
        columns,
        properties,
    }))
}

fn source_kind(cursor: &mut Cursor<'_>) -> Result<SourceKind, Error> {
    if cursor.eat("STREAM") {
        Ok(SourceKind::Stream)
    } else if cursor.eat("TABLE") {
        Ok(SourceKind::Table)
    } else {
        Err(cursor.no_viable("STREAM or TABLE"))
    }
}

/// Statements about connectors are read to their end, so that they can be refused by name.
fn connector(cursor: &mut Cursor<'_>, verb: &str) -> Option<Result<Statement, Error>> {
    let ahead = usize::from(cursor.is_word(0, "SOURCE") || cursor.is_word(0, "SINK"));
    let is_connector = ["CONNECTOR", "CONNECTORS"]
        .iter()
        .any(|word| cursor.is_word(ahead, word));
    if !is_connector {
        return None;
    }
    while !cursor.is_end() {
        cursor.advance();
    }
    let statement = match verb {
        "CREATE" => "CREATE CONNECTOR",
        "DROP" => "DROP CONNECTOR",
        "DESCRIBE" => "DESCRIBE CONNECTOR",
        _ => "SHOW CONNECTORS",
    };
    Some(Ok(Statement::Connector { statement }))
}

fn columns(cursor: &mut Cursor<'_>) -> Result<Vec<ColumnDefinition>, Error> {
    cursor.expect_symbol("(")?;
    let mut columns = Vec::new();
    loop {
        let start = cursor.span();
        let name = cursor.identifier()?;
        let type_name = type_name(cursor)?;
        let role = column_role(cursor)?;
        columns.push(ColumnDefinition {
            name,
            type_name,
            role,
            span: cursor.span_from(start),
        });
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(")")?;
    Ok(columns)
}

fn column_role(cursor: &mut Cursor<'_>) -> Result<ColumnRole, Error> {
    if cursor.eat_all(&["PRIMARY", "KEY"]) {
        return Ok(ColumnRole::PrimaryKey);
    }
    if cursor.eat("KEY") {
        return Ok(ColumnRole::Key);
    }
    if cursor.eat("HEADERS") {
        return Ok(ColumnRole::Headers);
    }
    if cursor.eat("HEADER") {
        cursor.expect_symbol("(")?;
        let key = cursor.string()?;
        cursor.expect_symbol(")")?;
        return Ok(ColumnRole::Header(key));
    }
    Ok(ColumnRole::Value)
}

/// `WITH (name = literal, …)`, or nothing.
fn properties(cursor: &mut Cursor<'_>) -> Result<Properties, Error> {
    let mut entries = Vec::new();
    if !cursor.eat("WITH") {
        return Ok(Properties { entries });
    }
    cursor.expect_symbol("(")?;
    loop {
        let span = cursor.span();
        let name = match cursor.peek(0).clone() {
            TokenKind::String(name) => {
                cursor.advance();
                Ident::new(name, span)
            }
            _ => cursor.identifier()?,
        };
        let name = Ident::new(name.value.to_uppercase(), name.span);
        cursor.expect_symbol("=")?;
        let value_span = cursor.span();
        let value = property_value(cursor)?;
        entries.push(Property {
            name,
            value,
            value_span,
        });
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(")")?;
    Ok(Properties { entries })
}

fn property_value(cursor: &mut Cursor<'_>) -> Result<Literal, Error> {
    let is_negative = cursor.eat_symbol("-");
    let literal = match cursor.peek(0).clone() {
        TokenKind::String(text) if !is_negative => Literal::String(text),
        TokenKind::Word(word) if !is_negative => match word.to_ascii_uppercase().as_str() {
            "TRUE" => Literal::Boolean(true),
            "FALSE" => Literal::Boolean(false),
            "NULL" => Literal::Null,
            _ => return Err(cursor.expected("a literal")),
        },
        _ => return number(cursor, is_negative),
    };
    cursor.advance();
    Ok(literal)
}

fn insert(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    cursor.expect("INTO")?;
    let target = cursor.source_name()?;
    if cursor.is_word(0, "WITH") || cursor.is_word(0, "SELECT") {
        let properties = properties(cursor)?;
        return Ok(Statement::InsertSelect(InsertSelect {
            target,
            properties,
            query: query(cursor)?,
        }));
    }
    let columns = if cursor.is_symbol(0, "(") {
        names(cursor)?
    } else {
        Vec::new()
    };
    cursor.expect("VALUES")?;
    let values = values(cursor)?;
    Ok(Statement::InsertValues(InsertValues {
        target,
        columns,
        values,
    }))
}

/// `(name, …)`.
fn names(cursor: &mut Cursor<'_>) -> Result<Vec<Ident>, Error> {
    cursor.expect_symbol("(")?;
    let mut names = vec![cursor.identifier()?];
    while cursor.eat_symbol(",") {
        names.push(cursor.identifier()?);
    }
    cursor.expect_symbol(")")?;
    Ok(names)
}

/// `(expression, …)`; whether there are enough of them is the planner's to say.
fn values(cursor: &mut Cursor<'_>) -> Result<Vec<Expression>, Error> {
    cursor.expect_symbol("(")?;
    if cursor.eat_symbol(")") {
        return Ok(Vec::new());
    }
    list(cursor, ")")
}

fn print(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    let topic = cursor.name_as_written()?;
    let from_beginning = cursor.eat_all(&["FROM", "BEGINNING"]);
    let mut interval = None;
    if cursor.eat("INTERVAL") || cursor.eat("SAMPLE") {
        interval = Some(cursor.number()?);
    }
    let limit = if cursor.eat("LIMIT") {
        Some(cursor.number()?)
    } else {
        None
    };
    Ok(Statement::Print(Print {
        topic,
        from_beginning,
        interval,
        limit,
    }))
}

/// What there is to show.
const SHOWN: &str =
    "TOPICS, STREAMS, TABLES, QUERIES, FUNCTIONS, PROPERTIES, TYPES, VARIABLES, CONNECTORS";

fn show(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    if let Some(connector) = connector(cursor, "SHOW") {
        return connector;
    }
    let all = cursor.is_word(0, "ALL") && cursor.is_word(1, "TOPICS") && cursor.eat("ALL");
    let TokenKind::Word(word) = cursor.peek(0).clone() else {
        return Err(cursor.no_viable(SHOWN));
    };
    let what = word.to_ascii_uppercase();
    if !SHOWN.split(", ").any(|word| word == what) {
        return Err(cursor.no_viable(SHOWN));
    }
    cursor.advance();
    let mut is_extended = || cursor.eat("EXTENDED");
    Ok(Statement::Show(match what.as_str() {
        "TOPICS" => Show::Topics {
            all,
            is_extended: is_extended(),
        },
        "STREAMS" => Show::Streams {
            is_extended: is_extended(),
        },
        "TABLES" => Show::Tables {
            is_extended: is_extended(),
        },
        "QUERIES" => Show::Queries {
            is_extended: is_extended(),
        },
        "FUNCTIONS" => Show::Functions,
        "PROPERTIES" => Show::Properties,
        "TYPES" => Show::Types,
        _ => Show::Variables,
    }))
}

fn describe(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    if let Some(connector) = connector(cursor, "DESCRIBE") {
        return connector;
    }
    if cursor.eat("STREAMS") {
        return Ok(Statement::Show(Show::Streams {
            is_extended: cursor.eat("EXTENDED"),
        }));
    }
    // A source may be called FUNCTION, a function cannot be called EXTENDED.
    if cursor.is_word(0, "FUNCTION") && cursor.is_identifier(1) {
        cursor.advance();
        return Ok(Statement::DescribeFunction {
            name: cursor.identifier()?,
        });
    }
    let source = cursor.source_name()?;
    Ok(Statement::Describe {
        source,
        is_extended: cursor.eat("EXTENDED"),
    })
}

fn explain(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    // Words such as SHOW and SET are names too: alone they are the id of a query.
    let is_alone = match cursor.peek(1) {
        TokenKind::End => true,
        TokenKind::Symbol(symbol) => *symbol == ";",
        _ => false,
    };
    if matches!(cursor.peek(0), TokenKind::Word(_)) && !is_alone {
        if cursor.is_word(0, "EXPLAIN") {
            return Err(cursor.no_viable("a statement that runs a query"));
        }
        let inner = Box::new(statement(cursor)?);
        return Ok(Statement::Explain(Explain::Statement(inner)));
    }
    Ok(Statement::Explain(Explain::Query(cursor.identifier()?)))
}

fn drop(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    if let Some(connector) = connector(cursor, "DROP") {
        return connector;
    }
    if cursor.eat("TYPE") {
        let if_exists = cursor.eat_all(&["IF", "EXISTS"]);
        return Ok(Statement::DropType {
            name: cursor.identifier()?,
            if_exists,
        });
    }
    let kind = source_kind(cursor)?;
    let if_exists = cursor.eat_all(&["IF", "EXISTS"]);
    let name = cursor.source_name()?;
    let delete_topic = cursor.eat_all(&["DELETE", "TOPIC"]);
    Ok(Statement::DropSource(DropSource {
        kind,
        name,
        if_exists,
        delete_topic,
    }))
}

fn alter(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    if cursor.eat("SYSTEM") {
        let (name, value) = assignment(cursor)?;
        return Ok(Statement::AlterSystem { name, value });
    }
    let kind = source_kind(cursor)?;
    let name = cursor.source_name()?;
    let mut columns = Vec::new();
    loop {
        cursor.expect("ADD")?;
        // `ADD column INT` adds a column of that name.
        let is_name = matches!(
            cursor.peek(2),
            TokenKind::End | TokenKind::Symbol(";" | "," | "(" | "<")
        );
        if !is_name {
            cursor.eat("COLUMN");
        }
        let column = cursor.identifier()?;
        columns.push((column, type_name(cursor)?));
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    Ok(Statement::AlterSource(AlterSource {
        kind,
        name,
        columns,
    }))
}

fn query_target(cursor: &mut Cursor<'_>) -> Result<QueryTarget, Error> {
    cursor.advance();
    if cursor.eat("ALL") {
        return Ok(QueryTarget::All);
    }
    cursor.identifier().map(QueryTarget::Query)
}

fn assert(cursor: &mut Cursor<'_>) -> Result<Statement, Error> {
    cursor.advance();
    let is_null = cursor.eat_all(&["NULL", "VALUES"]);
    if is_null || cursor.eat("VALUES") {
        let source = cursor.source_name()?;
        let columns = if cursor.is_symbol(0, "(") {
            names(cursor)?
        } else {
            Vec::new()
        };
        cursor.expect(if is_null { "KEY" } else { "VALUES" })?;
        let assert = AssertValues {
            source,
            columns,
            values: values(cursor)?,
        };
        return Ok(if is_null {
            Statement::AssertNullValues(assert)
        } else {
            Statement::AssertValues(assert)
        });
    }
    if cursor.eat("COUNT") {
        let count = cursor.number()?;
        cursor.expect("IN")?;
        let source = cursor.source_name()?;
        return Ok(Statement::AssertCount { count, source });
    }
    let must_exist = !cursor.eat_all(&["NOT", "EXISTS"]);
    if cursor.eat("TOPIC") {
        let topic = cursor.name_as_written()?;
        let properties = properties(cursor)?;
        let timeout = timeout(cursor)?;
        return Ok(Statement::AssertTopic(AssertTopic {
            topic,
            must_exist,
            properties,
            timeout,
        }));
    }
    if cursor.eat("SCHEMA") {
        let subject = if cursor.eat("SUBJECT") {
            Some(cursor.name_as_written()?)
        } else {
            None
        };
        let id = if cursor.eat("ID") {
            Some(cursor.number()?)
        } else {
            None
        };
        let id = id
            .map(|id| i32::try_from(id).map_err(|_| cursor.invalid_number("", &id.to_string())))
            .transpose()?;
        let timeout = timeout(cursor)?;
        return Ok(Statement::AssertSchema(AssertSchema {
            subject,
            id,
            must_exist,
            timeout,
        }));
    }
    if !must_exist {
        return Err(cursor.no_viable("TOPIC or SCHEMA"));
    }
    let kind = source_kind(cursor)?;
    let name = cursor.source_name()?;
    let columns = if cursor.is_symbol(0, "(") {
        columns(cursor)?
    } else {
        Vec::new()
    };
    Ok(Statement::AssertSource(CreateSource {
        kind,
        or_replace: false,
        is_source: false,
        if_not_exists: false,
        name,
        columns,
        properties: properties(cursor)?,
    }))
}

fn timeout(cursor: &mut Cursor<'_>) -> Result<Option<crate::statement::TimeSpan>, Error> {
    if cursor.eat("TIMEOUT") {
        time_span(cursor).map(Some)
    } else {
        Ok(None)
    }
}
