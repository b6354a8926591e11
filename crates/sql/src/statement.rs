//! Statements: everything that ends in a semicolon.

use std::fmt;

use crate::{
    Expression, Ident, Span,
    deep::deep,
    expression::{Literal, TimeUnit},
};

#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    CreateSource(CreateSource),
    CreateAsSelect(CreateAsSelect),
    InsertSelect(InsertSelect),
    InsertValues(InsertValues),
    Select(Query),
    Print(Print),
    Show(Show),
    /// `DESCRIBE src [EXTENDED]`.
    Describe {
        source: Ident,
        is_extended: bool,
    },
    DescribeFunction {
        name: Ident,
    },
    Explain(Explain),
    DropSource(DropSource),
    AlterSource(AlterSource),
    CreateType {
        name: Ident,
        if_not_exists: bool,
        definition: TypeName,
    },
    DropType {
        name: Ident,
        if_exists: bool,
    },
    Terminate(QueryTarget),
    Pause(QueryTarget),
    Resume(QueryTarget),
    Set {
        name: String,
        value: String,
    },
    Unset {
        name: String,
    },
    AlterSystem {
        name: String,
        value: String,
    },
    Define {
        name: Ident,
        value: String,
    },
    Undefine {
        name: Ident,
    },
    RunScript {
        path: String,
    },
    AssertTopic(AssertTopic),
    AssertSchema(AssertSchema),
    AssertValues(AssertValues),
    AssertNullValues(AssertValues),
    /// `ASSERT STREAM|TABLE …`: the source must be as declared here.
    AssertSource(CreateSource),
    /// `ASSERT COUNT n IN source`: so many records are in the source's topic.
    AssertCount {
        count: u64,
        source: Ident,
    },
    /// Statements about Kafka Connect, which parse so that they can be refused by name.
    Connector {
        statement: &'static str,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    Stream,
    Table,
}

/// `CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] name (columns) WITH (properties)`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateSource {
    pub kind: SourceKind,
    pub or_replace: bool,
    pub is_source: bool,
    pub if_not_exists: bool,
    pub name: Ident,
    pub columns: Vec<ColumnDefinition>,
    pub properties: Properties,
}

/// `CREATE [OR REPLACE] STREAM|TABLE [IF NOT EXISTS] name [WITH (properties)] AS query`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateAsSelect {
    pub kind: SourceKind,
    pub or_replace: bool,
    pub if_not_exists: bool,
    pub name: Ident,
    pub properties: Properties,
    pub query: Query,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDefinition {
    pub name: Ident,
    pub type_name: TypeName,
    pub role: ColumnRole,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnRole {
    Value,
    Key,
    PrimaryKey,
    Headers,
    /// `HEADER('key')`.
    Header(String),
}

/// A type as written; [`TypeNameKind::Named`] is a user's own.
pub struct TypeName {
    pub kind: TypeNameKind,
    pub span: Span,
}

// By hand, since what is derived descends without a look at the stack.
impl Clone for TypeName {
    fn clone(&self) -> Self {
        deep(|| Self {
            kind: self.kind.clone(),
            span: self.span,
        })
    }
}

impl PartialEq for TypeName {
    fn eq(&self, other: &Self) -> bool {
        deep(|| self.kind == other.kind)
    }
}

impl fmt::Debug for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        deep(|| self.kind.fmt(f))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum TypeNameKind {
    Boolean,
    Integer,
    BigInt,
    Double,
    Decimal { precision: u32, scale: u32 },
    String,
    Bytes,
    Time,
    Date,
    Timestamp,
    Array(Box<TypeName>),
    Map(Box<TypeName>, Box<TypeName>),
    Struct(Vec<(Ident, TypeName)>),
    Named(Ident),
}

/// The entries of a WITH clause, in the order written; names are upper-cased.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Properties {
    pub entries: Vec<Property>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    pub name: Ident,
    pub value: Literal,
    pub value_span: Span,
}

impl Properties {
    /// The last entry of this name; `name` is in upper case.
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.entries
            .iter()
            .rev()
            .find(|entry| entry.name.value == name)
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// `INSERT INTO target [WITH (QUERY_ID = …)] query`.
#[derive(Debug, Clone, PartialEq)]
pub struct InsertSelect {
    pub target: Ident,
    pub properties: Properties,
    pub query: Query,
}

/// `INSERT INTO target [(columns)] VALUES (values)`.
#[derive(Debug, Clone, PartialEq)]
pub struct InsertValues {
    pub target: Ident,
    pub columns: Vec<Ident>,
    pub values: Vec<Expression>,
}

/// `SELECT … FROM …`, alone or behind AS.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub items: Vec<SelectItem>,
    pub from: Relation,
    pub window: Option<Window>,
    pub filter: Option<Expression>,
    pub group_by: Option<Vec<Expression>>,
    pub partition_by: Option<Vec<Expression>>,
    pub having: Option<Expression>,
    /// `None`: a pull query, or the query of a persistent statement.
    pub emit: Option<Emit>,
    pub limit: Option<u64>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emit {
    Changes,
    Final,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// `*` or `source.*`.
    All { source: Option<Ident>, span: Span },
    /// `expression->*`.
    AllFields(Expression),
    Expression {
        expression: Expression,
        alias: Option<Ident>,
    },
}

/// `FROM source [AS alias] {join}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    pub first: AliasedSource,
    pub joins: Vec<Join>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AliasedSource {
    pub name: Ident,
    pub alias: Option<Ident>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    pub kind: JoinKind,
    pub source: AliasedSource,
    pub within: Option<Within>,
    pub condition: Expression,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

/// `WITHIN n unit` has `before == after`.
#[derive(Debug, Clone, PartialEq)]
pub struct Within {
    pub before: TimeSpan,
    pub after: TimeSpan,
    pub grace: Option<TimeSpan>,
}

/// `3 HOURS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    pub amount: u64,
    pub unit: TimeUnit,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    pub name: Option<Ident>,
    pub kind: WindowKind,
    pub retention: Option<TimeSpan>,
    pub grace: Option<TimeSpan>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    Tumbling { size: TimeSpan },
    Hopping { size: TimeSpan, advance: TimeSpan },
    Session { gap: TimeSpan },
}

/// `PRINT topic [FROM BEGINNING] [INTERVAL n] [LIMIT n]`; the topic's name is not folded.
#[derive(Debug, Clone, PartialEq)]
pub struct Print {
    pub topic: Ident,
    pub from_beginning: bool,
    pub interval: Option<u64>,
    pub limit: Option<u64>,
}

/// `SHOW` and `LIST` are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show {
    Topics { all: bool, is_extended: bool },
    Streams { is_extended: bool },
    Tables { is_extended: bool },
    Queries { is_extended: bool },
    Functions,
    Properties,
    Types,
    Variables,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Explain {
    Query(Ident),
    Statement(Box<Statement>),
}

/// `DROP STREAM|TABLE [IF EXISTS] name [DELETE TOPIC]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DropSource {
    pub kind: SourceKind,
    pub name: Ident,
    pub if_exists: bool,
    pub delete_topic: bool,
}

/// `ALTER STREAM|TABLE name ADD COLUMN …`.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterSource {
    pub kind: SourceKind,
    pub name: Ident,
    pub columns: Vec<(Ident, TypeName)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryTarget {
    All,
    Query(Ident),
}

#[derive(Debug, Clone, PartialEq)]
pub struct AssertTopic {
    pub topic: Ident,
    pub must_exist: bool,
    pub properties: Properties,
    pub timeout: Option<TimeSpan>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AssertSchema {
    pub subject: Option<Ident>,
    pub id: Option<i32>,
    pub must_exist: bool,
    pub timeout: Option<TimeSpan>,
}

/// `ASSERT VALUES source (columns) VALUES (…)`, or with KEY for a tombstone.
#[derive(Debug, Clone, PartialEq)]
pub struct AssertValues {
    pub source: Ident,
    pub columns: Vec<Ident>,
    pub values: Vec<Expression>,
}
