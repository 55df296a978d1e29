//! The saved form of the sessions of a source. They mean something with the expression that named them only.

use super::naming::Naming;
use super::{Key, MOST_SEARCHES, Search, Sessions, Source, WINDOW};
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

    /// Reads those of a source; nothing inside when another expression names them now. What fits into the present history is
    /// kept.
    pub(in crate::detect) fn restore(&self, id: Sym, input: &mut &[u8], tuning: &Tuning) -> Option<Option<Source>> {
        let source = Source::restore(id, input, tuning, self.scanner)?;
        let is_valid = match &self.key {
            Key::None => false,
            Key::Given(key) => key.text() == source.key,
            Key::Found(_) => Naming::found(&source.key).is_some(),
        };
        Some(Some(source).filter(|_| is_valid))
    }

    /// Puts the sessions of all sources in the place of those that are there, and what was found to name them.
    pub(in crate::detect) fn take_up(&mut self, sources: Streams<Sym, Source>) {
        if let Key::Found(searches) = &mut self.key {
            *searches = Streams::new(MOST_SEARCHES);
            for (id, used, source) in sources.entries() {
                if let Some(key) = Naming::found(&source.key) {
                    searches.add(id, used, Search::Found(key));
                }
            }
        }
        self.sources = sources;
    }
}

impl Source {
    /// Adds the sessions of the source to a saved state.
    pub(in crate::detect) fn save(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.key.as_bytes());
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
            key: String::from_utf8(take_bytes(input, LONGEST_KEY)?.to_vec()).ok()?,
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
