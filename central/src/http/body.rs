//! Request parts that answer with a problem instead of plain text when they cannot be read.

use super::problem::Failure;
use axum::extract::{FromRequest, FromRequestParts, Query};

/// A JSON body.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Failure))]
pub struct JsonBody<T>(pub T);

/// The parameters after the question mark.
#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Failure))]
pub struct Parameters<T>(pub T);
