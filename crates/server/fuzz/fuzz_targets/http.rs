//! HTTP bodies: whatever is sent to an endpoint, it answers, and no task of it panics.

#![no_main]

use std::{cell::RefCell, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, Version},
};
use futures::StreamExt;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tower_service::Service;
use weir_engine::Engine;
use weir_server::Options;

/// An engine is used for so many inputs: what they declare fills it.
const INPUTS: u32 = 2000;

/// Statements may wait, and push queries do.
const PATIENCE: Duration = Duration::from_millis(50);

const DECLARATIONS: &str = "CREATE STREAM s (k VARCHAR KEY, i INT, d DECIMAL(9, 2), t TIMESTAMP, b BYTES, a ARRAY<INT>, m MAP<VARCHAR, DOUBLE>, n STRUCT<x INT, y STRUCT<z VARCHAR>>) WITH (kafka_topic='s', value_format='JSON', partitions=1);";

struct House {
    runtime: Runtime,
    engine: Engine,
    router: Router,
    inputs: u32,
}

thread_local! {
    static HOUSE: RefCell<Option<House>> = const { RefCell::new(None) };
}

fn build() -> House {
    // A task that panics must not do so unseen.
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("{panic}");
        std::process::abort();
    }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let engine = runtime.block_on(async {
        let engine = Engine::builder()
            .memory(1)
            .build()
            .await
            .expect("an engine");
        let mut session = engine.session();
        let declared = engine.execute(&mut session, DECLARATIONS).await;
        assert!(declared.is_ok());
        engine
    });
    let options = Options::from_properties(&Default::default()).expect("options");
    let router = weir_server::router(engine.clone(), options);
    House {
        runtime,
        engine,
        router,
        inputs: 0,
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else {
        return;
    };
    HOUSE.with_borrow_mut(|place| {
        let house = place.get_or_insert_with(build);
        house.inputs += 1;
        house
            .runtime
            .block_on(send(&mut house.router, *choice, body));
        if house.inputs >= INPUTS {
            let House {
                runtime, engine, ..
            } = place.take().expect("it was just there");
            runtime.block_on(async {
                let _ = tokio::time::timeout(Duration::from_secs(10), engine.shutdown()).await;
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    });
});

async fn send(router: &mut Router, choice: u8, body: &[u8]) {
    let paths = [
        "/ksql",
        "/query",
        "/query-stream",
        "/inserts-stream",
        "/close-query",
        "/topics/s/records?key_separator=%3A",
        "/ksql",
        "/inserts-stream",
    ];
    let accepts = [
        "*/*",
        "application/json",
        "application/vnd.ksql.v1+json",
        "application/vnd.ksqlapi.delimited.v1",
    ];
    let path = paths[usize::from(choice & 7)];
    let accept = accepts[usize::from(choice >> 3 & 3)];
    // Half of the bodies come in two pieces.
    let body = match choice >> 5 & 1 {
        0 => Body::from(body.to_vec()),
        _ => {
            let (first, second) = body.split_at(body.len() / 2);
            let pieces = [first.to_vec(), second.to_vec()].map(Ok::<_, std::convert::Infallible>);
            Body::from_stream(futures::stream::iter(pieces))
        }
    };
    let mut request = Request::post(path)
        .version(Version::HTTP_2)
        .header("accept", accept)
        .header("host", "localhost:8088");
    if !path.starts_with("/topics") {
        request = request.header("content-type", "application/json");
    }
    let Ok(mut request) = request.body(body) else {
        return;
    };
    let client: SocketAddr = ([127, 0, 0, 1], 1).into();
    request.extensions_mut().insert(ConnectInfo(client));
    let _ = tokio::time::timeout(PATIENCE, async {
        let Ok(response) = router.call(request).await;
        let mut frames = response.into_body().into_data_stream();
        while let Some(Ok(_)) = frames.next().await {}
    })
    .await;
}
