//! Who may call what: one table, denied unless it is in here. Which halls an account sees is checked beside it, by the
//! handlers (`SignedIn::sees`, `SignedIn::halls`).

use crate::role::Role::{self, Administrator, Auditor, CenterHead, Installer, Staff};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nobody needs to be signed in.
    Anyone,
    /// Whoever is signed in, even with a password that has to be changed first.
    Oneself,
    /// Whoever is signed in.
    SignedIn,
    /// These roles.
    Only(&'static [Role]),
}

use Access::{Anyone, Oneself, Only, SignedIn};

const CONDUCT: Access = Only(&[CenterHead]);
const SYSTEM: Access = Only(&[CenterHead, Installer, Administrator]);
const RULES: Access = Only(&[CenterHead, Administrator]);
const FLEET: Access = Only(&[Installer, Administrator]);
const ADMINISTRATOR: Access = Only(&[Administrator]);
const AUDITOR: Access = Only(&[Auditor]);
const STAFF: Access = Only(&[Staff]);
const OWN_ALERTS: Access = Only(&[CenterHead, Staff]);
const STREAM: Access = Only(&[CenterHead, Installer, Administrator, Staff]);

/// Method, path, who.
pub const TABLE: &[(&str, &str, Access)] = &[
    ("GET", "/api/v1/openapi.json", Anyone),
    ("GET", "/api/{*rest}", Anyone),
    // Signing in and out, one's own account.
    ("GET", "/api/v1/session", Oneself),
    ("POST", "/api/v1/session", Anyone),
    ("DELETE", "/api/v1/session", Oneself),
    ("GET", "/api/v1/session/ways", Anyone),
    ("GET", "/api/v1/session/oidc", Anyone),
    ("GET", "/api/v1/session/oidc/callback", Anyone),
    ("GET", "/api/v1/account", SignedIn),
    ("POST", "/api/v1/account/password", Oneself),
    ("POST", "/api/v1/account/totp", SignedIn),
    ("DELETE", "/api/v1/account/totp", SignedIn),
    ("POST", "/api/v1/account/totp/confirm", SignedIn),
    ("DELETE", "/api/v1/account/sessions", SignedIn),
    ("DELETE", "/api/v1/account/sessions/{id}", SignedIn),
    // Accounts and halls.
    ("GET", "/api/v1/accounts", ADMINISTRATOR),
    ("POST", "/api/v1/accounts", ADMINISTRATOR),
    ("PATCH", "/api/v1/accounts/{id}", ADMINISTRATOR),
    ("DELETE", "/api/v1/accounts/{id}", ADMINISTRATOR),
    ("POST", "/api/v1/accounts/{id}/password", ADMINISTRATOR),
    ("DELETE", "/api/v1/accounts/{id}/sessions", ADMINISTRATOR),
    ("DELETE", "/api/v1/accounts/{id}/totp", ADMINISTRATOR),
    ("GET", "/api/v1/directory", SignedIn),
    ("PUT", "/api/v1/directory/{hall}", ADMINISTRATOR),
    ("DELETE", "/api/v1/directory/{hall}", ADMINISTRATOR),
    ("GET", "/api/v1/public-calendar", ADMINISTRATOR),
    ("PUT", "/api/v1/public-calendar/{year}", ADMINISTRATOR),
    ("DELETE", "/api/v1/public-calendar/{year}", ADMINISTRATOR),
    // Rules.
    ("GET", "/api/v1/policies", SignedIn),
    ("GET", "/api/v1/policies/{hall}", SignedIn),
    ("POST", "/api/v1/policies/{hall}/check", RULES),
    ("POST", "/api/v1/policies/{hall}/preview", CONDUCT),
    ("POST", "/api/v1/policies/{hall}/versions", RULES),
    ("GET", "/api/v1/policies/{hall}/versions/{digest}", SignedIn),
    ("POST", "/api/v1/policies/{hall}/rollouts", RULES),
    ("GET", "/api/v1/policies/{hall}/rollouts/{id}", SignedIn),
    // Agents.
    ("GET", "/api/v1/fleet", SYSTEM),
    ("GET", "/api/v1/fleet/{hall}/{agent}", SYSTEM),
    ("POST", "/api/v1/fleet/{hall}/{agent}/revoke", FLEET),
    ("POST", "/api/v1/fleet/{hall}/{agent}/sign-in-codes", FLEET),
    ("GET", "/api/v1/enrolments", FLEET),
    ("POST", "/api/v1/enrolments", FLEET),
    ("DELETE", "/api/v1/enrolments/{id}", FLEET),
    ("POST", "/api/v1/enrol", Anyone),
    // Who looked at what.
    ("GET", "/api/v1/access-log", AUDITOR),
    ("GET", "/api/v1/retention", SignedIn),
    // The live board and events.
    ("GET", "/api/v1/reports/conduct", CONDUCT),
    ("GET", "/api/v1/reports/conduct.csv", CONDUCT),
    ("GET", "/api/v1/reports/conduct.xlsx", CONDUCT),
    ("GET", "/api/v1/halls", SYSTEM),
    ("GET", "/api/v1/alerts", CONDUCT),
    ("GET", "/api/v1/alerts/stream", STREAM),
    ("GET", "/api/v1/events", CONDUCT),
    ("GET", "/api/v1/events/{id}", CONDUCT),
    ("PUT", "/api/v1/events/{id}/acknowledgement", CONDUCT),
    ("DELETE", "/api/v1/events/{id}/acknowledgement", CONDUCT),
    ("PUT", "/api/v1/events/{id}/verdict", CONDUCT),
    ("DELETE", "/api/v1/events/{id}/verdict", CONDUCT),
    ("PUT", "/api/v1/events/{id}/note", CONDUCT),
    ("DELETE", "/api/v1/events/{id}/note", CONDUCT),
    ("PUT", "/api/v1/events/{id}/snooze", CONDUCT),
    ("DELETE", "/api/v1/events/{id}/snooze", CONDUCT),
    // Appeals and duty, of the own halls.
    ("GET", "/api/v1/appeals", CONDUCT),
    ("POST", "/api/v1/appeals/{id}/answer", CONDUCT),
    ("GET", "/api/v1/halls/{hall}/duty", CONDUCT),
    ("PUT", "/api/v1/halls/{hall}/shifts/{shift}", CONDUCT),
    ("DELETE", "/api/v1/halls/{hall}/shifts/{shift}", CONDUCT),
    ("PUT", "/api/v1/halls/{hall}/roster", CONDUCT),
    ("POST", "/api/v1/halls/{hall}/roster/file", CONDUCT),
    ("GET", "/api/v1/halls/{hall}/roster/file.csv", CONDUCT),
    ("GET", "/api/v1/halls/{hall}/roster/file.xlsx", CONDUCT),
    ("PUT", "/api/v1/halls/{hall}/calendar/{day}", CONDUCT),
    ("DELETE", "/api/v1/halls/{hall}/calendar/{day}", CONDUCT),
    ("POST", "/api/v1/halls/{hall}/pauses", CONDUCT),
    ("DELETE", "/api/v1/halls/{hall}/pauses/{id}", CONDUCT),
    ("GET", "/api/v1/halls/{hall}/accommodations", CONDUCT),
    ("POST", "/api/v1/halls/{hall}/accommodations", CONDUCT),
    ("DELETE", "/api/v1/halls/{hall}/accommodations/{id}", CONDUCT),
    // How alerts reach people.
    ("GET", "/api/v1/halls/{hall}/notifications", CONDUCT),
    ("PUT", "/api/v1/halls/{hall}/notifications", CONDUCT),
    ("GET", "/api/v1/halls/{hall}/deliveries", CONDUCT),
    ("POST", "/api/v1/halls/{hall}/channels", CONDUCT),
    ("DELETE", "/api/v1/halls/{hall}/channels/{id}", CONDUCT),
    ("POST", "/api/v1/halls/{hall}/channels/{id}/test", CONDUCT),
    ("GET", "/api/v1/account/push", OWN_ALERTS),
    ("POST", "/api/v1/account/push", OWN_ALERTS),
    ("DELETE", "/api/v1/account/push/{id}", OWN_ALERTS),
    // Screens on a wall, and the floor plan.
    ("GET", "/api/v1/wall", Anyone),
    ("GET", "/api/v1/halls/{hall}/displays", RULES),
    ("POST", "/api/v1/halls/{hall}/displays", RULES),
    ("DELETE", "/api/v1/halls/{hall}/displays/{id}", RULES),
    ("PUT", "/api/v1/halls/{hall}/floor", RULES),
    // A staff member's own.
    ("GET", "/api/v1/me/summary", STAFF),
    ("GET", "/api/v1/me/looks", STAFF),
    ("GET", "/api/v1/me/export", STAFF),
    ("PUT", "/api/v1/me/away", STAFF),
    ("DELETE", "/api/v1/me/away", STAFF),
    ("POST", "/api/v1/me/events/{id}/contest", STAFF),
    // Aggregates.
    ("GET", "/api/v1/reports/aggregate", AUDITOR),
];

/// What the table says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Who may.
    Asks(Access),
    /// The path is there, with other methods.
    Method,
    /// Nobody may.
    Unknown,
}

/// Looks a request up. `HEAD` is asked for as `GET` is.
#[must_use]
pub fn verdict(method: &str, path: &str) -> Verdict {
    let method = if method == "HEAD" { "GET" } else { method };
    let mut of_path = TABLE.iter().filter(|(_, known, _)| *known == path).peekable();
    if of_path.peek().is_none() {
        return Verdict::Unknown;
    }
    of_path
        .find(|(known, _, _)| *known == method)
        .map_or(Verdict::Method, |(_, _, access)| Verdict::Asks(*access))
}

/// Whether a signed-in role may call a route.
#[must_use]
pub fn may(role: Role, method: &str, path: &str) -> bool {
    matches!(verdict(method, path), Verdict::Asks(access) if access.allows(role))
}

impl Access {
    /// Whether a signed-in role may.
    #[must_use]
    pub fn allows(self, role: Role) -> bool {
        match self {
            Anyone | Oneself | SignedIn => true,
            Only(roles) => roles.contains(&role),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_not_in_the_table_is_denied() {
        assert_eq!(verdict("GET", "/api/v1/faces"), Verdict::Unknown);
        assert_eq!(verdict("PUT", "/api/v1/halls"), Verdict::Method);
        assert_eq!(verdict("HEAD", "/api/v1/events"), verdict("GET", "/api/v1/events"));
        let rows: BTreeSet<_> = TABLE.iter().map(|(method, path, _)| (method, path)).collect();
        assert_eq!(rows.len(), TABLE.len(), "a route is there twice");
    }

    /// The promises of the roles, whatever routes are added.
    #[test]
    fn roles_keep_their_distance() {
        for (method, path, access) in TABLE {
            let begins = |with: &[&str]| with.iter().any(|p| path.starts_with(p));
            let of_the_hall =
                begins(&["/api/v1/events", "/api/v1/alerts", "/api/v1/reports/conduct", "/api/v1/appeals"])
                    || begins(&[
                        "/api/v1/halls/{hall}/duty",
                        "/api/v1/halls/{hall}/roster",
                        "/api/v1/halls/{hall}/accommodations",
                    ]);
            if of_the_hall && *path != "/api/v1/alerts/stream" {
                for role in [Staff, Installer, Auditor, Administrator] {
                    assert!(!access.allows(role), "{role} may {method} {path}");
                }
            }
            if begins(&["/api/v1/me/"]) {
                for role in [CenterHead, Installer, Auditor, Administrator] {
                    assert!(!access.allows(role), "{role} may {method} {path}");
                }
            }
        }
    }
}
