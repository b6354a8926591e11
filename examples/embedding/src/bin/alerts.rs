//! Alerts to standard output: rules over the lines of JSON on standard input, until Ctrl-C.

use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use weir_engine::{Engine, Error, parts::NewRecord, rows::to_objects};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let engine = Engine::builder().memory(0).build().await?;
    let rules = "CREATE STREAM events (host VARCHAR, id INT, command VARCHAR)
                 WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
                 CREATE STREAM alerts AS SELECT host, 'log cleared' AS rule FROM events WHERE id = 1102;
                 INSERT INTO alerts SELECT host, 'encoded command' AS rule FROM events
                 WHERE LCASE(command) LIKE '%powershell% -enc%';";
    let show = "SELECT * FROM alerts EMIT CHANGES;";
    engine.execute(&mut engine.session(), rules).await?;
    let mut alerts = engine.subscribe(show).await?;
    let mut events = engine.topics().producer("events").await?;
    let mut lines = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            Ok(Some(line)) = lines.next_line() => drop(events.send(vec![NewRecord::value(line)]).await?),
            Some(batch) = alerts.next() => for alert in to_objects(&batch, &alerts.schema) {
                println!("{alert}");
            },
            _ = tokio::signal::ctrl_c() => return engine.shutdown().await,
        }
    }
}
