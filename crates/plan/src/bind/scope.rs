//! The names that an expression may use, and the columns that were used so far.

use std::{cell::RefCell, collections::BTreeSet};

use datafusion_common::Column as ColumnReference;
use datafusion_expr::Expr;
use weir_catalog::{Catalog, ColumnRole, Source, SqlType};
use weir_functions::Registry;
use weir_sql::{Ident, Span};

use super::{TableCalls, Typed, copies::Copies};
use crate::{Error, ErrorKind, ScanColumn, ScanSource, TableCall};

/// The pseudo column that ksqlDB has not: the record's value as it came. A declared column of that name goes before it.
const RAW_VALUE: &str = "RAW_VALUE";

/// One source under its alias. Every column that is named is noted for the scan, once.
pub struct Scope<'a> {
    source: Option<&'a Source>,
    alias: &'a str,
    pub catalog: &'a Catalog,
    pub functions: &'a Registry,
    /// What the statement may still say twice.
    pub copies: Copies,
    /// The table functions that were called so far.
    pub tables: TableCalls,
    scan: RefCell<Vec<ScanColumn>>,
    /// The names of columns that steps after the scan make.
    made: RefCell<Vec<String>>,
    has_lambdas: bool,
    /// The parameters of the lambdas around what is being bound, the innermost last.
    variables: RefCell<Vec<Vec<(String, SqlType)>>>,
    /// All names that parameters of lambdas have had: no column is called so.
    taken: RefCell<BTreeSet<String>>,
}

impl<'a> Scope<'a> {
    pub fn new(
        source: &'a Source,
        alias: &'a str,
        catalog: &'a Catalog,
        functions: &'a Registry,
    ) -> Self {
        Self {
            source: Some(source),
            alias,
            catalog,
            functions,
            copies: Copies::default(),
            tables: TableCalls::default(),
            scan: RefCell::default(),
            made: RefCell::default(),
            has_lambdas: true,
            variables: RefCell::default(),
            taken: RefCell::default(),
        }
    }

    /// Without any column: INSERT VALUES.
    pub fn without_columns(catalog: &'a Catalog, functions: &'a Registry) -> Self {
        Self {
            source: None,
            alias: "",
            catalog,
            functions,
            copies: Copies::default(),
            tables: TableCalls::default(),
            scan: RefCell::default(),
            made: RefCell::default(),
            has_lambdas: true,
            variables: RefCell::default(),
            taken: RefCell::default(),
        }
    }

    /// As `ksql.lambdas.enabled` says.
    pub fn with_lambdas(self, has_lambdas: bool) -> Self {
        Self {
            has_lambdas,
            ..self
        }
    }

    pub fn has_lambdas(&self) -> bool {
        self.has_lambdas
    }

    /// Whether a column of the source is called so, or one that every source has.
    pub fn is_column(&self, name: &str) -> bool {
        let is_pseudo = ["ROWTIME", "ROWPARTITION", "ROWOFFSET", RAW_VALUE].contains(&name);
        let is_scanned = || self.scan.borrow().iter().any(|column| column.name == name);
        let is_made = || self.made.borrow().iter().any(|made| made == name);
        let is_named = || is_scanned() || is_made();
        let source = self.source;
        source.is_some_and(|source| is_pseudo || source.schema.column(name).is_some() || is_named())
    }

    /// The type of a parameter of a lambda around here.
    pub fn variable(&self, name: &str) -> Option<SqlType> {
        let variables = self.variables.borrow();
        let found = variables
            .iter()
            .flatten()
            .find(|(variable, _)| variable == name);
        found.map(|(_, sql_type)| sql_type.clone())
    }

    /// How many lambdas are around what is being bound.
    pub fn depth(&self) -> usize {
        self.variables.borrow().len()
    }

    /// Whether what is being bound stands in the body of a lambda.
    pub fn is_in_lambda(&self) -> bool {
        !self.variables.borrow().is_empty()
    }

    /// Binds the body of a lambda with these parameters.
    pub fn with_variables<T>(
        &self,
        variables: Vec<(String, SqlType)>,
        bind: impl FnOnce() -> T,
    ) -> T {
        let names = variables.iter().map(|(name, _)| name.clone());
        self.taken.borrow_mut().extend(names);
        self.variables.borrow_mut().push(variables);
        let bound = bind();
        self.variables.borrow_mut().pop();
        bound
    }

    /// What a misspelt property may have meant.
    pub fn nearest_property(name: &str, known: &[&str]) -> Option<String> {
        nearest(name, known).map(|near| format!("did you mean {near}?"))
    }

    /// Whether a column of this origin was named so far.
    pub fn has_named(&self, from: &ScanSource) -> bool {
        self.scan.borrow().iter().any(|column| column.from == *from)
    }

    /// Whether an expression names key columns only, or no column at all.
    pub fn is_of_keys(&self, expression: &Expr) -> bool {
        let scan = self.scan.borrow();
        let is_key = |name: &str| {
            let mut same = scan.iter().filter(|column| column.name == name);
            same.all(|column| matches!(column.from, ScanSource::Key(_)))
        };
        columns_of(expression).iter().all(|name| is_key(name))
    }

    /// The name for a column that a step after the scan makes: `wanted`, or something like it.
    pub fn make(&self, wanted: String) -> String {
        let name = self.unique(wanted);
        self.made.borrow_mut().push(name.clone());
        name
    }

    /// The columns that were named, in the order of their first use, and the table functions that were called.
    pub fn into_parts(self) -> (Vec<ScanColumn>, Vec<TableCall>) {
        (self.scan.into_inner(), self.tables.into_calls())
    }

    pub fn alias(&self) -> &str {
        self.alias
    }

    /// A column and the members behind it, as far as they are members of STRUCTs: one leaf of the scan.
    pub fn path(
        &self,
        qualifier: Option<&Ident>,
        name: &Ident,
        fields: &[&Ident],
        clause: &str,
    ) -> Result<Typed, Error> {
        if qualifier.is_none()
            && fields.is_empty()
            && let Some(sql_type) = self.variable(&name.value)
        {
            let variable = weir_functions::lambda::variable(&name.value, &sql_type);
            return Ok(Typed::new(variable, sql_type));
        }
        let (root, sql_type) = self.root(qualifier, name, clause)?;
        let (mut scan_source, mut sql_type) = (root, sql_type);
        let mut shown = name.value.clone();
        for field in fields {
            let member = member(&sql_type, field, &shown)?;
            match &mut scan_source {
                ScanSource::Value(path) | ScanSource::Key(path) => path.push(field.value.clone()),
                _ => return Err(no_struct(&sql_type, field, &shown)),
            }
            sql_type = member;
            shown = format!("{shown}->{}", field.value);
        }
        Ok(self.note(shown, scan_source, sql_type))
    }

    fn root(
        &self,
        qualifier: Option<&Ident>,
        name: &Ident,
        clause: &str,
    ) -> Result<(ScanSource, SqlType), Error> {
        let Some(source) = self.source else {
            return Err(Error::new(
                ErrorKind::UnknownColumn,
                format!("{clause} column '{}' cannot be resolved: only literals and functions of them may stand here.", name.value),
            )
            .at(name.span));
        };
        let is_here = qualifier.is_none_or(|qualifier| {
            qualifier.value == self.alias || qualifier.value == source.name
        });
        let whole = Span::new(
            qualifier.map_or(name.span.start, |qualifier| qualifier.span.start),
            name.span.end,
        );
        if !is_here {
            let qualifier = qualifier.map_or("", |qualifier| qualifier.value.as_str());
            return Err(Error::new(
                ErrorKind::UnknownColumn,
                format!(
                    "{clause} column '{qualifier}.{}' cannot be resolved.",
                    name.value
                ),
            )
            .saying(whole)
            .hint(format!("the source here is `{}`", self.alias)));
        }
        if let Some(column) = source.schema.column(&name.value) {
            let path = vec![name.value.clone()];
            let from = match &column.role {
                ColumnRole::Key => ScanSource::Key(path),
                ColumnRole::Value => ScanSource::Value(path),
                ColumnRole::Headers => ScanSource::Headers,
                ColumnRole::Header(key) => ScanSource::Header(key.clone()),
            };
            return Ok((from, column.sql_type.clone()));
        }
        match name.value.as_str() {
            "ROWTIME" => Ok((ScanSource::RowTime, SqlType::BigInt)),
            "ROWPARTITION" => Ok((ScanSource::RowPartition, SqlType::Integer)),
            "ROWOFFSET" => Ok((ScanSource::RowOffset, SqlType::BigInt)),
            RAW_VALUE => Ok((ScanSource::RawValue, SqlType::String)),
            bound => match (bound, source.key_format.window) {
                ("WINDOWSTART", Some(window)) => {
                    Ok((ScanSource::WindowStart(window), SqlType::BigInt))
                }
                ("WINDOWEND", Some(window)) => Ok((ScanSource::WindowEnd(window), SqlType::BigInt)),
                _ => Err(self.unknown(source, qualifier, name, clause).saying(whole)),
            },
        }
    }

    fn unknown(
        &self,
        source: &Source,
        qualifier: Option<&Ident>,
        name: &Ident,
        clause: &str,
    ) -> Error {
        let qualifier = qualifier.map_or(String::new(), |one| format!("{}.", one.value));
        let mut error = Error::new(
            ErrorKind::UnknownColumn,
            format!(
                "{clause} column '{qualifier}{}' cannot be resolved.",
                name.value
            ),
        );
        let names: Vec<&str> = source
            .schema
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        error.hint = nearest(&name.value, &names)
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| Some(format!("`{}` has {}", source.name, few(&names))));
        error
    }

    fn note(&self, name: String, from: ScanSource, sql_type: SqlType) -> Typed {
        let known = {
            let scan = self.scan.borrow();
            let known = scan.iter().find(|column| column.from == from);
            known.map(|column| column.name.clone())
        };
        let name = known.unwrap_or_else(|| {
            let unique = self.unique(name);
            self.scan.borrow_mut().push(ScanColumn {
                name: unique.clone(),
                from,
                sql_type: sql_type.clone(),
            });
            unique
        });
        Typed::new(Expr::Column(ColumnReference::from_name(name)), sql_type)
    }

    /// A quoted column may be called like a path, `A->B` beside the member B of A, like a column that is made, or like a
    /// lambda's parameter.
    fn unique(&self, mut name: String) -> String {
        let (scan, made) = (self.scan.borrow(), self.made.borrow());
        let variables = self.taken.borrow();
        let is_taken = |name: &String| {
            let is_scanned = scan.iter().any(|column| column.name == *name);
            is_scanned || made.contains(name) || variables.contains(name)
        };
        while is_taken(&name) {
            name.push('\'');
        }
        name
    }
}

/// The columns that an expression names.
pub fn columns_of(expression: &Expr) -> BTreeSet<String> {
    // Statements nest 256 deep, and debug frames are large.
    stacker::maybe_grow(4 << 20, 16 << 20, || {
        let columns = expression.column_refs().into_iter();
        columns.map(|column| column.name.clone()).collect()
    })
}

/// The type of a member of a STRUCT.
pub fn member(base: &SqlType, field: &Ident, shown: &str) -> Result<SqlType, Error> {
    let SqlType::Struct(fields) = base else {
        return Err(no_struct(base, field, shown));
    };
    if let Some(found) = fields
        .iter()
        .find(|candidate| candidate.name == field.value)
    {
        return Ok(found.sql_type.clone());
    }
    let names: Vec<&str> = fields
        .iter()
        .map(|candidate| candidate.name.as_str())
        .collect();
    let mut error = Error::new(
        ErrorKind::UnknownColumn,
        format!("Could not find field '{}' in '{shown}'.", field.value),
    )
    .at(field.span);
    error.hint = nearest(&field.value, &names)
        .map(|near| format!("did you mean `{near}`?"))
        .or_else(|| Some(format!("its fields are {}", few(&names))));
    Err(error)
}

fn no_struct(base: &SqlType, field: &Ident, shown: &str) -> Error {
    let mut error = Error::new(
        ErrorKind::Type,
        format!(
            "Expected STRUCT type, got: {base}: '{shown}' has no field '{}'.",
            field.value
        ),
    )
    .at(field.span);
    if matches!(base, SqlType::Map(..)) {
        error.hint = Some(format!(
            "the value of a MAP is reached with {shown}['{}']",
            field.value
        ));
    }
    error
}

fn few(names: &[&str]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(8)
        .map(|name| format!("`{name}`"))
        .collect();
    let dots = if names.len() > 8 { ", …" } else { "" };
    format!("{}{dots}", shown.join(", "))
}

/// The name that differs least, if it is near enough to be what was meant.
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let bound = 1 + name.chars().count() / 4;
    let folded = name.to_uppercase();
    candidates
        .iter()
        .map(|candidate| (distance(&folded, &candidate.to_uppercase()), *candidate))
        .filter(|(distance, _)| *distance <= bound)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's, over at most 64 characters of each.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
