//! What the system says of one window at one instant, and how a predictions file writes it.

use super::score::round;
use super::score::signals::{Class, UNKNOWN};
use chuangming_domain::id::WindowId;
use chuangming_domain::observation::{
    Badge, Desk, Observation, Posture, Presence, Reading, Smoking, UnknownReason,
};
use serde_json::{Value, json};

/// The newest reading of each signal.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "one field a signal")]
pub struct Answers {
    pub presence: Reading<Presence>,
    pub posture: Reading<Posture>,
    pub badge: Reading<Badge>,
    pub smoking: Reading<Smoking>,
    pub desk: Reading<Desk>,
}

impl Default for Answers {
    /// Nothing is known before the first look.
    fn default() -> Self {
        Self {
            presence: Reading::Unknown(UnknownReason::Unsure),
            posture: Reading::Unknown(UnknownReason::Unsure),
            badge: Reading::Unknown(UnknownReason::Unsure),
            smoking: Reading::Unknown(UnknownReason::Unsure),
            desk: Reading::Unknown(UnknownReason::Unsure),
        }
    }
}

impl Answers {
    /// Takes a newer reading. Where nobody is, what was said of somebody holds no longer.
    pub fn take(&mut self, observation: Observation) {
        match observation {
            Observation::Presence(reading) => {
                if reading.value() == Some(&Presence::Absent) {
                    *self = Self { desk: self.desk.clone(), ..Self::default() };
                }
                self.presence = reading;
            }
            Observation::Posture(reading) => self.posture = reading,
            Observation::Badge(reading) => self.badge = reading,
            Observation::Smoking(reading) => self.smoking = reading,
            Observation::Desk(reading) => self.desk = reading,
        }
    }

    /// One line of a predictions file, without the line's end. `t` is in seconds, boxes are `[x, y, width, height]`.
    ///
    /// A signal that is unknown has the value `unknown`, no confidence and a reason. A desk that is unknown has no
    /// items and says why in `desk`; `hidden` names required items that a person may hide, where there are any.
    #[must_use]
    pub fn line(&self, id: &str, window: &WindowId, t: f64) -> String {
        let items = self.desk.value().map(|desk| desk.items.as_slice()).unwrap_or_default();
        let item = |item: &chuangming_domain::observation::DeskItem| {
            json!({
                "class": item.class.name(),
                "box": item.bounds.to_array().map(round),
                "confidence": round(f64::from(item.confidence.get())),
            })
        };
        let mut line = json!({
            "id": id,
            "window": window.as_str(),
            "t": round(t),
            "presence": reading(&self.presence),
            "posture": reading(&self.posture),
            "badge": reading(&self.badge),
            "smoking": reading(&self.smoking),
            "items": items.iter().map(item).collect::<Vec<_>>(),
        });
        match &self.desk {
            Reading::Unknown(reason) => line["desk"] = unknown(*reason),
            Reading::Known { value, .. } if !value.may_be_hidden.is_empty() => {
                line["hidden"] =
                    json!(value.may_be_hidden.iter().map(|class| class.name()).collect::<Vec<_>>());
            }
            Reading::Known { .. } => {}
        }
        line.to_string()
    }
}

fn reading<T: Class>(reading: &Reading<T>) -> Value {
    match reading {
        Reading::Known { value, confidence, .. } => {
            json!({"value": value.class(), "confidence": round(f64::from(confidence.get())), "reason": null})
        }
        Reading::Unknown(reason) => unknown(*reason),
    }
}

fn unknown(reason: UnknownReason) -> Value {
    json!({"value": UNKNOWN, "confidence": null, "reason": reason.name()})
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::geometry::Rect;
    use chuangming_domain::item::ItemClass;
    use chuangming_domain::observation::{Confidence, DeskItem};

    #[test]
    fn nobody_has_no_posture() {
        let mut answers = Answers::default();
        answers.take(Observation::Posture(Reading::known(Posture::Slumped, 0.9)));
        answers.take(Observation::Desk(Reading::known(Desk::default(), 1.0)));
        answers.take(Observation::Presence(Reading::known(Presence::Absent, 0.9)));
        assert_eq!(answers.posture, Reading::Unknown(UnknownReason::Unsure));
        assert!(answers.desk.value().is_some() && answers.presence.value() == Some(&Presence::Absent));
    }

    #[test]
    fn a_line_has_the_contracts_keys() {
        let mut answers = Answers::default();
        answers.take(Observation::Presence(Reading::known(Presence::Present { people: 1 }, 0.75)));
        answers.take(Observation::Smoking(Reading::known(Smoking::None, 0.5)));
        answers.take(Observation::Badge(Reading::Unknown(UnknownReason::TooSmall)));
        let bounds = Rect::from_array([0.1, 0.2, 0.3, 0.4]);
        let items = vec![DeskItem { class: ItemClass::Cup, bounds, confidence: Confidence::new(0.5) }];
        answers.take(Observation::Desk(Reading::known(Desk { items, ..Desk::default() }, 1.0)));
        let line: Value =
            serde_json::from_str(&answers.line("s1", &WindowId::new("1").unwrap(), 0.2)).unwrap();
        let unsure = json!({"value": "unknown", "confidence": null, "reason": "unsure"});
        let expected = json!({
            "id": "s1", "window": "1", "t": 0.2,
            "presence": {"value": "present", "confidence": 0.75, "reason": null},
            "posture": unsure,
            "badge": {"value": "unknown", "confidence": null, "reason": "too_small"},
            "smoking": {"value": "none", "confidence": 0.5, "reason": null},
            "items": [{"class": "cup", "box": [0.1, 0.2, 0.3, 0.4], "confidence": 0.5}],
        });
        assert_eq!(line, expected);

        let hiding = Desk { may_be_hidden: [ItemClass::NamePlate].into(), ..Desk::default() };
        answers.take(Observation::Desk(Reading::known(hiding, 0.5)));
        let line: Value =
            serde_json::from_str(&answers.line("s1", &WindowId::new("1").unwrap(), 0.2)).unwrap();
        assert_eq!((&line["items"], &line["hidden"]), (&json!([]), &json!(["name_plate"])));

        answers.take(Observation::Desk(Reading::Unknown(UnknownReason::Occluded)));
        let line: Value =
            serde_json::from_str(&answers.line("s1", &WindowId::new("1").unwrap(), 0.2)).unwrap();
        assert_eq!((&line["items"], &line["desk"]["reason"]), (&json!([]), &json!("occluded")));
    }
}
