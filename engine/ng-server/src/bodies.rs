//! Bodies of requests within their limits: how long one may be, how fast it has to come, and how much is held of all.
//!
//! # Layout
//!
//! `pace.rs` says when a sender is too slow, and a body keeps to it here, whoever reads it. `budget.rs` counts what is held,
//! by who holds it: `rest/body.rs`, which is the one way to read a body.

mod budget;
mod pace;

pub use budget::{Budget, Charge};
pub(crate) use pace::Due;
pub use pace::Pace;

use crate::error::ApiError;
use crate::rest::body::too_large;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::time::Sleep;

/// A body that breaks off when it leaves its limits.
pub(crate) struct Bounded {
    body: Body,
    /// Most bytes.
    most: usize,
    received: usize,
    pace: Pace,
    /// None until somebody reads: what nobody has asked for cannot be late.
    due: Option<Due>,
    timer: Option<Pin<Box<Sleep>>>,
    fault: Fault,
}

/// Why a body broke off; empty while it has not. The reader is told only that it did.
pub(crate) type Fault = Arc<OnceLock<ApiError>>;

impl Bounded {
    /// A body of at most `most` bytes.
    pub(crate) fn new(body: Body, most: usize, pace: Pace) -> Self {
        Bounded { body, most, received: 0, pace, due: None, timer: None, fault: Fault::default() }
    }

    /// Where it will stand why this broke off.
    pub(crate) fn fault(&self) -> Fault {
        self.fault.clone()
    }

    /// The rest is thrown away, however long it is. It has to keep its pace as before.
    pub(crate) fn discard(&mut self) {
        self.most = usize::MAX;
    }

    fn account(&mut self, bytes: usize, now: Instant) -> Result<(), ApiError> {
        self.received = self.received.saturating_add(bytes);
        if self.received > self.most {
            return Err(too_large("the body", self.most));
        }
        if let Some(due) = &mut self.due {
            due.received(bytes, now);
        }
        Ok(())
    }

    fn break_off(&self, why: ApiError) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let why = self.fault.get_or_init(|| why);
        Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other(why.message.clone())))))
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let now = Instant::now();
        if this.due.is_none() {
            this.due = Some(Due::new(this.pace, now));
            if this.body.size_hint().lower() > this.most as u64 {
                return this.break_off(too_large("the body", this.most));
            }
        }
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                match this.account(bytes, now) {
                    Ok(()) => Poll::Ready(Some(Ok(frame))),
                    Err(why) => this.break_off(why),
                }
            }
            Poll::Ready(end) => Poll::Ready(end),
            Poll::Pending => {
                let due = this.due.map_or(now, |due| due.at()).into();
                let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
                if timer.deadline() != due {
                    timer.as_mut().reset(due);
                }
                match timer.as_mut().poll(context) {
                    Poll::Ready(()) => this.break_off(too_slow(this.pace)),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn too_slow(pace: Pace) -> ApiError {
    let what = format!(
        "the body came too slowly: {} s without {} bytes a second (server.body_wait_s, server.body_least_rate)",
        pace.wait.as_secs(),
        pace.bytes_per_s
    );
    ApiError::too_slow(what)
}
