//! Records of topics, in and out: what a Weir server has beside ksqlDB's protocol.

use std::fmt::Write;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;

use super::{
    Error, LineStream,
    connection::{Connection, encoded},
};

/// Lines of JSON, one value each.
const NDJSON: &str = "application/x-ndjson";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Produced {
    pub topic: String,
    pub records: u64,
    #[serde(default)]
    pub offsets: Vec<ProducedOffsets>,
}

/// Where in a partition it was written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProducedOffsets {
    pub partition: i32,
    pub first: i64,
    pub last: i64,
}

/// Which records, and how they are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsumeOptions {
    /// From the oldest record, not from the next one.
    pub from_beginning: bool,
    /// Goes on when all that was there is read.
    pub follow: bool,
    pub limit: Option<u64>,
    /// A line is an object with partition, offset, timestamp, key and value, and not the value alone.
    pub envelope: bool,
}

pub async fn produce(
    connection: &Connection,
    topic: &str,
    lines: Bytes,
    key_separator: Option<&str>,
    partitions: Option<i32>,
) -> Result<Produced, Error> {
    let mut parameters = Vec::new();
    if let Some(separator) = key_separator {
        parameters.push(format!("key_separator={}", encoded(separator)));
    }
    if let Some(partitions) = partitions {
        parameters.push(format!("partitions={partitions}"));
    }
    let path = path_of(topic, &parameters);
    let headers = [("accept", "application/json"), ("content-type", NDJSON)];
    let answer = connection
        .send(Method::POST, &path, &headers, lines)
        .await?;
    let body = connection.whole(answer.body).await?;
    connection.parse(&body)
}

pub async fn consume(
    connection: &Connection,
    topic: &str,
    options: ConsumeOptions,
) -> Result<LineStream, Error> {
    let from = if options.from_beginning {
        "beginning"
    } else {
        "latest"
    };
    let mut parameters = vec![format!("from={from}"), format!("follow={}", options.follow)];
    if let Some(limit) = options.limit {
        parameters.push(format!("limit={limit}"));
    }
    if options.envelope {
        parameters.push("envelope=true".to_owned());
    }
    let path = path_of(topic, &parameters);
    let headers = [("accept", NDJSON)];
    let answer = connection
        .send(Method::GET, &path, &headers, Bytes::new())
        .await?;
    Ok(LineStream::new(answer))
}

fn path_of(topic: &str, parameters: &[String]) -> String {
    let mut path = format!("/topics/{}/records", encoded(topic));
    for (number, parameter) in parameters.iter().enumerate() {
        let separator = if number == 0 { '?' } else { '&' };
        // Writing to a String cannot fail.
        let _ = write!(path, "{separator}{parameter}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn paths_carry_any_name() {
        assert_eq!(path_of("a.b", &[]), "/topics/a.b/records");
        let parameters = ["x=1".to_owned(), "y=2".to_owned()];
        assert_eq!(path_of("a/b", &parameters), "/topics/a%2Fb/records?x=1&y=2");
    }
}
