//! What a client of a page that hangs up early has to do. Part of the tests of whoever serves one.
#![allow(unreachable_pub, reason = "each test crate takes it in as it needs it")]

/// Sends until it is answered: whoever sends too much may be hung up on while still sending, before the answer is read.
pub async fn answered(request: reqwest::RequestBuilder) -> reqwest::Response {
    for _ in 0..10 {
        if let Ok(response) = request.try_clone().expect("a body in memory").send().await {
            return response;
        }
    }
    request.send().await.unwrap()
}
