//! Bodies of requests: read up to a limit, and JSON as what it has to be. This is the one way to read one, for what is held
//! of it is counted here.

use crate::bodies::Charge;
use crate::error::ApiError;
use crate::json;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Longest body of a command, bytes. Every member of a hostile one costs many times its bytes.
pub(crate) const COMMAND_BYTES: usize = 256 << 10;

/// Least that is taken for a body, bytes.
const LEAST_BYTES: usize = 1 << 10;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if media_type(request.headers()).as_deref() != Some("application/json") {
            return Err(unsupported("send the body as JSON, with Content-Type: application/json"));
        }
        let whole = Whole::from_request(request, &()).await?;
        json::parse(&whole.bytes).map(Json)
    }
}

/// A body as it is, whatever it is called.
pub(crate) struct Whole {
    pub(crate) bytes: Vec<u8>,
    /// The bytes are counted for as long as this is there.
    _charge: Arc<Charge>,
}

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let charge = parts.extensions.get::<Arc<Charge>>().cloned();
        let charge = charge.ok_or_else(|| ApiError::internal("the request has no account of its bytes"))?;
        let bytes = read(&parts.headers, body, COMMAND_BYTES, &charge).await?;
        Ok(Whole { bytes, _charge: charge })
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

/// Reads a body of at most `most` bytes. Counted is the memory that it takes, whatever pieces it comes in: none of them is
/// kept.
pub(crate) async fn read(headers: &HeaderMap, body: Body, most: usize, charge: &Charge) -> Result<Vec<u8>, ApiError> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|told| told.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|told| told > most) {
        return Err(too_large("the body", most));
    }
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| ApiError::bad_request(format!("the body broke off: {error}")))?;
        if bytes.len() + chunk.len() > most {
            return Err(too_large("the body", most));
        }
        if bytes.len() + chunk.len() > bytes.capacity() {
            // Only what has come takes room, whatever is announced, and at most as much again to grow into.
            let capacity = (2 * bytes.len()).max(LEAST_BYTES).min(told.unwrap_or(most)).max(bytes.len() + chunk.len());
            charge.add(capacity - bytes.capacity())?;
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bodies::Budget;
    use axum::body::Bytes;

    #[tokio::test]
    async fn what_is_counted_is_what_is_held() {
        for (chunk, chunks) in [(1, 10_000), (1000, 100), (100_000, 1)] {
            let budget = Budget::of_bodies(1 << 20, 1 << 20);
            let charge = budget.charge(false);
            let parts = (0..chunks).map(move |_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; chunk])));
            let body = Body::from_stream(futures_util::stream::iter(parts));
            let bytes = read(&HeaderMap::new(), body, 1 << 20, &charge).await.unwrap();
            assert_eq!((bytes.len(), bytes.capacity()), (chunk * chunks, budget.held()));
            assert!(budget.held() <= 2 * bytes.len());
        }
        let budget = Budget::of_bodies(50_000, 50_000);
        let body =
            Body::from_stream(futures_util::stream::iter((0..60).map(|_| Ok::<_, std::io::Error>("x".repeat(1000)))));
        let refused = read(&HeaderMap::new(), body, 1 << 20, &budget.charge(false)).await.unwrap_err();
        assert_eq!(refused.code, "NOT_READY");
        assert_eq!(budget.held(), 0);
    }
}
