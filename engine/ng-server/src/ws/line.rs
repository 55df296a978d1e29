//! One WebSocket with its limits: what comes in, what goes out, and how it ends.

use super::socket::{self, Limits, Socket};
use crate::auth::Identity;
use crate::feed::length;
use crate::hub::{Hub, Phase};
use crate::settings::BEHIND_FOR;
use futures_util::{SinkExt, StreamExt};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Time for which an ended connection waits until its last words have been sent.
const LINGER: Duration = Duration::from_secs(30);
/// Time between two looks at how far a client is behind that takes nothing.
const LOOK: Duration = Duration::from_millis(250);

/// Why a connection ends: a close code with a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Close code.
    pub(super) code: u16,
    /// Reason, a stable word.
    pub(super) reason: &'static str,
}

impl End {
    /// 1013: the client takes too little.
    pub(super) const SLOW: End = End { code: 1013, reason: "SLOW_CONSUMER" };
    /// 1008: it does not keep to the rules.
    pub(super) const POLICY: End = End { code: 1008, reason: "POLICY" };
    /// 1008: what it has shown is not valid any more.
    pub(super) const CREDENTIALS: End = End { code: 1008, reason: "CREDENTIALS_ENDED" };
    /// 1008: it may do more or less now than it was told.
    pub(super) const RIGHTS: End = End { code: 1008, reason: "RIGHTS_CHANGED" };
    /// 1003: a kind of message that is not understood.
    pub(super) const UNSUPPORTED: End = End { code: 1003, reason: "UNSUPPORTED" };
    /// The server ends.
    pub(super) fn of(phase: Phase) -> End {
        match phase {
            Phase::Restarting => End { code: 1012, reason: "RESTART" },
            _ => End { code: 1001, reason: "SHUTTING_DOWN" },
        }
    }
}

/// The other side is gone, or must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It has closed, or the connection is broken; nothing more can be said.
    Gone,
    /// It is to be closed.
    End(End),
}

/// What a client may do, for as long as that is what it was when the client came.
struct Standing<'a> {
    hub: &'a Hub,
    identity: &'a Identity,
    /// Told when an identity may be another, or have ended.
    changes: watch::Receiver<()>,
}

impl<'a> Standing<'a> {
    fn of(hub: &'a Hub, identity: &'a Identity) -> Self {
        let mut changes = hub.auth.changes();
        // The identity is a little older than this.
        changes.mark_changed();
        Standing { hub, identity, changes }
    }

    /// Waits until it may have changed.
    async fn changed(&mut self) {
        // The sender lives as long as the hub.
        let _ = self.changes.changed().await;
        self.changes.mark_changed();
    }

    /// Ends the connection when it has changed, for better or worse.
    fn check(&mut self) -> Result<(), Over> {
        if !self.changes.has_changed().unwrap_or(false) {
            return Ok(());
        }
        self.changes.mark_unchanged();
        match self.hub.auth.now(self.identity) {
            Some(now) if now == *self.identity => Ok(()),
            Some(_) => Err(Over::End(End::RIGHTS)),
            None => Err(Over::End(End::CREDENTIALS)),
        }
    }
}

/// A socket.
pub(super) struct Line<'a> {
    socket: Socket,
    hub: &'a Hub,
    standing: Standing<'a>,
    /// When the client fell behind by more than the soft limit.
    behind_since: Option<Instant>,
}

impl<'a> Line<'a> {
    /// A line over a socket, for as long as the credentials of the client are valid and give the same rights.
    pub(super) fn new(socket: Socket, hub: &'a Hub, identity: &'a Identity) -> Self {
        Line { socket, hub, standing: Standing::of(hub, identity), behind_since: None }
    }

    /// Waits for the next text or binary message, or a ping or pong. Cancelling loses nothing.
    pub(super) async fn receive(&mut self) -> Result<Message, Over> {
        self.socket.get_mut().go_on();
        let received = loop {
            self.standing.check()?;
            tokio::select! {
                received = self.socket.next() => break received,
                () = self.standing.changed() => {}
            }
        };
        self.standing.check()?;
        match received {
            None | Some(Ok(Message::Close(_))) => Err(Over::Gone),
            Some(Ok(message)) => {
                self.socket.get_mut().came_out(&message);
                self.hub.meters.messages_in.one();
                self.hub.meters.bytes_in.add(length(&message) as u64);
                Ok(message)
            }
            Some(Err(error)) => Err(fault(&error)),
        }
    }

    /// Sends a message and waits until the system has taken it. `behind` tells how many bytes wait besides; a client that
    /// is too far behind, or for too long, is to be closed, and so is one whose rights have changed.
    pub(super) async fn send(&mut self, message: Message, behind: impl Fn() -> u64) -> Result<(), Over> {
        self.standing.check()?;
        self.hub.meters.messages_out.one();
        self.hub.meters.bytes_out.add(length(&message) as u64);
        let limits = self.hub.settings.limits;
        let sending = self.socket.send(message);
        tokio::pin!(sending);
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => {
                    if behind() <= limits.behind_soft_bytes {
                        self.behind_since = None;
                    }
                    return sent.map_err(|error| fault(&error));
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            self.standing.check()?;
            let bytes = behind();
            let crowded = self.hub.feeds.total() as u64 > 4 * limits.behind_hard_bytes;
            let since = match bytes > limits.behind_soft_bytes {
                true => *self.behind_since.get_or_insert_with(Instant::now),
                false => Instant::now(),
            };
            if bytes > limits.behind_hard_bytes
                || since.elapsed() > BEHIND_FOR
                || crowded && bytes > limits.behind_soft_bytes / 8
            {
                return Err(Over::End(End::SLOW));
            }
        }
    }

    /// Says the last words and a close with its code, waits, for a while, until the system has taken them, and then, for a
    /// moment, for the answer. Who has lost its rights hears the close alone.
    pub(super) async fn close(mut self, last: Vec<Message>, end: End) {
        let last = if matches!(end, End::RIGHTS | End::CREDENTIALS) { Vec::new() } else { last };
        let farewell = async {
            for message in last {
                if self.socket.send(message).await.is_err() {
                    break;
                }
            }
            socket::say_close(&mut self.socket, end.code, end.reason).await;
        };
        // A client that takes nothing for so long does not hear the end either.
        let _ = tokio::time::timeout(LINGER, farewell).await;
        self.finish().await;
    }

    /// Ends the connection of a client that has closed or left.
    pub(super) async fn finish(self) {
        socket::finish(self.socket, &Limits::default()).await;
    }
}

/// What a fault comes to.
fn fault(error: &Error) -> Over {
    socket::close_code_for(error).map_or(Over::Gone, |(code, reason)| Over::End(End { code, reason }))
}

/// Pings a client, and notices when it no longer answers.
pub(super) struct Heartbeat {
    every: tokio::time::Interval,
    missed: u32,
}

impl Heartbeat {
    /// A ping every so many seconds, the first after as many.
    pub(super) fn new(seconds: u64) -> Self {
        let period = Duration::from_secs(seconds);
        let mut every = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Heartbeat { every, missed: 0 }
    }

    /// Waits until a ping is due. `Gone` when the client has left two unanswered.
    pub(super) async fn due(&mut self) -> Result<Message, Over> {
        self.every.tick().await;
        self.missed += 1;
        if self.missed > 2 { Err(Over::Gone) } else { Ok(Message::Ping(bytes::Bytes::new())) }
    }

    /// The client has said something.
    pub(super) fn heard(&mut self) {
        self.missed = 0;
    }
}
