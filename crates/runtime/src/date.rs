//! Step 3: when each record happened.
//!
//! A record's time is its own timestamp, or what stands in the column that the source's TIMESTAMP property names: a number
//! or a timestamp, or a text that is read by TIMESTAMP_FORMAT. A record whose value is NULL has no such column: it keeps its
//! own timestamp. A time that is NULL, unreadable or negative is marked here, and set aside by the tasks that go by it.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array},
    compute::{kernels::zip::zip, min},
    datatypes::{DataType, Int64Type, TimestampMillisecondType},
};
use weir_formats::Decoded;
use weir_functions::time_pattern::{Pattern, Zone};
use weir_kafka::Record;

use crate::{Error, batch::Times, layout::Layout};

/// How much of a text that is no timestamp an error repeats, in characters.
const SHOWN: usize = 100;

/// A TIMESTAMP_FORMAT: how texts say when. Those that name no zone are in the server's.
#[derive(Debug)]
pub(crate) struct TextTime {
    format: String,
    pattern: Pattern,
    zone: Zone,
}

impl TextTime {
    pub fn try_new(format: &str) -> Result<Self, Error> {
        let pattern = Pattern::try_new(format).map_err(|reason| {
            Error::user(format!(
                "Invalid datetime format for config:TIMESTAMP_FORMAT, reason:{reason}"
            ))
        })?;
        Ok(Self {
            format: format.to_owned(),
            pattern,
            zone: Zone::server(),
        })
    }

    /// Milliseconds since 1970.
    pub fn read(&self, text: &str) -> Option<i64> {
        self.pattern.read_timestamp(text, &self.zone)
    }

    /// Why there is no time.
    pub fn problem(&self, text: &str) -> String {
        let shown: String = text.chars().take(SHOWN).collect();
        let format = &self.format;
        format!("Unable to parse string timestamp. timestamp={shown} timestamp_format={format}")
    }

    fn times(&self, column: &ArrayRef) -> Option<Int64Array> {
        let texts = column.as_string_opt::<i32>()?;
        Some(texts.iter().map(|text| self.read(text?)).collect())
    }
}

/// They read alike.
impl PartialEq for TextTime {
    fn eq(&self, other: &Self) -> bool {
        self.format == other.format
    }
}

/// What dates the records of a batch: their own timestamps, then each column that the layout has for it.
pub(crate) fn all(
    layout: &Layout,
    parts: &[Decoded],
    records: &[Record],
) -> Result<Vec<Times>, Error> {
    let own = by_record(records);
    let dated = layout.dates.iter().map(|from| {
        by_column(
            &parts[from.group].columns[from.column],
            from.format.as_ref(),
            &parts[from.value].is_null,
            &own,
        )
    });
    let mut times = dated.collect::<Result<Vec<_>, _>>()?;
    times.insert(0, own);
    Ok(times)
}

/// The timestamps that the records carry.
fn by_record(records: &[Record]) -> Times {
    let times = records.iter().map(|record| record.timestamp);
    Times::new(Int64Array::from_iter_values(times))
}

/// The values of a BIGINT or TIMESTAMP column, or of a STRING column with a format.
fn by_column(
    column: &ArrayRef,
    format: Option<&Arc<TextTime>>,
    is_null_value: &BooleanArray,
    by_record: &Times,
) -> Result<Times, Error> {
    let times = match (column.data_type(), format) {
        (DataType::Int64, _) => Some(column.as_primitive::<Int64Type>().clone()),
        (_, Some(format)) => format.times(column),
        _ => column
            .as_primitive_opt::<TimestampMillisecondType>()
            .map(|times| times.reinterpret_cast::<Int64Type>()),
    };
    let mut times = times.ok_or_else(|| {
        Error::internal(format!("a {} column cannot date rows", column.data_type()))
    })?;
    if is_null_value.true_count() > 0 {
        let dated = zip(is_null_value, &*by_record.times, &times)?;
        times = dated.as_primitive::<Int64Type>().clone();
    }
    let texts = format.map(|format| (column.clone(), format.clone()));
    Ok(Times {
        texts,
        ..Times::new(times)
    })
}

impl Times {
    fn new(times: Int64Array) -> Self {
        let has_bad = times.null_count() > 0 || min(&times).is_some_and(|lowest| lowest < 0);
        Self {
            times: Arc::new(times),
            has_bad,
            texts: None,
        }
    }

    /// Why a record cannot be dated; `None` if it can.
    pub fn problem(&self, row: usize) -> Option<(&'static str, String)> {
        if self.times.is_null(row) {
            return Some(match self.unreadable(row) {
                Some(why) => ("timestamp_unreadable", why),
                None => (
                    "timestamp_null",
                    "the column that dates the row is NULL".to_owned(),
                ),
            });
        }
        let time = self.times.value(row);
        let reason = || format!("the row's time is before 1970: {time}");
        (time < 0).then(|| ("timestamp_negative", reason()))
    }

    fn unreadable(&self, row: usize) -> Option<String> {
        let (column, format) = self.texts.as_ref()?;
        let text = column.as_string_opt::<i32>()?;
        text.is_valid(row).then(|| format.problem(text.value(row)))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::TimestampMillisecondArray;

    use super::*;

    fn records(times: &[i64]) -> Vec<Record> {
        let record = |(offset, timestamp): (usize, &i64)| Record {
            offset: offset as i64,
            timestamp: *timestamp,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        times.iter().enumerate().map(record).collect()
    }

    #[test]
    fn a_record_has_its_own_timestamp() {
        let times = by_record(&records(&[5, 3]));
        assert_eq!(times.times.values(), &[5, 3]);
        assert!(!times.has_bad);
    }

    #[test]
    fn a_time_before_1970_is_marked() {
        let times = by_record(&records(&[5, -3]));
        assert!(times.has_bad);
        assert_eq!(times.problem(0), None);
        assert_eq!(times.problem(1).unwrap().0, "timestamp_negative");
    }

    #[test]
    fn a_column_dates_and_a_null_value_falls_back_to_the_record() {
        let own = by_record(&records(&[1, 2, 3]));
        let column: ArrayRef =
            Arc::new(TimestampMillisecondArray::from(vec![Some(70), None, None]));
        let is_null = BooleanArray::from(vec![false, true, false]);
        let times = by_column(&column, None, &is_null, &own).unwrap();
        assert_eq!(times.times.value(0), 70);
        assert_eq!(times.times.value(1), 2);
        assert_eq!(times.problem(2).unwrap().0, "timestamp_null");
    }

    #[test]
    fn a_text_dates_by_its_format() {
        let own = by_record(&records(&[1, 2, 3, 4]));
        let texts = [Some("1970-01-01T00:00:01Z"), Some("no time"), None, None];
        let column: ArrayRef = Arc::new(arrow::array::StringArray::from(texts.to_vec()));
        let is_null = BooleanArray::from(vec![false, false, false, true]);
        let format = Arc::new(TextTime::try_new("yyyy-MM-dd'T'HH:mm:ssX").unwrap());
        let times = by_column(&column, Some(&format), &is_null, &own).unwrap();
        assert_eq!(times.times.value(0), 1000);
        assert_eq!(times.times.value(3), 4);
        assert_eq!(times.problem(0), None);
        let why = "Unable to parse string timestamp. timestamp=no time timestamp_format=yyyy-MM-dd'T'HH:mm:ssX";
        assert_eq!(
            times.problem(1).unwrap(),
            ("timestamp_unreadable", why.to_owned())
        );
        assert_eq!(times.problem(2).unwrap().0, "timestamp_null");
        assert!(by_column(&column, None, &is_null, &own).is_err());
        let message = TextTime::try_new("invalid").unwrap_err().message;
        assert!(
            message.ends_with("reason:Unknown pattern letter: i"),
            "{message}"
        );
    }
}
