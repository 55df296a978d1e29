//! The way of a client to a running engine.

use crate::route::{Queue, Wanted};
use crossbeam_channel::{Sender, TrySendError, bounded};
use ng_wire::{Constitution, ConstitutionView, Frame, PatternView, Request};
use std::sync::Arc;
use std::time::Duration;

/// Called on the engine's thread with the answer to a command; must not wait.
pub type Reply = Box<dyn FnOnce(Frame) + Send>;

/// A client's way to a running engine; does not keep it running.
#[derive(Clone)]
pub struct EngineHandle {
    pub(super) controls: Sender<Control>,
}

pub(super) enum Control {
    Request(Request, Option<Reply>),
    Subscribe(Wanted, Sender<Subscribed>),
    Note(String),
    Template(u32, Sender<Option<String>>),
    Pattern(u32, Sender<Option<PatternView>>),
    Constitution(Sender<(Constitution, ConstitutionView)>),
}

/// A subscription that was just made.
pub struct Subscribed {
    /// Its reader's end.
    pub queue: Arc<Queue>,
    /// The first `seq` that it can deliver.
    pub from_seq: u64,
}

/// A command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitError {
    /// Too many wait already.
    Busy,
    /// The engine's thread is gone.
    Disconnected,
}

impl EngineHandle {
    /// Sends a command without waiting; `reply` is called with its answer, or dropped when the engine stops before.
    pub fn request(&self, request: Request, reply: Reply) -> Result<(), SubmitError> {
        self.controls.try_send(Control::Request(request, Some(reply))).map_err(|error| match error {
            TrySendError::Full(_) => SubmitError::Busy,
            TrySendError::Disconnected(_) => SubmitError::Disconnected,
        })
    }

    /// Subscribes to records from the next one on; waits for the engine.
    pub fn subscribe(&self, wanted: Wanted) -> Result<Subscribed, Disconnected> {
        let (reply, answer) = bounded(1);
        self.controls.send(Control::Subscribe(wanted, reply)).map_err(|_| Disconnected)?;
        answer.recv().map_err(|_| Disconnected)
    }

    /// Records an event of the engine itself, given as JSON.
    pub fn note(&self, json: String) -> Result<(), Disconnected> {
        self.controls.send(Control::Note(json)).map_err(|_| Disconnected)
    }

    /// The text of a pattern; none when it was forgotten or the engine does not answer within a quarter of a second.
    pub fn template(&self, pattern: u32) -> Option<String> {
        let (reply, answer) = bounded(1);
        self.controls.try_send(Control::Template(pattern, reply)).ok()?;
        answer.recv_timeout(Duration::from_millis(250)).ok()?
    }

    /// Everything about a pattern; none when it was forgotten. Disconnected, too, when the engine does not answer within a second.
    pub fn pattern(&self, pattern: u32) -> Result<Option<PatternView>, Disconnected> {
        let (reply, answer) = bounded(1);
        self.controls.try_send(Control::Pattern(pattern, reply)).map_err(|_| Disconnected)?;
        answer.recv_timeout(Duration::from_secs(1)).map_err(|_| Disconnected)
    }

    /// The constitution with its whole history, and how it stands now; waits for the engine.
    pub fn constitution(&self) -> Result<(Constitution, ConstitutionView), Disconnected> {
        let (reply, answer) = bounded(1);
        self.controls.send(Control::Constitution(reply)).map_err(|_| Disconnected)?;
        answer.recv().map_err(|_| Disconnected)
    }
}

/// The engine's thread is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disconnected;
