//! How long what is kept, for everybody who is signed in.

use super::App;
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::store::DataClass;
use axum::Json;
use axum::extract::State;
use chuangming_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How long what is kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Retention {
    /// Each class of data.
    pub classes: Vec<RetentionClass>,
}

/// How long a class of data is kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RetentionClass {
    /// `events`, `coverage`, `duty` or `access_log`.
    pub class: String,
    /// For how many days.
    pub days: i64,
    /// When the job last ran; none before its first run.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ran_at: Option<Timestamp>,
    /// What was older than this went.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub before: Option<Timestamp>,
    /// How many rows that was.
    pub deleted: Option<u64>,
}

/// How long what is kept, and when the job that deletes last ran.
#[utoipa::path(get, path = "/api/v1/retention", tag = "retention", responses(
    (status = 200, description = "Each class of data", body = Retention),
))]
pub async fn show(State(app): State<Arc<App>>, _: SignedIn) -> Result<Json<Retention>, Failure> {
    let mut classes = Vec::new();
    for class in DataClass::ALL {
        let run = app.store.retention_run(class).await?;
        classes.push(RetentionClass {
            class: class.name().to_owned(),
            days: class.days(app.retention),
            ran_at: run.as_ref().map(|run| run.at),
            before: run.as_ref().map(|run| run.before),
            deleted: run.map(|run| run.deleted),
        });
    }
    Ok(Json(Retention { classes }))
}
