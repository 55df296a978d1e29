//! Answers that nobody takes: a connection into which nothing can be written for a while is closed.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A stream that fails with `TimedOut` when its other end takes nothing for too long.
pub(crate) struct Impatient<S> {
    stream: S,
    wait: Duration,
    /// Runs while something waits to be written.
    timer: Option<Pin<Box<Sleep>>>,
    patient: Patient,
}

/// Switches the time off: a WebSocket has limits of its own for clients that are behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patient(Arc<AtomicBool>);

impl Patient {
    /// From now on there is time without end.
    pub(crate) fn wait_forever(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<S> Impatient<S> {
    /// A stream that waits so long, and what switches that off.
    pub(crate) fn new(stream: S, wait: Duration) -> (Self, Patient) {
        let patient = Patient::default();
        (Impatient { stream, wait, timer: None, patient: patient.clone() }, patient)
    }

    /// What came of an attempt to write, or the end of the patience.
    fn after<T>(&mut self, attempt: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if attempt.is_ready() || self.patient.0.load(Ordering::Relaxed) {
            self.timer = None;
            return attempt;
        }
        let wait = self.wait;
        ready!(self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait))).as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.after(attempt, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.after(attempt, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_flush(context);
        self.after(attempt, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_shutdown(context);
        self.after(attempt, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const WAIT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn who_takes_nothing_is_given_up_and_who_takes_little_is_not() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let (mut ours, _) = Impatient::new(ours, WAIT);
        let writing = tokio::spawn(async move {
            let whole = ours.write_all(&[0; 320]).await;
            (whole, ours.write_all(&[0; 128]).await)
        });
        let mut taken = [0; 64];
        for _ in 0..5 {
            tokio::time::sleep(WAIT / 2).await;
            theirs.read_exact(&mut taken).await.unwrap();
        }
        let (whole, rest) = writing.await.unwrap();
        assert!(whole.is_ok());
        assert_eq!(rest.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_websocket_is_waited_for() {
        let (ours, _theirs) = tokio::io::duplex(64);
        let (mut ours, patient) = Impatient::new(ours, WAIT);
        patient.wait_forever();
        let writing = tokio::time::timeout(4 * WAIT, ours.write_all(&[0; 128]));
        assert!(writing.await.is_err(), "it still waits");
    }
}
