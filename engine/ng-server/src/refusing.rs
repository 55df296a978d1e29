//! Connections without a place are told so, before they are closed.

use crate::error::ApiError;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that are refused at a time; further ones are closed without a word.
pub(crate) const AT_A_TIME: usize = 64;
/// Time that each of them has.
const TIME: Duration = Duration::from_secs(2);
/// Most bytes of its request that are read.
const BYTES: usize = 64 << 10;

/// The places of those that have none.
#[derive(Clone)]
pub(crate) struct Refusing(Arc<Semaphore>);

impl Default for Refusing {
    fn default() -> Self {
        Refusing(Arc::new(Semaphore::new(AT_A_TIME)))
    }
}

impl Refusing {
    /// A place for a refusal; none when there are too many.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_owned().ok()
    }
}

/// Sends the refusal, and reads for a moment what the client sends meanwhile: closing over unread bytes would take the
/// answer with it.
pub(crate) async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, why: ApiError) {
    let telling = async {
        stream.write_all(&answer(&why)).await?;
        stream.shutdown().await?;
        let mut buffer = [0; 4096];
        let mut read = 0;
        while read < BYTES {
            match stream.read(&mut buffer).await? {
                0 => break,
                bytes => read += bytes,
            }
        }
        std::io::Result::Ok(())
    };
    // Whoever has gone need not be told.
    let _ = tokio::time::timeout(TIME, telling).await;
}

fn answer(why: &ApiError) -> Vec<u8> {
    let body = why.body().to_string();
    let reason = why.status.canonical_reason().unwrap_or_default();
    let retry = why.retry_after_s().map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{retry}cache-control: \
         no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n{body}",
        why.status.as_u16(),
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_limit_is_told_in_the_shape_of_all_refusals() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let refusing = tokio::spawn(refuse(ours, ApiError::not_ready("no place (limit 1: server.connections)")));
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).await.unwrap();
        drop(theirs);
        refusing.await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
        assert!(head.contains("\r\nretry-after: 1\r\n") && head.ends_with("connection: close"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], "SERVICE_UNAVAILABLE");
        assert_eq!(body["message"], "no place (limit 1: server.connections)");
        assert_eq!(body["details"]["retry_after"], 1.0);
    }

    #[test]
    fn refusals_are_bounded_too() {
        let refusing = Refusing::default();
        let held: Vec<_> = std::iter::from_fn(|| refusing.place()).take(1000).collect();
        assert_eq!(held.len(), AT_A_TIME);
    }
}
