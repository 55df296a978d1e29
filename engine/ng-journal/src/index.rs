//! The words of a run: which are constant in its patterns, and how many events of each pair have the others.
//!
//! The words of a message that is not written as people read it are those of its bytes and those that people read.

use super::dictionary::Dictionary;
use super::event::EventHeader;
use super::header::{CountedWords, Pair, minute};
use super::run::Run;
use super::word_filter::{self, WordFilter};
use super::words::{self, Kind};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most minutes that the events of a block may be of for each pair to tell its own. They need not follow each other: among the lines of
/// an old file stand events of the engine, which are of now.
const MINUTES: usize = 16;

/// What was found out about a run.
pub(crate) struct Indexed {
    pub(crate) pairs: Vec<Pair>,
    /// The pair of each event.
    pub(crate) pair_of: Vec<u16>,
    pub(crate) counted: CountedWords,
    pub(crate) filter: WordFilter,
    pub(crate) tells_minutes: bool,
    pub(crate) has_other_letters: bool,
}

/// Memory that is used from run to run.
#[derive(Debug, Default)]
pub(crate) struct Indexer {
    folded: Vec<u8>,
    /// Numbers of the words of each event, each once.
    numbers: Vec<u16>,
    ends: Vec<usize>,
    /// By number of a word: the last event that had it, counted from 1.
    seen: Vec<u32>,
    /// By number of a word: in how many of the events in hand it stands.
    tally: Vec<u32>,
    /// The words that `tally` counts.
    touched: Vec<u16>,
    others: FxHashSet<u64>,
}

impl Indexer {
    /// Finds the words of a run. `template` gives the text of what is constant in a pattern, as far as it is known; what it
    /// says is looked for in every event.
    pub(crate) fn index(
        &mut self,
        run: &Run,
        dictionary: &mut Dictionary,
        template: &mut dyn FnMut(u32) -> Option<String>,
    ) -> Indexed {
        let has_other_letters = self.find_words(run, dictionary);
        let versions = self.versions(run, dictionary, template);
        let times = || run.headers.iter().map(|header| minute(header.time_ns));
        let first = times().min().unwrap_or(0);
        let tells_minutes = are_few(times());
        let (pairs, pair_of) =
            pairs(&run.headers, &versions, |header| if tells_minutes { minute(header.time_ns) } else { first });
        let counted = self.count(&pairs, &pair_of, dictionary);
        let filter = WordFilter::new(self.others.iter().copied());
        Indexed { pairs, pair_of, counted, filter, tells_minutes, has_other_letters }
    }

    /// Numbers the words of every event. True when letters were found that have no number.
    fn find_words(&mut self, run: &Run, dictionary: &mut Dictionary) -> bool {
        let Indexer { folded, numbers, ends, seen, others, .. } = self;
        folded.clear();
        folded.extend_from_slice(&run.arena);
        folded.make_ascii_lowercase();
        numbers.clear();
        ends.clear();
        others.clear();
        seen.clear();
        let mut has_other_letters = false;
        for (event, (header, raw)) in (1u32..).zip(run.iter()) {
            let mut take = |kind: Kind, word: &[u8]| {
                let number = if kind == Kind::Mixed { None } else { dictionary.intern(kind, word) };
                match number {
                    Some(number) => {
                        let place = usize::from(number);
                        if seen.len() <= place {
                            seen.resize(place + 1, 0);
                        }
                        if seen[place] != event {
                            seen[place] = event;
                            numbers.push(number);
                        }
                    }
                    None => {
                        has_other_letters |= kind != Kind::Mixed;
                        others.insert(word_filter::hash(word));
                    }
                }
            };
            let place = event as usize - 1;
            words::split(&folded[run.start(place)..run.ends[place]], &mut take);
            if let Some(message) = header.decoded_message(raw) {
                words::split(&message.to_ascii_lowercase(), &mut take);
            }
            ends.push(numbers.len());
        }
        has_other_letters
    }

    /// The version of each pattern that the run has.
    fn versions(
        &mut self,
        run: &Run,
        dictionary: &mut Dictionary,
        template: &mut dyn FnMut(u32) -> Option<String>,
    ) -> FxHashMap<u32, u32> {
        let groups = grouped(run.headers.iter().map(|header| header.pattern));
        let mut versions = FxHashMap::default();
        for events in groups {
            let pattern = run.headers[events[0] as usize].pattern;
            self.tally(&events, dictionary);
            let everywhere = |word: &u16| self.tally[usize::from(*word)] == events.len() as u32;
            let mut common: Vec<u16> = self.touched.iter().copied().filter(everywhere).collect();
            common.sort_unstable();
            let version = dictionary.version(pattern, events.len(), &common, |dictionary| {
                template(pattern).map_or_else(Vec::new, |text| known_words(&text, dictionary))
            });
            versions.insert(pattern, version);
        }
        versions
    }

    /// Counts the words of each pair that are not constant in its version.
    fn count(&mut self, pairs: &[Pair], pair_of: &[u16], dictionary: &Dictionary) -> CountedWords {
        let mut found: Vec<(u16, u16, u32)> = Vec::new();
        for events in grouped(pair_of.iter().map(|pair| u32::from(*pair))) {
            let pair = pair_of[events[0] as usize];
            self.tally(&events, dictionary);
            for constant in &dictionary.versions()[pairs[usize::from(pair)].version as usize].words {
                self.tally[usize::from(*constant)] = 0;
            }
            let varying = self.touched.iter().map(|word| (*word, pair, self.tally[usize::from(*word)]));
            found.extend(varying.filter(|(_, _, events)| *events > 0));
        }
        found.sort_unstable();
        let mut counted = CountedWords::default();
        for of_word in found.chunk_by(|one, other| one.0 == other.0) {
            counted.words.push(of_word[0].0);
            counted.entries.extend(of_word.iter().map(|(_, pair, events)| (*pair, *events)));
            counted.ends.push(counted.entries.len() as u32);
        }
        counted
    }

    /// Counts in how many of these events each word stands.
    fn tally(&mut self, events: &[u32], dictionary: &Dictionary) {
        self.touched.iter().for_each(|word| self.tally[usize::from(*word)] = 0);
        self.touched.clear();
        self.tally.resize(dictionary.len(), 0);
        for event in events {
            let start = event.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
            for number in &self.numbers[start..self.ends[*event as usize]] {
                let count = &mut self.tally[usize::from(*number)];
                if *count == 0 {
                    self.touched.push(*number);
                }
                *count += 1;
            }
        }
    }
}

/// Numbers of the words of a template that the dictionary knows.
fn known_words(template: &str, dictionary: &Dictionary) -> Vec<u16> {
    let mut numbers = Vec::new();
    words::split(template.to_ascii_lowercase().as_bytes(), |kind, word| numbers.extend(dictionary.find(kind, word)));
    numbers
}

/// The events in groups of equal keys, each in their order.
fn grouped(keys: impl Iterator<Item = u32>) -> Vec<Vec<u32>> {
    let mut places: FxHashMap<u32, usize> = FxHashMap::default();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for (event, key) in (0..).zip(keys) {
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(event);
    }
    groups
}

/// Whether these are not too many different minutes.
fn are_few(minutes: impl Iterator<Item = i32>) -> bool {
    let mut known = Vec::with_capacity(MINUTES);
    for minute in minutes {
        // The latest is mostly the one before.
        if known.iter().rev().any(|one| *one == minute) {
            continue;
        }
        if known.len() == MINUTES {
            return false;
        }
        known.push(minute);
    }
    true
}

/// What events have in common, in its order, and the place of it for each event.
fn pairs(
    headers: &[EventHeader],
    versions: &FxHashMap<u32, u32>,
    minute: impl Fn(&EventHeader) -> i32,
) -> (Vec<Pair>, Vec<u16>) {
    let mut places: FxHashMap<Pair, u16> = FxHashMap::default();
    let mut pairs: Vec<Pair> = Vec::new();
    let mut pair_of: Vec<u16> = Vec::with_capacity(headers.len());
    for header in headers {
        let EventHeader { source, kind, level, pattern, .. } = *header;
        let (version, marks, minute) = (versions[&pattern], header.marks(), minute(header));
        let pair = Pair { version, pattern, source, kind, level, marks, minute, events: 0 };
        let place = *places.entry(pair).or_insert(pairs.len() as u16);
        if usize::from(place) == pairs.len() {
            pairs.push(pair);
        }
        pairs[usize::from(place)].events += 1;
        pair_of.push(place);
    }
    let mut order: Vec<u16> = (0..pairs.len() as u16).collect();
    order.sort_unstable_by_key(|place| pairs[usize::from(*place)]);
    let mut moved = vec![0; pairs.len()];
    order.iter().enumerate().for_each(|(place, old)| moved[usize::from(*old)] = place as u16);
    pair_of.iter_mut().for_each(|place| *place = moved[usize::from(*place)]);
    pairs.sort_unstable();
    (pairs, pair_of)
}
