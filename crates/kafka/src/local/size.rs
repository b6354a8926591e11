//! How large a batch is in Kafka's own format (version 2 of its record batches), since that is what
//! `max.message.bytes` limits.

use crate::{Error, ErrorKind, Header, NewRecord, Result, Timestamp};

/// What Kafka puts before the records of a batch.
pub(crate) const BATCH_HEADER: usize = 61;

/// The bytes that these records take in one uncompressed batch.
pub(crate) fn batch_size(records: &[NewRecord]) -> usize {
    let base = records.first().map_or(0, |record| record.timestamp);
    let records = records.iter().enumerate();
    BATCH_HEADER
        + records
            .map(|(index, record)| record_size(record, base, index))
            .sum::<usize>()
}

pub(crate) fn check_size(topic: &str, size: usize, limit: usize) -> Result<()> {
    if size <= limit {
        return Ok(());
    }
    let reason = format!(
        "a batch of {size} bytes for topic `{topic}` is larger than its `max.message.bytes` of {limit}"
    );
    Err(Error::new(ErrorKind::TooLarge, reason))
}

fn record_size(record: &NewRecord, base: Timestamp, index: usize) -> usize {
    let attributes = 1;
    let headers: usize = record.headers.iter().map(header_size).sum();
    let body = attributes
        + varint_size(zigzag(record.timestamp.wrapping_sub(base)))
        + varint_size(zigzag(index as i64))
        + field_size(record.key.as_ref().map(|key| key.len()))
        + field_size(record.value.as_ref().map(|value| value.len()))
        + varint_size(zigzag(record.headers.len() as i64))
        + headers;
    body + varint_size(zigzag(body as i64))
}

pub(crate) fn header_size(header: &Header) -> usize {
    let value = header.value.as_ref().map(|value| value.len());
    field_size(Some(header.key.len())) + field_size(value)
}

/// A length (−1 for null) and as many bytes.
pub(crate) fn field_size(length: Option<usize>) -> usize {
    match length {
        Some(length) => varint_size(zigzag(length as i64)) + length,
        None => 1,
    }
}

/// Small numbers of either sign become small numbers.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Seven bits a byte, and at least one byte.
pub(crate) fn varint_size(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn varints_take_as_many_bytes_as_kafkas() {
        let cases = [
            (0, 1),
            (-1, 1),
            (63, 1),
            (-64, 1),
            (64, 2),
            (8191, 2),
            (8192, 3),
            (i64::MAX, 10),
            (i64::MIN, 10),
        ];
        for (value, expected) in cases {
            assert_eq!(varint_size(zigzag(value)), expected, "{value}");
        }
    }

    #[test]
    fn the_size_of_a_small_batch_is_kafkas() {
        // Worked out by hand: length 1, attributes 1, timestamp 1, offset 1, key 1 + 1, value 1 + 2, headers 1.
        let record = NewRecord {
            timestamp: 1_700_000_000_000,
            key: Some(Bytes::from_static(b"k")),
            value: Some(Bytes::from_static(b"vv")),
            headers: Vec::new(),
        };
        assert_eq!(batch_size(std::slice::from_ref(&record)), 61 + 10);
        assert!(record.size_estimate() >= 10);
    }
}
