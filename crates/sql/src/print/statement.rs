//! Statements, one clause after the other.

use std::fmt::{self, Display, Formatter, Write};

use super::{Quoted, separated};
use crate::{
    Statement,
    statement::{
        AlterSource, AssertSchema, AssertTopic, AssertValues, ColumnDefinition, ColumnRole,
        CreateAsSelect, CreateSource, DropSource, Emit, Explain, JoinKind, Print, Properties,
        Query, QueryTarget, Relation, SelectItem, Show, SourceKind, TimeSpan, Window, WindowKind,
        Within,
    },
};

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateSource(create) => create_source(f, create),
            Self::CreateAsSelect(create) => create_as(f, create),
            Self::InsertSelect(insert) => write!(
                f,
                "INSERT INTO {}{} {}",
                insert.target, insert.properties, insert.query
            ),
            Self::InsertValues(insert) => {
                write!(f, "INSERT INTO {}", insert.target)?;
                names(f, &insert.columns)?;
                f.write_str(" VALUES (")?;
                separated(f, &insert.values, ", ", |f, value| write!(f, "{value}"))?;
                f.write_char(')')
            }
            Self::Select(query) => write!(f, "{query}"),
            Self::Print(statement) => print(f, statement),
            Self::Show(what) => write!(f, "SHOW {what}"),
            // FUNCTION without quotes would begin another statement.
            Self::Describe {
                source,
                is_extended,
            } if source.value == "FUNCTION" => {
                write!(f, "DESCRIBE `FUNCTION`{}", extended(*is_extended))
            }
            Self::Describe {
                source,
                is_extended,
            } => write!(f, "DESCRIBE {source}{}", extended(*is_extended)),
            Self::DescribeFunction { name } => write!(f, "DESCRIBE FUNCTION {name}"),
            Self::Explain(Explain::Query(id)) => write!(f, "EXPLAIN {id}"),
            Self::Explain(Explain::Statement(statement)) => write!(f, "EXPLAIN {statement}"),
            Self::DropSource(statement) => drop_source(f, statement),
            Self::AlterSource(statement) => alter(f, statement),
            Self::CreateType {
                name,
                if_not_exists,
                definition,
            } => {
                let condition = if *if_not_exists { "IF NOT EXISTS " } else { "" };
                write!(f, "CREATE TYPE {condition}{name} AS {definition}")
            }
            Self::DropType { name, if_exists } => {
                write!(
                    f,
                    "DROP TYPE {}{name}",
                    if *if_exists { "IF EXISTS " } else { "" }
                )
            }
            _ => session(f, self),
        }
    }
}

/// Statements about queries, the session, and assertions.
fn session(f: &mut Formatter<'_>, statement: &Statement) -> fmt::Result {
    match statement {
        Statement::Terminate(target) => write!(f, "TERMINATE {target}"),
        Statement::Pause(target) => write!(f, "PAUSE {target}"),
        Statement::Resume(target) => write!(f, "RESUME {target}"),
        Statement::Set { name, value } => write!(f, "SET {} = {}", Quoted(name), Quoted(value)),
        Statement::Unset { name } => write!(f, "UNSET {}", Quoted(name)),
        Statement::AlterSystem { name, value } => {
            write!(f, "ALTER SYSTEM {} = {}", Quoted(name), Quoted(value))
        }
        Statement::Define { name, value } => write!(f, "DEFINE {} = {}", name.value, Quoted(value)),
        Statement::Undefine { name } => write!(f, "UNDEFINE {}", name.value),
        Statement::RunScript { path } => write!(f, "RUN SCRIPT {}", Quoted(path)),
        Statement::AssertTopic(assert) => assert_topic(f, assert),
        Statement::AssertSchema(assert) => assert_schema(f, assert),
        Statement::AssertValues(assert) => assert_values(f, assert, "VALUES", "VALUES"),
        Statement::AssertNullValues(assert) => assert_values(f, assert, "NULL VALUES", "KEY"),
        Statement::AssertCount { count, source } => {
            write!(f, "ASSERT COUNT {count} IN {source}")
        }
        Statement::AssertSource(source) => {
            write!(f, "ASSERT {} {}", source.kind, source.name)?;
            columns(f, &source.columns)?;
            write!(f, "{}", source.properties)
        }
        Statement::Connector { statement } => f.write_str(statement),
        _ => Ok(()),
    }
}

fn create_source(f: &mut Formatter<'_>, create: &CreateSource) -> fmt::Result {
    write!(
        f,
        "CREATE {}{}{} {}{}",
        if create.or_replace { "OR REPLACE " } else { "" },
        if create.is_source { "SOURCE " } else { "" },
        create.kind,
        if create.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        },
        create.name
    )?;
    columns(f, &create.columns)?;
    write!(f, "{}", create.properties)
}

fn create_as(f: &mut Formatter<'_>, create: &CreateAsSelect) -> fmt::Result {
    write!(
        f,
        "CREATE {}{} {}{}{} AS {}",
        if create.or_replace { "OR REPLACE " } else { "" },
        create.kind,
        if create.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        },
        create.name,
        create.properties,
        create.query
    )
}

fn columns(f: &mut Formatter<'_>, columns: &[ColumnDefinition]) -> fmt::Result {
    if columns.is_empty() {
        return Ok(());
    }
    f.write_str(" (")?;
    separated(f, columns, ", ", |f, column| {
        write!(f, "{} {}", column.name, column.type_name)?;
        match &column.role {
            ColumnRole::Value => Ok(()),
            ColumnRole::Key => f.write_str(" KEY"),
            ColumnRole::PrimaryKey => f.write_str(" PRIMARY KEY"),
            ColumnRole::Headers => f.write_str(" HEADERS"),
            ColumnRole::Header(key) => write!(f, " HEADER({})", Quoted(key)),
        }
    })?;
    f.write_char(')')
}

/// ` WITH (…)`, or nothing.
impl Display for Properties {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        f.write_str(" WITH (")?;
        separated(f, &self.entries, ", ", |f, entry| {
            write!(f, "{} = {}", entry.name, entry.value)
        })?;
        f.write_char(')')
    }
}

fn names(f: &mut Formatter<'_>, names: &[crate::Ident]) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    f.write_str(" (")?;
    separated(f, names, ", ", |f, name| write!(f, "{name}"))?;
    f.write_char(')')
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("SELECT ")?;
        separated(f, &self.items, ", ", |f, item| write!(f, "{item}"))?;
        write!(f, " FROM {}", self.from)?;
        if let Some(window) = &self.window {
            write!(f, " WINDOW {window}")?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        for (words, keys) in [
            ("GROUP BY", &self.group_by),
            ("PARTITION BY", &self.partition_by),
        ] {
            if let Some(keys) = keys {
                write!(f, " {words} (")?;
                separated(f, keys, ", ", |f, key| write!(f, "{key}"))?;
                f.write_char(')')?;
            }
        }
        if let Some(having) = &self.having {
            write!(f, " HAVING {having}")?;
        }
        match self.emit {
            Some(Emit::Changes) => f.write_str(" EMIT CHANGES")?,
            Some(Emit::Final) => f.write_str(" EMIT FINAL")?,
            None => {}
        }
        self.limit
            .map_or(Ok(()), |limit| write!(f, " LIMIT {limit}"))
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All { source: None, .. } => f.write_char('*'),
            Self::All {
                source: Some(source),
                ..
            } => write!(f, "{source}.*"),
            // What is read before `->*` binds as tightly as an access does.
            Self::AllFields(expression) => write!(f, "{expression}->*"),
            Self::Expression {
                expression,
                alias: Some(alias),
            } => write!(f, "{expression} AS {alias}"),
            Self::Expression {
                expression,
                alias: None,
            } => write!(f, "{expression}"),
        }
    }
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let aliased =
            |f: &mut Formatter<'_>, source: &crate::statement::AliasedSource| match &source.alias {
                Some(alias) => write!(f, "{} AS {alias}", source.name),
                None => write!(f, "{}", source.name),
            };
        aliased(f, &self.first)?;
        for join in &self.joins {
            let kind = match join.kind {
                JoinKind::Inner => "INNER",
                JoinKind::Left => "LEFT",
                JoinKind::Right => "RIGHT",
                JoinKind::Full => "FULL",
            };
            write!(f, " {kind} JOIN ")?;
            aliased(f, &join.source)?;
            if let Some(Within {
                before,
                after,
                grace,
            }) = &join.within
            {
                if before == after {
                    write!(f, " WITHIN {before}")?;
                } else {
                    write!(f, " WITHIN ({before}, {after})")?;
                }
                if let Some(grace) = grace {
                    write!(f, " GRACE PERIOD {grace}")?;
                }
            }
            write!(f, " ON {}", join.condition)?;
        }
        Ok(())
    }
}

impl Display for TimeSpan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit)
    }
}

impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name} ")?;
        }
        match self.kind {
            WindowKind::Tumbling { size } => write!(f, "TUMBLING (SIZE {size}")?,
            WindowKind::Hopping { size, advance } => {
                write!(f, "HOPPING (SIZE {size}, ADVANCE BY {advance}")?
            }
            WindowKind::Session { gap } => write!(f, "SESSION ({gap}")?,
        }
        if let Some(retention) = self.retention {
            write!(f, ", RETENTION {retention}")?;
        }
        if let Some(grace) = self.grace {
            write!(f, ", GRACE PERIOD {grace}")?;
        }
        f.write_char(')')
    }
}

fn print(f: &mut Formatter<'_>, print: &Print) -> fmt::Result {
    write!(f, "PRINT `{}`", print.topic.value.replace('`', "``"))?;
    if print.from_beginning {
        f.write_str(" FROM BEGINNING")?;
    }
    if let Some(interval) = print.interval {
        write!(f, " INTERVAL {interval}")?;
    }
    print
        .limit
        .map_or(Ok(()), |limit| write!(f, " LIMIT {limit}"))
}

fn extended(is_extended: bool) -> &'static str {
    if is_extended { " EXTENDED" } else { "" }
}

impl Display for Show {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topics { all, is_extended } => {
                write!(
                    f,
                    "{}TOPICS{}",
                    if *all { "ALL " } else { "" },
                    extended(*is_extended)
                )
            }
            Self::Streams { is_extended } => write!(f, "STREAMS{}", extended(*is_extended)),
            Self::Tables { is_extended } => write!(f, "TABLES{}", extended(*is_extended)),
            Self::Queries { is_extended } => write!(f, "QUERIES{}", extended(*is_extended)),
            Self::Functions => f.write_str("FUNCTIONS"),
            Self::Properties => f.write_str("PROPERTIES"),
            Self::Types => f.write_str("TYPES"),
            Self::Variables => f.write_str("VARIABLES"),
        }
    }
}

fn drop_source(f: &mut Formatter<'_>, statement: &DropSource) -> fmt::Result {
    let condition = if statement.if_exists {
        "IF EXISTS "
    } else {
        ""
    };
    let delete = if statement.delete_topic {
        " DELETE TOPIC"
    } else {
        ""
    };
    write!(
        f,
        "DROP {} {condition}{}{delete}",
        statement.kind, statement.name
    )
}

fn alter(f: &mut Formatter<'_>, statement: &AlterSource) -> fmt::Result {
    write!(f, "ALTER {} {} ", statement.kind, statement.name)?;
    separated(f, &statement.columns, ", ", |f, (name, type_name)| {
        write!(f, "ADD COLUMN {name} {type_name}")
    })
}

impl Display for QueryTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("ALL"),
            Self::Query(id) => write!(f, "{id}"),
        }
    }
}

impl Display for SourceKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "STREAM",
            Self::Table => "TABLE",
        })
    }
}

fn assert_topic(f: &mut Formatter<'_>, assert: &AssertTopic) -> fmt::Result {
    let not = if assert.must_exist { "" } else { "NOT EXISTS " };
    write!(
        f,
        "ASSERT {not}TOPIC {}{}",
        Quoted(&assert.topic.value),
        assert.properties
    )?;
    timeout(f, assert.timeout)
}

fn assert_schema(f: &mut Formatter<'_>, assert: &AssertSchema) -> fmt::Result {
    let not = if assert.must_exist { "" } else { "NOT EXISTS " };
    write!(f, "ASSERT {not}SCHEMA")?;
    if let Some(subject) = &assert.subject {
        write!(f, " SUBJECT {}", Quoted(&subject.value))?;
    }
    if let Some(id) = assert.id {
        write!(f, " ID {id}")?;
    }
    timeout(f, assert.timeout)
}

fn timeout(f: &mut Formatter<'_>, timeout: Option<TimeSpan>) -> fmt::Result {
    timeout.map_or(Ok(()), |timeout| write!(f, " TIMEOUT {timeout}"))
}

fn assert_values(
    f: &mut Formatter<'_>,
    assert: &AssertValues,
    before: &str,
    between: &str,
) -> fmt::Result {
    write!(f, "ASSERT {before} {}", assert.source)?;
    names(f, &assert.columns)?;
    write!(f, " {between} (")?;
    separated(f, &assert.values, ", ", |f, value| write!(f, "{value}"))?;
    f.write_char(')')
}
