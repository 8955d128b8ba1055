//! Names of places and things. No id in this crate ever names a person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {kind} id: use {expected}")]
pub struct IdError {
    kind: &'static str,
    text: String,
    expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $allowed:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks length and characters.
            ///
            /// # Errors
            /// When the text is empty, longer than 32 characters or holds a character that is not allowed.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                let allowed: fn(char) -> bool = $allowed;
                if (1..=32).contains(&text.len()) && text.chars().all(allowed) {
                    Ok(Self(text))
                } else {
                    Err(IdError { kind: $kind, text: text.chars().take(40).collect(), expected: $expected })
                }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

fn lower_or_line(c: char) -> bool {
    lower(c) || c == '_'
}

fn local(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

id!(
    /// One service centre; part of every MQTT topic.
    HallId, "hall", lower, "1 to 32 of a-z, 0-9 and -"
);
id!(
    /// One edge mini-PC; part of every MQTT topic.
    AgentId, "agent", lower, "1 to 32 of a-z, 0-9 and -"
);
id!(
    /// One video source of an agent.
    CameraId, "camera", local, "1 to 32 of A-Z, a-z, 0-9, -, _ and ."
);
id!(
    /// A staffed post, unique in its hall.
    WindowId, "window", local, "1 to 32 of A-Z, a-z, 0-9, -, _ and ."
);
id!(
    /// A smoking zone that an installer drew on purpose.
    ZoneId, "zone", local, "1 to 32 of A-Z, a-z, 0-9, -, _ and ."
);
id!(
    /// The name that an installer gave to a thing on the desk which no class covers.
    CustomItem, "custom item", lower_or_line, "1 to 32 of a-z, 0-9, - and _"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halls_are_lower_case_and_short() {
        for (text, ok) in [
            ("tanggu", true),
            ("edge-01", true),
            ("", false),
            ("Tanggu", false),
            ("a/b", false),
            ("塘沽", false),
        ] {
            assert_eq!(HallId::new(text).is_ok(), ok, "{text:?}");
        }
        assert!(HallId::new("x".repeat(32)).is_ok());
        assert!(HallId::new("x".repeat(33)).is_err());
    }

    #[test]
    fn deserialising_checks_too() {
        assert!(serde_json::from_str::<WindowId>("\"3\"").is_ok());
        assert!(serde_json::from_str::<WindowId>("\"#\"").is_err());
    }
}
