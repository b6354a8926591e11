//! What is written comes back as it was.

use bytes::Bytes;
use rand::RngExt;
use weir_kafka::{Error, ErrorKind, Header, NewRecord, OffsetSpec, Record, TopicPartition};

use crate::fixture::{Fixture, now, numbers, record, value, values};

pub async fn records_come_back_in_order(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let time = now();
    let mut writer = fixture.broker.writer("w").await.unwrap();
    let mut written = Vec::new();
    for batch in 0..20 {
        let records: Vec<NewRecord> = (0..=batch)
            .map(|index| {
                let text = format!("{batch}/{index}");
                // Timestamps that go back: order is the offsets', not the clock's.
                record(Some(&text), Some(&text), time - batch * 1000 + index)
            })
            .collect();
        let offset = writer.write(&partition, records.clone()).await.unwrap();
        assert_eq!(offset, written.len() as i64);
        written.extend(records);
    }
    writer.commit(&[]).await.unwrap();
    assert_same(&fixture.read_all(&partition).await, &written);
    assert_eq!(fixture.offset(&partition, OffsetSpec::Earliest).await, 0);
    assert_eq!(fixture.offset(&partition, OffsetSpec::Latest).await, 210);
}

pub async fn null_and_empty_are_kept_apart(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let time = now();
    let mut written = Vec::new();
    for key in [None, Some(""), Some("k")] {
        for value in [None, Some(""), Some("v")] {
            written.push(record(key, value, time));
        }
    }
    fixture.write(&partition, written.clone()).await;
    assert_same(&fixture.read_all(&partition).await, &written);
}

pub async fn headers_keep_their_order_and_repeats(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let header = |key: &str, value: Option<&'static [u8]>| Header {
        key: key.to_owned(),
        value: value.map(Bytes::from_static),
    };
    let mut with_headers = value("v");
    with_headers.headers = vec![
        header("z", Some(b"1")),
        header("a", Some(b"2")),
        header("z", Some(b"3")),
        header("null", None),
        header("empty", Some(b"")),
        header("", Some(b"no name")),
        header("Schlüssel ключ 鍵", Some("Wert значение 値".as_bytes())),
        header("bytes", Some(&[0, 255, 128, 10])),
    ];
    // Headers of one record are not the next one's.
    let written = vec![with_headers.clone(), value("none"), with_headers];
    fixture.write(&partition, written.clone()).await;
    assert_same(&fixture.read_all(&partition).await, &written);
}

pub async fn a_timestamp_before_1970_is_kept(fixture: &Fixture) {
    let topic = fixture.topic_with("t", 1, &[("retention.ms", "-1")]).await;
    let partition = TopicPartition::new(topic.name, 0);
    let time = now();
    let times = [0, -2, -1_000_000_000_000, time, 1, time - 5];
    let written: Vec<_> = times
        .into_iter()
        .map(|time| record(None, Some("v"), time))
        .collect();
    fixture.write(&partition, written.clone()).await;
    assert_same(&fixture.read_all(&partition).await, &written);
}

pub async fn log_append_time_is_the_brokers(fixture: &Fixture) {
    let config = [("message.timestamp.type", "LogAppendTime")];
    let topic = fixture.topic_with("t", 1, &config).await;
    let partition = TopicPartition::new(topic.name, 0);
    let before = now();
    let written = vec![
        record(None, Some("a"), 12),
        record(None, Some("b"), before * 2),
    ];
    fixture.write(&partition, written).await;
    let after = now();
    let records = fixture.read_all(&partition).await;
    assert_eq!(values(&records), ["a", "b"]);
    for record in records {
        // A cluster's clock may differ a little from ours.
        assert!((before - 5000..=after + 5000).contains(&record.timestamp));
    }
}

pub async fn a_record_of_a_megabyte_is_refused_by_default_and_taken_where_allowed(
    fixture: &Fixture,
) {
    let large = noise(1 << 20);
    let narrow = fixture.partition("narrow").await;
    let mut writer = fixture.broker.writer("w").await.unwrap();
    let refused = writer.write(&narrow, vec![large.clone()]).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::TooLarge);
    // The writer goes on with what fits.
    let offset = writer.write(&narrow, vec![value("fits")]).await.unwrap();
    writer.commit(&[]).await.unwrap();
    assert_eq!(offset, 0);

    let config = [("max.message.bytes", "2097152")];
    let wide = fixture.topic_with("wide", 1, &config).await;
    let wide = TopicPartition::new(wide.name, 0);
    let written = vec![value("before"), large, value("after")];
    fixture.write(&wide, written.clone()).await;
    assert_same(&fixture.read_all(&wide).await, &written);
}

pub async fn a_batch_that_is_too_large_leaves_nothing_behind(fixture: &Fixture) {
    let topic = fixture
        .topic_with("t", 1, &[("max.message.bytes", "1000")])
        .await;
    let partition = TopicPartition::new(topic.name, 0);
    let mut writer = fixture.broker.writer("w").await.unwrap();
    let batch = |count| std::iter::repeat_with(|| noise(180)).take(count).collect();
    let refused = writer.write(&partition, batch(6)).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::TooLarge);
    assert_eq!(writer.write(&partition, batch(4)).await.unwrap(), 0);
    writer.commit(&[]).await.unwrap();
    assert_eq!(fixture.read_all(&partition).await.len(), 4);
}

pub async fn a_write_to_no_topic_is_unknown(fixture: &Fixture) {
    let topic = fixture.topic("t", 2).await;
    let mut writer = fixture.broker.writer("w").await.unwrap();
    let nowhere = [
        TopicPartition::new(fixture.name("none"), 0),
        TopicPartition::new(topic.name.as_str(), 2),
        TopicPartition::new(topic.name.as_str(), -1),
    ];
    for partition in nowhere {
        let Error { kind, .. } = writer
            .write(&partition, vec![value("v")])
            .await
            .unwrap_err();
        assert_eq!(kind, ErrorKind::UnknownTopic, "{partition}");
    }
    assert_eq!(
        fixture.broker.topic(&fixture.name("none")).await.unwrap(),
        None
    );
    let partition = TopicPartition::new(topic.name, 1);
    assert_eq!(writer.write(&partition, vec![value("v")]).await.unwrap(), 0);
}

pub async fn what_two_writers_write_stands_there_once(fixture: &Fixture) {
    let partition = fixture.partition("t").await;
    let write = async |name: &'static str| {
        let mut writer = fixture.broker.writer(name).await.unwrap();
        for number in 0..50 {
            let record = record(Some(name), Some(&number.to_string()), now());
            writer.write(&partition, vec![record]).await.unwrap();
        }
        writer.commit(&[]).await.unwrap();
    };
    tokio::join!(write("a"), write("b"));
    let records = fixture.read_all(&partition).await;
    assert_eq!(records.len(), 100);
    for name in ["a", "b"] {
        let mine: Vec<Record> = records
            .iter()
            .filter(|record| record.key.as_deref() == Some(name.as_bytes()))
            .cloned()
            .collect();
        assert_eq!(
            values(&mine),
            numbers(0..50),
            "in the order of writer {name}"
        );
    }
}

/// A record that no compression makes smaller.
fn noise(size: usize) -> NewRecord {
    let mut bytes = vec![0; size];
    rand::rng().fill(&mut bytes[..]);
    NewRecord {
        value: Some(bytes.into()),
        ..value("")
    }
}

fn assert_same(read: &[Record], written: &[NewRecord]) {
    assert_eq!(read.len(), written.len());
    for (index, (read, written)) in read.iter().zip(written).enumerate() {
        assert_eq!(read.offset, index as i64);
        assert_eq!(read.timestamp, written.timestamp, "timestamp of {index}");
        assert!(read.key == written.key, "key of {index}: {:?}", read.key);
        assert!(read.value == written.value, "value of {index}");
        assert_eq!(read.headers, written.headers, "headers of {index}");
    }
}
