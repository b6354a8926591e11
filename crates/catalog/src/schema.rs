//! The columns of a source or of a result.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SqlType;

/// Columns in the order of declaration; [`Schema::keys`] and [`Schema::values`] pick by role.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schema {
    pub columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub sql_type: SqlType,
    pub role: ColumnRole,
}

/// Which part of a record a column is read from and written to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnRole {
    Key,
    Value,
    /// All headers, as `ARRAY<STRUCT<KEY STRING, VALUE BYTES>>`.
    Headers,
    /// The last header of this key, as BYTES.
    Header(String),
}

impl Schema {
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns }
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub fn keys(&self) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(|column| column.role == ColumnRole::Key)
    }

    pub fn values(&self) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(|column| column.role == ColumnRole::Value)
    }

    /// Key columns, then the others, each in the order of declaration: what DESCRIBE and `*` show.
    pub fn keys_first(&self) -> impl Iterator<Item = &Column> {
        let others = |column: &&Column| column.role != ColumnRole::Key;
        self.keys().chain(self.columns.iter().filter(others))
    }
}

impl Column {
    pub fn key(name: impl Into<String>, sql_type: SqlType) -> Self {
        Self {
            name: name.into(),
            sql_type,
            role: ColumnRole::Key,
        }
    }

    pub fn value(name: impl Into<String>, sql_type: SqlType) -> Self {
        Self {
            name: name.into(),
            sql_type,
            role: ColumnRole::Value,
        }
    }
}

/// `` `K` STRING KEY, `V` INTEGER ``, keys first.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, column) in self.keys_first().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{column}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name.replace('`', "``"), self.sql_type)?;
        match &self.role {
            ColumnRole::Key => f.write_str(" KEY"),
            ColumnRole::Value => Ok(()),
            ColumnRole::Headers => f.write_str(" HEADERS"),
            ColumnRole::Header(key) => write!(f, " HEADER('{}')", key.replace('\'', "''")),
        }
    }
}
