//! The select list: names, keys and values of the result.
//!
//! A persistent query's result has the keys that the rows have, its source's or those of PARTITION BY: each of them is
//! selected exactly once, and what is selected as it is becomes the key column. Rows that go to a client have columns only.

use weir_catalog::{Column, ColumnRole, Schema, Source, SqlType};
use weir_sql::{
    Expression, ExpressionKind, Ident, Span,
    statement::{Query, SelectItem},
};

use crate::{
    Error, ErrorKind, ProjectedColumn,
    bind::{self, Scope, Typed},
    create_source::RESERVED_COLUMNS,
    names::Names,
    partition_by::PartitionBy,
};

/// What becomes of the keys of the rows.
#[derive(Debug)]
pub enum Keys {
    /// They are columns like all others.
    AreColumns,
    /// Each exactly once, as it is.
    MustBeSelected {
        sink: String,
        /// The stream that is there already, for INSERT INTO.
        target: Option<Schema>,
        order: KeyOrder,
    },
}

/// In which order the key columns of the result stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrder {
    /// As the rows have them.
    OfTheRows,
    OfTheSelectList,
}

/// The names of the items of a select list, one for each that is an expression.
pub struct ItemNames(Vec<Option<String>>);

impl ItemNames {
    /// Refuses names that the engine keeps for itself.
    pub fn try_new(query: &Query, source: &Source, keys: &Keys) -> Result<Self, Error> {
        let mut names = Names::new(&source.schema);
        let names = query.items.iter().map(|item| {
            let SelectItem::Expression { expression, alias } = item else {
                return Ok(None);
            };
            let (name, span) = match (alias, &expression.kind) {
                (Some(alias), _) => (alias.value.clone(), alias.span),
                (None, ExpressionKind::Column { name, .. }) => (name.value.clone(), name.span),
                (None, _) => (names.name(expression), expression.span),
            };
            check_reserved(&name, expression, keys).map_err(|error| error.at(span))?;
            Ok(Some(name))
        });
        names.collect::<Result<_, Error>>().map(Self)
    }
}

fn check_reserved(name: &str, expression: &Expression, keys: &Keys) -> Result<(), Error> {
    let is_name = |reserved: &&&str| reserved.eq_ignore_ascii_case(name);
    let Some(reserved) = RESERVED_COLUMNS.iter().find(is_name) else {
        return Ok(());
    };
    let is_itself = match &expression.kind {
        ExpressionKind::Column { name: column, .. } => column.value.eq_ignore_ascii_case(name),
        _ => false,
    };
    let message = match (is_itself, keys) {
        (true, Keys::AreColumns) => return Ok(()),
        (true, Keys::MustBeSelected { .. }) => format!(
            "Reserved column name in select: `{reserved}`. Please remove or alias the column."
        ),
        (false, _) => format!(
            "`{reserved}` is a reserved column name. You cannot use it as an alias for a column."
        ),
    };
    Err(Error::new(ErrorKind::Invalid, message))
}

/// A select list being bound.
pub struct Projection<'a> {
    pub source: &'a Source,
    pub scope: &'a Scope<'a>,
    pub keys: &'a Keys,
    pub partition_by: Option<&'a PartitionBy>,
}

/// The columns of the result.
pub struct Projected {
    pub columns: Vec<ProjectedColumn>,
    /// Keys that are not selected: of all that can be wrong with a statement ksqlDB finds this last.
    pub missing: Option<Error>,
}

/// A column of the result.
struct Item {
    name: String,
    sql_type: SqlType,
    expression: datafusion_expr::Expr,
    /// Which key of the rows it is, as it is.
    key: Option<usize>,
}

impl Projection<'_> {
    pub fn columns(&self, query: &Query, names: ItemNames) -> Result<Projected, Error> {
        let mut items = Vec::new();
        for (place, (item, name)) in query.items.iter().zip(names.0).enumerate() {
            match item {
                SelectItem::All { source, span } => {
                    self.check_source(source.as_ref(), *span)?;
                    self.all(&mut items)?;
                }
                SelectItem::AllFields(base) => self.all_fields(base, &mut items)?,
                SelectItem::Expression { expression, .. } => {
                    let name = name.unwrap_or_default();
                    items.push(self.item(name, expression, place)?);
                }
            }
        }
        self.check(&items).map_err(|error| error.at(query.span))?;
        let missing = self.missing_keys(&items).map(|error| error.at(query.span));
        Ok(Projected {
            columns: self.in_order(items),
            missing,
        })
    }

    fn check_source(&self, source: Option<&Ident>, span: Span) -> Result<(), Error> {
        let is_here =
            |name: &Ident| name.value == self.scope.alias() || name.value == self.source.name;
        match source.filter(|name| !is_here(name)) {
            None => Ok(()),
            Some(unknown) => Err(Error::new(
                ErrorKind::UnknownSource,
                format!(
                    "'{}' is not a valid stream/table name or alias.",
                    unknown.value
                ),
            )
            .at(span)),
        }
    }

    /// Keys, values, headers. After PARTITION BY the new keys, values, headers, old keys.
    fn all(&self, items: &mut Vec<Item>) -> Result<(), Error> {
        let schema = &self.source.schema;
        let of = |role: fn(&ColumnRole) -> bool| {
            let columns = schema.columns.iter();
            columns.filter(move |column| role(&column.role))
        };
        let values = of(|role| *role == ColumnRole::Value);
        let headers = of(|role| matches!(role, ColumnRole::Headers | ColumnRole::Header(_)));
        let Some(partition_by) = self.partition_by else {
            for (key, column) in schema.keys().enumerate() {
                items.push(self.of_source(column, Some(key))?);
            }
            // A sink has them where its source has: behind the key.
            let has_bounds = self.source.key_format.window.is_some();
            if has_bounds && matches!(self.keys, Keys::AreColumns) {
                for name in ["WINDOWSTART", "WINDOWEND"] {
                    items.push(self.of_source(&Column::value(name, SqlType::BigInt), None)?);
                }
            }
            for column in values.chain(headers) {
                items.push(self.of_source(column, None)?);
            }
            return Ok(());
        };
        let is_key = |column: &&Column| {
            let mut keys = partition_by.keys.iter();
            keys.any(|key| key.name == column.name)
        };
        for (place, key) in partition_by.keys.iter().enumerate() {
            items.push(Item {
                name: key.name.clone(),
                sql_type: key.sql_type().clone(),
                expression: key.key.reference(),
                key: Some(place),
            });
        }
        let rest = values.chain(headers).chain(schema.keys());
        for column in rest.filter(|column| !is_key(column)) {
            items.push(self.of_source(column, None)?);
        }
        Ok(())
    }

    fn of_source(&self, column: &Column, key: Option<usize>) -> Result<Item, Error> {
        let name = Ident::new(column.name.clone(), Span::default());
        let bound = self.scope.path(None, &name, &[], "SELECT")?;
        Ok(Item {
            name: column.name.clone(),
            sql_type: column.sql_type.clone(),
            expression: bound.expr,
            key,
        })
    }

    fn all_fields(&self, base: &Expression, items: &mut Vec<Item>) -> Result<(), Error> {
        let bound = bind::expression(base, self.scope, "SELECT")?;
        let Some(SqlType::Struct(fields)) = &bound.sql_type else {
            return Err(Error::new(
                ErrorKind::Type,
                format!(
                    "Cannot use '->*' on {}: it is {}, not a STRUCT.",
                    bind::shown(base),
                    bound.type_name()
                ),
            )
            .at(base.span));
        };
        for field in fields.iter() {
            let member = Expression {
                kind: ExpressionKind::Dereference {
                    base: Box::new(base.clone()),
                    field: Ident::new(field.name.clone(), base.span),
                },
                span: base.span,
            };
            let bound = bind::expression(&member, self.scope, "SELECT")?;
            items.push(value(field.name.clone(), &member, bound)?);
        }
        Ok(())
    }

    /// `place` is that of the item in the select list.
    fn item(&self, name: String, expression: &Expression, place: usize) -> Result<Item, Error> {
        let Some(partition_by) = self.partition_by else {
            let bound = bind::expression(expression, self.scope, "SELECT")?;
            let bound = self.as_target(expression, bound, place)?;
            let key = self.source_key(expression);
            return Ok(Item {
                key,
                ..value(name, expression, bound)?
            });
        };
        match partition_by.place(expression) {
            Some(key) => Ok(Item {
                name,
                sql_type: partition_by.keys[key].sql_type().clone(),
                expression: partition_by.keys[key].key.reference(),
                key: Some(key),
            }),
            None => {
                let bound = bind::expression(expression, self.scope, "SELECT")?;
                let bound = self.as_target(expression, bound, place)?;
                value(name, expression, bound)
            }
        }
    }

    fn source_key(&self, expression: &Expression) -> Option<usize> {
        let ExpressionKind::Column { name, .. } = &expression.kind else {
            return None;
        };
        let mut keys = self.source.schema.keys();
        keys.position(|key| key.name == name.value)
    }

    /// A number literal for a DECIMAL column of the stream that is inserted into, if it fits there.
    fn as_target(
        &self,
        expression: &Expression,
        bound: Typed,
        place: usize,
    ) -> Result<Typed, Error> {
        let Keys::MustBeSelected {
            target: Some(target),
            ..
        } = self.keys
        else {
            return Ok(bound);
        };
        match target.keys_first().nth(place) {
            Some(column) => Ok(bind::literal_as_decimal(
                expression,
                bound,
                &column.sql_type,
            )),
            None => Ok(bound),
        }
    }

    fn check(&self, items: &[Item]) -> Result<(), Error> {
        self.check_names(items)?;
        if let Keys::AreColumns = self.keys {
            return Ok(());
        }
        for (place, key) in self.key_names().iter().enumerate() {
            let aliases = items.iter().filter(|item| item.key == Some(place));
            let mut aliases: Vec<&str> = aliases.map(|item| item.name.as_str()).collect();
            aliases.sort_unstable();
            if aliases.len() > 1 {
                return Err(Error::new(
                    ErrorKind::Key,
                    format!(
                        "The projection contains a key column (`{key}`) more than once, aliased as: {}.\nEach key column must only be in the projection once. If you intended to copy the key into the value, then consider using the AS_VALUE function to indicate which key reference should be copied.",
                        joined(&aliases)
                    ),
                ));
            }
        }
        if items.iter().all(|item| item.key.is_some()) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "The projection contains no value columns.",
            ));
        }
        Ok(())
    }

    /// Why these are not all the keys that must be selected.
    fn missing_keys(&self, items: &[Item]) -> Option<Error> {
        let Keys::MustBeSelected { sink, .. } = self.keys else {
            return None;
        };
        let names = self.key_names();
        let is_selected = |place| items.iter().any(|item| item.key == Some(place));
        if (0..names.len()).all(is_selected) {
            return None;
        }
        Some(match self.partition_by {
            Some(partition_by) => {
                missing_keys(sink, "partitioning expression", &partition_by.shown())
            }
            None => missing_keys(sink, "key column", &names),
        })
    }

    fn check_names(&self, items: &[Item]) -> Result<(), Error> {
        for (index, item) in items.iter().enumerate() {
            let mut same = items[..index].iter();
            let Some(earlier) = same.find(|earlier| earlier.name == item.name) else {
                continue;
            };
            let (kind, role) = match (earlier.key, item.key) {
                (Some(_), Some(_)) => ("key", " KEY"),
                _ => ("value", ""),
            };
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "Duplicate {kind} columns found in schema: `{}` {}{role}",
                    item.name, item.sql_type
                ),
            )
            .hint("give one of them another name with AS"));
        }
        Ok(())
    }

    /// Of the keys that the rows have.
    fn key_names(&self) -> Vec<String> {
        match self.partition_by {
            Some(partition_by) => {
                let keys = partition_by.keys.iter();
                keys.map(|key| key.name.clone()).collect()
            }
            None => {
                let keys = self.source.schema.keys();
                keys.map(|key| key.name.clone()).collect()
            }
        }
    }

    /// The sink's key columns come first, whatever the order of the list.
    fn in_order(&self, mut items: Vec<Item>) -> Vec<ProjectedColumn> {
        let order = match self.keys {
            Keys::AreColumns => None,
            Keys::MustBeSelected { order, .. } => Some(order),
        };
        match order {
            None => {}
            Some(KeyOrder::OfTheRows) => items.sort_by_key(|item| item.key.unwrap_or(usize::MAX)),
            Some(KeyOrder::OfTheSelectList) => items.sort_by_key(|item| item.key.is_none()),
        }
        let column = |item: Item| ProjectedColumn {
            column: Column {
                name: item.name,
                sql_type: item.sql_type,
                role: match (order, item.key) {
                    (Some(_), Some(_)) => ColumnRole::Key,
                    _ => ColumnRole::Value,
                },
            },
            expression: item.expression,
        };
        items.into_iter().map(column).collect()
    }
}

fn value(name: String, expression: &Expression, bound: Typed) -> Result<Item, Error> {
    let sql_type = bound.sql_type.ok_or_else(|| {
        Error::new(
            ErrorKind::Type,
            "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
        )
        .at(expression.span)
    })?;
    Ok(Item {
        name,
        sql_type,
        expression: bound.expr,
        key: None,
    })
}

fn missing_keys(sink: &str, what: &str, keys: &[String]) -> Error {
    let plural = if keys.len() == 1 { "" } else { "s" };
    Error::new(
        ErrorKind::Key,
        format!(
            "Key{plural} missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `{sink}` must include the {what}{plural} {} in its projection (eg, SELECT {}...).",
            joined(keys),
            keys.join(", ")
        ),
    )
}

/// `a, b and c`.
fn joined<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [before @ .., last] if !before.is_empty() => {
            format!("{} and {last}", before.join(", "))
        }
        names => names.join(""),
    }
}
