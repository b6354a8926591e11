//! Where a reader stands, and where it may stand.

use weir_kafka::{ErrorKind, OffsetSpec, TopicPartition};

use crate::fixture::{
    Fixture, first_error, next_records, now, numbers, read_to, record, value, values,
};

pub async fn an_empty_topic_starts_and_ends_at_zero(fixture: &Fixture) {
    let topic = fixture.topic("t", 3).await;
    for spec in [
        OffsetSpec::Earliest,
        OffsetSpec::Latest,
        OffsetSpec::AtTime(0),
    ] {
        let offsets = fixture.broker.offsets(&topic.name, &[2, 0, 1], spec).await;
        assert_eq!(offsets.unwrap(), [0, 0, 0], "{spec:?}");
    }
}

pub async fn reading_starts_in_the_middle(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    // One batch of ten, so that the middle is inside it, and ten batches of one.
    let batch = numbers(0..10);
    let batch = batch.iter().map(|number| value(number)).collect();
    fixture.write(&partition, batch).await;
    fixture.write_numbers(&partition, 10..20).await;
    for start in [0, 1, 7, 9, 10, 11, 19] {
        let mut reader = fixture.reader(&partition, start).await;
        let records = read_to(&mut *reader, 20).await;
        assert_eq!(records[0].offset, start);
        assert_eq!(values(&records), numbers(start as u32..20));
    }
}

pub async fn seek_goes_back_and_forth(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    fixture.write_numbers(&partition, 0..30).await;
    let mut reader = fixture.reader(&partition, 0).await;
    for start in [0, 25, 3, 29, 0] {
        reader.seek(&partition, start).await.unwrap();
        let records = read_to(&mut *reader, 30).await;
        assert_eq!(values(&records), numbers(start as u32..30));
    }
    let other = TopicPartition::new(&*partition.topic, 1);
    let refused = reader.seek(&other, 0).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
}

pub async fn a_position_outside_the_log_is_out_of_range(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    fixture.write_numbers(&partition, 0..3).await;
    for position in [4, 1_000_000] {
        let mut reader = fixture.reader(&partition, position).await;
        let error = first_error(&mut *reader).await;
        assert_eq!(error.kind, ErrorKind::OffsetOutOfRange, "{position}");
        assert_eq!(error.partition.as_ref(), Some(&partition));
        // It stays so until the reader is told where to go on; then it reads.
        assert_eq!(first_error(&mut *reader).await.kind, error.kind);
        reader.seek(&partition, 1).await.unwrap();
        assert_eq!(values(&read_to(&mut *reader, 3).await), ["1", "2"]);
        reader.seek(&partition, position).await.unwrap();
        let again = first_error(&mut *reader).await;
        assert_eq!(again.kind, ErrorKind::OffsetOutOfRange);
    }
    // The end itself is a place to wait at.
    let mut reader = fixture.reader(&partition, 3).await;
    let wait = std::time::Duration::from_millis(100);
    assert!(next_records(&mut *reader, wait).await.is_none());
}

pub async fn offsets_by_time(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let time = now() - 1_000_000;
    // In batches of three, in which time goes back and forth.
    let steps = [[0, 10, 5], [30, 20, 25], [22, 50, 40]];
    for batch in steps {
        let batch = batch.map(|step| record(None, Some("v"), time + step));
        fixture.write(&partition, batch.to_vec()).await;
    }
    let cases = [
        (-100, 0),
        (0, 0),
        (1, 1),
        (10, 1),
        (11, 3),
        (30, 3),
        (31, 7),
        (50, 7),
        (51, 9),
        (1_000_000_000, 9),
    ];
    for (step, expected) in cases {
        let offset = fixture
            .offset(&partition, OffsetSpec::AtTime(time + step))
            .await;
        assert_eq!(offset, expected, "at {step}");
    }
}

pub async fn offsets_of_unknown_partitions_are_unknown(fixture: &Fixture) {
    let topic = fixture.topic("t", 2).await;
    for partition in [2, -1] {
        for spec in [OffsetSpec::Earliest, OffsetSpec::Latest] {
            let offsets = fixture
                .broker
                .offsets(&topic.name, &[0, partition], spec)
                .await;
            assert_eq!(offsets.unwrap_err().kind, ErrorKind::UnknownTopic);
        }
    }
    let none = fixture.broker.offsets(&topic.name, &[], OffsetSpec::Latest);
    assert_eq!(none.await.unwrap(), [0; 0]);
}

/// When a broker drops old records is its own affair; that what it keeps is whole, and that the start says so, is not.
pub async fn retention_by_size_moves_the_start_or_keeps_all(fixture: &Fixture) {
    let topic = fixture
        .topic_with("t", 1, &[("retention.bytes", "2000")])
        .await;
    let partition = TopicPartition::new(topic.name, 0);
    fixture.write_numbers(&partition, 0..1000).await;
    let start = fixture.offset(&partition, OffsetSpec::Earliest).await;
    assert_eq!(fixture.offset(&partition, OffsetSpec::Latest).await, 1000);
    let mut reader = fixture.reader(&partition, start).await;
    let records = read_to(&mut *reader, 1000).await;
    assert_eq!(values(&records), numbers(start as u32..1000));
    assert!(!records.is_empty());
    if start > 0 {
        let mut reader = fixture.reader(&partition, start - 1).await;
        let error = first_error(&mut *reader).await;
        assert_eq!(error.kind, ErrorKind::OffsetOutOfRange);
    }
}
