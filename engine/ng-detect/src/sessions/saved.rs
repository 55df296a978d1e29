//! The saved form of the sessions of a source. They mean something with the expression that named them only.

use super::key_pattern::KeyPattern;
use super::{Key, MAX_SEARCHES, Search, Sessions, Source, WINDOW};
use crate::alert::AlertLayer;
use crate::block_index::BlockPrunedIndex;
use crate::kernel::Scanner;
use crate::scale::Scale;
use crate::sessions::counts::Counts;
use crate::sessions::open_sessions::OpenSessions;
use crate::streams::Streams;
use crate::tail_probability::TailProbability;
use crate::tuning::Tuning;
use ng_model::checkpoint::{put, put_bytes, take_bytes, take_count};
use ng_model::elapsed::Elapsed;
use ng_model::symbols::Sym;

/// Most bytes of the expression.
const MAX_KEY_LEN: usize = 1 << 16;

impl Sessions {
    /// The sources.
    pub(crate) fn sources(&self) -> impl Iterator<Item = Sym> {
        self.sources.entries().map(|(source, ..)| source)
    }

    /// When a source spoke last, as a `seq`, and its sessions.
    pub(crate) fn find(&self, source: Sym) -> Option<(u64, &Source)> {
        self.sources.find(source)
    }

    /// Reads those of a source; nothing inside when another expression names them now. What fits into the present history is
    /// kept.
    pub(crate) fn restore(&self, id: Sym, input: &mut &[u8], tuning: &Tuning) -> Option<Option<Source>> {
        let source = Source::restore(id, input, tuning, self.scanner)?;
        let is_valid = match &self.key {
            Key::None => false,
            Key::Given(key) => key.text() == source.key,
            Key::Found(_) => KeyPattern::found(&source.key).is_some(),
        };
        Some(Some(source).filter(|_| is_valid))
    }

    /// Puts the sessions of all sources in the place of those that are there, and what was found to name them.
    pub(crate) fn adopt(&mut self, sources: Streams<Sym, Source>) {
        if let Key::Found(searches) = &mut self.key {
            *searches = Streams::new(MAX_SEARCHES);
            for (id, used, source) in sources.entries() {
                if let Some(key) = KeyPattern::found(&source.key) {
                    searches.add(id, used, Search::Found(key));
                }
            }
        }
        self.sources = sources;
    }
}

impl Source {
    /// Adds the sessions of the source to a saved state.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
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
            key: String::from_utf8(take_bytes(input, MAX_KEY_LEN)?.to_vec()).ok()?,
            clock: Elapsed::restore(input)?,
            open: OpenSessions::restore(input)?,
            counts: Counts::restore(input)?,
            memory: BlockPrunedIndex::restore(input, scanner).filter(|memory| memory.window() == WINDOW)?,
            scale: Scale::restore(input)?,
            scores: TailProbability::restore(input, tuning.history)?,
            alerts: AlertLayer::restore(input)?,
            seen: take_count(input)?,
            learning: true,
        })
    }
}
