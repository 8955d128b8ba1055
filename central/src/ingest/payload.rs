//! From a topic and bytes to a valid message, or the reason why not. Pure.

use crate::store::{Arrival, Body};
use chuangming_domain::calibration::Calibration;
use chuangming_domain::event::{Event, Evidence, Phase};
use chuangming_domain::id::{AgentId, HallId};
use chuangming_domain::rule::Rule;
use chuangming_domain::wire::{Channel, Coverage, Geometry, Health, HealthPhase, Machine};
use serde::de::DeserializeOwned;

/// The largest payload that is looked at.
pub const LARGEST: usize = 64 * 1024;

/// Why a message is refused. It is never acknowledged, since it is not durable here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The topic is none of the contract's.
    #[error("the topic is not chuangming/v1/{{hall}}/{{agent}}/{{channel}}")]
    Topic,
    /// The payload is too large.
    #[error("the payload has {0} bytes, at most {LARGEST} are read")]
    Oversized(usize),
    /// The payload is not what the schema says.
    #[error("the payload does not follow its schema: {0}")]
    Malformed(String),
    /// The payload names another hall or agent than its topic.
    #[error("the payload is of {0}, not of the topic's hall and agent")]
    OtherSender(String),
    /// Its agent's right to connect was taken away.
    #[error("the agent's right to connect was taken away")]
    Revoked,
}

impl Refusal {
    /// The name that the metrics count it under.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Refusal::Topic => "topic",
            Refusal::Oversized(_) => "oversized",
            Refusal::Malformed(_) => "malformed",
            Refusal::OtherSender(_) => "other_sender",
            Refusal::Revoked => "revoked",
        }
    }
}

/// Checks a message whole.
///
/// # Errors
/// Why it is refused.
pub fn read(topic: &str, payload: &[u8]) -> Result<Arrival, Refusal> {
    let (hall, agent, channel) = Channel::parse(topic).ok_or(Refusal::Topic)?;
    if payload.len() > LARGEST {
        return Err(Refusal::Oversized(payload.len()));
    }
    let body = match channel {
        Channel::Events => Body::Event(Box::new(event(payload, &hall, &agent)?)),
        Channel::Health => Body::Health(checked(payload, check_health)?),
        Channel::Coverage => Body::Coverage(checked(payload, check_coverage)?),
        Channel::Status => Body::Status(checked(payload, |_| Ok(()))?),
        Channel::ConfigApplied => Body::Applied(checked(payload, |_| Ok(()))?),
        Channel::Machine => Body::Machine(checked(payload, check_machine)?),
        Channel::Calibration => Body::Geometry(checked(payload, check_geometry)?),
        Channel::Ack | Channel::ConfigDesired => return Err(Refusal::Topic),
    };
    Ok(Arrival { hall, agent, body })
}

fn event(payload: &[u8], hall: &HallId, agent: &AgentId) -> Result<Event, Refusal> {
    let event: Event = checked(payload, check_event)?;
    if event.hall != *hall || event.agent != *agent {
        return Err(Refusal::OtherSender(format!("{}/{}", event.hall, event.agent)));
    }
    Ok(event)
}

fn checked<T: DeserializeOwned>(
    payload: &[u8],
    check: fn(&T) -> Result<(), &'static str>,
) -> Result<T, Refusal> {
    let value = serde_json::from_slice(payload).map_err(|e| Refusal::Malformed(e.to_string()))?;
    check(&value).map_err(|text| Refusal::Malformed(text.to_owned()))?;
    Ok(value)
}

/// What the types alone cannot say of an event.
fn check_event(event: &Event) -> Result<(), &'static str> {
    let is_opened = event.phase == Phase::Opened;
    let is_closed = event.phase == Phase::Closed;
    all(&[
        (is_opened == (event.seq == 0), "seq is 0 for opened and only for opened"),
        (
            is_closed == event.closed_at.is_some(),
            "closed_at is there when the phase is closed, and only then",
        ),
        (
            is_closed == event.close_reason.is_some(),
            "close_reason is there when the phase is closed, and only then",
        ),
        (event.window.is_some() != event.zone.is_some(), "either window or zone is given"),
        (event.zone.is_none() || event.rule == Rule::Smoking, "a zone is watched for smoking only"),
        (event.at >= event.opened_at, "at is not before opened_at"),
        (event.closed_at.is_none_or(|at| at >= event.opened_at), "closed_at is not before opened_at"),
        ((1..=16).contains(&event.article.chars().count()), "article has 1 to 16 characters"),
        ((0.0..=1.0).contains(&event.confidence), "confidence is from 0 to 1"),
    ])?;
    check_evidence(&event.evidence)
}

fn check_evidence(evidence: &Evidence) -> Result<(), &'static str> {
    all(&[
        ((0.0..=1.0).contains(&evidence.hit_ratio), "evidence.hit_ratio is from 0 to 1"),
        (is_seconds(evidence.observed_s), "evidence.observed_s is not negative"),
        (is_seconds(evidence.unknown_s), "evidence.unknown_s is not negative"),
    ])
}

fn check_health(health: &Health) -> Result<(), &'static str> {
    all(&[((health.seq == 0) <= (health.phase == HealthPhase::Raised), "seq is 0 for raised")])
}

fn check_coverage(coverage: &Coverage) -> Result<(), &'static str> {
    let seconds = || coverage.windows.values().flat_map(|signals| signals.values());
    all(&[
        (
            coverage.hour.as_second() % 3600 == 0 && coverage.hour.subsec_nanosecond() == 0,
            "hour is a full hour",
        ),
        (seconds().all(|s| is_seconds(s.observed_s) && is_seconds(s.unknown_s)), "seconds are not negative"),
        (seconds().all(|s| s.observed_s + s.unknown_s <= 3601.0), "an hour has 3600 seconds"),
    ])
}

fn check_machine(machine: &Machine) -> Result<(), &'static str> {
    let is_share = |value: f64| (0.0..=1.0).contains(&value);
    all(&[
        (is_share(machine.load.cpu), "load.cpu is from 0 to 1"),
        (is_share(machine.load.memory), "load.memory is from 0 to 1"),
        (machine.cameras.iter().all(|c| is_share(c.dropped)), "cameras.dropped is from 0 to 1"),
        (machine.cameras.iter().all(|c| is_seconds(c.looked_per_s)), "cameras.looked_per_s is not negative"),
    ])
}

fn check_geometry(geometry: &Geometry) -> Result<(), &'static str> {
    all(&[(Calibration::parse(&geometry.text, "text").is_ok(), "text is a calibration.toml")])
}

fn is_seconds(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

fn all(checks: &[(bool, &'static str)]) -> Result<(), &'static str> {
    checks.iter().find(|(ok, _)| !ok).map_or(Ok(()), |(_, text)| Err(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TOPIC: &str = "chuangming/v1/tanggu/edge-01/events";
    const HASH: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn opened() -> Value {
        json!({"schema": "chuangming.event/1", "id": "0193a5b0-0000-7000-8000-000000000001", "seq": 0, "phase": "opened",
            "hall": "tanggu", "agent": "edge-01", "window": "3", "zone": null, "rule": "slumped", "article": "16.4",
            "severity": "warning", "opened_at": "2026-11-22T02:03:04.567Z", "at": "2026-11-22T02:04:04.567Z",
            "closed_at": null, "close_reason": null, "confidence": 0.93,
            "evidence": {"hit_ratio": 0.97, "observed_s": 60.2, "unknown_s": 0.4},
            "policy": HASH, "calibration": HASH, "models": {"posture": HASH}, "historical": false})
    }

    fn with(changes: Value) -> Vec<u8> {
        let mut event = opened();
        for (key, value) in changes.as_object().unwrap() {
            event[key] = value.clone();
        }
        event.to_string().into_bytes()
    }

    #[test]
    fn the_contracts_examples_are_good() {
        assert!(read(TOPIC, &with(json!({}))).is_ok());
        let closed = json!({"phase": "closed", "seq": 2, "closed_at": "2026-11-22T02:05:00Z", "close_reason": "cleared"});
        assert!(read(TOPIC, &with(closed)).is_ok());
        let zone = json!({"window": null, "zone": "lobby-east", "rule": "smoking"});
        assert!(read(TOPIC, &with(zone)).is_ok());
        for (channel, payload) in [
            (
                "health",
                json!({"schema": "chuangming.health/1", "id": "0193a5b0-0000-7000-8000-000000000002", "seq": 0,
                "kind": "camera_dark", "phase": "raised", "camera": "cam-1", "windows": ["3"], "at": "2026-11-22T02:03:04Z"}),
            ),
            (
                "coverage",
                json!({"schema": "chuangming.coverage/1", "hour": "2026-11-22T02:00:00Z",
                "windows": {"3": {"posture": {"observed_s": 3480, "unknown_s": 120}}}}),
            ),
            ("status", json!({"online": false})),
            (
                "machine",
                json!({"schema": "chuangming.machine/1", "at": "2026-11-22T02:03:04Z", "policy": HASH, "calibration": HASH,
                "cameras": [{"id": "cam-1", "windows": ["3"], "looked_per_s": 4.9, "dropped": 0.1}],
                "load": {"cores": 4, "cpu": 0.4, "memory": 0.3, "disk_free": 1000, "waiting": 0}, "page": "192.0.2.7:8443", "page_certificate": HASH}),
            ),
            (
                "calibration",
                json!({"schema": "chuangming.calibration/1", "calibration": HASH, "at": "2026-11-22T02:03:04Z",
                "text": "version = 1\n"}),
            ),
            ("config/applied", json!({"version": HASH, "ok": true, "problems": []})),
        ] {
            let topic = format!("chuangming/v1/tanggu/edge-01/{channel}");
            let read = read(&topic, payload.to_string().as_bytes());
            assert!(read.is_ok(), "{channel}: {read:?}");
        }
    }

    #[test]
    fn bad_messages_are_refused_with_their_reason() {
        let rows: Vec<(&str, Vec<u8>, &str)> = vec![
            ("elsewhere", with(json!({})), "topic"),
            ("chuangming/v1/tanggu/edge-01/ack", b"{}".to_vec(), "topic"),
            ("chuangming/v1/tanggu/edge-01/config/desired", b"{}".to_vec(), "topic"),
            (TOPIC, vec![b' '; LARGEST + 1], "oversized"),
            (TOPIC, b"".to_vec(), "malformed"),
            (TOPIC, b"{".to_vec(), "malformed"),
            (TOPIC, b"\xff\xfe".to_vec(), "malformed"),
            (TOPIC, b"null".to_vec(), "malformed"),
            (TOPIC, "[".repeat(5000).into_bytes(), "malformed"),
            (TOPIC, with(json!({"schema": "chuangming.event/2"})), "malformed"),
            (TOPIC, with(json!({"face": "…"})), "malformed"),
            (TOPIC, with(json!({"rule": "smiling"})), "malformed"),
            (TOPIC, with(json!({"seq": 1})), "malformed"),
            (TOPIC, with(json!({"seq": -1})), "malformed"),
            (TOPIC, with(json!({"phase": "closed", "seq": 1})), "malformed"),
            (TOPIC, with(json!({"close_reason": "cleared"})), "malformed"),
            (TOPIC, with(json!({"window": null})), "malformed"),
            (TOPIC, with(json!({"zone": "lobby"})), "malformed"),
            (TOPIC, with(json!({"window": null, "zone": "lobby"})), "malformed"),
            (TOPIC, with(json!({"at": "2026-11-22T02:00:00Z"})), "malformed"),
            (TOPIC, with(json!({"opened_at": "yesterday"})), "malformed"),
            (TOPIC, with(json!({"confidence": 1.5})), "malformed"),
            (TOPIC, with(json!({"article": ""})), "malformed"),
            (TOPIC, with(json!({"id": "1"})), "malformed"),
            (
                TOPIC,
                with(json!({"evidence": {"hit_ratio": 0.5, "observed_s": -1, "unknown_s": 0}})),
                "malformed",
            ),
            (TOPIC, with(json!({"hall": "other"})), "other_sender"),
            (TOPIC, with(json!({"agent": "edge-02"})), "other_sender"),
            (
                "chuangming/v1/tanggu/edge-01/coverage",
                br#"{"schema":"chuangming.coverage/1","hour":"2026-11-22T02:30:00Z","windows":{}}"#.to_vec(),
                "malformed",
            ),
            (
                "chuangming/v1/tanggu/edge-01/machine",
                format!(r#"{{"schema":"chuangming.machine/1","at":"2026-11-22T02:03:04Z","policy":"{HASH}","calibration":"{HASH}","cameras":[],"load":{{"cores":4,"cpu":1.4,"memory":0.3,"disk_free":1,"waiting":0}}}}"#).into_bytes(),
                "malformed",
            ),
            ("chuangming/v1/tanggu/edge-01/status", br#"{"online":"yes"}"#.to_vec(), "malformed"),
        ];
        let mut failures = Vec::new();
        for (topic, payload, expected) in rows {
            let got = read(topic, &payload).err().map_or("accepted", |refusal| refusal.name());
            if got != expected {
                let shown = String::from_utf8_lossy(&payload[..payload.len().min(80)]).into_owned();
                failures.push(format!("{topic} {shown}: {got}, expected {expected}"));
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}
