//! Refusals of requests: a stable code, what was wrong, and what was expected.

use crate::request;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ng_node::history;
use ng_wire::ErrorCode;
use serde_json::{Value, json};

/// A refused request.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// Status of the answer.
    pub status: StatusCode,
    /// Stable code, in capitals; [`rest_code`](Self::rest_code) is what REST clients know it by.
    pub code: &'static str,
    /// What was wrong and what was expected.
    pub message: String,
    /// Further facts as an object; null when there are none.
    pub details: Value,
    /// Seconds after which the request may be made again.
    pub retry_after: Option<f64>,
}

impl From<history::Error> for ApiError {
    fn from(error: history::Error) -> Self {
        ApiError::internal(format!("history cannot be read: {error}"))
    }
}

impl ApiError {
    /// A refusal without details.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        ApiError { status, code, message: message.into(), details: Value::Null, retry_after: None }
    }

    /// 400: the request is not understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// 408: what was announced did not come in time.
    pub fn too_slow(message: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "TOO_SLOW", message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// 401: no credentials, or credentials that are not valid.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    /// 403: the role does not allow it.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// 429, with the seconds after which the request may be made again.
    pub fn rate_limited(message: impl Into<String>, retry_after: f64) -> Self {
        ApiError { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message) }
    }

    /// 503: the engine stops, or is behind.
    pub fn not_ready(message: impl Into<String>) -> Self {
        ApiError { retry_after: Some(1.0), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "NOT_READY", message) }
    }

    /// 500: a promise could not be kept.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
    }

    /// The word by which the published REST clients choose their class of error.
    pub fn rest_code(&self) -> &'static str {
        match self.code {
            "UNAUTHORIZED" => "AUTHENTICATION_FAILED",
            "FORBIDDEN" => "INSUFFICIENT_PERMISSIONS",
            "RATE_LIMITED" => "RATE_LIMIT_EXCEEDED",
            "BAD_REQUEST" | "BAD_JSON" | "UNKNOWN_TYPE" | "UNKNOWN_CHANNEL" => "INVALID_INPUT",
            "NOT_READY" => "SERVICE_UNAVAILABLE",
            "TOO_SLOW" => "REQUEST_TIMEOUT",
            "INTERNAL" => "INTERNAL_SERVER_ERROR",
            code => code,
        }
    }

    /// The same refusal with details.
    pub fn details(self, details: Value) -> Self {
        ApiError { details, ..self }
    }

    /// The form of a command that the engine refused.
    pub fn of_command(code: ErrorCode, message: String) -> Self {
        let (status, name) = match code {
            ErrorCode::BadJson => (StatusCode::BAD_REQUEST, "BAD_JSON"),
            ErrorCode::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            ErrorCode::UnknownType => (StatusCode::BAD_REQUEST, "UNKNOWN_TYPE"),
            ErrorCode::UnknownChannel => (StatusCode::BAD_REQUEST, "UNKNOWN_CHANNEL"),
            ErrorCode::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            ErrorCode::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            ErrorCode::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE"),
            ErrorCode::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "NOT_READY"),
            ErrorCode::Conflict => (StatusCode::CONFLICT, "CONFLICT"),
            ErrorCode::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        };
        Self::new(status, name, message)
    }
}

impl ApiError {
    /// The JSON text of the refusal: the error in the places where either family of clients looks for it.
    pub fn body(&self) -> Value {
        let code = self.rest_code();
        // A null would not be an object any more.
        let mut details = self.details.as_object().cloned().unwrap_or_default();
        if let Some(seconds) = self.retry_after {
            details.insert("retry_after".into(), json!(seconds));
        }
        json!({
            "success": false,
            "error": { "code": code, "message": self.message, "details": details },
            "meta": request::meta(),
            "error_code": code,
            "message": self.message,
            "details": details,
            "detail": self.message,
        })
    }

    /// Whole seconds for the header `Retry-After`.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after.map(|seconds| seconds.ceil().max(1.0) as u64)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
