//! Power cuts: of what was not synced, any sector may be there, be zero, or be missing with all that follows.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    sync::{Arc, Mutex},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use weir_kafka::{
    Broker, EmbeddedBroker, EmbeddedOptions,
    embedded::{Disk, SystemDisk},
};

use crate::world::{end, log_files, make_topic, partition, read_from, record};

const SECTOR: u64 = 512;

/// Remembers how much of each file is durable.
#[derive(Debug, Default)]
struct Memory {
    durable: Mutex<BTreeMap<u64, u64>>,
}

impl Disk for Memory {
    fn write_at(&self, file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
        SystemDisk.write_at(file, bytes, position)
    }

    /// Durable for the test, which has no power to cut.
    fn sync(&self, file: &File) -> io::Result<()> {
        let metadata = file.metadata()?;
        let mut durable = self.durable.lock().unwrap();
        durable.insert(metadata.ino(), metadata.len());
        Ok(())
    }
}

impl Memory {
    /// Does to the files what a power cut may do.
    fn cut(&self, dir: &Path, random: &mut StdRng) {
        let durable = self.durable.lock().unwrap();
        for path in log_files(dir) {
            let file = File::options().write(true).open(&path).unwrap();
            let metadata = file.metadata().unwrap();
            let safe = durable.get(&metadata.ino()).copied().unwrap_or(0);
            let mut start = safe;
            while start < metadata.len() {
                let stop = ((start / SECTOR + 1) * SECTOR).min(metadata.len());
                match random.random_range(0..10) {
                    0..3 => {
                        let zeros = vec![0; (stop - start) as usize];
                        file.write_all_at(&zeros, start).unwrap();
                    }
                    3 => {
                        file.set_len(start).unwrap();
                        break;
                    }
                    _ => {}
                }
                start = stop;
            }
        }
    }
}

#[tokio::test]
async fn what_was_committed_survives_power_cuts() {
    for seed in 0..12 {
        survive(seed).await;
    }
}

/// A query remembers how far it has read, whether or not it had anything to write. If a power cut took what it has read, what
/// is written in its place later would be at offsets that it never looks at again.
#[tokio::test]
async fn what_was_read_before_a_commit_survives_power_cuts() {
    for seed in 0..12 {
        let mut random = StdRng::seed_from_u64(seed);
        let dir = tempfile::tempdir().unwrap();
        let memory = Arc::new(Memory::default());
        let options = EmbeddedOptions {
            segment_bytes: 8_000,
            disk: Arc::clone(&memory) as Arc<dyn Disk>,
            ..EmbeddedOptions::default()
        };
        let broker = EmbeddedBroker::open(dir.path(), options.clone()).unwrap();
        for name in ["source", "sink", "gone"] {
            make_topic(&broker, name, &[("retention.ms", "-1")]).await;
        }
        let mut producer = broker.writer("another").await.unwrap();
        for number in 0..random.random_range(1..80) {
            let records = vec![record(&value(number))];
            producer.write(&partition("source"), records).await.unwrap();
        }
        let read = read_from(&broker, "source", 0).await.unwrap();
        let position = read.len() as i64;
        // The query: nothing of it matched.
        let mut writer = broker.writer("query").await.unwrap();
        let positions = [(partition("source"), position), (partition("gone"), 0)];
        broker.delete_topic("gone").await.unwrap();
        writer.commit(&positions).await.unwrap();
        // Nobody has read these.
        let records = vec![record("unread")];
        producer.write(&partition("source"), records).await.unwrap();
        drop((producer, writer, broker));
        memory.cut(dir.path(), &mut random);

        let broker = EmbeddedBroker::open(dir.path(), options).unwrap();
        let mut found = read_from(&broker, "source", 0).await.unwrap();
        found.truncate(read.len());
        assert!(
            found == read,
            "seed {seed}: {} of {position} left",
            found.len()
        );
    }
}

async fn survive(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let memory = Arc::new(Memory::default());
    let options = EmbeddedOptions {
        segment_bytes: 8_000,
        disk: Arc::clone(&memory) as Arc<dyn Disk>,
        ..EmbeddedOptions::default()
    };
    let (mut there, mut committed) = (0, 0);
    for round in 0..10 {
        let broker = EmbeddedBroker::open(dir.path(), options.clone()).unwrap();
        if round == 0 {
            make_topic(&broker, "t", &[("retention.ms", "-1")]).await;
        }
        let found = end(&broker, "t").await.unwrap();
        assert!(
            (committed..=there).contains(&found),
            "seed {seed}, round {round}: {found} found, {committed} committed, {there} written"
        );
        let read = read_from(&broker, "t", 0).await.unwrap();
        let expected = (0..found).map(value);
        assert_eq!(
            read,
            expected.collect::<Vec<_>>(),
            "seed {seed}, round {round}"
        );
        // What was found may be relied on only once it is committed.
        there = found;
        let mut writer = broker.writer("w").await.unwrap();
        for _ in 0..random.random_range(0..60) {
            let size = random.random_range(1..4);
            let records = (there..there + size).map(|number| record(&value(number)));
            writer
                .write(&partition("t"), records.collect())
                .await
                .unwrap();
            there += size;
            if random.random_bool(0.2) {
                writer.commit(&[]).await.unwrap();
                committed = there;
            }
        }
        drop((writer, broker));
        memory.cut(dir.path(), &mut random);
    }
    assert!(committed > 0);
}

/// Of very different sizes, some of many sectors.
fn value(number: i64) -> String {
    let size = (number * 7919 % 13) * (number * 7919 % 13) * 10;
    format!("{number}{}", "x".repeat(size as usize))
}
