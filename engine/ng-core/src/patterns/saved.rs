//! The saved form of everything that patterns have learnt.
//!
//! ```text
//! patterns, latest used first │ tokens by number │ sources with their totals │ shapes │ memory of sequences
//! ```
//!
//! It is made in slices, between which events go on. So what others refer to stands behind them: tokens behind the
//! templates, totals behind what is halved with them. When there is too much, the patterns not seen for longest are left
//! out; of the tokens then those that are in none of the others, and of what still does not fit the later.

use super::fields::Field;
use super::shapes::Shapes;
use super::store::{Body, Key, PatternStore, SourceTotals};
use super::tokens::{TokenTable, TokenTotals};
use super::{Patterns, Source};
use ng_model::checkpoint::{CheckpointReader, CheckpointWriter, put_u32, take_flag};
use ng_model::evidence::Onset;
use ng_model::settings::Values;
use ng_model::symbols::{Sym, Symbols};

/// Most bytes of a saved state behind the patterns, the tokens, and the sources.
const MOST_PATTERNS: usize = 24 << 20;
const MOST_TOKENS: usize = 40 << 20;
const MOST_SOURCES: usize = 44 << 20;

/// What is still to be saved of the patterns.
#[derive(Debug)]
pub struct Left {
    /// Numbers of patterns, the latest used at the end.
    ids: Vec<u32>,
    /// All patterns are saved.
    tokens_are_next: bool,
    /// The next token, and which are wanted; absent while all are.
    token: u32,
    wanted: Option<Vec<bool>>,
    /// Patterns that are left out, by number.
    left_out: Vec<u32>,
}

impl Left {
    /// Patterns that were left out because there was no room.
    pub fn left_out(&self) -> usize {
        self.left_out.len()
    }
}

impl Patterns {
    /// Begins to save.
    pub fn begin_saving(&self) -> Left {
        let mut ids: Vec<u32> = self.store.iter().map(|pattern| pattern.id).collect();
        ids.reverse();
        Left { ids, tokens_are_next: false, token: super::tokens::FIRST_WORD, wanted: None, left_out: Vec::new() }
    }

    /// Goes on saving until the state has so many bytes. True when all is saved.
    pub fn save(&self, left: &mut Left, writer: &mut CheckpointWriter, symbols: &Symbols, enough: usize) -> bool {
        if !left.tokens_are_next {
            if !self.store.save(&mut left.ids, writer, symbols, enough.min(MOST_PATTERNS)) {
                if writer.bytes.len() < MOST_PATTERNS {
                    return false;
                }
                left.left_out = std::mem::take(&mut left.ids);
                left.left_out.sort_unstable();
                self.store.save(&mut left.ids, writer, symbols, usize::MAX);
            }
            left.tokens_are_next = true;
            let fits = writer.bytes.len() + self.tokens.saved_bytes() <= MOST_TOKENS;
            left.wanted = (!fits).then(|| self.tokens_of_templates(&left.left_out));
        }
        let Left { token, wanted, .. } = left;
        let is_wanted = |token: u32| wanted.as_ref().is_none_or(|wanted| wanted.get(token as usize) == Some(&true));
        if !self.tokens.save(token, is_wanted, writer, symbols, enough.min(MOST_TOKENS)) {
            if writer.bytes.len() < MOST_TOKENS {
                return false;
            }
            *token = u32::MAX;
            self.tokens.save(token, |_| false, writer, symbols, usize::MAX);
        }
        self.save_sources(writer, symbols);
        self.shapes.save(writer, symbols);
        self.matcher.save(&self.store, &mut writer.bytes);
        true
    }

    /// Takes a saved state up; none when it is not valid. The next number of a pattern is told by [`Patterns::go_on_at`].
    pub fn restore(settings: &Values, saved: &mut CheckpointReader<'_>) -> Option<Patterns> {
        let mut patterns = Patterns::new(settings);
        patterns.store = PatternStore::restore(saved)?;
        let (tokens, numbers) = TokenTable::restore(saved)?;
        patterns.tokens = tokens;
        patterns.restore_sources(saved)?;
        patterns.shapes = Shapes::restore(saved)?;
        let same_numbers = patterns.tokens.len() == numbers.len();
        patterns.adopt(&numbers)?;
        patterns.matcher.restore(&patterns.store, &mut saved.bytes, same_numbers)?;
        patterns.learned.restore(&patterns.store);
        patterns.make_room(patterns.most);
        Some(patterns)
    }

    /// The number of the next pattern.
    pub fn next_id(&self) -> u32 {
        self.store.next_id()
    }

    /// The next pattern gets this number, or the first behind it that is free.
    pub fn go_on_at(&mut self, next_id: u32) {
        self.store.go_on_at(next_id);
    }

    /// Events of the source have been counted.
    pub fn knows(&self, source: Sym) -> bool {
        self.sources.get(source.0 as usize).is_some_and(|known| known.totals.events > 0)
    }

    /// Which tokens stand in a template, without those of patterns that are left out.
    fn tokens_of_templates(&self, left_out: &[u32]) -> Vec<bool> {
        let mut wanted = vec![false; self.tokens.len()];
        for pattern in self.store.iter().filter(|pattern| left_out.binary_search(&pattern.id).is_err()) {
            if let (Body::Template(tokens), Key::Bucket(family, _)) = (&pattern.body, pattern.key) {
                tokens.iter().chain([&family.exception]).for_each(|token| wanted[*token as usize] = true);
            }
        }
        wanted
    }

    /// First those that something saved refers to.
    fn save_sources(&self, writer: &mut CheckpointWriter, symbols: &Symbols) {
        let sources = (0..).map(Sym).zip(&self.sources).filter(|(_, known)| known.totals.events > 0);
        let (mut known, others): (Vec<_>, Vec<_>) = sources.partition(|(source, _)| writer.number(*source).is_some());
        known.sort_by_key(|(source, _)| writer.number(*source));
        let save = |writer: &mut CheckpointWriter, source: Sym, known: &Source| {
            put_u32(&mut writer.bytes, 1);
            writer.name(source, symbols);
            known.totals.save(&mut writer.bytes);
            known.tokens.save(&mut writer.bytes);
            known.levels.save(&mut writer.bytes);
            known.errors.save(&mut writer.bytes);
        };
        known.into_iter().for_each(|(source, of_it)| save(writer, source, of_it));
        for (source, of_it) in others {
            if !writer.within(MOST_SOURCES, |writer| save(writer, source, of_it)) {
                break;
            }
        }
        put_u32(&mut writer.bytes, 0);
    }

    fn restore_sources(&mut self, saved: &mut CheckpointReader<'_>) -> Option<()> {
        while take_flag(&mut saved.bytes)? {
            let at = saved.name()?.0 as usize;
            if self.sources.len() <= at {
                self.sources.resize(at + 1, Default::default());
            }
            let totals = SourceTotals::restore(&mut saved.bytes)?;
            let tokens = TokenTotals::restore(&mut saved.bytes)?;
            let levels = Field::restore(&mut saved.bytes)?;
            self.sources[at] = Source { totals, tokens, levels, errors: Onset::restore(&mut saved.bytes)? };
        }
        let sources = &self.sources;
        self.tokens.agrees(|source| sources.get(source.0 as usize).map(|known| known.tokens)).then_some(())
    }

    /// Makes the restored patterns known, whose tokens have other numbers now.
    fn adopt(&mut self, numbers: &[u32]) -> Option<()> {
        let mut places: Vec<u32> = self.store.places().map(|(_, place)| place).collect();
        places.sort_unstable();
        for place in places {
            let pattern = self.store.at_mut(place);
            pattern.renumber(numbers);
            let of_source = self.sources.get(pattern.source.0 as usize)?;
            if !pattern.agrees(&of_source.totals) {
                return None;
            }
            if !matches!(pattern.body, Body::Template(_)) && self.index.insert(pattern.key, place).is_some() {
                return None;
            }
        }
        Some(())
    }
}
