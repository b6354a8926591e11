//! Which columns a query needs, and the union that a reader decodes for all of its tasks.
//!
//! ```text
//! Needs of a task ─┐
//! Needs of a task ─┼─▶ Layout: one decoder for each declared format of the key or the value,
//! Needs of a task ─┘           a column for each path and type, a dating for each TIMESTAMP column
//! ```

use std::{collections::HashMap, sync::Arc};

use weir_catalog::{Column, ColumnRole, Format, FormatSpec, Source, SqlType, Window};
use weir_formats::{ColumnRequest, Decoder};
use weir_plan::{ScanColumn, ScanSource};

use crate::{Error, date::TextTime};

/// A key or a value as a statement declared it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Declared {
    pub part: Part,
    pub format: FormatSpec,
    /// In the order of declaration: DELIMITED reads by position.
    pub columns: Vec<Column>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Key,
    Value,
}

/// A part, and the columns that are asked of it.
pub(crate) type Asked = (Arc<Declared>, Vec<Arc<ColumnRequest>>);

/// What one task needs of each record.
#[derive(Debug)]
pub(crate) struct Needs {
    /// The value always: a record that is not in the format at all is bad for every query. The key if a column of it is
    /// named.
    pub parts: Vec<Asked>,
    /// The column that dates rows; the record's own timestamp if absent.
    pub date: Option<Dating>,
    /// By scan column.
    pub columns: Vec<Need>,
}

/// A column that dates rows, and how its texts are read if it is one of texts.
#[derive(Debug)]
pub(crate) struct Dating {
    pub part: Part,
    pub request: Arc<ColumnRequest>,
    pub format: Option<Arc<TextTime>>,
}

/// Where a scan column comes from.
#[derive(Debug, Clone)]
pub(crate) enum Need {
    /// By its place among the requests of the part.
    Decoded(Part, usize),
    Headers,
    Header(String),
    RowTime,
    RowPartition,
    RowOffset,
    WindowStart(Window),
    WindowEnd(Window),
    RawValue,
}

/// What a reader decodes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Layout {
    pub groups: Vec<Group>,
    pub dates: Vec<Date>,
}

/// A column that dates rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Date {
    pub group: usize,
    pub column: usize,
    pub format: Option<Arc<TextTime>>,
    /// The group that tells whether the value is NULL as a whole.
    pub value: usize,
}

/// What one decoder does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub declared: Declared,
    pub requests: Vec<ColumnRequest>,
}

impl Declared {
    pub fn new(source: &Source, part: Part) -> Self {
        let (format, role) = match part {
            Part::Key => (&source.key_format, ColumnRole::Key),
            Part::Value => (&source.value_format, ColumnRole::Value),
        };
        let columns = source.schema.columns.iter();
        let columns = columns.filter(|column| column.role == role).cloned();
        Self::of(part, format, columns.collect())
    }

    pub fn of(part: Part, format: &FormatSpec, columns: Vec<Column>) -> Self {
        let mut format = format.clone();
        // A key of one column never stands inside an object.
        format.wrap_single &= part == Part::Value || columns.len() > 1;
        Self {
            part,
            format,
            columns,
        }
    }

    pub fn decoder(&self, requests: &[ColumnRequest]) -> Result<Decoder, Error> {
        Decoder::try_new(&self.format, &self.columns, requests)
            .map_err(|error| Error::user(error.message))
    }

    /// Whether one decoder serves both. Members of a JSON object are found by name: other members do not matter.
    pub fn is_served_with(&self, other: &Self) -> bool {
        let is_object = |declared: &Self| declared.columns.len() > 1 || declared.format.wrap_single;
        let by_name = self.format.format == Format::Json && is_object(self) && is_object(other);
        self.part == other.part
            && if by_name {
                other.format.format == Format::Json && self.format.window == other.format.window
            } else {
                self.format == other.format && self.columns == other.columns
            }
    }
}

impl Needs {
    /// What `scan` asks of the records of `source`.
    pub fn new(source: &Source, scan: &[ScanColumn]) -> Result<Self, Error> {
        let (mut of_value, mut of_key) = <(Requests, Requests)>::default();
        let columns = scan.iter().map(|column| {
            let request = |path: &Vec<String>| {
                Arc::new(ColumnRequest {
                    path: path.clone(),
                    sql_type: column.sql_type.clone(),
                })
            };
            match &column.from {
                ScanSource::Value(path) => {
                    Need::Decoded(Part::Value, of_value.place(request(path)))
                }
                ScanSource::Key(path) => Need::Decoded(Part::Key, of_key.place(request(path))),
                ScanSource::Headers => Need::Headers,
                ScanSource::Header(key) => Need::Header(key.clone()),
                ScanSource::RowTime => Need::RowTime,
                ScanSource::RowPartition => Need::RowPartition,
                ScanSource::RowOffset => Need::RowOffset,
                ScanSource::WindowStart(window) => Need::WindowStart(*window),
                ScanSource::WindowEnd(window) => Need::WindowEnd(*window),
                ScanSource::RawValue => Need::RawValue,
            }
        });
        let columns = columns.collect();
        let date = date_of(source)?;
        if let Some(date) = &date {
            let requests = match date.part {
                Part::Value => &mut of_value,
                Part::Key => &mut of_key,
            };
            requests.place(date.request.clone());
        }
        let declared = |part| Arc::new(Declared::new(source, part));
        // Many queries keep theirs for long.
        let mut parts = Vec::with_capacity(1 + usize::from(!of_key.0.is_empty()));
        of_value.0.shrink_to_fit();
        parts.push((declared(Part::Value), of_value.0));
        if !of_key.0.is_empty() {
            of_key.0.shrink_to_fit();
            parts.push((declared(Part::Key), of_key.0));
        }
        Ok(Self {
            parts,
            date,
            columns,
        })
    }

    /// What is asked of a part, and how it is declared.
    pub fn of_part(&self, part: Part) -> Option<&Asked> {
        self.parts
            .iter()
            .find(|(declared, _)| declared.part == part)
    }
}

/// Columns, each once.
#[derive(Default)]
struct Requests(Vec<Arc<ColumnRequest>>);

impl Requests {
    fn place(&mut self, request: Arc<ColumnRequest>) -> usize {
        let known = self.0.iter().position(|known| *known == request);
        known.unwrap_or_else(|| {
            self.0.push(request);
            self.0.len() - 1
        })
    }
}

/// The column that the source's TIMESTAMP property names.
fn date_of(source: &Source) -> Result<Option<Dating>, Error> {
    let Some(timestamp) = &source.timestamp else {
        return Ok(None);
    };
    let column = source.schema.column(&timestamp.column).ok_or_else(|| {
        Error::user(format!(
            "The TIMESTAMP column set in the WITH clause does not exist in the schema: '{}'",
            timestamp.column
        ))
    })?;
    let refuse = || {
        Err(Error::user(format!(
            "Timestamp column, `{}`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified.",
            column.name
        )))
    };
    let format = match (&column.sql_type, &timestamp.format) {
        (SqlType::String, Some(format)) => Some(Arc::new(TextTime::try_new(format)?)),
        (SqlType::BigInt | SqlType::Timestamp, _) => None,
        _ => return refuse(),
    };
    let part = match &column.role {
        ColumnRole::Key => Part::Key,
        ColumnRole::Value => Part::Value,
        _ => return refuse(),
    };
    let request = Arc::new(ColumnRequest {
        path: vec![column.name.clone()],
        sql_type: column.sql_type.clone(),
    });
    Ok(Some(Dating {
        part,
        request,
        format,
    }))
}

impl Layout {
    /// The union of what tasks need: each column once.
    pub fn union<'a>(all: impl IntoIterator<Item = &'a Needs>) -> Self {
        let mut layout = Self::default();
        let mut known: Vec<HashMap<Arc<ColumnRequest>, usize>> = Vec::new();
        for needs in all {
            for (declared, requests) in &needs.parts {
                let group = layout.group(declared).unwrap_or_else(|| {
                    known.push(HashMap::new());
                    layout.groups.push(Group {
                        declared: Declared::clone(declared),
                        requests: Vec::new(),
                    });
                    layout.groups.len() - 1
                });
                let requested = &mut layout.groups[group].requests;
                for request in requests {
                    known[group].entry(request.clone()).or_insert_with(|| {
                        requested.push(ColumnRequest::clone(request));
                        requested.len() - 1
                    });
                }
            }
            if let Some(date) = layout.date(needs)
                && !layout.dates.contains(&date)
            {
                layout.dates.push(date);
            }
        }
        layout
    }

    /// How many times a record's value is decoded: once, unless it is declared in formats that exclude one another.
    pub fn values(&self) -> usize {
        let groups = self.groups.iter();
        groups
            .filter(|group| group.declared.part == Part::Value)
            .count()
    }

    pub fn group(&self, declared: &Declared) -> Option<usize> {
        self.groups
            .iter()
            .position(|group| group.declared.is_served_with(declared))
    }

    /// Group and column of what `needs` asks for in `part`.
    pub fn place(
        &self,
        needs: &Needs,
        part: Part,
        request: &ColumnRequest,
    ) -> Option<(usize, usize)> {
        let (declared, _) = needs.of_part(part)?;
        let group = self.group(declared)?;
        let requests = &self.groups[group].requests;
        let column = requests.iter().position(|known| known == request)?;
        Some((group, column))
    }

    pub fn date(&self, needs: &Needs) -> Option<Date> {
        let dating = needs.date.as_ref()?;
        let (group, column) = self.place(needs, dating.part, &dating.request)?;
        let (value, _) = needs.of_part(Part::Value)?;
        let value = self.group(value)?;
        Some(Date {
            group,
            column,
            format: dating.format.clone(),
            value,
        })
    }
}
