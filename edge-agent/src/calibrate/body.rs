//! Request parts that answer with a problem instead of plain text when they cannot be read.

use super::problem::Failure;
use axum::extract::{FromRequest, FromRequestParts, Path, Query};

/// A JSON body.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Failure))]
pub(super) struct JsonBody<T>(pub(super) T);

/// The parameters after the question mark.
#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Failure))]
pub(super) struct Parameters<T>(pub(super) T);

/// The places of the path.
#[derive(FromRequestParts)]
#[from_request(via(Path), rejection(Failure))]
pub(super) struct Places<T>(pub(super) T);
