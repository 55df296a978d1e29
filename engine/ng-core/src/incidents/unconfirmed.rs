//! Metrics that were far out once: one sample is soon forgotten, and a second one as far out is worth telling.

use super::symptom::{Shown, at_ns};
use ng_model::event::Event;
use ng_model::symbols::Sym;
use std::collections::VecDeque;

/// Streams that are waited for; of more the oldest is given up.
const MOST: usize = 64;

/// What waits for the next sample of its stream.
#[derive(Debug, Default)]
pub(super) struct Unconfirmed(VecDeque<Waiting>);

#[derive(Debug)]
struct Waiting {
    source: Sym,
    stream: Sym,
    /// What was usual before.
    usual: [f64; 2],
    shown: Shown,
}

impl Unconfirmed {
    /// Waits for the next sample of the stream of an event, of which these values were usual.
    pub(super) fn hold(&mut self, event: &Event<'_>, usual: [f64; 2], shown: Shown) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(Waiting { source: event.head.source, stream: event.head.kind, usual, shown });
    }

    /// What the next sample of a stream confirms: it is as far from what was usual before.
    pub(super) fn confirmed_by(&mut self, event: &Event<'_>) -> Option<Shown> {
        if self.0.is_empty() {
            return None;
        }
        let is_of = |waiting: &Waiting| (waiting.source, waiting.stream) == (event.head.source, event.head.kind);
        let Waiting { usual, shown, .. } = self.0.iter().position(is_of).and_then(|place| self.0.remove(place))?;
        let is_far = ng_model::record::is_far(event.head.value, usual);
        is_far.then(|| Shown { seq: event.head.seq, at_ns: at_ns(&event.head, shown.is_late), ..shown })
    }
}
