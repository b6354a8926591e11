use proptest::{collection::vec, option, prelude::*};

use super::*;

fn record(timestamp: Timestamp, value: &str) -> NewRecord {
    NewRecord {
        timestamp,
        key: None,
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        headers: Vec::new(),
    }
}

fn values(decoded: &Decoded) -> Vec<(Offset, String)> {
    let records = decoded.batches.iter().flat_map(|batch| &batch.records);
    let value = |record: &Record| {
        String::from_utf8_lossy(record.value.as_deref().unwrap_or(b"null")).into_owned()
    };
    records
        .map(|record| (record.offset, value(record)))
        .collect()
}

/// A batch as a broker keeps it: at an offset, with attributes of its own, its checksum right.
#[derive(Clone, Copy, Default)]
struct Kept {
    base_offset: Offset,
    attributes: i16,
    producer_id: i64,
    max_timestamp: Option<Timestamp>,
    last_offset_delta: Option<i32>,
}

const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;

fn kept(records: &[NewRecord], kept: Kept) -> Vec<u8> {
    let mut batch = encode(records, Compression::None, None)
        .expect("encoded")
        .to_vec();
    batch[0..8].copy_from_slice(&kept.base_offset.to_be_bytes());
    batch[12..16].copy_from_slice(&7_i32.to_be_bytes());
    batch[21..23].copy_from_slice(&kept.attributes.to_be_bytes());
    if let Some(delta) = kept.last_offset_delta {
        batch[23..27].copy_from_slice(&delta.to_be_bytes());
    }
    if let Some(timestamp) = kept.max_timestamp {
        batch[35..43].copy_from_slice(&timestamp.to_be_bytes());
    }
    batch[43..51].copy_from_slice(&kept.producer_id.to_be_bytes());
    let checksum = crc32c::crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&checksum.to_be_bytes());
    batch
}

fn data(base_offset: Offset, producer_id: i64, value: &str) -> Vec<u8> {
    let attributes = TRANSACTIONAL;
    kept(
        &[record(0, value)],
        Kept {
            base_offset,
            attributes,
            producer_id,
            ..Kept::default()
        },
    )
}

fn marker(base_offset: Offset, producer_id: i64, is_commit: bool) -> Vec<u8> {
    let key = [0, 0, 0, u8::from(is_commit)];
    let control = NewRecord {
        key: Some(Bytes::copy_from_slice(&key)),
        ..record(0, "")
    };
    let attributes = TRANSACTIONAL | CONTROL;
    kept(
        &[control],
        Kept {
            base_offset,
            attributes,
            producer_id,
            ..Kept::default()
        },
    )
}

fn read(parts: &[Vec<u8>], from: Offset, aborted: &[(i64, Offset)]) -> Decoded {
    let aborted = aborted.iter().map(|(producer_id, first_offset)| Aborted {
        producer_id: *producer_id,
        first_offset: *first_offset,
    });
    decode(Bytes::from(parts.concat()), from, aborted.collect())
}

#[test]
fn records_are_slices_of_what_was_fetched() {
    let bytes = Bytes::from(kept(
        &[record(5, "a value of some length")],
        Kept::default(),
    ));
    let decoded = decode(bytes.clone(), 0, Vec::new());
    let value = decoded.batches[0].records[0]
        .value
        .clone()
        .expect("a value");
    assert!(bytes.as_ptr_range().contains(&value.as_ptr()));
}

#[test]
fn a_fetch_starts_in_the_middle_of_a_batch() {
    let batch = kept(
        &[record(0, "a"), record(0, "b"), record(0, "c")],
        Kept {
            base_offset: 10,
            ..Kept::default()
        },
    );
    let decoded = read(&[batch], 11, &[]);
    assert_eq!(values(&decoded), [(11, "b".into()), (12, "c".into())]);
    assert_eq!((decoded.next_offset, decoded.leader_epoch), (13, 7));
}

#[test]
fn the_time_of_appending_is_that_of_the_batch() {
    let attributes = 0x08;
    let times = Kept {
        attributes,
        max_timestamp: Some(99),
        ..Kept::default()
    };
    let decoded = read(&[kept(&[record(5, "a"), record(-6, "b")], times)], 0, &[]);
    assert!(
        decoded.batches[0]
            .records
            .iter()
            .all(|record| record.timestamp == 99)
    );
}

#[test]
fn committed_and_aborted_transactions_alternate() {
    let parts = [
        data(0, 1, "committed"),
        data(1, 2, "aborted"),
        marker(2, 1, true),
        data(3, 2, "aborted too"),
        marker(4, 2, false),
        data(5, 2, "committed after"),
        marker(6, 2, true),
    ];
    let decoded = read(&parts, 0, &[(2, 1)]);
    assert_eq!(
        values(&decoded),
        [(0, "committed".into()), (5, "committed after".into())]
    );
    // Past the marker, though no record came of it.
    assert_eq!(decoded.next_offset, 7);
}

#[test]
fn a_response_without_a_single_committed_record_moves_on() {
    let decoded = read(
        &[data(0, 2, "aborted"), data(1, 2, "aborted")],
        0,
        &[(2, 0)],
    );
    assert!(decoded.batches.is_empty());
    assert_eq!(decoded.next_offset, 2);
}

#[test]
fn a_batch_that_compaction_emptied_moves_on() {
    let mut empty = kept(
        &[],
        Kept {
            base_offset: 4,
            last_offset_delta: Some(5),
            ..Kept::default()
        },
    );
    empty[57..61].copy_from_slice(&0_i32.to_be_bytes());
    let checksum = crc32c::crc32c(&empty[21..]);
    empty[17..21].copy_from_slice(&checksum.to_be_bytes());
    let decoded = read(&[empty], 4, &[]);
    assert_eq!((decoded.batches.len(), decoded.next_offset), (0, 10));
}

#[test]
fn a_response_that_ends_in_the_middle_of_a_batch_keeps_what_is_whole() {
    let (one, two) = (data(0, 1, "one"), data(1, 1, "two"));
    for cut in 1..two.len() {
        let decoded = read(&[one.clone(), two[..two.len() - cut].to_vec()], 0, &[]);
        assert_eq!((decoded.next_offset, decoded.fault), (1, None));
    }
}

#[test]
fn a_broken_batch_ends_what_can_be_read() {
    let (one, mut two) = (data(0, 1, "one"), data(1, 1, "two"));
    *two.last_mut().expect("bytes") ^= 1;
    let decoded = read(&[one, two.clone()], 0, &[]);
    assert_eq!(values(&decoded), [(0, "one".into())]);
    assert_eq!(decoded.next_offset, 1);
    assert!(
        decoded
            .fault
            .is_some_and(|fault| fault.contains("checksum"))
    );
    let decoded = read(&[two], 1, &[]);
    assert_eq!((decoded.next_offset, decoded.fault.is_some()), (1, true));
}

fn any_record() -> impl Strategy<Value = NewRecord> {
    let bytes = || option::of(vec(any::<u8>(), 0..40).prop_map(Bytes::from));
    let header = ("[a-c]{0,2}", bytes()).prop_map(|(key, value)| Header { key, value });
    let parts = (any::<i64>(), bytes(), bytes(), vec(header, 0..4));
    parts.prop_map(|(timestamp, key, value, headers)| NewRecord {
        timestamp,
        key,
        value,
        headers,
    })
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(records in vec(any_record(), 1..20)) {
        for compression in Compression::ALL {
            let bytes = encode(&records, compression, None).expect("encoded");
            let size: usize = records.iter().map(NewRecord::size_estimate).sum();
            prop_assert!(compression != Compression::None || bytes.len() <= size + HEADER);
            let decoded = decode(bytes, 0, Vec::new());
            prop_assert_eq!(&decoded.fault, &None);
            prop_assert_eq!(decoded.next_offset, records.len() as i64);
            for (index, (record, new)) in decoded.batches[0].records.iter().zip(&records).enumerate() {
                prop_assert_eq!(record.offset, index as i64);
                prop_assert_eq!(record.timestamp, new.timestamp);
                prop_assert_eq!((&record.key, &record.value, &record.headers), (&new.key, &new.value, &new.headers));
            }
        }
    }

    /// A broker's bytes with a right checksum may still be anything.
    #[test]
    fn foreign_bytes_are_a_fault_and_no_panic(
        attributes in 0_i16..8,
        count in any::<i32>(),
        body in vec(any::<u8>(), 0..200),
    ) {
        let mut batch = kept(&[], Kept { attributes, ..Kept::default() });
        batch.extend(body);
        let length = (batch.len() - 12) as i32;
        batch[8..12].copy_from_slice(&length.to_be_bytes());
        batch[57..61].copy_from_slice(&count.to_be_bytes());
        let checksum = crc32c::crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&checksum.to_be_bytes());
        let decoded = decode(Bytes::from(batch), 0, Vec::new());
        prop_assert!(decoded.fault.is_some() || decoded.next_offset == 0 || !decoded.batches.is_empty() || count == 0);
    }

    #[test]
    fn any_bytes_at_all_do_no_harm(bytes in vec(any::<u8>(), 0..300), from in any::<i64>()) {
        let _ = decode(Bytes::from(bytes), from, Vec::new());
    }
}

/// A few kilobytes on the wire may be gigabytes: what a fetch becomes in memory is bounded, and nothing is lost by it.
#[test]
fn a_fetch_that_blows_up_is_taken_in_parts() {
    const COUNT: i64 = 5;
    let value = Bytes::from(vec![b'x'; ENOUGH / 2 + 1]);
    let record = NewRecord {
        value: Some(value),
        ..record(0, "")
    };
    let packed = encode(&[record], Compression::Zstd, None).expect("encoded");
    let mut bytes = BytesMut::new();
    for offset in 0..COUNT {
        // The checksum does not cover the offset.
        bytes.put_i64(offset);
        bytes.put_slice(&packed[8..]);
    }
    let bytes = bytes.freeze();
    assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
    let (mut position, mut seen) = (0, Vec::new());
    while position < COUNT {
        let decoded = decode(bytes.clone(), position, Vec::new());
        let records = decoded.batches.iter().flat_map(|batch| &batch.records);
        let offsets: Vec<_> = records.map(|record| record.offset).collect();
        assert!((1..=2).contains(&offsets.len()), "{offsets:?} at once");
        assert!(decoded.fault.is_none() && decoded.next_offset > position);
        position = decoded.next_offset;
        seen.extend(offsets);
    }
    assert_eq!(seen, (0..COUNT).collect::<Vec<_>>());
}
