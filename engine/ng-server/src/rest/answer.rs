//! The shapes of successful answers. Published clients look in different places for the same thing.

use crate::request;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Facts about an answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Meta {
    /// Number of the request, as in the header `X-Correlation-ID`.
    pub request_id: String,
    /// When it was answered, ISO 8601, UTC.
    pub timestamp: String,
    /// Version of the engine.
    pub version: String,
}

/// The schema of an answer that has its data in `data`; see [`enveloped`].
#[derive(Debug, Serialize, JsonSchema)]
pub struct Enveloped<T> {
    /// True.
    pub success: bool,
    /// What was asked for.
    pub data: T,
    /// Facts about the answer.
    pub meta: Meta,
}

/// The schema of an answer that has its data in `data` and beside it; see [`flat`].
#[derive(Debug, Serialize, JsonSchema)]
pub struct Flat<T: JsonSchema> {
    /// True.
    pub success: bool,
    /// What was asked for.
    pub data: T,
    /// The same again.
    #[serde(flatten)]
    pub again: T,
    /// Facts about the answer.
    pub meta: Meta,
}

/// The data and nothing else.
pub fn bare(data: impl Serialize) -> Response {
    Json(data).into_response()
}

/// The data in an envelope: `{"success":true,"data":…,"meta":…}`.
pub fn enveloped(data: impl Serialize) -> Response {
    Json(json!({ "success": true, "data": data, "meta": request::meta() })).into_response()
}

/// The data, an object, in an envelope and again beside it.
pub fn flat(data: impl Serialize) -> Response {
    flat_with(StatusCode::OK, data)
}

/// The same with another status.
pub fn flat_with(status: StatusCode, data: impl Serialize) -> Response {
    let data = serde_json::to_value(data).unwrap_or_default();
    let mut body = data.as_object().cloned().unwrap_or_else(Map::new);
    body.insert("success".into(), Value::Bool(status.is_success()));
    body.insert("data".into(), data);
    body.insert("meta".into(), request::meta());
    (status, Json(Value::Object(body))).into_response()
}
