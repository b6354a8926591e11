//! Transactions of another producer, over the brokers that have any: what is committed is read, each record once.

use std::io::Write as _;
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use weir_kafka::{Offset, OffsetSpec, TopicPartition};

use crate::fixture::{Fixture, PATIENCE, next_records, read_to, value, values};

/// Another process that writes transactions, one after the other.
#[async_trait]
pub trait TransactionalProducer: Send {
    async fn begin(&mut self);
    async fn write(&mut self, to: &TopicPartition, values: Vec<Bytes>);
    async fn commit(&mut self);
    async fn abort(&mut self);
}

type Producer = Box<dyn TransactionalProducer>;

/// What must be read of a partition that transactions write to, and where its log ends.
struct Expected {
    partition: TopicPartition,
    committed: Vec<(Offset, Bytes)>,
    end: Offset,
}

impl Expected {
    fn new(partition: TopicPartition) -> Self {
        Self {
            partition,
            committed: Vec::new(),
            end: 0,
        }
    }

    /// Values that a transaction wrote at the end, and whether it will be committed.
    fn written(&mut self, values: &[Bytes], is_committed: bool) {
        if is_committed {
            self.committed
                .extend((self.end..).zip(values.iter().cloned()));
        }
        self.end += values.len() as Offset;
    }

    /// A transaction of one producer, whole: its end takes an offset.
    async fn transaction(
        &mut self,
        producer: &mut Producer,
        values: &[Bytes],
        is_committed: bool,
        fixture: &Fixture,
    ) {
        producer.begin().await;
        producer.write(&self.partition, values.to_vec()).await;
        self.written(values, is_committed);
        self.ends(producer, is_committed, fixture).await;
    }

    async fn ends(&mut self, producer: &mut Producer, is_committed: bool, fixture: &Fixture) {
        match is_committed {
            true => producer.commit().await,
            false => producer.abort().await,
        }
        self.end += 1;
        wait_for_end(fixture, &self.partition, self.end).await;
    }

    /// From each of these offsets on, and all of it: these records, in this order, and no other.
    async fn check(&self, fixture: &Fixture, end: Offset, starts: &[Offset]) {
        for start in starts {
            let mut reader = fixture.reader(&self.partition, *start).await;
            let records = read_to(&mut *reader, end).await;
            let expected: Vec<_> = self
                .committed
                .iter()
                .filter(|(offset, _)| (*start..end).contains(offset))
                .collect();
            assert_eq!(records.len(), expected.len(), "from {start}");
            for (record, (offset, value)) in records.iter().zip(expected) {
                assert_eq!(record.offset, *offset, "from {start}");
                assert!(
                    record.value.as_ref() == Some(value),
                    "at {offset}, from {start}"
                );
            }
            // There is no more than that.
            let wait = Duration::from_millis(200);
            let more = next_records(&mut *reader, wait).await;
            assert!(more.is_none(), "past {end}: {more:?}");
        }
    }
}

/// A coordinator answers when it has written down how a transaction ends; the partitions get their markers after that.
async fn wait_for_end(fixture: &Fixture, partition: &TopicPartition, expected: Offset) {
    let until = Instant::now() + PATIENCE;
    loop {
        let end = fixture.offset(partition, OffsetSpec::Latest).await;
        if end == expected {
            return;
        }
        assert!(end < expected, "the log ends at {end}, past {expected}");
        assert!(Instant::now() < until, "the log still ends at {end}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub async fn committed_and_aborted_ones_alternate_and_one_stays_open(fixture: &Fixture) {
    let Some(mut producer) = fixture.producer().await else {
        return;
    };
    let mut expected = Expected::new(fixture.partition("t").await);
    for number in 0..20 {
        let values: Vec<_> = (0..7)
            .map(|it| Bytes::from(format!("{number} {it}")))
            .collect();
        expected
            .transaction(&mut producer, &values, number % 2 == 0, fixture)
            .await;
    }
    assert_eq!(
        expected.end, 160,
        "20 transactions of 7 records and a marker"
    );
    let mut open = fixture.producer().await.expect("a second one");
    open.begin().await;
    let opened = [Bytes::from_static(b"open")];
    open.write(&expected.partition, opened.to_vec()).await;
    // Committed, and yet behind one that is open.
    producer.begin().await;
    let behind = [Bytes::from_static(b"behind")];
    producer.write(&expected.partition, behind.to_vec()).await;
    producer.commit().await;
    fixture
        .write(&expected.partition, vec![value("no transaction")])
        .await;
    let end = fixture
        .offset(&expected.partition, OffsetSpec::Latest)
        .await;
    assert_eq!(end, 160);
    expected.check(fixture, 160, &[0, 7, 8, 100, 152]).await;

    // When it ends, all that waited behind it comes.
    let mut reader = fixture.reader(&expected.partition, 160).await;
    open.abort().await;
    let after = fixture.partition_end_after(&expected.partition, 160).await;
    let records = read_to(&mut *reader, after).await;
    assert_eq!(values(&records), ["behind", "no transaction"]);
}

/// Nothing of an aborted one may be handed over before its end is known, however many fetches long it is.
pub async fn real_events_committed_aborted_and_open(fixture: &Fixture) {
    let Some(mut first) = fixture.producer().await else {
        return;
    };
    let Some(events) = real_events(16_000) else {
        return;
    };
    let (aborted, rest) = events.split_at(10_000);
    let bytes: usize = aborted.iter().map(Bytes::len).sum();
    assert!(bytes > 25_000_000, "{bytes} bytes in 10,000 events");
    let mut expected = Expected::new(fixture.partition("t").await);
    let (alternating, open) = rest.split_at(5_900);
    let mut batches = alternating.chunks(295).enumerate();
    for (number, batch) in batches.by_ref().take(10) {
        expected
            .transaction(&mut first, batch, number % 2 == 0, fixture)
            .await;
    }
    // The long one, and one in the middle of it that is committed.
    let mut second = fixture.producer().await.expect("a second one");
    let (half, other_half) = aborted.split_at(aborted.len() / 2);
    second.begin().await;
    second.write(&expected.partition, half.to_vec()).await;
    expected.written(half, false);
    let (_, between) = batches.next().expect("there are 20");
    first.begin().await;
    first.write(&expected.partition, between.to_vec()).await;
    first.commit().await;
    expected.written(between, true);
    expected.end += 1;
    second.write(&expected.partition, other_half.to_vec()).await;
    expected.written(other_half, false);
    expected.ends(&mut second, false, fixture).await;
    for (number, batch) in batches {
        expected
            .transaction(&mut first, batch, number % 2 == 0, fixture)
            .await;
    }
    second.begin().await;
    second.write(&expected.partition, open.to_vec()).await;

    let end = expected.end;
    assert_eq!(
        end,
        15_900 + 21,
        "the records, and a marker for each transaction"
    );
    assert_eq!(expected.committed.len(), 10 * 295);
    let middle = 10 * 296 + 4_000;
    expected
        .check(fixture, end, &[0, 1, 295, 296, 300, middle, end - 1])
        .await;
    second.abort().await;
}

/// The first of Winlogbeat's real events, which lie beside the checkout where there are any.
fn real_events(count: usize) -> Option<Vec<Bytes>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/wineventlogs.ndjson.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "what lies beside the checkout is missing, and CI tests with it"
        );
        // Past the test runner, which shows nothing of tests that pass.
        let _ = writeln!(std::io::stderr(), "skipped: there is no {}", path.display());
        return None;
    };
    let lines = BufReader::new(MultiGzDecoder::new(file)).split(b'\n');
    let events: Vec<_> = lines
        .take(count)
        .map(|line| Bytes::from(line.unwrap()))
        .collect();
    assert_eq!(events.len(), count);
    Some(events)
}
