//! Bodies that a handler has not read to their end: a connection that is closed over unread bytes takes the answer with
//! it, so after a refusal the rest is read and thrown away, within reason. The answer does not wait for that.

use crate::bodies::Bounded;
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
    body: Bounded,
    begun: bool,
}

/// What a handler leaves unread.
pub(crate) struct Unread {
    half: Arc<Mutex<Half>>,
    /// The client waits for a word before it sends anything.
    waits: bool,
}

/// The body for the handler, and what it will leave; nothing for a body that is empty.
pub(crate) fn watch(body: Bounded, waits: bool) -> (Body, Option<Unread>) {
    if body.is_end_stream() {
        return (Body::empty(), None);
    }
    let half = Arc::new(Mutex::new(Half { body, begun: false }));
    (Body::new(Shared(half.clone())), Some(Unread { half, waits }))
}

impl Unread {
    /// Reads what is left, beside everything else. A client that waits is not told to send.
    pub(crate) fn discard(self) {
        {
            let mut half = self.half.lock();
            if self.waits && !half.begun {
                return;
            }
            half.body.discard();
        }
        let mut chunks = Body::new(Shared(self.half)).into_data_stream();
        let reading = async move {
            let mut bytes = 0;
            while bytes < BYTES
                && let Some(Ok(chunk)) = chunks.next().await
            {
                bytes += chunk.len();
            }
        };
        // Whoever sends for longer than that has the connection closed.
        tokio::spawn(tokio::time::timeout(TIME, reading));
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
