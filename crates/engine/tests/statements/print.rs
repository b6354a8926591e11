//! PRINT.

use std::time::Duration;

use weir_engine::{PrintLine, PrintStream, Response};

use crate::support::{House, START, record};

async fn print(house: &mut House, statement: &str) -> PrintStream {
    match house.run(statement).await {
        Ok(mut answers) => match answers.remove(0) {
            Response::Print(stream) => stream,
            _ => panic!("no lines: {statement}"),
        },
        Err(error) => panic!("{}", error.render()),
    }
}

/// The lines up to the limit.
async fn lines(house: &mut House, statement: &str) -> Vec<String> {
    let mut stream = print(house, statement).await;
    let mut lines = Vec::new();
    while let Some(next) = tokio::time::timeout(Duration::from_secs(10), stream.next())
        .await
        .unwrap()
        .unwrap()
    {
        lines.extend(next.into_iter().map(|line| match line {
            PrintLine::Format(text) | PrintLine::Record(text) => text,
        }));
    }
    lines
}

/// A record's key and value.
type Given<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

async fn with(records: &[Given<'_>]) -> House {
    let house = House::new().await;
    house.topic("Events", 1).await;
    let records = records.iter().map(|(key, value)| record(*key, *value));
    house.write("Events", 0, records.collect()).await;
    house
}

const AT: &str = "rowtime: 2023/11/14 22:13:20.000 Z";

#[tokio::test]
async fn records_are_lines_and_formats_are_guessed() {
    let mut house = with(&[
        (Some(b"k"), Some(br#"{"a": 10}"#)),
        (None, Some(b"text")),
        (Some(b"{"), None),
    ])
    .await;
    assert_eq!(
        lines(&mut house, "PRINT Events FROM BEGINNING LIMIT 3;").await,
        [
            "Key format: KAFKA_STRING",
            "Value format: JSON or KAFKA_STRING",
            &format!("{AT}, key: k, value: {{\"a\": 10}}, partition: 0"),
            "Value format: KAFKA_STRING",
            &format!("{AT}, key: <null>, value: text, partition: 0"),
            &format!("{AT}, key: {{, value: <null>, partition: 0"),
        ]
    );
}

#[tokio::test]
async fn numbers_are_shown_as_numbers() {
    let mut house = with(&[(Some(&[0, 0, 0, 7]), Some(&[0, 0, 0, 0, 0, 0, 1, 0]))]).await;
    assert_eq!(
        lines(&mut house, "PRINT `Events` FROM BEGINNING LIMIT 1;").await,
        [
            "Key format: KAFKA_INT or KAFKA_STRING",
            "Value format: KAFKA_BIGINT or KAFKA_DOUBLE or KAFKA_STRING",
            &format!("{AT}, key: 7, value: 256, partition: 0"),
        ]
    );
    let mut house = with(&[(None, Some(&[0xff, 0xfe, 0x01]))]).await;
    let lines = lines(&mut house, "PRINT 'Events' FROM BEGINNING LIMIT 1;").await;
    assert_eq!(lines[0], "Key format: ¯\\_(ツ)_/¯ - no data processed");
    assert_eq!(
        lines[1],
        "Value format:  does not match any supported format. It may be a STRING with encoding other than UTF8, or some other format."
    );
}

#[tokio::test]
async fn every_nth_record_is_printed() {
    let values: Vec<String> = (0..10).map(|number| format!("v{number}")).collect();
    let records: Vec<_> = values
        .iter()
        .map(|value| (None, Some(value.as_bytes())))
        .collect();
    let mut house = with(&records).await;
    for (clause, wanted) in [
        ("INTERVAL 3 LIMIT 3", vec!["v0", "v3", "v6"]),
        ("SAMPLE 4 LIMIT 2", vec!["v0", "v4"]),
        ("LIMIT 2", vec!["v0", "v1"]),
    ] {
        let lines = lines(
            &mut house,
            &format!("PRINT Events FROM BEGINNING {clause};"),
        )
        .await;
        let shown: Vec<_> = lines[2..]
            .iter()
            .map(|line| {
                line.split("value: ")
                    .nth(1)
                    .unwrap()
                    .split(',')
                    .next()
                    .unwrap()
            })
            .collect();
        assert_eq!(shown, wanted);
    }
    assert!(
        lines(&mut house, "PRINT Events FROM BEGINNING LIMIT 0;")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn it_begins_at_the_end_unless_the_session_says_otherwise() {
    let mut house = House::with(|builder| builder.property("auto.offset.reset", "earliest")).await;
    house.topic("t", 2).await;
    house.put("t", &["old"]).await;
    let mut stream = print(&mut house, "PRINT t;").await;
    let mut new = record(None, Some(b"new"));
    new.timestamp = START + 1;
    house.write("t", 1, vec![new]).await;
    let next = tokio::time::timeout(Duration::from_secs(10), stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(
        next.last(),
        Some(&PrintLine::Record(
            "rowtime: 2023/11/14 22:13:20.001 Z, key: <null>, value: new, partition: 1".to_owned()
        ))
    );
    house.go("SET 'auto.offset.reset'='earliest';").await;
    assert_eq!(lines(&mut house, "PRINT t LIMIT 2;").await.len(), 4);
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_refused_with_those_that_differ_in_case() {
    let mut house = with(&[]).await;
    house.topic("EVENTS", 1).await;
    assert_eq!(
        house.refusal("PRINT events;").await,
        "Could not find topic 'events', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive.\nDid you mean:\n\tprint EVENTS\n\tprint Events"
    );
    assert_eq!(
        house.refusal("PRINT nope;").await,
        "Could not find topic 'nope', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive."
    );
}
