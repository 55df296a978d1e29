//! Answers that nobody takes, or hardly: a connection whose other end takes less than the least rate is closed.

use crate::bodies::{Due, Pace};
use rustix::io::Errno;
use rustix::net::SendFlags;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A socket that fails with `TimedOut` when its other end takes nothing for too long, or too little.
pub(crate) struct Impatient<S> {
    stream: S,
    pace: Pace,
    /// Since something had to wait until everything is written.
    due: Option<Due>,
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

impl<S: AsFd> Impatient<S> {
    /// A socket that asks for this pace, and what switches that off.
    pub(crate) fn new(stream: S, pace: Pace) -> (Self, Patient) {
        let patient = Patient::default();
        (Impatient { stream, pace, due: None, timer: None, patient: patient.clone() }, patient)
    }

    /// What came of an attempt to write, or of another one at the end of the patience.
    fn after(
        &mut self,
        attempt: Poll<io::Result<usize>>,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.patient.0.load(Ordering::Relaxed) {
            (self.due, self.timer) = (None, None);
            return attempt;
        }
        if let Poll::Ready(written) = attempt {
            if let (Ok(bytes), Some(due)) = (&written, &mut self.due) {
                due.received(*bytes, Instant::now());
            }
            return Poll::Ready(written);
        }
        let pace = self.pace;
        let at = self.due.get_or_insert_with(|| Due::new(pace, Instant::now())).at().into();
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        ready!(timer.as_mut().poll(context));
        // The kernel calls a socket writable only when a third of a large buffer is free, which a slow client may not reach
        // in time; what it has taken is seen by trying.
        match rustix::net::send(&self.stream, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(sent) => {
                if let Some(due) = &mut self.due {
                    due.received(sent, Instant::now());
                }
                Poll::Ready(Ok(sent))
            }
            Err(Errno::AGAIN) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Err(error) => Poll::Ready(Err(error.into())),
        }
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

impl<S: AsyncWrite + AsFd + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.after(attempt, bytes, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        let first = parts.iter().find(|part| !part.is_empty()).map_or(&[][..], |part| part);
        self.after(attempt, first, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A socket keeps nothing back, so everything is written.
        self.due = None;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    const WAIT: Duration = Duration::from_secs(1);
    const PACE: Pace = Pace { wait: WAIT, bytes_per_s: 1 << 10 };

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (listener.accept().await.unwrap().0, theirs)
    }

    #[tokio::test]
    async fn who_takes_nothing_is_given_up_and_who_takes_little_is_not() {
        let (ours, mut theirs) = pair().await;
        let (mut ours, _) = Impatient::new(ours, PACE);
        let writing = tokio::spawn(async move { ours.write_all(&vec![0; 64 << 20]).await });
        let mut taken = vec![0; 256 << 10];
        for _ in 0..12 {
            tokio::time::sleep(WAIT / 4).await;
            theirs.read_exact(&mut taken).await.unwrap();
        }
        assert!(!writing.is_finished());
        let ended = tokio::time::timeout(30 * WAIT, writing).await.expect("it is given up").unwrap();
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_takes_less_than_the_least_rate_is_given_up() {
        let (ours, mut theirs) = pair().await;
        let (mut ours, _) = Impatient::new(ours, Pace { wait: WAIT, bytes_per_s: 4 << 20 });
        let writing = tokio::spawn(async move { ours.write_all(&vec![0; 256 << 20]).await });
        let mut part = vec![0; 256 << 10];
        // At most a megabyte a second, and something in every quarter of the wait.
        while !writing.is_finished() {
            tokio::time::sleep(WAIT / 4).await;
            theirs.read_exact(&mut part).await.unwrap();
        }
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn what_was_sent_at_the_end_of_the_patience_comes_once_and_in_order() {
        let (ours, mut theirs) = pair().await;
        let (mut ours, _) = Impatient::new(ours, Pace { wait: 2 * WAIT, ..PACE });
        let whole: Vec<u8> = (0..8u32 << 20).map(|number| (number % 251) as u8).collect();
        let expected = whole.clone();
        let writing = tokio::spawn(async move { ours.write_all(&whole).await });
        let mut all = Vec::new();
        let mut part = vec![0; 64 << 10];
        while all.len() < expected.len() {
            // At first so slowly that a third of the buffer is not free in time.
            if all.len() < 2 << 20 {
                tokio::time::sleep(WAIT / 10).await;
            }
            match theirs.read(&mut part).await.unwrap() {
                0 => break,
                read => all.extend_from_slice(&part[..read]),
            }
        }
        writing.await.unwrap().unwrap();
        assert!(all == expected);
    }

    #[tokio::test]
    async fn a_websocket_is_waited_for() {
        let (ours, _theirs) = pair().await;
        let (mut ours, patient) = Impatient::new(ours, PACE);
        patient.wait_forever();
        let whole = vec![0; 64 << 20];
        let writing = tokio::time::timeout(2 * WAIT, ours.write_all(&whole));
        assert!(writing.await.is_err(), "it still waits");
    }
}
