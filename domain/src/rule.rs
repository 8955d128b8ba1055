//! The ten rules of the regulation: which signal each one reads, and its defaults.

use crate::observation::Signal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A rule of the regulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Nobody at the post (16.5): a service-continuity alert, not worded as a violation.
    Absence,
    /// More people behind the window than its post allows (16.5).
    Overstaffed,
    /// Head or torso on the desk (16.4).
    Slumped,
    /// Leaning far back (16.4).
    LeaningBack,
    /// Sitting tilted (16.4).
    Tilted,
    /// No badge on the chest (16.1).
    BadgeMissing,
    /// Smoking (19.4).
    Smoking,
    /// An ashtray on the desk (19.4).
    Ashtray,
    /// Items on the desk that are not permitted (19.2).
    Clutter,
    /// A required item is not on the desk (6).
    RequiredItemMissing,
}

/// How urgent an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    /// The severity with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Severity::Info, Severity::Warning, Severity::Critical].into_iter().find(|s| s.name() == name)
    }

    /// The contract's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

impl Rule {
    /// Every rule, in the contract's order.
    pub const ALL: [Rule; 10] = [
        Rule::Absence,
        Rule::Overstaffed,
        Rule::Slumped,
        Rule::LeaningBack,
        Rule::Tilted,
        Rule::BadgeMissing,
        Rule::Smoking,
        Rule::Ashtray,
        Rule::Clutter,
        Rule::RequiredItemMissing,
    ];

    /// The contract's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Rule::Absence => "absence",
            Rule::Overstaffed => "overstaffed",
            Rule::Slumped => "slumped",
            Rule::LeaningBack => "leaning_back",
            Rule::Tilted => "tilted",
            Rule::BadgeMissing => "badge_missing",
            Rule::Smoking => "smoking",
            Rule::Ashtray => "ashtray",
            Rule::Clutter => "clutter",
            Rule::RequiredItemMissing => "required_item_missing",
        }
    }

    /// The rule with that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// The signal it reads.
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Rule::Absence | Rule::Overstaffed => Signal::Presence,
            Rule::Slumped | Rule::LeaningBack | Rule::Tilted => Signal::Posture,
            Rule::BadgeMissing => Signal::Badge,
            Rule::Smoking => Signal::Smoking,
            Rule::Ashtray | Rule::Clutter | Rule::RequiredItemMissing => Signal::Desk,
        }
    }

    /// The default dwell in seconds.
    #[must_use]
    pub const fn default_raise_after_s(self) -> u32 {
        match self {
            Rule::Absence => 600,
            Rule::Overstaffed | Rule::LeaningBack | Rule::Tilted | Rule::BadgeMissing => 120,
            Rule::Slumped => 60,
            Rule::Smoking => 4,
            Rule::Ashtray => 30,
            Rule::Clutter | Rule::RequiredItemMissing => 300,
        }
    }

    /// The clause of the regulation behind the rule.
    #[must_use]
    pub const fn default_article(self) -> &'static str {
        match self {
            Rule::Absence | Rule::Overstaffed => "16.5",
            Rule::Slumped | Rule::LeaningBack | Rule::Tilted => "16.4",
            Rule::BadgeMissing => "16.1",
            Rule::Smoking | Rule::Ashtray => "19.4",
            Rule::Clutter => "19.2",
            Rule::RequiredItemMissing => "6",
        }
    }

    /// How urgent by default: smoking is a danger, a cup on a desk is not.
    #[must_use]
    pub const fn default_severity(self) -> Severity {
        match self {
            Rule::Smoking => Severity::Critical,
            Rule::Absence | Rule::Slumped | Rule::Ashtray | Rule::LeaningBack | Rule::Tilted => {
                Severity::Warning
            }
            Rule::Overstaffed | Rule::BadgeMissing | Rule::Clutter | Rule::RequiredItemMissing => {
                Severity::Info
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_serde_writes() {
        for rule in Rule::ALL {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
            assert_eq!(Rule::by_name(rule.name()), Some(rule));
        }
    }
}
