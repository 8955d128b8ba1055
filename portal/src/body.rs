//! Parts of a request. One that cannot be read is refused in the API's own words (see [`crate::refusal`]).

use crate::refusal::Refusal;
use axum::extract::{FromRequest, FromRequestParts, Path, Query};

/// A JSON body.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Refusal))]
pub struct JsonBody<T>(pub T);

/// The parameters after the question mark.
#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Refusal))]
pub struct Parameters<T>(pub T);

/// The places of the path.
#[derive(FromRequestParts)]
#[from_request(via(Path), rejection(Refusal))]
pub struct Places<T>(pub T);
