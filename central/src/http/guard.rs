//! The door to every API route: who asks, whether the request comes from their own page, and whether their role may.

use super::App;
use super::problem::Failure;
use super::signed_in::SignedIn;
use crate::permission::{Access, Verdict, verdict};
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub(super) async fn guard(
    State(app): State<Arc<App>>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    // PostgreSQL knows no such character in a text, and no id or name holds one.
    if request.uri().to_string().contains("%00") {
        return Failure::Invalid("the address holds a character that no name has".to_owned()).into_response();
    }
    let access = match verdict(request.method().as_str(), path.as_str()) {
        Verdict::Asks(access) => access,
        Verdict::Method => return Failure::Method.into_response(),
        Verdict::Unknown => return Failure::Forbidden("nobody may call this").into_response(),
    };
    if access != Access::Anyone {
        let safe = request.method().is_safe();
        match admit(&app, access, safe, request.headers()).await {
            Ok(signed_in) => drop(request.extensions_mut().insert(signed_in)),
            Err(failure) => return failure.into_response(),
        }
    }
    next.run(request).await
}

async fn admit(app: &App, access: Access, safe: bool, headers: &HeaderMap) -> Result<SignedIn, Failure> {
    let signed_in = SignedIn::of_request(app, headers).await?;
    if !safe {
        signed_in.came_from_own_page(headers)?;
    }
    if signed_in.account.must_change && access != Access::Oneself {
        return Err(Failure::PasswordChange);
    }
    if access.allows(signed_in.account.role) {
        Ok(signed_in)
    } else {
        Err(Failure::Forbidden("this role may not"))
    }
}
