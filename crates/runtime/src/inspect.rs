//! Records of a topic as the columns of a source, one at a time: for those who look at what came out.

use arrow::array::{ArrayRef, new_null_array};
use weir_catalog::{Column, ColumnRole, Source};
use weir_formats::{ColumnRequest, Decoder};
use weir_kafka::Record;

use crate::{
    Error,
    batch::Batch,
    layout::{Declared, Layout, Part},
};

/// Decodes some columns of a source.
#[derive(Debug)]
pub struct Inspector {
    key: Decoder,
    value: Decoder,
    columns: Vec<(Column, Place)>,
}

/// Where a column comes from.
#[derive(Debug, Clone, Copy)]
enum Place {
    Key(usize),
    Value(usize),
    Header,
}

/// One record.
#[derive(Debug)]
pub struct Inspected {
    /// Of one row each, in the order of the columns that were asked for.
    pub columns: Vec<ArrayRef>,
    /// Whether its value is NULL as a whole.
    pub is_tombstone: bool,
    /// Why the record is bad for these columns; they are NULL then.
    pub misfit: Option<String>,
}

impl Inspector {
    pub fn try_new(source: &Source, columns: &[Column]) -> Result<Self, Error> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            let request = ColumnRequest {
                path: vec![column.name.clone()],
                sql_type: column.sql_type.clone(),
            };
            let place = match column.role {
                ColumnRole::Key => {
                    keys.push(request);
                    Place::Key(keys.len() - 1)
                }
                ColumnRole::Value => {
                    values.push(request);
                    Place::Value(values.len() - 1)
                }
                ColumnRole::Headers | ColumnRole::Header(_) => Place::Header,
            };
            places.push((column.clone(), place));
        }
        Ok(Self {
            key: Declared::new(source, Part::Key).decoder(&keys)?,
            value: Declared::new(source, Part::Value).decoder(&values)?,
            columns: places,
        })
    }

    pub fn inspect(&mut self, record: &Record) -> Inspected {
        let key = self.key.decode(&[record.key.as_deref()]);
        let value = self.value.decode(&[record.value.as_deref()]);
        let has_keys = !key.columns.is_empty();
        // A key that nobody asked for is not looked at.
        let misfits = key.misfits.iter().filter(|_| has_keys);
        let misfit = misfits.chain(&value.misfits).next();
        let layout = std::sync::Arc::new(Layout::default());
        let span = (record.offset, record.offset + 1);
        let records = vec![record.clone()];
        let batch = Batch::new(0, span, records, layout, Vec::new(), Vec::new());
        let columns = self.columns.iter().map(|(column, place)| match place {
            Place::Key(index) => key.columns[*index].clone(),
            Place::Value(index) => value.columns[*index].clone(),
            Place::Header => match &column.role {
                ColumnRole::Header(key) => batch.header(key),
                ColumnRole::Headers => batch.headers(),
                ColumnRole::Key | ColumnRole::Value => {
                    new_null_array(&column.sql_type.to_arrow(), 1)
                }
            },
        });
        Inspected {
            columns: columns.collect(),
            is_tombstone: value.is_null.value(0),
            misfit: misfit.map(|misfit| misfit.reason.message.clone()),
        }
    }
}
