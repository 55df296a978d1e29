//! Answers within a budget: a long one is counted until the system has taken it, for a client may be slow to do so.

use crate::bodies::{Budget, Charge};
use crate::connection_limits::AnonymousPermit;
use axum::body::{Body, HttpBody, to_bytes};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::sync::Arc;

/// Answers up to this length are not counted: a connection has one at a time, and probes and refusals are answered whatever
/// else is held.
const SHORT: usize = 16 << 10;

/// The bytes of an answer, which come to their end when the last of them was written.
struct Held {
    bytes: Box<[u8]>,
    _charge: Charge,
    _place: Option<Arc<AnonymousPermit>>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The answer, which holds its place and its part of the budget until it was taken; or a refusal, when there is no room.
pub(crate) async fn counted(
    budget: &Arc<Budget>,
    anonymous: bool,
    place: Option<Arc<AnonymousPermit>>,
    response: Response,
) -> Response {
    let length = response.body().size_hint().exact().map_or(usize::MAX, |length| length as usize);
    if length <= SHORT && (place.is_none() || length == 0) {
        return response;
    }
    let charge = budget.charge(anonymous);
    if length > SHORT
        && length < usize::MAX
        && let Err(full) = charge.add(length)
    {
        return full.into_response();
    }
    let (parts, body) = response.into_parts();
    // Every answer is whole in memory.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return Response::from_parts(parts, Body::empty()) };
    // What it was written into may be twice as long.
    let held = Held { bytes: bytes.as_ref().into(), _charge: charge, _place: place };
    Response::from_parts(parts, Body::from(Bytes::from_owner(held)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_answer_is_counted_until_its_last_part_was_taken() {
        let budget = Budget::of_answers(100 << 10);
        let answer = |length: usize| vec![b'x'; length].into_response();
        let first = counted(&budget, false, None, answer(60 << 10)).await;
        assert_eq!((first.status().as_u16(), budget.held()), (200, 60 << 10));
        let refused = counted(&budget, false, None, answer(60 << 10)).await;
        assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()), (503, &b"1"[..]));
        let short = counted(&budget, false, None, answer(SHORT)).await;
        assert_eq!((short.status().as_u16(), budget.held()), (200, 60 << 10));
        let mut bytes = to_bytes(first.into_body(), usize::MAX).await.unwrap();
        assert_eq!(bytes.len(), 60 << 10);
        let rest = bytes.split_off(1000);
        drop(bytes);
        assert_eq!(budget.held(), 60 << 10);
        drop(rest);
        assert_eq!(budget.held(), 0);
        let stranger = counted(&budget, true, None, answer(20 << 10)).await;
        let other = counted(&budget, true, None, answer(20 << 10)).await;
        assert_eq!(other.status().as_u16(), 503, "a quarter is what strangers may hold");
        drop(stranger);
        let alone = counted(&budget, false, None, answer(200 << 10)).await;
        assert_eq!(alone.status().as_u16(), 200, "there is none that never fits");
    }
}
