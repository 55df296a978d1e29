//! The saved form of the sessions of a source. They mean something with the expression that named them only.

use super::{Sessions, Source, WINDOW};
use crate::detect::alert::AlertLayer;
use crate::detect::grouped::Grouped;
use crate::detect::kernel::Scanner;
use crate::detect::scale::Scale;
use crate::detect::sessions::counts::Counts;
use crate::detect::sessions::open::Open;
use crate::detect::streams::Streams;
use crate::detect::tail::Tail;
use crate::detect::tuning::Tuning;
use crate::elapsed::Elapsed;
use crate::saved::{put, put_bytes, take_bytes, take_count};
use crate::symbols::Sym;

/// Most bytes of the expression.
const LONGEST_KEY: usize = 1 << 16;

impl Sessions {
    /// The sources.
    pub(in crate::detect) fn sources(&self) -> impl Iterator<Item = Sym> {
        self.sources.entries().map(|(source, ..)| source)
    }

    /// When a source spoke last, as a `seq`, and its sessions.
    pub(in crate::detect) fn find(&self, source: Sym) -> Option<(u64, &Source)> {
        self.sources.find(source)
    }

    /// Adds the sessions of a source to a saved state.
    pub(in crate::detect) fn save(&self, source: &Source, out: &mut Vec<u8>) {
        put_bytes(out, self.text.as_bytes());
        source.save(out);
    }

    /// Reads those of a source; nothing inside when another expression names them now. What fits into the present history is
    /// kept.
    pub(in crate::detect) fn restore(&self, id: Sym, input: &mut &[u8], tuning: &Tuning) -> Option<Option<Source>> {
        let is_same = take_bytes(input, LONGEST_KEY)? == self.text.as_bytes();
        let source = Source::restore(id, input, tuning, self.scanner)?;
        Some(Some(source).filter(|_| is_same))
    }

    /// Puts the sessions of all sources in the place of those that are there.
    pub(in crate::detect) fn take_up(&mut self, sources: Streams<Sym, Source>) {
        self.sources = sources;
    }
}

impl Source {
    fn save(&self, out: &mut Vec<u8>) {
        self.clock.save(out);
        self.open.save(out);
        self.counts.save(out);
        self.memory.save(out);
        self.scale.save(out);
        self.scores.save(out);
        self.alerts.save(out);
        put(out, self.seen);
    }

    fn restore(id: Sym, input: &mut &[u8], tuning: &Tuning, scanner: Scanner) -> Option<Source> {
        Some(Source {
            id,
            clock: Elapsed::restore(input)?,
            open: Open::restore(input)?,
            counts: Counts::restore(input)?,
            memory: Grouped::restore(input, scanner).filter(|memory| memory.window() == WINDOW)?,
            scale: Scale::restore(input)?,
            scores: Tail::restore(input, tuning.history)?,
            alerts: AlertLayer::restore(input)?,
            seen: take_count(input)?,
            learning: true,
        })
    }
}
