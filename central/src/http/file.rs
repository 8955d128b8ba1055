//! Files that are brought: of which kind, whether only to be checked, and what is said of wrong ones.

use super::problem::Details;
use crate::duty::ImportProblem;
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(super) const CSV: &str = "text/csv";
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What kind of file a body is, without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

/// What to do with a file.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Only reads the file and says what it would change.
    check: Option<bool>,
}

impl ImportQuery {
    /// Whether what was read is to be taken.
    pub(super) fn is_taken(&self) -> bool {
        !self.check.unwrap_or(false)
    }
}

/// What is wrong with a file; nothing of it was taken.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RosterRefused {
    /// `/problems#roster` or `/problems#calendar`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In a few words.
    pub title: String,
    /// 422.
    pub status: u16,
    /// Every problem, at most 50.
    pub problems: Vec<RosterRowProblem>,
}

/// What is wrong with a row.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RosterRowProblem {
    /// Counted from 1, the heading included; 0 is the whole file.
    pub row: usize,
    /// Of a roster `file`, `heading`, `day`, `window`, `shift` or `staff`; of a calendar `file`, `heading`, `day`, `year`, `kind`,
    /// `name`, `weekday` (a workday that is no weekend day) or `twice`.
    pub field: String,
    /// What was there; for `heading` the column that is missing.
    pub found: String,
}

impl RosterRefused {
    pub(super) fn of(details: Details, problems: &[ImportProblem]) -> Self {
        let row = |problem: &ImportProblem| RosterRowProblem {
            row: problem.row,
            field: problem.field.to_owned(),
            found: problem.found.clone(),
        };
        let Details { kind, title, status, .. } = details;
        Self { kind, title, status, problems: problems.iter().map(row).collect() }
    }
}
