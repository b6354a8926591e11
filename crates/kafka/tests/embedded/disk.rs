//! A disk that is full, fails, or is slow.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use weir_kafka::{
    Broker, EmbeddedBroker, EmbeddedOptions, ErrorKind,
    embedded::{Disk, SystemDisk},
};

use crate::world::{
    end, log_files, make_topic, open, partition, read_from, record, write, write_committed,
};

/// A disk with so much room left, that can be told to fail, and counts its syncs.
#[derive(Debug)]
struct BadDisk {
    room: AtomicI64,
    sync_fails: AtomicBool,
    sync_takes: Duration,
    syncs: AtomicUsize,
}

impl BadDisk {
    fn new(sync_takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            room: AtomicI64::new(i64::MAX),
            sync_fails: AtomicBool::new(false),
            sync_takes,
            syncs: AtomicUsize::new(0),
        })
    }
}

impl Disk for BadDisk {
    fn write_at(&self, file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
        let room = self.room.load(Ordering::SeqCst);
        let size = bytes.len().min(usize::try_from(room).unwrap_or(0));
        if size == 0 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.room.fetch_sub(size as i64, Ordering::SeqCst);
        SystemDisk.write_at(file, &bytes[..size], position)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(self.sync_takes);
        if self.sync_fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("input/output error"));
        }
        SystemDisk.sync(file)
    }
}

fn open_on(disk: &Arc<BadDisk>, dir: &std::path::Path) -> EmbeddedBroker {
    let options = EmbeddedOptions {
        disk: Arc::clone(disk) as Arc<dyn Disk>,
        ..EmbeddedOptions::default()
    };
    EmbeddedBroker::open(dir, options).unwrap()
}

#[tokio::test]
async fn a_full_disk_refuses_a_batch_and_keeps_the_log_whole() {
    let dir = tempfile::tempdir().unwrap();
    let disk = BadDisk::new(Duration::ZERO);
    let broker = open_on(&disk, dir.path());
    make_topic(&broker, "t", &[]).await;
    write_committed(&broker, "t", &["a"]).await;
    let log = &log_files(dir.path())[0];
    let before = std::fs::metadata(log).unwrap().len();
    let mut writer = broker.writer("w").await.unwrap();
    for room in 0..100 {
        disk.room.store(room, Ordering::SeqCst);
        let text = "x".repeat(100);
        let refused = writer.write(&partition("t"), vec![record(&text)]).await;
        let error = refused.unwrap_err();
        assert!(error.kind == ErrorKind::Storage && error.is_retriable());
        assert!(error.message.starts_with("could not write "), "{error}");
        let size = std::fs::metadata(log).unwrap().len();
        assert_eq!(size, before, "room for {room}");
        assert_eq!(end(&broker, "t").await.unwrap(), 1);
        assert_eq!(read_from(&broker, "t", 0).await.unwrap(), ["a"]);
    }
    // There is room again: the same writer goes on.
    disk.room.store(i64::MAX, Ordering::SeqCst);
    let offset = writer.write(&partition("t"), vec![record("b")]).await;
    assert_eq!(offset.unwrap(), 1);
    writer.commit(&[]).await.unwrap();
    broker.close().await.unwrap();
    let broker = open(dir.path());
    assert_eq!(read_from(&broker, "t", 0).await.unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn after_a_sync_that_failed_nothing_is_taken_until_the_log_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let disk = BadDisk::new(Duration::ZERO);
    let broker = open_on(&disk, dir.path());
    make_topic(&broker, "t", &[]).await;
    make_topic(&broker, "other", &[]).await;
    write_committed(&broker, "t", &["a"]).await;
    let mut writer = write(&broker, "t", &["b"]).await;
    disk.sync_fails.store(true, Ordering::SeqCst);
    let error = writer.commit(&[]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Storage);
    let expected = "could not sync the log of t-0: input/output error; \
                    it takes nothing more until it is opened again";
    assert_eq!(error.message, expected);
    disk.sync_fails.store(false, Ordering::SeqCst);
    // The next sync would succeed and mean nothing.
    assert_eq!(writer.commit(&[]).await.unwrap_err().message, expected);
    let refused = writer.write(&partition("t"), vec![record("c")]).await;
    assert_eq!(refused.unwrap_err().message, expected);
    write_committed(&broker, "other", &["fine"]).await;
    broker.close().await.unwrap();
    let broker = open(dir.path());
    write_committed(&broker, "t", &["c"]).await;
    assert_eq!(read_from(&broker, "t", 0).await.unwrap(), ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_come_together_share_a_sync() {
    let dir = tempfile::tempdir().unwrap();
    let disk = BadDisk::new(Duration::from_millis(10));
    let broker = open_on(&disk, dir.path());
    make_topic(&broker, "t", &[]).await;
    let writers = (0..16).map(|id| {
        let broker = broker.clone();
        tokio::spawn(async move {
            for number in 0..8 {
                let text = format!("{id:02}/{number}");
                write_committed(&broker, "t", &[&text]).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let syncs = disk.syncs.load(Ordering::SeqCst);
    assert!((8..=64).contains(&syncs), "{syncs} syncs for 128 commits");
    broker.close().await.unwrap();
    let broker = open(dir.path());
    let mut read = read_from(&broker, "t", 0).await.unwrap();
    // In the order of each writer, and nothing twice: sorting by writer alone gives all of them in order.
    read.sort_by_key(|text| text[..2].to_owned());
    let expected = (0..16).flat_map(|id| (0..8).map(move |number| format!("{id:02}/{number}")));
    assert_eq!(read, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_commit_with_nothing_new_syncs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = BadDisk::new(Duration::ZERO);
    let broker = open_on(&disk, dir.path());
    make_topic(&broker, "t", &[]).await;
    let mut writer = write(&broker, "t", &["a", "b", "c"]).await;
    assert_eq!(disk.syncs.load(Ordering::SeqCst), 0);
    for _ in 0..3 {
        writer.commit(&[]).await.unwrap();
    }
    broker.writer("w").await.unwrap().commit(&[]).await.unwrap();
    assert_eq!(disk.syncs.load(Ordering::SeqCst), 1);
}
