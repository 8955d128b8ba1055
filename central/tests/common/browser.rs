//! A browser, as far as the API is concerned: a cookie, the CSRF value, and the live stream.

use super::{Central, PASSWORD, PATIENCE};
use futures_util::StreamExt;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// A browser, as far as the API is concerned.
pub struct Browser<'a> {
    pub central: &'a Central,
    pub http: reqwest::Client,
    pub cookie: String,
    pub csrf: String,
}

impl<'a> Browser<'a> {
    pub async fn sign_in(central: &'a Central, name: &str) -> Self {
        let response = try_sign_in(central, name, PASSWORD).await;
        assert_eq!(response.status(), 200, "{name}");
        Self::of(central, response).await
    }

    /// Whoever an answer signs in.
    pub async fn of(central: &'a Central, response: Response) -> Self {
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"),
            "{cookie}"
        );
        let session: Value = response.json().await.unwrap();
        Self {
            central,
            http: reqwest::Client::new(),
            cookie: cookie.split(';').next().unwrap().to_owned(),
            csrf: session["csrf"].as_str().unwrap().to_owned(),
        }
    }

    /// Whoever an answer without a body signs in.
    pub async fn of_cookie(central: &'a Central, response: &Response) -> Self {
        let mut cookies =
            response.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        let cookie = cookies.find(|cookie| cookie.starts_with("chuangming_session=")).unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut browser = Self { central, http: reqwest::Client::new(), cookie, csrf: String::new() };
        browser.csrf = browser.json("/api/v1/session").await["csrf"].as_str().unwrap().to_owned();
        browser
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.central.url(path)).header("cookie", &self.cookie)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Sends a request with the CSRF value; `null` is no body.
    pub async fn send(&self, method: Method, path: &str, body: Value) -> Response {
        let mut request = self.request(method, path).header("x-csrf-token", &self.csrf);
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value, expected: u16) -> Value {
        let response = self.send(Method::POST, path, body).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, expected, "POST {path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub async fn put(&self, path: &str, body: Value) -> Value {
        let response = self.send(Method::PUT, path, body).await;
        assert_eq!(response.status(), 200, "PUT {path}");
        response.json().await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Value {
        let response = self.send(Method::DELETE, path, Value::Null).await;
        assert_eq!(response.status(), 200, "DELETE {path}");
        response.json().await.unwrap()
    }

    pub async fn stream(&self, last: Option<&str>) -> Stream {
        let mut request = self.request(Method::GET, "/api/v1/alerts/stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { chunks: response.bytes_stream().map(|c| c.map(|c| c.to_vec())).boxed(), text: String::new() }
    }
}

pub async fn try_sign_in(central: &Central, name: &str, password: &str) -> Response {
    sign_in_with(central, json!({"name": name, "password": password})).await
}

pub async fn sign_in_with(central: &Central, body: Value) -> Response {
    reqwest::Client::new().post(central.url("/api/v1/session")).json(&body).send().await.unwrap()
}

/// The problem that an answer holds: its status and the word after `#`.
pub async fn problem(response: Response) -> (StatusCode, String) {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status.as_u16());
    let kind = body["type"].as_str().unwrap();
    (status, kind.rsplit('#').next().unwrap().to_owned())
}

/// Reads server-sent events.
pub struct Stream {
    chunks: futures_util::stream::BoxStream<'static, reqwest::Result<Vec<u8>>>,
    text: String,
}

#[derive(Debug)]
pub struct Message {
    pub id: String,
    pub name: String,
    pub data: Value,
}

impl Stream {
    pub async fn next(&mut self) -> Message {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    line.map(|value| value.trim_start().to_owned())
                };
                let read = field("data").map(|data| Message {
                    id: field("id").unwrap_or_default(),
                    name: field("event").unwrap_or_default(),
                    data: serde_json::from_str(&data).unwrap(),
                });
                self.text = rest.to_owned();
                match read {
                    Some(read) => return read,
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.chunks.next()).await.expect("a message in time");
            self.text += std::str::from_utf8(&chunk.expect("the stream goes on").unwrap()).unwrap();
        }
    }

    /// The next message of that name; others are passed over.
    pub async fn wait_for(&mut self, name: &str) -> Message {
        loop {
            let message = self.next().await;
            if message.name == name {
                return message;
            }
        }
    }

    pub async fn ends(&mut self) -> bool {
        let all = async { while let Some(Ok(_)) = self.chunks.next().await {} };
        tokio::time::timeout(PATIENCE, all).await.is_ok()
    }
}
