//! What the same job costs with other tools: the literal alone, and two JSON decoders before the same predicate.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, StringBuilder},
    datatypes::{DataType, Field, Schema},
    record_batch::RecordBatch,
};
use bytes::Bytes;
use memchr::memmem;

use crate::{bench::measure::Work, failure::Failure};

/// How many records a batch has, for all that decode.
pub const BATCH: usize = 2048;

/// A column that the predicate reads: the names of the members down to it, as they stand in the events.
pub type Path = Vec<String>;

/// How many rows of a batch match; the columns are in the order of the paths.
pub type Predicate<'a> = dyn FnMut(&RecordBatch) -> Result<u64, Failure> + 'a;

/// Looks for one literal in the raw bytes: no decoder can be faster than this.
pub fn literal(events: &[Bytes], needle: &str) -> Work {
    let finder = memmem::Finder::new(needle);
    let mut work = Work::default();
    for event in events {
        work.events += 1;
        work.bytes += event.len() as u64;
        work.matches += u64::from(finder.find(event).is_some());
    }
    work
}

/// `serde_json::Value`, then the members by name.
pub fn serde_json(
    events: &[Bytes],
    paths: &[Path],
    schema: &Arc<Schema>,
    predicate: &mut Predicate<'_>,
) -> Result<Work, Failure> {
    let mut work = Work::default();
    for chunk in events.chunks(BATCH) {
        let mut builders: Vec<StringBuilder> = paths.iter().map(|_| StringBuilder::new()).collect();
        for event in chunk {
            work.bytes += event.len() as u64;
            let Ok(value) = serde_json::from_slice::<serde_json::Value>(event) else {
                work.skipped += 1;
                builders.iter_mut().for_each(StringBuilder::append_null);
                continue;
            };
            for (path, builder) in paths.iter().zip(&mut builders) {
                let found = path.iter().try_fold(&value, |value, name| value.get(name));
                match found {
                    None | Some(serde_json::Value::Null) => builder.append_null(),
                    Some(serde_json::Value::String(text)) => builder.append_value(text),
                    Some(other) => builder.append_value(other.to_string()),
                }
            }
        }
        let columns = builders
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef)
            .collect();
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(Failure::new)?;
        work.events += chunk.len() as u64;
        work.matches += predicate(&batch)?;
    }
    Ok(work)
}

/// Arrow's own JSON reader with a schema of just these members.
pub fn arrow_json(
    events: &[Bytes],
    paths: &[Path],
    schema: &Arc<Schema>,
    predicate: &mut Predicate<'_>,
) -> Result<Work, Failure> {
    let nested = Arc::new(Schema::new(nest(paths)));
    let mut decoder = arrow_json::ReaderBuilder::new(nested)
        .with_batch_size(BATCH)
        .with_coerce_primitive(true)
        .build_decoder()
        .map_err(Failure::new)?;
    let mut work = Work::default();
    for chunk in events.chunks(BATCH) {
        // An event that is no JSON is skipped by the others; this reader stops at it.
        let cannot = |error: &dyn std::fmt::Display, place: usize| {
            let number = work.events + place as u64 + 1;
            Failure::new(format!("arrow-json cannot decode event {number}: {error}"))
        };
        for (place, event) in chunk.iter().enumerate() {
            // One record a batch row: the decoder takes the bytes as they are.
            decoder
                .decode(event)
                .map_err(|error| cannot(&error, place))?;
        }
        let batch = decoder.flush();
        let batch = batch.map_err(|error| cannot(&error, chunk.len() - 1))?;
        work.bytes += chunk.iter().map(|event| event.len() as u64).sum::<u64>();
        let Some(batch) = batch else { continue };
        let columns = paths
            .iter()
            .map(|path| column(&batch, path))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Failure::new("arrow-json gave another schema than it was asked for"))?;
        let flat = RecordBatch::try_new(schema.clone(), columns).map_err(Failure::new)?;
        work.events += chunk.len() as u64;
        work.skipped += (chunk.len() - batch.num_rows()) as u64;
        work.matches += predicate(&flat)?;
    }
    Ok(work)
}

/// The paths as nested fields, every leaf a text.
fn nest(paths: &[Path]) -> Vec<Field> {
    let mut fields: Vec<(String, Vec<Path>)> = Vec::new();
    for path in paths {
        let Some((name, rest)) = path.split_first() else {
            continue;
        };
        match fields.iter_mut().find(|(existing, _)| existing == name) {
            Some((_, children)) => children.push(rest.to_vec()),
            None => fields.push((name.clone(), vec![rest.to_vec()])),
        }
    }
    fields
        .into_iter()
        .map(|(name, children)| {
            let is_leaf = children.iter().all(Vec::is_empty);
            let data_type = if is_leaf {
                DataType::Utf8
            } else {
                DataType::Struct(nest(&children).into())
            };
            Field::new(name, data_type, true)
        })
        .collect()
}

/// The leaf at the end of a path; NULL where a STRUCT above it is NULL (arrow-json nulls the members itself).
fn column(batch: &RecordBatch, path: &Path) -> Option<ArrayRef> {
    let (first, rest) = path.split_first()?;
    let mut array = batch.column_by_name(first)?.clone();
    for name in rest {
        let structure = array
            .as_any()
            .downcast_ref::<arrow::array::StructArray>()?
            .clone();
        array = structure.column_by_name(name)?.clone();
    }
    Some(array)
}
