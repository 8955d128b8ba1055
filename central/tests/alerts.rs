//! Several centrals on one database: each tells its own pages all that any of them recorded, once and in order.

mod common;

use chuangming_central::alerts::Hub;
use chuangming_central::stop;
use chuangming_central::store::{Arrival, Body, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::rule::Rule;
use common::{PATIENCE, fresh_store, opened};

async fn record(hub: &Hub, store: &Store) {
    let event = opened("edge-01", "1", Rule::Slumped);
    let arrival =
        Arrival { hall: event.hall.clone(), agent: event.agent.clone(), body: Body::Event(Box::new(event)) };
    let turn = hub.turn().await;
    let changes = store.record(&[arrival], Timestamp::now()).await.unwrap().changes;
    hub.tell(store, &changes, turn).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_central_tells_everything_in_order() {
    let (store, _dir, database) = fresh_store().await;
    let other = Store::open(&database).await.unwrap();
    let (hub, other_hub) = (Hub::default(), Hub::default());
    // Both know where they stand before the others begin.
    record(&hub, &store).await;
    record(&other_hub, &other).await;
    let (mut page, mut other_page) = (hub.listen(), other_hub.listen());
    let (_stopper, stop) = stop::channel();
    tokio::spawn(hub.clone().follow(store.clone(), stop.clone()));
    tokio::spawn(other_hub.clone().follow(other.clone(), stop));
    let (one, two) = (tokio::spawn(many(hub, store.clone())), tokio::spawn(many(other_hub, other)));
    one.await.unwrap();
    two.await.unwrap();
    let last = store.cursor().await.unwrap();
    assert_eq!(last, 42);
    for page in [&mut page, &mut other_page] {
        let mut told = Vec::new();
        while told.last() != Some(&last) {
            let notice = tokio::time::timeout(PATIENCE, page.recv()).await.expect("told in time").unwrap();
            told.push(notice.id);
        }
        let first = told[0];
        assert!(first <= 3, "begins with {first}");
        assert_eq!(told, (first..=last).collect::<Vec<_>>());
    }
}

async fn many(hub: Hub, store: Store) {
    for _ in 0..20 {
        record(&hub, &store).await;
    }
}
