//! Bodies of requests: read up to a limit, and JSON as what it has to be.

use crate::error::ApiError;
use crate::json;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

/// Longest body of a command, bytes. Every member of a hostile one costs many times its bytes.
pub(crate) const COMMAND_BYTES: usize = 256 << 10;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        if media_type(&parts.headers).as_deref() != Some("application/json") {
            return Err(unsupported("send the body as JSON, with Content-Type: application/json"));
        }
        let bytes = read(&parts.headers, body, COMMAND_BYTES).await?;
        json::parse(&bytes).map(Json)
    }
}

/// The media type of a body in lower case, without parameters. A charset other than UTF-8 makes it none that is known.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(header::CONTENT_TYPE)?.to_str().ok()?.to_ascii_lowercase();
    let mut parts = given.split(';').map(str::trim);
    let media = parts.next()?.to_owned();
    let charset = parts.find_map(|part| part.strip_prefix("charset=")).unwrap_or("utf-8").trim_matches('"');
    matches!(charset, "utf-8" | "utf8" | "us-ascii").then_some(media)
}

/// 415, with the way to do it right.
pub(crate) fn unsupported(fix: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", fix)
}

/// 413.
pub(crate) fn too_large(what: &str, most: usize) -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", format!("{what} is longer than {most} bytes"))
}

/// Reads a body of at most `most` bytes.
pub(crate) async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Vec<u8>, ApiError> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|told| told.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|told| told > most) {
        return Err(too_large("the body", most));
    }
    // Only what has come takes room, whatever is announced.
    let mut bytes = Vec::with_capacity(told.unwrap_or_default().min(64 << 10));
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| ApiError::bad_request(format!("the body broke off: {error}")))?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large("the body", most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
