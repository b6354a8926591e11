//! A filter inside a program: events go in, the rows that match come out. No Kafka, nothing on disk.

use futures::StreamExt;
use weir_engine::{Engine, Error, rows::to_objects};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let engine = Engine::builder().memory(0).build().await?;
    let mut session = engine.session();
    let events = "CREATE STREAM events (host VARCHAR, command VARCHAR)
                  WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 1);";
    engine.execute(&mut session, events).await?;
    let rule = "SELECT * FROM events WHERE command LIKE '%AntiVirusProduct%' EMIT CHANGES LIMIT 2;";
    let mut rows = engine.subscribe(rule).await?;
    let columns = rows.schema.clone();
    let happened = "INSERT INTO events VALUES ('WS1', 'cmd.exe /c dir');
                    INSERT INTO events VALUES ('WS2', 'wmic Path AntiVirusProduct Get displayName');
                    INSERT INTO events VALUES ('WS3', 'Get-CimInstance AntiVirusProduct');";
    engine.execute(&mut session, happened).await?;
    while let Some(batch) = StreamExt::next(&mut rows).await {
        for row in to_objects(&batch, &columns) {
            println!("{row}");
        }
    }
    engine.shutdown().await
}
