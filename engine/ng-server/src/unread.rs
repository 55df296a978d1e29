//! Bodies that a handler has not read to their end: a connection that is closed over unread bytes takes the answer with
//! it, so after a refusal the rest is read and thrown away, within reason.

use axum::body::{Body, Bytes, HttpBody};
use futures_util::StreamExt;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Most bytes that are thrown away.
const BYTES: usize = 16 << 20;
/// Time for which that goes on.
const TIME: Duration = Duration::from_secs(5);

/// A body that two may read, one after the other.
struct Shared(Arc<Mutex<Half>>);

struct Half {
    body: Body,
    begun: bool,
}

/// What a handler leaves unread.
pub(crate) struct Unread {
    half: Arc<Mutex<Half>>,
    /// The client waits for a word before it sends anything.
    waits: bool,
}

/// The body for the handler, and what it will leave; nothing for a body that is empty.
pub(crate) fn watch(body: Body, waits: bool) -> (Body, Option<Unread>) {
    if body.is_end_stream() {
        return (body, None);
    }
    let half = Arc::new(Mutex::new(Half { body, begun: false }));
    (Body::new(Shared(half.clone())), Some(Unread { half, waits }))
}

impl Unread {
    /// Reads what is left. A client that waits is not told to send.
    pub(crate) async fn discard(self) {
        if self.waits && !self.half.lock().begun {
            return;
        }
        let mut chunks = Body::new(Shared(self.half)).into_data_stream();
        let reading = async {
            let mut bytes = 0;
            while bytes < BYTES
                && let Some(Ok(chunk)) = chunks.next().await
            {
                bytes += chunk.len();
            }
        };
        // Whoever sends for longer than that has the connection closed.
        let _ = tokio::time::timeout(TIME, reading).await;
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        let mut half = self.0.lock();
        half.begun = true;
        Pin::new(&mut half.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.0.lock().body.size_hint()
    }
}
