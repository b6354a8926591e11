//! A web handler: `POST /events` takes an event in JSON, `GET /alerts` shows what a rule has found.

use axum::{Router, extract::State, http::StatusCode, routing::get, routing::post};
use weir_engine::{Engine, parts::NewRecord};

const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

async fn take(State(engine): State<Engine>, event: String) -> Result<(), StatusCode> {
    let event = vec![NewRecord::value(event)];
    let written = engine.topics().produce("events", event).await;
    written.map(drop).or(Err(UNAVAILABLE))
}
async fn show(State(engine): State<Engine>) -> Result<String, StatusCode> {
    let rows = engine.query_json("SELECT * FROM alerts;").await;
    let rows = rows.or(Err(UNAVAILABLE))?;
    Ok(rows.iter().map(|row| format!("{row}\n")).collect())
}
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::builder().memory(0).build().await?;
    let rules = include_str!("web.sql");
    engine.execute(&mut engine.session(), rules).await?;
    let app = Router::new().route("/events", post(take));
    let app = app.route("/alerts", get(show)).with_state(engine);
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
