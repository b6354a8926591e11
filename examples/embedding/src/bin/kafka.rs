//! Against Kafka: `kafka HOST:PORT TOPIC TEXT` prints the first three records whose values have that text in them.

use std::env::args;
use weir_engine::{Engine, Error, rows::to_json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (Some(servers), Some(topic), Some(text)) = (args().nth(1), args().nth(2), args().nth(3))
    else {
        return Err(Error::user("these are needed: HOST:PORT TOPIC TEXT"));
    };
    // Only read: no statement log, no processing log, no positions.
    let builder = Engine::builder().cluster().headless(true).without_data();
    let builder = builder
        .property("bootstrap.servers", servers)
        .property("ksql.logging.processing.topic.auto.create", "false");
    let engine = builder.build().await?;
    let lines = "CREATE STREAM lines (line VARCHAR) WITH (VALUE_FORMAT = 'KAFKA', KAFKA_TOPIC = ";
    let create = format!("{lines}'{topic}');");
    engine.execute(&mut engine.session(), &create).await?;
    let rule = format!("SELECT line FROM lines WHERE line LIKE '%{text}%' LIMIT 3;");
    let mut rows = engine.subscribe(&rule).await?;
    while let Some(batch) = rows.next().await {
        for row in to_json(&batch, &rows.schema) {
            println!("{}", row[0]);
        }
    }
    engine.shutdown().await
}
