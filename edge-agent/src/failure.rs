//! Why a command ended without success, and with which exit code.

use chuangming_domain::fields::Problems;
use std::fmt;

/// Bad input is the caller's to mend; everything else is a failure of the machine or of the program.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Exit code 2: what, where, and what would be right, on one line.
    #[error("{0}")]
    Input(String),
    /// Exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// Bad input.
    pub fn input(text: impl fmt::Display) -> Self {
        Failure::Input(one_line(&text.to_string()))
    }

    /// A failure that the caller could not have prevented.
    pub fn failed(text: impl fmt::Display) -> Self {
        Failure::Failed(one_line(&text.to_string()))
    }

    /// The exit code of the process.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Input(_) => 2,
            Failure::Failed(_) => 1,
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Failure::input(problems)
    }
}

/// Messages are one line, whatever a library put into its text.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line_and_codes_are_the_contracts() {
        let failure = Failure::input("agent.toml: hall:\n  is missing");
        assert_eq!((failure.to_string().as_str(), failure.exit_code()), ("agent.toml: hall: is missing", 2));
        assert_eq!(Failure::failed("no disk").exit_code(), 1);
    }
}
