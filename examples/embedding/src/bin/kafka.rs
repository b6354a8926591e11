//! Against Kafka: `kafka HOST:PORT TOPIC TEXT` prints the first three records whose values have that text in them.

use std::env::args;
use weir_engine::{Engine, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let given: Vec<String> = args().collect();
    let [_, servers, topic, text] = given.as_slice() else {
        return Err(Error::user("these are needed: HOST:PORT TOPIC TEXT"));
    };
    // Statements are kept on the cluster under this name, positions in this folder.
    let builder = Engine::builder().cluster().service_id("lines_");
    let engine = builder
        .property("bootstrap.servers", servers)
        .data(std::env::temp_dir().join("weir-lines"))
        .build()
        .await?;
    let create = format!(
        "DROP STREAM IF EXISTS lines; CREATE STREAM lines (line VARCHAR) WITH (VALUE_FORMAT='KAFKA', KAFKA_TOPIC='{topic}');"
    );
    engine.execute(&mut engine.session(), &create).await?;
    let rule = format!("SELECT line FROM lines WHERE line LIKE '%{text}%' LIMIT 3;");
    for row in engine.query_json(&rule).await? {
        println!("{}", row["LINE"]);
    }
    engine.shutdown().await
}
