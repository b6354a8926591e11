//! How a batch of records stands in a file.
//!
//! ```text
//!  0  magic `WEIR`       4        32  first record's timestamp     8
//!  4  version (1)        1        40  largest timestamp            8
//!  5  zero               3        48  synced                       8
//!  8  base offset        8        56  checksum of bytes 0 to 56    4
//! 16  records            4        60  records:
//! 20  last offset − base 4            length, timestamp and offset less the first one's,
//! 24  bytes from 60 on   4            key, value (length −1: null), number of headers, headers:
//! 28  their checksum     4            key, value
//! ```
//!
//! Numbers are little-endian; in a record they are Kafka's: zigzag, seven bits a byte.
//!
//! `synced` says how many bytes of the file were durable when the batch was written. After a power cut it tells a torn
//! tail, which nobody relies on, from damage to what was acknowledged.
//!
//! Checksums are CRC-32 that start from the topic's salt: no value that somebody writes can pass for a header.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{
    FetchedBatch, Header, NewRecord, Offset, Record, Timestamp,
    local::{field_size, header_size, varint_size, zigzag},
};

pub(super) const HEADER: usize = 60;
pub(super) const MAGIC: &[u8; 4] = b"WEIR";
const VERSION: u8 = 1;

/// What is wrong with bytes that should be a batch.
pub(super) type Damage = &'static str;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchHeader {
    pub base: Offset,
    pub count: u32,
    pub last_delta: u32,
    pub length: u32,
    pub checksum: u32,
    pub first_timestamp: Timestamp,
    pub max_timestamp: Timestamp,
    pub synced: u64,
}

/// A batch that is ready but for its place.
#[derive(Debug)]
pub(super) struct EncodedBatch {
    header: BatchHeader,
    /// Room for the header, then the records.
    bytes: BytesMut,
    salt: u32,
}

impl EncodedBatch {
    /// `timestamp`: what all records carry instead of their own, for `LogAppendTime`.
    pub(super) fn new(records: &[NewRecord], timestamp: Option<Timestamp>, salt: u32) -> Self {
        let time = |record: &NewRecord| timestamp.unwrap_or(record.timestamp);
        let size: usize = records.iter().map(NewRecord::size_estimate).sum();
        let mut bytes = BytesMut::with_capacity(HEADER + size);
        bytes.put_bytes(0, HEADER);
        let first_timestamp = records.first().map_or(0, time);
        for (delta, record) in records.iter().enumerate() {
            let since = time(record).wrapping_sub(first_timestamp);
            put_record(&mut bytes, record, since, delta as i64);
        }
        let header = BatchHeader {
            base: 0,
            count: records.len() as u32,
            last_delta: records.len().saturating_sub(1) as u32,
            length: (bytes.len() - HEADER) as u32,
            checksum: checksum(salt, &bytes[HEADER..]),
            first_timestamp,
            max_timestamp: records.iter().map(time).max().unwrap_or(0),
            synced: 0,
        };
        Self {
            header,
            bytes,
            salt,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Gives it its place, and the bytes to write there.
    pub(super) fn place(&mut self, base: Offset, synced: u64) -> (BatchHeader, &[u8]) {
        self.header.base = base;
        self.header.synced = synced;
        let header = self.header.to_bytes(self.salt);
        self.bytes[..HEADER].copy_from_slice(&header);
        (self.header, &self.bytes)
    }
}

impl BatchHeader {
    /// The offset after the last record.
    pub(super) fn next_offset(&self) -> Offset {
        self.base + Offset::from(self.last_delta) + 1
    }

    /// The bytes of the whole batch.
    pub(super) fn total(&self) -> u64 {
        HEADER as u64 + u64::from(self.length)
    }

    fn to_bytes(self, salt: u32) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let mut rest = &mut bytes[..];
        rest.put_slice(MAGIC);
        rest.put_u8(VERSION);
        rest.put_bytes(0, 3);
        rest.put_i64_le(self.base);
        rest.put_u32_le(self.count);
        rest.put_u32_le(self.last_delta);
        rest.put_u32_le(self.length);
        rest.put_u32_le(self.checksum);
        rest.put_i64_le(self.first_timestamp);
        rest.put_i64_le(self.max_timestamp);
        rest.put_u64_le(self.synced);
        let checksum = checksum(salt, &bytes[..HEADER - 4]);
        bytes[HEADER - 4..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header from the start of `bytes`, which has at least [`HEADER`] bytes.
    pub(super) fn parse(bytes: &[u8], salt: u32) -> Result<Self, Damage> {
        let bytes = bytes.first_chunk::<HEADER>().ok_or("it ends in a header")?;
        if &bytes[..4] != MAGIC {
            return Err("no batch begins here");
        }
        let stored = u32::from_le_bytes(field(bytes, 56));
        if checksum(salt, &bytes[..HEADER - 4]) != stored {
            return Err("the checksum of a batch's header differs");
        }
        if bytes[4] != VERSION {
            return Err("a batch is of a newer version");
        }
        let header = Self {
            base: i64::from_le_bytes(field(bytes, 8)),
            count: u32::from_le_bytes(field(bytes, 16)),
            last_delta: u32::from_le_bytes(field(bytes, 20)),
            length: u32::from_le_bytes(field(bytes, 24)),
            checksum: u32::from_le_bytes(field(bytes, 28)),
            first_timestamp: i64::from_le_bytes(field(bytes, 32)),
            max_timestamp: i64::from_le_bytes(field(bytes, 40)),
            synced: u64::from_le_bytes(field(bytes, 48)),
        };
        if header.base < 0 || header.base > Offset::MAX - (1 << 33) {
            return Err("a batch's offset is out of bounds");
        }
        Ok(header)
    }

    pub(super) fn check(&self, records: &[u8], salt: u32) -> Result<(), Damage> {
        if checksum(salt, records) != self.checksum {
            return Err("the checksum of a batch's records differs");
        }
        Ok(())
    }

    /// The records at `from` and after. Their keys and values are slices of `records`, which [`Self::check`] has seen.
    pub(super) fn decode(&self, records: &Bytes, from: Offset) -> Result<FetchedBatch, Damage> {
        let mut input = Input {
            bytes: records,
            at: 0,
        };
        // A record takes seven bytes at least.
        let most = records.len() / 7;
        let mut decoded = Vec::with_capacity((self.count as usize).min(most));
        for _ in 0..self.count {
            if let Some(record) = self.record(&mut input, from)? {
                decoded.push(record);
            }
        }
        if input.at != records.len() {
            return Err("a batch has bytes after its last record");
        }
        Ok(FetchedBatch { records: decoded })
    }

    fn record(&self, input: &mut Input, from: Offset) -> Result<Option<Record>, Damage> {
        let length = input.length()?.ok_or("a record has no length")?;
        let end = input.end(length)?;
        let timestamp = self.first_timestamp.wrapping_add(input.signed()?);
        let delta = u32::try_from(input.signed()?).ok();
        let delta = delta.filter(|delta| *delta <= self.last_delta);
        let offset = self.base + Offset::from(delta.ok_or("a record's offset is out of bounds")?);
        if offset < from {
            input.at = end;
            return Ok(None);
        }
        let key = input.bytes()?;
        let value = input.bytes()?;
        let headers = input.headers()?;
        if input.at != end {
            return Err("a record's length is not what it holds");
        }
        Ok(Some(Record {
            offset,
            timestamp,
            key,
            value,
            headers,
        }))
    }
}

/// The salt of a topic: its id, made short.
pub(super) fn salt(topic_id: &str) -> u32 {
    crc32fast::hash(topic_id.as_bytes())
}

fn checksum(salt: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(bytes);
    hasher.finalize()
}

fn field<const N: usize>(bytes: &[u8; HEADER], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}

fn put_record(bytes: &mut BytesMut, record: &NewRecord, since: i64, delta: i64) {
    let size = record_size(record, since, delta);
    put_number(bytes, size as i64);
    put_number(bytes, since);
    put_number(bytes, delta);
    put_field(bytes, record.key.as_deref());
    put_field(bytes, record.value.as_deref());
    put_number(bytes, record.headers.len() as i64);
    for header in &record.headers {
        put_field(bytes, Some(header.key.as_bytes()));
        put_field(bytes, header.value.as_deref());
    }
}

fn record_size(record: &NewRecord, since: i64, delta: i64) -> usize {
    varint_size(zigzag(since))
        + varint_size(zigzag(delta))
        + field_size(record.key.as_ref().map(Bytes::len))
        + field_size(record.value.as_ref().map(Bytes::len))
        + varint_size(zigzag(record.headers.len() as i64))
        + record.headers.iter().map(header_size).sum::<usize>()
}

fn put_field(bytes: &mut BytesMut, field: Option<&[u8]>) {
    match field {
        None => put_number(bytes, -1),
        Some(field) => {
            put_number(bytes, field.len() as i64);
            bytes.put_slice(field);
        }
    }
}

fn put_number(bytes: &mut BytesMut, number: i64) {
    let mut rest = zigzag(number);
    while rest >= 0x80 {
        bytes.put_u8(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.put_u8(rest as u8);
}

/// Bytes that may be anything.
struct Input<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl Input<'_> {
    fn signed(&mut self) -> Result<i64, Damage> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or("a number ends too early")?;
            self.at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
        Err("a number has too many bytes")
    }

    /// A length that fits in what is left; `None` for −1.
    fn length(&mut self) -> Result<Option<usize>, Damage> {
        let length = self.signed()?;
        if length == -1 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| "a length is below zero")?;
        self.end(length)?;
        Ok(Some(length))
    }

    fn end(&self, length: usize) -> Result<usize, Damage> {
        let end = self.at.checked_add(length);
        end.filter(|end| *end <= self.bytes.len())
            .ok_or("a length reaches past the end of its batch")
    }

    fn bytes(&mut self) -> Result<Option<Bytes>, Damage> {
        let Some(length) = self.length()? else {
            return Ok(None);
        };
        let start = self.at;
        self.at += length;
        Ok(Some(self.bytes.slice(start..self.at)))
    }

    fn headers(&mut self) -> Result<Vec<Header>, Damage> {
        // Each header takes two bytes at least, so a count that fits here is a bounded one.
        let count = self.length()?.unwrap_or(0);
        let mut headers = Vec::with_capacity(count.min(64));
        for _ in 0..count {
            let key = self.bytes()?.ok_or("a header has no key")?;
            let key = String::from_utf8(key.to_vec()).map_err(|_| "a header's key is not text")?;
            let value = self.bytes()?;
            headers.push(Header { key, value });
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes() -> impl Strategy<Value = Option<Bytes>> {
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::from))
    }

    fn record() -> impl Strategy<Value = NewRecord> {
        let header = (any::<String>(), bytes()).prop_map(|(key, value)| Header { key, value });
        let headers = proptest::collection::vec(header, 0..4);
        (any::<i64>(), bytes(), bytes(), headers).prop_map(|(timestamp, key, value, headers)| {
            NewRecord {
                timestamp,
                key,
                value,
                headers,
            }
        })
    }

    fn encode(records: &[NewRecord], base: Offset) -> Bytes {
        let mut batch = EncodedBatch::new(records, None, 7);
        Bytes::copy_from_slice(batch.place(base, 5).1)
    }

    fn decode(bytes: &Bytes, from: Offset) -> Result<FetchedBatch, Damage> {
        let header = BatchHeader::parse(bytes, 7)?;
        let records = bytes.slice(HEADER..);
        if header.length as usize != records.len() {
            return Err("cut");
        }
        header.check(&records, 7)?;
        header.decode(&records, from)
    }

    proptest! {
        #[test]
        fn a_batch_comes_back(
            records in proptest::collection::vec(record(), 1..20),
            base in 0..1_000_000_000_000i64,
            skipped in 0..20usize,
        ) {
            let bytes = encode(&records, base);
            let header = BatchHeader::parse(&bytes, 7).unwrap();
            prop_assert_eq!(header.next_offset(), base + records.len() as i64);
            prop_assert_eq!(header.total() as usize, bytes.len());
            let max = records.iter().map(|record| record.timestamp).max();
            prop_assert_eq!(Some(header.max_timestamp), max);
            let decoded = decode(&bytes, base + skipped as i64).unwrap().records;
            let expected = records.into_iter().enumerate().skip(skipped);
            let expected: Vec<_> = expected
                .map(|(index, record)| Record {
                    offset: base + index as i64,
                    timestamp: record.timestamp,
                    key: record.key,
                    value: record.value,
                    headers: record.headers,
                })
                .collect();
            prop_assert_eq!(decoded, expected);
        }

        #[test]
        fn a_flipped_bit_is_found(
            records in proptest::collection::vec(record(), 1..5),
            bit in any::<prop::sample::Index>(),
        ) {
            let mut bytes = encode(&records, 3).to_vec();
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(decode(&Bytes::from(bytes), 0).is_err());
        }

        /// Records that pass their checksum and are still not records: no panic, no endless loop, no huge allocation.
        #[test]
        fn any_bytes_are_a_batch_or_an_error(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            count in any::<u32>(),
            last_delta in any::<u32>(),
        ) {
            let header = BatchHeader {
                base: 0,
                count,
                last_delta,
                length: bytes.len() as u32,
                checksum: 0,
                first_timestamp: i64::MAX,
                max_timestamp: 0,
                synced: 0,
            };
            let _ = header.decode(&Bytes::from(bytes), 0);
        }
    }
}
