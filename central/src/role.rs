//! What an account may do. The pages of staff, installers and auditors are apart from those of center heads.

use std::fmt;
use std::str::FromStr;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees and acknowledges the alerts of its halls.
    CenterHead,
    /// Sees its own summaries.
    Staff,
    /// Sees agents and their health; no conduct.
    Installer,
    /// Sees aggregates and the access log.
    Auditor,
    /// Manages accounts and halls; no conduct.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] =
        [Role::CenterHead, Role::Staff, Role::Installer, Role::Auditor, Role::Administrator];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Role::CenterHead => "center_head",
            Role::Staff => "staff",
            Role::Installer => "installer",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
        }
    }

    /// Whether it may see the events of windows.
    #[must_use]
    pub const fn sees_conduct(self) -> bool {
        matches!(self, Role::CenterHead)
    }
}

/// The text names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role: use center_head, staff, installer, auditor or administrator")]
pub struct RoleError(String);

impl FromStr for Role {
    type Err = RoleError;
    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| RoleError(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
