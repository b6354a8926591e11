//! `/topics/{topic}/records`: lines into a topic, and a topic's records as lines. Not ksqlDB's.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use base64::Engine as _;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use weir_engine::{
    TopicReader,
    parts::{NewRecord, Record},
    record_of_line,
};

use super::{answer, check_serving};
use crate::{
    app::App,
    error::Refusal,
    lines::Lines,
    push::{BUNCH, Cut, Ending, Next, Source},
};

const NDJSON: &str = "application/x-ndjson";

/// Records that are written at once, at most.
const AT_ONCE: usize = 5000;

/// How long a reader waits before it looks whether somebody still listens.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
pub struct Write {
    /// What stands before this on a line is the record's key.
    key_separator: Option<String>,
    /// How many partitions a topic gets that is not there yet; without it there must be one.
    partitions: Option<i32>,
}

/// Each line's bytes are a record's value. What was written before an error stays written: the answer says up to where.
pub async fn write(
    State(app): State<Arc<App>>,
    Path(topic): Path<String>,
    Query(options): Query<Write>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    check_serving(&app)?;
    check_topic(&topic)?;
    let is_right = super::text(&headers, &header::CONTENT_TYPE).is_none_or(|content_type| {
        let name = content_type.split(';').next().unwrap_or_default().trim();
        [NDJSON, "application/octet-stream"].contains(&name.to_ascii_lowercase().as_str())
    });
    if !is_right {
        return Err(Refusal::new(
            41500,
            format!("Unsupported media type: records are lines, {NDJSON}"),
        ));
    }
    let separator = options.key_separator.filter(|text| !text.is_empty());
    if let Some(partitions) = options.partitions {
        make_topic(&app, &topic, partitions).await?;
    }
    let mut producer = app
        .engine
        .topics()
        .producer(&topic)
        .await
        .map_err(of_topic)?;
    let limits = &app.options.limits;
    let mut lines = Lines::new(body, limits.body_bytes);
    let mut count = 0;
    let mut written = Vec::new();
    loop {
        let some = tokio::time::timeout(limits.body_time, lines.some(AT_ONCE)).await;
        let some = some.unwrap_or_else(|_| {
            Err(Refusal::new(
                40800,
                "no line came within weir.http.body.timeout.ms",
            ))
        });
        let some = some.map_err(|refusal| after(refusal, count))?;
        let Some(some) = some else { break };
        let records: Vec<NewRecord> = some
            .into_iter()
            .map(|line| record_of_line(line, separator.as_deref(), now()))
            .collect();
        let sent = records.len();
        let offsets = producer.send(records).await;
        written.extend(offsets.map_err(|error| after(of_topic(error), count))?);
        count += sent;
    }
    let flushed = producer.flush().await;
    flushed.map_err(|error| after(of_topic(error), count))?;
    answer(
        &headers,
        &json!({"topic": topic, "records": count, "offsets": ranges(&written)}),
    )
}

/// Makes the topic if it is not there.
async fn make_topic(app: &App, topic: &str, partitions: i32) -> Result<(), Refusal> {
    let topics = app.engine.topics();
    if topics.get(topic).await.map_err(of_topic)?.is_some() {
        return Ok(());
    }
    if partitions < 1 {
        return Err(Refusal::bad_request(format!(
            "partitions={partitions} is no number of partitions: at least 1"
        )));
    }
    match topics.create(topic, partitions, BTreeMap::new()).await {
        Ok(_) => Ok(()),
        // Somebody else may have been faster.
        Err(error) => match topics.get(topic).await {
            Ok(Some(_)) => Ok(()),
            _ => Err(of_topic(error)),
        },
    }
}

/// The first and the last offset in each partition.
fn ranges(written: &[weir_engine::Written]) -> Vec<Value> {
    let mut by_partition = BTreeMap::new();
    for written in written {
        by_partition
            .entry(written.partition)
            .and_modify(|range: &mut std::ops::Range<i64>| {
                range.start = range.start.min(written.offsets.start);
                range.end = range.end.max(written.offsets.end);
            })
            .or_insert_with(|| written.offsets.clone());
    }
    by_partition
        .into_iter()
        .map(|(partition, range)| {
            json!({"partition": partition, "first": range.start, "last": range.end - 1})
        })
        .collect()
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |time| {
        i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
    })
}

/// A refusal that came when some were written already.
fn after(refusal: Refusal, count: usize) -> Refusal {
    Refusal {
        message: format!(
            "{}; {count} records, or a few more, were written before",
            refusal.message
        ),
        ..refusal
    }
}

fn of_topic(error: weir_engine::Error) -> Refusal {
    match error.kind {
        weir_engine::ErrorKind::User => Refusal::new(40400, error.message),
        _ => Refusal::of_statement(error, Vec::new()),
    }
}

/// The service's own topics are nobody else's.
fn check_topic(topic: &str) -> Result<(), Refusal> {
    if topic.starts_with("_weir_") {
        return Err(Refusal::new(
            40300,
            format!("Topic {} is the service's own", topic.escape_debug()),
        ));
    }
    Ok(())
}

#[derive(Deserialize)]
pub struct Read {
    /// `beginning` or `latest`.
    from: Option<String>,
    /// Whether to go on past what is there.
    #[serde(default)]
    follow: bool,
    limit: Option<u64>,
    /// Whether each line is an object with partition, offset, timestamp, key and value.
    #[serde(default)]
    envelope: bool,
}

pub async fn read(
    State(app): State<Arc<App>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    Path(topic): Path<String>,
    Query(options): Query<Read>,
) -> Result<Response, Refusal> {
    check_serving(&app)?;
    let from_beginning = match options.from.as_deref() {
        None | Some("beginning" | "earliest") => true,
        Some("latest" | "end") => false,
        Some(other) => {
            return Err(Refusal::bad_request(format!(
                "from={} is neither beginning nor latest",
                other.escape_debug()
            )));
        }
    };
    let slot = match options.follow {
        true => Some(app.pushes.take(client.ip())?),
        false => None,
    };
    let reader = app.engine.topics().consume(&topic, from_beginning).await;
    let reader = reader.map_err(of_topic)?;
    let source = Records {
        left: options.limit.unwrap_or(u64::MAX),
        reader,
        options,
        waiting: VecDeque::new(),
    };
    let body = app.send(source, slot);
    Ok(([(header::CONTENT_TYPE, NDJSON)], body).into_response())
}

/// A topic's records as lines.
struct Records {
    reader: TopicReader,
    options: Read,
    left: u64,
    /// Read, and not sent.
    waiting: VecDeque<(i32, Record)>,
}

impl Source for Records {
    async fn next(&mut self) -> Next {
        loop {
            if !self.waiting.is_empty() {
                return Next::Frames(vec![self.frame()]);
            }
            if self.left == 0 || (!self.options.follow && self.reader.is_at_end()) {
                return Next::End(Ending::Last(Bytes::new()));
            }
            match self.reader.next(LOOK).await {
                Ok(Some((partition, mut records))) => {
                    records.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                    self.left -= records.len() as u64;
                    self.waiting
                        .extend(records.into_iter().map(|record| (partition, record)));
                }
                Ok(None) => {}
                Err(error) => return Next::End(Ending::Broken(error.message)),
            }
        }
    }

    /// Lines have no place for a reason: that the rest is missing is seen by a body that does not end as it should.
    fn cut(&mut self, why: Cut) -> Ending {
        Ending::Broken(why.refusal().message)
    }
}

impl Records {
    /// As many lines as fit.
    fn frame(&mut self) -> Bytes {
        let mut frame = Vec::new();
        while frame.len() < BUNCH
            && let Some((partition, record)) = self.waiting.pop_front()
        {
            match (self.options.envelope, &record.value) {
                (true, _) => {
                    frame.extend_from_slice(enveloped(partition, &record).to_string().as_bytes());
                }
                (false, Some(value)) => frame.extend_from_slice(value),
                // As `weir consume` shows it.
                (false, None) => frame.extend_from_slice(b"null"),
            }
            frame.push(b'\n');
        }
        Bytes::from(frame)
    }
}

/// Bytes that are no UTF-8 are in Base64, under a name that says so.
fn enveloped(partition: i32, record: &Record) -> Value {
    let mut value = json!({
        "partition": partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
    });
    for (name, bytes) in [("key", &record.key), ("value", &record.value)] {
        match bytes
            .as_deref()
            .map(|bytes| (bytes, std::str::from_utf8(bytes)))
        {
            None => value[name] = Value::Null,
            Some((_, Ok(text))) => value[name] = text.into(),
            Some((bytes, Err(_))) => {
                value[format!("{name}Base64")] = base64::engine::general_purpose::STANDARD
                    .encode(bytes)
                    .into();
            }
        }
    }
    value
}
