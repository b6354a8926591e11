//! Record batches as they stand in a log and on the wire: Kafka's message format 2 (KIP-98).
//!
//! ```text
//! base offset i64 │ length i32 │ leader epoch i32 │ magic i8 = 2 │ crc32c u32 │ attributes i16 │ last offset delta i32 │
//! base timestamp i64 │ max timestamp i64 │ producer id i64 │ producer epoch i16 │ base sequence i32 │ count i32 │ records
//! ```
//!
//! Keys and values are slices of the buffer they came in, or of the one that it was decompressed to.

use std::collections::HashSet;

use bytes::{BufMut, Bytes, BytesMut};

use super::codec::{Compression, Result};
use crate::{FetchedBatch, Header, NewRecord, Offset, Record, Timestamp};

const HEADER: usize = 61;
/// The checksum covers what follows it.
const CHECKED: usize = 21;
/// The bytes before the length counts.
const BEFORE_LENGTH: usize = 12;
/// The fewest bytes that a record takes.
const SMALLEST_RECORD: usize = 7;
const NO_PRODUCER: Producer = Producer {
    id: -1,
    epoch: -1,
    sequence: -1,
};

/// A fetch is unpacked up to about here: a few bytes may be many once they are unpacked, and what is not taken is fetched again.
const ENOUGH: usize = 64 * 1024 * 1024;

/// What was fetched of one partition.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub batches: Vec<FetchedBatch>,
    /// Past the last batch that was whole: also past control records, aborted ones, and those that compaction has removed.
    pub next_offset: Offset,
    /// The leader epoch of the last batch: the broker tells by it whether our history is still its own.
    pub leader_epoch: i32,
    /// Nothing can be read beyond: there is a batch at `next_offset` that cannot be decoded.
    pub fault: Option<String>,
}

/// A transaction that was aborted: records of this producer, from this offset to its abort marker, do not count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aborted {
    pub producer_id: i64,
    pub first_offset: Offset,
}

/// The numbers by which a broker recognises a batch that it has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Producer {
    pub id: i64,
    pub epoch: i16,
    pub sequence: i32,
}

/// The committed records from `from` on, in the order of their offsets.
pub(super) fn decode(mut bytes: Bytes, from: Offset, mut aborted: Vec<Aborted>) -> Decoded {
    aborted.sort_unstable_by_key(|transaction| transaction.first_offset);
    let mut aborted = aborted.into_iter().peekable();
    let mut open = HashSet::new();
    let mut decoded = Decoded {
        next_offset: from,
        leader_epoch: -1,
        ..Decoded::default()
    };
    let mut unpacked = 0;
    // A response may end in the middle of a batch; the rest comes with the next one.
    while unpacked < ENOUGH
        && let Some(length) = batch_length(&bytes)
    {
        let whole = bytes.split_to(length);
        let header = match BatchHeader::read(&whole) {
            Ok(header) => header,
            Err(fault) => {
                decoded.fault = Some(fault);
                return decoded;
            }
        };
        while let Some(transaction) = aborted.next_if(|it| it.first_offset <= header.base_offset) {
            open.insert(transaction.producer_id);
        }
        // The header is enough to leave packed what was aborted, or stands before what is asked for.
        let is_aborted = header.is_transactional() && open.contains(&header.producer_id);
        let is_dropped = is_aborted || header.next_offset() <= decoded.next_offset;
        if header.is_control() || !is_dropped {
            match header.records(&whole, decoded.next_offset) {
                Ok((records, _)) if header.is_control() => {
                    if is_abort_marker(&records) {
                        open.remove(&header.producer_id);
                    }
                }
                Ok((records, size)) => {
                    unpacked += size;
                    if !records.is_empty() {
                        decoded.batches.push(FetchedBatch { records });
                    }
                }
                Err(fault) => {
                    decoded.fault = Some(fault);
                    return decoded;
                }
            }
        }
        decoded.next_offset = decoded.next_offset.max(header.next_offset());
        decoded.leader_epoch = header.leader_epoch;
    }
    decoded
}

/// The length of the batch that `bytes` begin with, if it is there as a whole.
fn batch_length(bytes: &[u8]) -> Option<usize> {
    let length = i32::from_be_bytes(*bytes.get(8..)?.first_chunk()?);
    let length = BEFORE_LENGTH.checked_add(usize::try_from(length).ok()?)?;
    (length <= bytes.len()).then_some(length)
}

/// The control record's key is `version i16, type i16`; type 0 is an abort.
fn is_abort_marker(records: &[Record]) -> bool {
    let key = records.first().and_then(|record| record.key.as_ref());
    key.is_some_and(|key| key.get(2..4) == Some(&[0, 0]))
}

#[derive(Debug)]
struct BatchHeader {
    base_offset: Offset,
    leader_epoch: i32,
    attributes: i16,
    last_offset_delta: i32,
    base_timestamp: Timestamp,
    max_timestamp: Timestamp,
    producer_id: i64,
    count: i32,
}

impl BatchHeader {
    fn read(whole: &[u8]) -> Result<Self> {
        match whole.get(16) {
            Some(2) => {}
            Some(magic @ (0 | 1)) => {
                return Err(format!(
                    "a batch in message format {magic}, older than Kafka 0.11; only format 2 is read"
                ));
            }
            _ => return Err("not a record batch".into()),
        }
        let Some(header) = whole.first_chunk::<HEADER>() else {
            return Err("a record batch that is shorter than its header".into());
        };
        let found = crc32c::crc32c(&whole[CHECKED..]);
        let expected = u32::from_be_bytes(field(header, 17));
        if found != expected {
            return Err(format!(
                "a record batch whose checksum is {found:08x}, not {expected:08x}"
            ));
        }
        Ok(Self {
            base_offset: i64::from_be_bytes(field(header, 0)),
            leader_epoch: i32::from_be_bytes(field(header, 12)),
            attributes: i16::from_be_bytes(field(header, 21)),
            last_offset_delta: i32::from_be_bytes(field(header, 23)),
            base_timestamp: i64::from_be_bytes(field(header, 27)),
            max_timestamp: i64::from_be_bytes(field(header, 35)),
            producer_id: i64::from_be_bytes(field(header, 43)),
            count: i32::from_be_bytes(field(header, 57)),
        })
    }

    fn is_log_append_time(&self) -> bool {
        self.attributes & 0x08 != 0
    }

    fn is_transactional(&self) -> bool {
        self.attributes & 0x10 != 0
    }

    fn is_control(&self) -> bool {
        self.attributes & 0x20 != 0
    }

    /// Compaction removes records and keeps the range that they stood in.
    fn next_offset(&self) -> Offset {
        self.base_offset
            .saturating_add(i64::from(self.last_offset_delta))
            .saturating_add(1)
    }

    /// The records from `from` on, since a fetch gives whole batches; and how many bytes they are, unpacked.
    fn records(&self, whole: &Bytes, from: Offset) -> Result<(Vec<Record>, usize)> {
        let code = self.attributes & 0x07;
        let compression = Compression::from_code(code)
            .ok_or_else(|| format!("compression {code}, which is not known"))?;
        let plain = compression.decompress(&whole.slice(HEADER..))?;
        let count = usize::try_from(self.count).map_err(|_| "a negative number of records")?;
        if count > plain.len() / SMALLEST_RECORD {
            return Err(format!("{count} records in {} bytes", plain.len()));
        }
        let mut records = Vec::with_capacity(count);
        let mut reader = RecordReader {
            bytes: &plain,
            at: 0,
        };
        for _ in 0..count {
            let record = reader.record(self).ok_or("a record that is cut short")?;
            if record.offset >= from {
                records.push(record);
            }
        }
        Ok((records, plain.len()))
    }
}

fn field<const N: usize>(header: &[u8; HEADER], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&header[at..at + N]);
    field
}

struct RecordReader<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl RecordReader<'_> {
    fn record(&mut self, batch: &BatchHeader) -> Option<Record> {
        let length = usize::try_from(self.varint()?).ok()?;
        let end = self
            .at
            .checked_add(length)
            .filter(|end| *end <= self.bytes.len())?;
        self.at += 1; // Attributes: none are defined.
        let timestamp_delta = self.varint()?;
        let offset_delta = self.varint()?;
        let key = self.nullable()?;
        let value = self.nullable()?;
        let headers = self.headers(end)?;
        // A later version may add fields; the length says where the next record begins.
        self.at = (self.at <= end).then_some(end)?;
        Some(Record {
            offset: batch.base_offset.checked_add(offset_delta)?,
            timestamp: match batch.is_log_append_time() {
                true => batch.max_timestamp,
                false => batch.base_timestamp.wrapping_add(timestamp_delta),
            },
            key,
            value,
            headers,
        })
    }

    fn headers(&mut self, end: usize) -> Option<Vec<Header>> {
        let count = usize::try_from(self.varint()?).ok()?;
        // A header takes two bytes at least.
        if count > end.saturating_sub(self.at) / 2 {
            return None;
        }
        let mut headers = Vec::with_capacity(count);
        for _ in 0..count {
            let key = self.nullable()??;
            headers.push(Header {
                key: String::from_utf8_lossy(&key).into_owned(),
                value: self.nullable()?,
            });
        }
        Some(headers)
    }

    /// A length and that many bytes; −1 is null.
    fn nullable(&mut self) -> Option<Option<Bytes>> {
        let length = self.varint()?;
        if length == -1 {
            return Some(None);
        }
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        if end > self.bytes.len() {
            return None;
        }
        let slice = self.bytes.slice(self.at..end);
        self.at = end;
        Some(Some(slice))
    }

    /// Zigzag, seven bits a byte, low ones first.
    fn varint(&mut self) -> Option<i64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        None
    }
}

/// One batch, as a producer sends it.
pub(super) fn encode(
    records: &[NewRecord],
    compression: Compression,
    producer: Option<Producer>,
) -> Result<Bytes> {
    let base_timestamp = records.first().map_or(0, |record| record.timestamp);
    let max_timestamp = records
        .iter()
        .map(|record| record.timestamp)
        .max()
        .unwrap_or(0);
    let count = i32::try_from(records.len()).map_err(|_| "too many records for one batch")?;
    let producer = producer.unwrap_or(NO_PRODUCER);

    let size = records.iter().map(NewRecord::size_estimate).sum::<usize>();
    let mut batch = BytesMut::with_capacity(HEADER + size);
    batch.put_i64(0);
    batch.put_i32(0); // The length, when it is known.
    batch.put_i32(-1);
    batch.put_i8(2);
    batch.put_u32(0); // The checksum, when all else is there.
    batch.put_i16(compression.code());
    batch.put_i32(count - 1);
    batch.put_i64(base_timestamp);
    batch.put_i64(max_timestamp);
    batch.put_i64(producer.id);
    batch.put_i16(producer.epoch);
    batch.put_i32(producer.sequence);
    batch.put_i32(count);

    let mut body = Vec::new();
    match compression {
        Compression::None => put_records(&mut batch, &mut body, records, base_timestamp),
        _ => {
            let mut plain = BytesMut::with_capacity(size);
            put_records(&mut plain, &mut body, records, base_timestamp);
            batch.put_slice(&compression.compress(&plain)?);
        }
    }
    let length =
        i32::try_from(batch.len() - BEFORE_LENGTH).map_err(|_| "a batch of more than 2 GB")?;
    batch[8..12].copy_from_slice(&length.to_be_bytes());
    let checksum = crc32c::crc32c(&batch[CHECKED..]);
    batch[17..21].copy_from_slice(&checksum.to_be_bytes());
    Ok(batch.freeze())
}

/// `head` is scratch for what stands before a record's key: its own length comes first, and counts it.
fn put_records(
    out: &mut BytesMut,
    head: &mut Vec<u8>,
    records: &[NewRecord],
    base_timestamp: Timestamp,
) {
    for (index, record) in records.iter().enumerate() {
        head.clear();
        head.push(0);
        put_varint(head, record.timestamp.wrapping_sub(base_timestamp));
        put_varint(head, index as i64);
        let headers: usize = record
            .headers
            .iter()
            .map(|header| {
                nullable_size(Some(header.key.as_bytes())) + nullable_size(header.value.as_deref())
            })
            .sum();
        let size = head.len()
            + nullable_size(record.key.as_deref())
            + nullable_size(record.value.as_deref())
            + varint_size(record.headers.len() as i64)
            + headers;
        put_varint(out, size as i64);
        out.put_slice(head);
        put_nullable(out, record.key.as_deref());
        put_nullable(out, record.value.as_deref());
        put_varint(out, record.headers.len() as i64);
        for header in &record.headers {
            put_nullable(out, Some(header.key.as_bytes()));
            put_nullable(out, header.value.as_deref());
        }
    }
}

fn put_nullable(out: &mut BytesMut, bytes: Option<&[u8]>) {
    put_varint(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.put_slice(bytes.unwrap_or_default());
}

fn nullable_size(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| varint_size(bytes.len() as i64) + bytes.len())
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn varint_size(value: i64) -> usize {
    (64 - (zigzag(value) | 1).leading_zeros() as usize).div_ceil(7)
}

fn put_varint(out: &mut impl BufMut, value: i64) {
    let mut rest = zigzag(value);
    while rest > 0x7f {
        out.put_u8(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
