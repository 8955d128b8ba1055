//! What agents tell of their machines, and what the fleet shows of it.

use super::agents::{agent_id, arrival, embedded, machine, online};
use crate::common::browser::Browser;
use crate::common::{fresh_store, hall, opened};
use chuangming_central::store::{Body, Store};
use chuangming_domain::Timestamp;
use chuangming_domain::digest::Digest;
use chuangming_domain::observation::Signal;
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{Coverage, CoverageSchema, Geometry, GeometrySchema, Machine, Observed};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

fn geometry(calibration: &str) -> Geometry {
    Geometry {
        schema: GeometrySchema::V1,
        calibration: Digest::of(calibration.as_bytes()),
        at: Timestamp::UNIX_EPOCH,
        text: "version = 1\n".to_owned(),
    }
}

#[tokio::test]
async fn machines_tell_their_clock_and_their_calibration() {
    let (store, _dir, _) = fresh_store().await;
    let now = Timestamp::now();
    let record = async |machine: Machine, now| {
        store
            .record(&[arrival("edge-01", online()), arrival("edge-01", Body::Machine(machine))], now)
            .await
            .unwrap();
    };
    record(machine(now + Duration::from_secs(7), "first"), now).await;
    assert_eq!(store.machines().await.unwrap()[0].skew_s.round(), 7.0);
    record(machine(now, "first"), now).await;
    record(machine(now, "second"), now).await;
    record(machine(now, "first"), now + Duration::from_secs(60)).await;
    let told: Vec<_> = store
        .calibrations(&hall(), &agent_id("edge-01"), 9)
        .await
        .unwrap()
        .into_iter()
        .map(|c| c.digest)
        .collect();
    let digest = |text: &str| Digest::of(text.as_bytes());
    assert_eq!(told, [digest("first"), digest("second"), digest("first")], "newest first, and only changes");
    assert_eq!(store.machines().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_tells_of_machines_and_never_of_conduct() {
    let central = embedded().await;
    let store = Store::open(&central.config().database().unwrap()).await.unwrap();
    let now = Timestamp::now();
    let hour = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(3600) - 3600).unwrap();
    let observed = Observed { observed_s: 1800.0, unknown_s: 1800.0 };
    let signals = BTreeMap::from([(Signal::Presence, observed)]);
    let coverage = Coverage {
        schema: CoverageSchema::V1,
        hour,
        windows: BTreeMap::from([("1".parse().unwrap(), signals)]),
    };
    let event = opened("edge-01", "1", Rule::Slumped);
    let arrivals = [
        arrival("edge-01", online()),
        arrival("edge-01", Body::Machine(machine(now, "c"))),
        arrival("edge-01", Body::Geometry(geometry("c"))),
        // A retained message comes again with every connection.
        arrival("edge-01", Body::Geometry(geometry("c"))),
        arrival("edge-01", Body::Coverage(coverage)),
        arrival("edge-01", Body::Event(Box::new(event))),
    ];
    store.record(&arrivals, now).await.unwrap();
    let installer = Browser::sign_in(&central, "installer").await;
    let one = installer.json("/api/v1/fleet/tanggu/edge-01?days=3").await;
    assert_eq!((&one["observed_24h"], &one["machine"]["cores"]), (&json!(0.5), &json!(4)));
    assert_eq!(one["hall_name"], "塘沽中心");
    let calibrations = one["calibrations"].as_array().unwrap();
    assert_eq!(calibrations.len(), 1, "{one}");
    assert_eq!(calibrations[0]["digest"], Digest::of(b"c").as_str());
    assert_eq!(calibrations[0]["text"], "version = 1\n");
    let hours = one["coverage"]["windows"][0]["observed"].as_array().unwrap();
    assert_eq!((hours.len(), &hours[hours.len() - 2]), (72, &json!(0.5)));
    for path in ["/api/v1/fleet", "/api/v1/fleet/tanggu/edge-01"] {
        let text = installer.json(path).await.to_string();
        assert!(!text.contains("slumped") && !text.contains("severity") && !text.contains("16.4"), "{text}");
    }
    assert_eq!(
        installer.send(Method::GET, "/api/v1/fleet/tanggu/edge-01?days=32", Value::Null).await.status(),
        400
    );
    central.stop().await;
}
