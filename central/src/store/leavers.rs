//! What is forgotten of somebody who left.

/// Statements that forget an account's owner, while the account still has its name; `$1` is the account. A table that holds
/// an account's name or what only its owner should know belongs here.
pub(super) const FORGET: &[&str] = &[
    "DELETE FROM sessions WHERE account_id = $1",
    "DELETE FROM account_halls WHERE account_id = $1",
    "DELETE FROM totp WHERE account_id = $1",
    "DELETE FROM recovery_codes WHERE account_id = $1",
    "DELETE FROM posts WHERE account_id = $1",
    "DELETE FROM aways WHERE account_id = $1",
    "DELETE FROM push_subscriptions WHERE account_id = $1",
    "UPDATE appeals SET text = '' WHERE account_id = $1",
    "UPDATE policies SET name = '' WHERE account_id = $1",
    "UPDATE rollouts SET name = '' WHERE account_id = $1",
    "UPDATE enrolments SET name = '' WHERE name = (SELECT name FROM accounts WHERE id = $1)",
    "UPDATE logins SET revoked_by = '' WHERE revoked_by = (SELECT name FROM accounts WHERE id = $1)",
    "DELETE FROM lockouts WHERE name = (SELECT name FROM accounts WHERE id = $1)",
];
