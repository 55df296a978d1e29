//! What has come of a message that is not whole: it is counted like the body of a request, from its first byte until the
//! message has been dealt with.
//!
//! The protocol library keeps frames and fragments to itself, so what is counted are the bytes that were read and have not
//! come out as a message. That is never less than what is kept, but for the one piece that is read ahead.

use crate::bodies::Charge;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::Message;

/// Bytes around the payload of a ping or pong from a client.
const CONTROL_HEAD: usize = 6;

/// A stream whose bytes are counted as they come.
pub struct Metered<S> {
    stream: S,
    charge: Charge,
    /// There was no room; what comes is thrown away.
    is_full: bool,
    /// A message has come out, and is being dealt with.
    is_whole: bool,
}

impl<S> Metered<S> {
    /// Counts into an account.
    pub fn new(stream: S, charge: Charge) -> Self {
        Metered { stream, charge, is_full: false, is_whole: false }
    }

    /// A message has come out. One of data is held until the next is asked for, and with it ends all that was read for it;
    /// one of control may stand between the fragments of another.
    pub(super) fn came_out(&mut self, message: &Message) {
        match message {
            Message::Ping(payload) | Message::Pong(payload) => self.charge.release(payload.len() + CONTROL_HEAD),
            _ => self.is_whole = true,
        }
    }

    /// The next message is asked for.
    pub(super) fn go_on(&mut self) {
        if std::mem::take(&mut self.is_whole) {
            self.charge.release(usize::MAX);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().len() - before;
        if bytes > 0 && !self.is_full && self.charge.add(bytes).is_err() {
            self.is_full = true;
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bodies::Budget;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn what_has_come_is_counted_until_the_message_was_dealt_with() {
        let budget = Budget::of_bodies(100, 50);
        let (ours, mut theirs) = tokio::io::duplex(1000);
        let mut metered = Metered::new(ours, budget.charge(true));
        let mut buffer = [0; 40];
        theirs.write_all(&[7; 40]).await.unwrap();
        metered.read_exact(&mut buffer).await.unwrap();
        metered.came_out(&Message::Ping(vec![0; 4].into()));
        assert_eq!(budget.held(), 30, "a ping ends no message that it stands in");
        metered.came_out(&Message::text("x"));
        assert_eq!(budget.held(), 30, "it is dealt with");
        metered.go_on();
        metered.go_on();
        assert_eq!(budget.held(), 0);
        theirs.write_all(&[7; 60]).await.unwrap();
        metered.read_exact(&mut buffer).await.unwrap();
        let refused = metered.read_exact(&mut buffer[..20]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::QuotaExceeded);
        theirs.write_all(&[7; 200]).await.unwrap();
        assert!(metered.read_exact(&mut buffer).await.is_ok(), "what follows is thrown away");
        assert_eq!(budget.held(), 40);
        drop(metered);
        assert_eq!(budget.held(), 0);
    }
}
