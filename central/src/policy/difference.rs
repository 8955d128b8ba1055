//! What differs between two policies, field by field.

use super::Document;
use chuangming_domain::policy::Policy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyDifference)]
pub struct Difference {
    /// The field, such as `rules.absence.raise_after_s`.
    pub field: String,
    /// What it was; null if it was not there.
    #[schema(value_type = Object)]
    pub before: Value,
    /// What it is now.
    #[schema(value_type = Object)]
    pub after: Value,
}

/// Every field that differs, in the order of the fields' names.
#[must_use]
pub fn difference(before: &Policy, after: &Policy) -> Vec<Difference> {
    let value = |policy: &Policy| serde_json::to_value(Document::from(policy)).unwrap_or_default();
    let mut found = Vec::new();
    compare("", &value(before), &value(after), &mut found);
    found
}

/// Lists are compared as a whole: what was added to one is for the reader to see.
fn compare(field: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    if !before.is_object() && !after.is_object() {
        found.push(Difference { field: field.to_owned(), before: before.clone(), after: after.clone() });
        return;
    }
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    let names: BTreeSet<String> = [keys(before), keys(after)].into_iter().flatten().flatten().collect();
    for name in names {
        let part = |value: &Value| value.get(&name).cloned().unwrap_or(Value::Null);
        let field = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
        compare(&field, &part(before), &part(after), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_domain::rule::{Rule, Severity};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn fields_are_named_with_both_values() {
        let before = Policy::default();
        let text = "version = 1\n[schedule]\ntimezone = \"UTC\"\nweekly = { mon = [\"08:00-09:00\"] }\n\
                    [items]\npermitted = [\"cup\"]\n[rules.smoking]\nraise_after_s = 5\nseverity = \"info\"";
        let after = Policy::parse(text, "p").unwrap();
        let found = difference(&before, &after);
        let at = |field: &str| {
            found.iter().find(|d| d.field == field).map(|d| (d.before.clone(), d.after.clone()))
        };
        assert_eq!(at("rules.smoking.raise_after_s"), Some((json!(4.0), json!(5.0))));
        assert_eq!(at("rules.smoking.severity"), Some((json!("critical"), json!("info"))));
        assert_eq!(at("items.permitted").unwrap().1, json!(["cup"]));
        assert_eq!(at("schedule.weekly.mon"), Some((Value::Null, json!(["08:00-09:00"]))));
        assert!(!found.iter().any(|d| d.field.starts_with("rules.absence")), "{found:?}");
    }

    proptest! {
        /// Nothing differs from itself; a changed rule shows at its own fields only, and backwards the same way.
        #[test]
        fn a_difference_is_exactly_what_was_changed(
            rule in proptest::sample::select(Rule::ALL.to_vec()), dwell in 1.0..1800.0f64, cooldown in 0.0..9000.0f64,
            enabled in any::<bool>(), loud in any::<bool>(),
        ) {
            let before = Policy::default();
            let mut after = before.clone();
            let settings = after.rules.get_mut(&rule).unwrap();
            (settings.raise_after_s, settings.cooldown_s, settings.enabled) = (dwell, cooldown, enabled);
            settings.severity = if loud { Severity::Critical } else { settings.severity };
            prop_assert!(difference(&after, &after).is_empty());
            let (there, back) = (difference(&before, &after), difference(&after, &before));
            let own = before.rule(rule);
            let changed = [own.raise_after_s != dwell, own.cooldown_s != cooldown, own.enabled != enabled,
                           loud && own.severity != Severity::Critical];
            prop_assert_eq!(there.len(), changed.iter().filter(|c| **c).count());
            for (there, back) in there.iter().zip(&back) {
                let prefix = format!("rules.{}.", rule.name());
                prop_assert!(there.field.starts_with(&prefix));
                prop_assert_eq!((&there.field, &there.before, &there.after), (&back.field, &back.after, &back.before));
            }
        }
    }
}
