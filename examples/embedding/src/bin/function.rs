//! A function in Rust that statements call: MASK leaves the capitals of a name.

use std::sync::Arc;
use weir_engine::arrow::array::{ArrayRef, AsArray, StringArray};
use weir_engine::{Engine, Error, parts::SqlType, scalar_function};

fn mask(columns: &[ArrayRef]) -> ArrayRef {
    let mask = |name: &str| name.replace(|c: char| !c.is_uppercase(), "*");
    let names = columns[0].as_string::<i32>().iter();
    Arc::new(names.map(|name| name.map(mask)).collect::<StringArray>())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mask = scalar_function("MASK", [SqlType::String], SqlType::String, mask);
    let engine = Engine::builder().memory(0).function(mask).build();
    let engine = engine.await?;
    let script = "CREATE STREAM logins (name VARCHAR)
                  WITH (KAFKA_TOPIC = 'logins', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
                  INSERT INTO logins VALUES ('Alice'); INSERT INTO logins VALUES ('Bob');";
    engine.execute(&mut engine.session(), script).await?;
    let batches = engine.query("SELECT MASK(name) FROM logins;").await?;
    for name in batches.iter().flat_map(|b| b.column(0).as_string::<i32>()) {
        println!("{}", name.unwrap_or("nobody"));
    }
    engine.shutdown().await
}
