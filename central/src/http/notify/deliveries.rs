//! The messages that were made, and how they went.

use crate::http::App;
use crate::http::body::Parameters;
use crate::http::paging::Paging;
use crate::http::problem::Failure;
use crate::http::signed_in::SignedIn;
use crate::notify::Occasion;
use crate::store::DeliveryRow;
use axum::Json;
use axum::extract::{Path, State};
use chuangming_domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// Its id.
    pub id: String,
    /// The channel's id; null for a browser.
    #[schema(required)]
    pub channel: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// What the last failure was: what the other side said, or one of `unreachable`, `wrong_address`, `gone`, `no_mail`,
    /// `push_off`, `withdrawn`; empty where there was none.
    pub error: String,
    /// `alerts`, `escalation`, `own` or `test`.
    pub occasion: String,
    /// How many alerts it told of.
    pub count: usize,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Counted from 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u32>,
    /// At most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    per_page: Option<u32>,
}

/// A page of messages.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// Newest first.
    pub deliveries: Vec<DeliveryView>,
    /// Counted from 1.
    pub page: u32,
    /// How many are on a page.
    pub per_page: u32,
    /// How many there are in all.
    pub total: u64,
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        let occasion = match row.occasion {
            Occasion::Alerts => "alerts",
            Occasion::Escalation => "escalation",
            Occasion::Own => "own",
            Occasion::Test => "test",
        };
        Self {
            id: row.id,
            channel: row.channel,
            made_at: row.made_at,
            state: row.state,
            tries: row.tries,
            error: row.error,
            occasion: occasion.to_owned(),
            count: row.count,
        }
    }
}

/// A page of the messages of the last 14 days.
#[utoipa::path(get, path = "/api/v1/halls/{hall}/deliveries", tag = "notifications", params(
    ("hall" = String, Path, description = "The hall"), DeliveryQuery,
), responses(
    (status = 200, description = "A page of messages", body = Deliveries),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(hall): Path<String>,
    Parameters(query): Parameters<DeliveryQuery>,
) -> Result<Json<Deliveries>, Failure> {
    let hall = signed_in.own_hall(&hall)?;
    let Paging { page, per_page } = Paging::of(query.page, query.per_page)?;
    let (rows, total) = app.store.deliveries(&hall, page - 1, per_page).await?;
    Ok(Json(Deliveries { deliveries: rows.into_iter().map(Into::into).collect(), page, per_page, total }))
}
