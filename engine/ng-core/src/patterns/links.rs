//! The `connection_manager`: which pattern follows which in a source, how often, and after how long.
//!
//! # Layout
//!
//! `links/saved.rs` has the saved form.

mod saved;

pub use saved::Left;

use ng_model::matched::Match;
use ng_model::settings::{Accepts, Row, Values};
use ng_model::symbols::Sym;
use ng_wire::{Gauge, Unit};
use rustc_hash::FxHashMap;

/// Settings of the module `connection_manager`.
pub static SETTINGS: &[Row] = &[Row {
    key: "max_links",
    accepts: Accepts::Int(65_536, 16, 1_048_576),
    unit: "",
    summary: "Transitions between patterns that are kept; beyond it one that was not taken lately gives way.",
}];

/// Row totals at which the counts of a row are halved.
const HALVE_AT: u32 = 1 << 20;

/// The transition graph.
#[derive(Debug)]
pub struct Links {
    index: FxHashMap<(u32, u32), usize>,
    links: Vec<Link>,
    /// Totals of the transitions out of a pattern.
    rows: FxHashMap<u32, Total>,
    /// The latest pattern of each source and its time.
    previous: Vec<Option<(u32, i64)>>,
    most: usize,
    /// Where the search for a link to drop goes on.
    hand: usize,
    dropped: u64,
    /// Transitions are counted; otherwise the source whose events come is frozen.
    learning: bool,
}

#[derive(Debug)]
struct Link {
    from: u32,
    to: u32,
    count: u32,
    halvings: u32,
    mean_delay_s: f64,
    /// Taken since the hand last passed.
    recent: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Total {
    count: u32,
    halvings: u32,
    links: u32,
}

/// A pattern that follows or precedes another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The other pattern.
    pub pattern: u32,
    /// How often, halved from time to time.
    pub count: u32,
    /// Share of all transitions out of the first pattern, or of all into it that are known.
    pub share: f64,
    /// Mean seconds between the two.
    pub mean_delay_s: f64,
}

impl Links {
    /// An empty graph.
    pub fn new(settings: &Values) -> Self {
        Links {
            index: FxHashMap::default(),
            links: Vec::new(),
            rows: FxHashMap::default(),
            previous: Vec::new(),
            most: settings.int("max_links") as usize,
            hand: 0,
            dropped: 0,
            learning: true,
        }
    }

    /// Says whether the events that follow are learnt, or are those of a frozen source.
    pub fn set_learning(&mut self, learning: bool) {
        self.learning = learning;
    }

    /// Takes new settings; links beyond a smaller limit are dropped.
    pub fn reconfigure(&mut self, settings: &Values) {
        self.most = settings.int("max_links") as usize;
        while self.links.len() > self.most {
            self.drop_one();
        }
    }

    /// Fills in what precedes this pattern in its source and how rare that is; then counts the transition, if it is learnt.
    pub fn observe(&mut self, source: Sym, pattern: u32, time_ns: i64, matched: &mut Match) {
        let at = source.0 as usize;
        if self.previous.len() <= at {
            self.previous.resize(at + 1, None);
        }
        let Some((before, before_ns)) = self.previous[at].replace((pattern, time_ns)) else { return };
        matched.previous = Some(before);
        matched.transition_bits = self.bits(before, pattern) as f32;
        if self.learning {
            self.count(before, pattern, time_ns.saturating_sub(before_ns).max(0) as f64 / 1e9);
        }
    }

    /// A pattern has become part of another: what comes next in its sources follows on that. What followed on it before gives
    /// way with time.
    pub fn follow(&mut self, pattern: u32, union: u32) {
        for (known, _) in self.previous.iter_mut().flatten().filter(|(known, _)| *known == pattern) {
            *known = union;
        }
    }

    /// Rarity of a transition, `−log2((count + 0.5) / (total + 1))`.
    pub fn bits(&self, from: u32, to: u32) -> f64 {
        let (count, total) = self.counts(from, to);
        ((f64::from(total) + 1.0) / (f64::from(count) + 0.5)).log2()
    }

    /// What follows a pattern, most frequent first. Looks at every link: for a screen, not for every event.
    pub fn successors(&self, pattern: u32) -> Vec<Neighbour> {
        let total = self.rows.get(&pattern).map_or(0, |row| row.count);
        self.ranked(self.links.iter().filter(|link| link.from == pattern), |link| link.to, f64::from(total))
    }

    /// What precedes a pattern, most frequent first, likewise.
    pub fn predecessors(&self, pattern: u32) -> Vec<Neighbour> {
        let into = || self.links.iter().filter(|link| link.to == pattern);
        let total = into().map(|link| f64::from(self.counts(link.from, link.to).0)).sum();
        self.ranked(into(), |link| link.from, total)
    }

    fn ranked<'a>(
        &'a self,
        links: impl Iterator<Item = &'a Link>,
        other: impl Fn(&Link) -> u32,
        total: f64,
    ) -> Vec<Neighbour> {
        let neighbour = |link: &Link| {
            let count = self.counts(link.from, link.to).0;
            let share = f64::from(count) / total.max(1.0);
            Neighbour { pattern: other(link), count, share, mean_delay_s: link.mean_delay_s }
        };
        let mut found: Vec<Neighbour> = links.map(neighbour).collect();
        found.sort_by_key(|neighbour| (std::cmp::Reverse(neighbour.count), neighbour.pattern));
        found
    }

    /// Adds what is measured here: links, patterns with successors, dropped links.
    pub fn gauges(&self, gauges: &mut Vec<Gauge>) {
        for (name, value) in [
            ("links", self.links.len() as u64),
            ("links.from", self.rows.len() as u64),
            ("links.dropped", self.dropped),
        ] {
            gauges.push(Gauge { name: name.into(), value: value as f64, unit: Unit::Count });
        }
    }

    /// Links that are known.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Nothing has followed anything yet.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Links that gave way.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Count of a transition and of all transitions out of its first pattern.
    fn counts(&self, from: u32, to: u32) -> (u32, u32) {
        let Some(row) = self.rows.get(&from) else { return (0, 0) };
        let count = self.index.get(&(from, to)).map_or(0, |at| {
            let link = &self.links[*at];
            link.count >> (row.halvings - link.halvings).min(31)
        });
        (count, row.count)
    }

    fn count(&mut self, from: u32, to: u32, delay_s: f64) {
        let at = match self.index.get(&(from, to)) {
            Some(at) => *at,
            None => {
                if self.links.len() >= self.most {
                    self.drop_one();
                }
                self.add(from, to)
            }
        };
        let row = self.rows.entry(from).or_default();
        let link = &mut self.links[at];
        link.count = (link.count >> (row.halvings - link.halvings).min(31)) + 1;
        link.halvings = row.halvings;
        link.recent = true;
        link.mean_delay_s += (delay_s - link.mean_delay_s) / f64::from(link.count);
        row.count += 1;
        if row.count >= HALVE_AT {
            row.count /= 2;
            row.halvings += 1;
        }
    }

    fn add(&mut self, from: u32, to: u32) -> usize {
        let row = self.rows.entry(from).or_default();
        row.links += 1;
        let link = Link { from, to, count: 0, halvings: row.halvings, mean_delay_s: 0.0, recent: true };
        self.index.insert((from, to), self.links.len());
        self.links.push(link);
        self.links.len() - 1
    }

    /// Drops the next link that was not taken since the hand last passed it. Its transitions stay in the row's total
    /// until the row has no link left.
    fn drop_one(&mut self) {
        while !self.links.is_empty() {
            self.hand %= self.links.len();
            let link = &mut self.links[self.hand];
            if std::mem::take(&mut link.recent) {
                self.hand += 1;
                continue;
            }
            let gone = self.links.swap_remove(self.hand);
            self.index.remove(&(gone.from, gone.to));
            if let Some(moved) = self.links.get(self.hand) {
                self.index.insert((moved.from, moved.to), self.hand);
            }
            if let Some(row) = self.rows.get_mut(&gone.from) {
                row.links -= 1;
                if row.links == 0 {
                    self.rows.remove(&gone.from);
                }
            }
            self.dropped += 1;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_wire::SettingValue;
    use std::collections::BTreeMap;

    const SECOND: i64 = 1_000_000_000;

    fn settings(most: i64) -> Values {
        let changes = BTreeMap::from([("max_links".to_string(), SettingValue::Int(most))]);
        Values::defaults(SETTINGS).with(SETTINGS, &changes).unwrap()
    }

    fn follow(links: &mut Links, source: u32, patterns: impl IntoIterator<Item = u32>) -> Match {
        let mut matched = Match::of(0);
        for (i, pattern) in patterns.into_iter().enumerate() {
            matched = Match::of(pattern);
            links.observe(Sym(source), pattern, i as i64 * 2 * SECOND, &mut matched);
        }
        matched
    }

    #[test]
    fn transitions_are_counted_with_their_delay() {
        let mut links = Links::new(&settings(100));
        follow(&mut links, 1, [1, 2, 1, 2, 1, 3, 1, 2]);
        assert_eq!(
            links.successors(1),
            [
                Neighbour { pattern: 2, count: 3, share: 0.75, mean_delay_s: 2.0 },
                Neighbour { pattern: 3, count: 1, share: 0.25, mean_delay_s: 2.0 }
            ]
        );
        assert_eq!(links.bits(1, 3), (5.0f64 / 1.5).log2());
        assert_eq!(links.successors(9), []);
    }

    #[test]
    fn a_match_learns_what_came_before() {
        let mut links = Links::new(&settings(100));
        assert_eq!(follow(&mut links, 1, [5]).previous, None);
        let matched = follow(&mut links, 2, [7, 8]);
        assert_eq!((matched.previous, matched.transition_bits), (Some(7), 1.0));
        assert_eq!(follow(&mut links, 1, [6]).previous, Some(5));
    }

    #[test]
    fn the_number_of_links_is_bounded() {
        let mut links = Links::new(&settings(16));
        for round in 0..50 {
            // The link 1 → 2 is taken all the time and stays.
            follow(&mut links, 1, [1, 2, 100 + round, 1, 2]);
        }
        assert_eq!(links.len(), 16);
        assert!(links.dropped() > 50);
        assert!(links.rows.len() <= 16);
        assert_eq!(links.index.len(), 16);
        assert!(links.successors(1)[0].pattern == 2 && links.successors(1)[0].share > 0.9);
    }

    #[test]
    fn max_links_takes_effect_at_once() {
        let mut links = Links::new(&settings(1000));
        follow(&mut links, 1, 0..200);
        links.reconfigure(&settings(50));
        assert_eq!((links.len(), links.dropped()), (50, 149));
        follow(&mut links, 1, 200..300);
        assert_eq!(links.len(), 50);
    }

    #[test]
    fn counts_of_a_row_halve() {
        let mut links = Links::new(&settings(16));
        for _ in 0..HALVE_AT {
            links.count(1, 2, 0.0);
        }
        assert_eq!(links.counts(1, 2), (HALVE_AT / 2, HALVE_AT / 2));
    }
}
