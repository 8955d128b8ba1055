//! Policies as pages edit them: a document that may still be wrong, its problems each at its field, and what differs
//! between two versions. Pure; the agents' own code decides what is right.

mod difference;
pub mod preview;

pub use difference::{Difference, difference};

use crate::view::Localised;
use chuangming_domain::fields::{Problem, Problems};
use chuangming_domain::policy::{DAYS, Policy, RuleSettings, Schedule};
use chuangming_domain::rule::Severity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A policy as JSON: the keys of `policy.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Policy)]
pub struct Document {
    /// 1.
    pub version: u32,
    /// When the rules hold; null is always.
    pub schedule: Option<ScheduleDocument>,
    /// What may lie on every desk.
    pub items: ItemsDocument,
    /// Every rule.
    pub rules: BTreeMap<String, RuleDocument>,
}

/// When the rules hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicySchedule)]
pub struct ScheduleDocument {
    /// An IANA time zone.
    #[schema(example = "Asia/Shanghai")]
    pub timezone: String,
    /// Duty hours by weekday, `mon` to `sun`, such as `["08:30-12:00", "13:30-17:30"]`.
    pub weekly: BTreeMap<String, Vec<String>>,
    /// Days without duty.
    pub holidays: Vec<String>,
    /// Make-up workdays.
    pub workdays: Vec<String>,
}

/// What may lie on every desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyItems)]
pub struct ItemsDocument {
    /// Item classes.
    pub permitted: Vec<String>,
}

/// How one rule behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyRule)]
pub struct RuleDocument {
    /// Whether it is looked at.
    pub enabled: bool,
    /// The clause of the regulation.
    #[schema(example = "16.5")]
    pub article: String,
    /// `info`, `warning` or `critical`.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// The dwell in seconds, 1 to 1800.
    pub raise_after_s: f64,
    /// How long the condition must be gone, 0 to 1800.
    pub clear_after_s: f64,
    /// How long it stays quiet after an episode, 0 to 86400.
    pub cooldown_s: f64,
    /// Share of the observed time in the dwell for which the condition must have held.
    pub raise_ratio: f64,
    /// Share up to which the condition counts as gone.
    pub clear_ratio: f64,
}

/// Something that is wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyProblem {
    /// The field, such as `rules.absence.raise_after_s`; empty for the whole.
    pub field: String,
    /// What is wrong, as an agent would say it.
    pub text: String,
    /// What would be right, for people.
    pub message: Localised,
}

impl From<&Policy> for Document {
    fn from(policy: &Policy) -> Self {
        Self {
            version: 1,
            schedule: policy.schedule.as_ref().map(Into::into),
            items: ItemsDocument {
                permitted: policy.permitted.iter().map(|i| i.name().to_owned()).collect(),
            },
            rules: policy
                .rules
                .iter()
                .map(|(rule, settings)| (rule.name().to_owned(), settings.into()))
                .collect(),
        }
    }
}

impl From<&Schedule> for ScheduleDocument {
    fn from(schedule: &Schedule) -> Self {
        let spans = |day: usize| schedule.weekly[day].iter().map(|span| span.text()).collect();
        let weekly = DAYS.iter().enumerate().map(|(i, day)| ((*day).to_owned(), spans(i))).collect();
        Self {
            timezone: schedule.timezone.iana_name().unwrap_or("UTC").to_owned(),
            weekly,
            holidays: schedule.holidays.iter().map(ToString::to_string).collect(),
            workdays: schedule.workdays.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&RuleSettings> for RuleDocument {
    fn from(settings: &RuleSettings) -> Self {
        Self {
            enabled: settings.enabled,
            article: settings.article.clone(),
            severity: settings.severity,
            raise_after_s: settings.raise_after_s,
            clear_after_s: settings.clear_after_s,
            cooldown_s: settings.cooldown_s,
            raise_ratio: settings.raise_ratio,
            clear_ratio: settings.clear_ratio,
        }
    }
}

/// How problems name a policy.
const FILE: &str = "policy.toml";

/// Reads a draft as an agent would.
///
/// # Errors
/// Every problem, each at its field.
pub fn read(draft: &Value) -> Result<Policy, Vec<PolicyProblem>> {
    let Some(toml::Value::Table(table)) = to_toml(draft) else {
        let text = "is no table of settings".to_owned();
        return Err(problems(&Problems(vec![Problem { file: FILE.into(), field: String::new(), text }])));
    };
    parse(&table.to_string())
}

/// Reads the text of a `policy.toml` as an agent would; equal rules then have equal text and hash.
///
/// # Errors
/// Every problem, each at its field.
pub fn parse(text: &str) -> Result<Policy, Vec<PolicyProblem>> {
    let policy = Policy::parse(text, FILE).map_err(|e| problems(&e))?;
    Policy::parse(&policy.to_toml(), FILE).map_err(|e| problems(&e))
}

/// Null says nothing in TOML: a null key is as good as a missing one.
fn to_toml(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => toml::Value::Array(list.iter().filter_map(to_toml).collect()),
        Value::Object(map) => {
            toml::Value::Table(map.iter().filter_map(|(k, v)| Some((k.clone(), to_toml(v)?))).collect())
        }
    })
}

fn problems(problems: &Problems) -> Vec<PolicyProblem> {
    let told = |problem: &Problem| PolicyProblem {
        field: problem.field.clone(),
        text: problem.text.clone(),
        message: Localised::key(message_key(problem)),
    };
    problems.0.iter().map(told).collect()
}

/// The catalogue's key of what would be right at a field.
fn message_key(problem: &Problem) -> &'static str {
    if problem.text.starts_with("is unknown") || problem.text.starts_with("is no rule") {
        return "policy.problem.unknown";
    }
    match problem.field.rsplit('.').next().unwrap_or_default() {
        "article" => "policy.problem.article",
        "severity" => "policy.problem.severity",
        "raise_after_s" => "policy.problem.raise_after_s",
        "clear_after_s" => "policy.problem.clear_after_s",
        "cooldown_s" => "policy.problem.cooldown_s",
        "raise_ratio" => "policy.problem.raise_ratio",
        "clear_ratio" => "policy.problem.clear_ratio",
        "timezone" => "policy.problem.timezone",
        "holidays" | "workdays" => "policy.problem.dates",
        "permitted" => "policy.problem.permitted",
        day if DAYS.contains(&day) => "policy.problem.hours",
        _ => "policy.problem.other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::text::Lang;
    use serde_json::json;

    fn document() -> Value {
        serde_json::to_value(Document::from(&Policy::default())).unwrap()
    }

    #[test]
    fn a_document_and_its_text_are_the_same_policy() {
        let mut draft = document();
        draft["schedule"] = json!({"timezone": "Asia/Shanghai", "weekly": {"mon": ["08:30-12:00"]}, "holidays": ["2026-10-01"]});
        draft["rules"]["absence"]["raise_after_s"] = json!(900);
        let policy = read(&draft).unwrap();
        assert_eq!(parse(&policy.to_toml()).unwrap(), policy);
        let shown = Document::from(&policy);
        assert_eq!(shown.rules["absence"].raise_after_s, 900.0);
        assert_eq!(shown.schedule.as_ref().unwrap().weekly["mon"], ["08:30-12:00"]);
        assert_eq!(read(&serde_json::to_value(shown).unwrap()).unwrap().digest, policy.digest);
        // Comments and order do not make another version.
        let other = parse("# ours\nversion = 1\n[rules.absence]\nraise_after_s = 600.0").unwrap();
        assert_eq!(other.digest, read(&document()).unwrap().digest);
    }

    #[test]
    fn every_problem_is_told_at_its_field_and_in_both_languages() {
        let mut draft = document();
        draft["rules"]["absence"] =
            json!({"raise_after_s": 0, "severity": "loud", "article": "", "clear_ratio": 0.9});
        draft["rules"]["smiling"] = json!({});
        draft["schedule"] =
            json!({"timezone": "Mars", "weekly": {"mon": ["8-9"]}, "holidays": ["yesterday"]});
        draft["items"]["permitted"] = json!(["gun"]);
        draft["colour"] = json!(18446744073709551615u64);
        let problems = read(&draft).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|p| p.field.as_str()).collect();
        for field in [
            "rules.absence.raise_after_s",
            "rules.absence.severity",
            "rules.absence.article",
            "rules.absence.clear_ratio",
            "rules.smiling",
            "schedule.timezone",
            "schedule.weekly.mon",
            "schedule.holidays",
            "items.permitted",
            "colour",
        ] {
            assert!(fields.contains(&field), "{field} is not in {fields:?}");
        }
        for problem in &problems {
            assert!(!problem.message.zh_cn.starts_with("policy."), "{problem:?} has no text");
            assert_ne!(problem.message.zh_cn, problem.message.en);
        }
        assert_eq!(Lang::En.text("policy.problem.raise_after_s"), "A number from 1 to 1800 (seconds)");
    }

    #[test]
    fn what_is_no_policy_at_all_is_one_problem() {
        for draft in [json!(null), json!([]), json!("x"), json!(1)] {
            assert_eq!(read(&draft).unwrap_err().len(), 1, "{draft}");
        }
    }
}
