//! The `token_manager`: groups events into patterns. A line of text belongs to a template, and so does a JSON object by its
//! message; one without a message belongs to its set of keys, a metric or vector to its stream. Patterns never cross sources.
//!
//! # Layout
//!
//! `split.rs` makes words of a message, `tokens.rs` numbers them, `exception.rs` finds what class of exception an event names;
//! `matcher.rs` finds the template, `learned.rs` finds out which templates are one. `fields.rs` counts the values of a field,
//! `shapes.rs` holds the fields of each set of keys, `store.rs` the patterns; `links.rs` is the graph of what follows what.
//! `saved.rs` has the saved form.

mod exception;
mod fields;
mod learned;
pub mod links;
mod matcher;
mod saved;
mod shapes;
mod split;
mod store;
#[cfg(test)]
mod tests;
mod tokens;

pub use links::{Links, Neighbour};
pub use saved::Left;
pub use store::{Body, Pattern};

use fields::Field as Category;
use learned::{Learned, Union};
use matcher::Matcher;
use ng_model::event::{Event, Field};
use ng_model::evidence::Onset;
use ng_model::matched::{Match, NO_FIELD};
use ng_model::settings::{Accepts, Row, Values};
use ng_model::symbols::Symbols;
use ng_reading::encoders::{path, unescape_into};
use ng_wire::{Format, Gauge, Level, Unit};
use rustc_hash::{FxHashMap, FxHasher};
use shapes::Shapes;
use std::hash::Hasher;
use store::{Family, Key, PatternStore, SourceTotals};
use tokens::{EMPTY, TokenTable, TokenTotals, WILDCARD};

/// Settings of the module `token_manager`.
pub static SETTINGS: &[Row] = &[
    Row {
        key: "similarity",
        accepts: Accepts::Float(0.8, 0.5, 1.0),
        unit: "",
        summary: "Share of tokens in which a line agrees with the template it belongs to, and of its words that a template keeps.",
    },
    Row {
        key: "max_patterns",
        accepts: Accepts::Int(20_000, 16, 1_000_000),
        unit: "",
        summary: "Patterns that are kept; beyond it the one not seen for longest is dropped.",
    },
    Row {
        key: "bucket_cap",
        accepts: Accepts::Int(1024, 1, 65_536),
        unit: "",
        summary: "Templates of one source with the same length and first word; beyond it the oldest is dropped.",
    },
];

/// Keys of a JSON object that are looked at.
const MOST_KEYS: usize = 256;
/// Bytes of a shape's text.
const SHAPE_TEXT: usize = 512;

/// All patterns, and how often everything in them occurs.
#[derive(Debug)]
pub struct Patterns {
    tokens: TokenTable,
    matcher: Matcher,
    learned: Learned,
    store: PatternStore,
    /// Places of shapes and streams.
    index: FxHashMap<Key, u32>,
    sources: Vec<Source>,
    shapes: Shapes,
    /// The tokens of the line in hand.
    line: Vec<u32>,
    /// Its message, where escapes had to be resolved.
    plain: Vec<u8>,
    /// One number for the path of each key of the event in hand.
    paths: Vec<u64>,
    most: usize,
    bucket_cap: usize,
    dropped: u64,
    dropped_from_buckets: u64,
    /// Patterns that have become part of another since they were asked for: the number of each, and that of the other.
    united: Vec<(u32, u32)>,
    /// Events are learnt; otherwise the source whose events come is frozen.
    learning: bool,
}

/// What is counted of one source.
#[derive(Clone, Debug, Default)]
struct Source {
    totals: SourceTotals,
    tokens: TokenTotals,
    levels: Category,
    /// Errors, while little is known.
    errors: Onset,
}

impl Patterns {
    /// No patterns yet.
    pub fn new(settings: &Values) -> Self {
        Patterns {
            tokens: TokenTable::new(),
            matcher: Matcher::new(settings.float("similarity")),
            learned: Learned::default(),
            store: PatternStore::new(),
            index: FxHashMap::default(),
            sources: Vec::new(),
            shapes: Shapes::default(),
            line: Vec::with_capacity(tokens::MOST_TOKENS),
            plain: Vec::new(),
            paths: Vec::with_capacity(MOST_KEYS),
            most: settings.int("max_patterns") as usize,
            bucket_cap: settings.int("bucket_cap") as usize,
            dropped: 0,
            dropped_from_buckets: 0,
            united: Vec::new(),
            learning: true,
        }
    }

    /// Says whether the events that follow are learnt, or are those of a frozen source. Those still get patterns.
    pub fn set_learning(&mut self, learning: bool) {
        self.learning = learning;
    }

    /// Takes new settings. Known templates stay as they are; patterns beyond a smaller limit are dropped.
    pub fn reconfigure(&mut self, settings: &Values) {
        self.matcher.set_similarity(settings.float("similarity"));
        self.most = settings.int("max_patterns") as usize;
        self.bucket_cap = settings.int("bucket_cap") as usize;
        self.make_room(self.most);
    }

    /// Finds or makes the pattern of an event and counts it. `previous` and `transition_bits` are left to [`Links`].
    pub fn observe(&mut self, event: &Event<'_>) -> Match {
        let at = event.head.source.0 as usize;
        if self.sources.len() <= at {
            self.sources.resize(at + 1, Default::default());
        }
        match event.head.format {
            Format::Note => self.observe_text(event),
            Format::Text | Format::Journal => {
                let matched = self.observe_text(event);
                self.observe_values(event, None, matched)
            }
            Format::Json => self.observe_object(event),
            Format::Metric => self.observe_stream(event, false),
            Format::Vector => self.observe_stream(event, true),
        }
    }

    /// A pattern by its number; none when it was dropped or never given.
    pub fn get(&self, id: u32) -> Option<&Pattern> {
        self.store.find(id)
    }

    /// What the events of a pattern have in common, such as `Receiving block * src: * dest: *`, `{level,msg,user}` or
    /// the name of a stream.
    pub fn template(&self, id: u32, symbols: &Symbols) -> Option<String> {
        Some(match &self.store.find(id)?.body {
            Body::Template(tokens) => {
                let words: Vec<_> =
                    tokens.iter().map(|token| String::from_utf8_lossy(self.tokens.text(*token))).collect();
                words.join(" ")
            }
            Body::Shape(text) => text.clone(),
            Body::Stream(kind) => symbols.name(*kind).into(),
        })
    }

    /// The patterns with the most events, at most `top`; of equal ones the older first.
    pub fn list(&self, top: usize) -> Vec<&Pattern> {
        let mut all: Vec<&Pattern> = self.store.iter().collect();
        all.sort_by_key(|pattern| (std::cmp::Reverse(pattern.count), pattern.id));
        all.truncate(top);
        all
    }

    /// Takes the patterns that have become part of another: the number of each, and that of the other.
    pub fn drain_united(&mut self) -> std::vec::Drain<'_, (u32, u32)> {
        self.united.drain(..)
    }

    /// Known patterns.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// No event was observed yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what is measured here: patterns, tokens, and what did not fit.
    pub fn gauges(&self, gauges: &mut Vec<Gauge>) {
        for (name, value) in [
            ("patterns", self.store.len() as u64),
            ("patterns.dropped", self.dropped),
            ("patterns.dropped_from_buckets", self.dropped_from_buckets),
            ("tokens", self.tokens.len() as u64),
            ("tokens.refused", self.tokens.refused()),
            ("fields", self.shapes.followed() as u64),
            ("fields.refused", self.shapes.refused()),
            ("shapes.dropped", self.shapes.dropped()),
        ] {
            gauges.push(Gauge { name: name.into(), value: value as f64, unit: Unit::Count });
        }
    }

    fn observe_text(&mut self, event: &Event<'_>) -> Match {
        let source = event.head.source;
        // A notation of its own within a message is told by its first line, as in a line of text.
        let message = match (event.head.format, event.parsed.message.escaped) {
            (Format::Json, true) => {
                self.plain.clear();
                unescape_into(event.message(), &mut self.plain);
                let end = self.plain.iter().position(|byte| *byte == b'\n').unwrap_or(self.plain.len());
                &self.plain[..end]
            }
            _ => event.message(),
        };
        let length = message.len();
        let digits = self.tokens.split(source, message, &mut self.line);
        let rarity = self.tokens.count(&mut self.sources[source.0 as usize].tokens, &self.line, self.learning);
        let exception = match exception::class(event) {
            Some(class) if digits.exception == EMPTY => self.tokens.class(source, class),
            _ => digits.exception,
        };
        let family = Family { source, level: event.head.level, exception, first: matcher::first(&self.line) };
        let (place, is_new) = match self.matcher.find(family, &self.line, &self.store) {
            Some(found) => {
                if found.differs {
                    self.widen(found.place);
                }
                (found.place, false)
            }
            None => self.learn_or_add(event, family),
        };
        Match {
            rarest_token_bits: rarity.rarest,
            mean_token_bits: rarity.mean,
            digit_ratio: digits.digits as f32 / digits.bytes.max(1) as f32,
            ..self.count(event, place, is_new, length)
        }
    }

    /// An object with a message belongs to the template of that, like a line of text, whatever else it holds; one without, to
    /// its set of keys.
    fn observe_object(&mut self, event: &Event<'_>) -> Match {
        if event.has_message() {
            let matched = self.observe_text(event);
            return self.observe_values(event, None, matched);
        }
        let hash = self.shape(event);
        let key = Key::Shape(event.head.source, hash);
        let (place, is_new) = self.find_or_add(event, key, || Body::Shape(shape_text(event)));
        let matched = self.count(event, place, is_new, event.raw.len());
        self.observe_values(event, Some(hash), matched)
    }

    /// Adds to what is said of an event what its level and the values of its fields say. `shape` is the number of its set of
    /// keys where that is known.
    fn observe_values(&mut self, event: &Event<'_>, shape: Option<u64>, mut matched: Match) -> Match {
        let source = &mut self.sources[event.head.source.0 as usize];
        let level = event.head.level;
        if let Some(said) = source.levels.count(|| level as u64, self.learning)
            && level >= Level::Warn
        {
            (matched.level_shift, matched.level_shares) = (said.shift as f32, said.shares);
            matched.level_bits = said.odds.log2() as f32;
        }
        if self.learning
            && let (decades, shares) = source.errors.step(level >= Level::Error)
            && decades as f32 > matched.level_shift
        {
            (matched.level_shift, matched.level_shares) = (decades as f32, shares);
        }
        if event.parsed.fields.is_empty() {
            return matched;
        }
        let hash = shape.unwrap_or_else(|| self.shape(event));
        let values = self.shapes.observe(event, hash, &self.paths, self.learning);
        (matched.max_field_bits, matched.mean_field_bits) = (values.rarest, values.mean);
        (matched.field_shift, matched.field_shares, matched.unheard) = (values.shift, values.shares, values.unheard);
        [matched.rarest_field, matched.shifted_field, matched.unheard_field] = values.fields;
        matched
    }

    /// One number for the set of keys of an event: a sum, because their order does not matter.
    fn shape(&mut self, event: &Event<'_>) -> u64 {
        self.paths.clear();
        self.paths.extend(keys(event).map(|field| path_hash(field, event)));
        self.paths.iter().fold(0u64, |sum, path| sum.wrapping_add(*path))
    }

    fn observe_stream(&mut self, event: &Event<'_>, vector: bool) -> Match {
        let key = Key::Stream(event.head.source, event.head.kind, vector);
        let (place, is_new) = self.find_or_add(event, key, || Body::Stream(event.head.kind));
        self.count(event, place, is_new, event.raw.len())
    }

    fn count(&mut self, event: &Event<'_>, place: u32, is_new: bool, length: usize) -> Match {
        self.store.touch(place);
        let totals = &mut self.sources[event.head.source.0 as usize].totals;
        let source_total = totals.events;
        let pattern = self.store.at_mut(place);
        let before = pattern.count(totals, event, length, self.learning);
        Match {
            is_new,
            count: before.count,
            source_total,
            template_bits: before.bits,
            since_last_s: before.since_last_s,
            length_deviation: before.length_deviation,
            ..Match::of(pattern.id)
        }
    }

    /// Makes variables of the tokens of a template in which the line in hand differs.
    fn widen(&mut self, place: u32) {
        self.learned.loosen(place, &self.store);
        if let Body::Template(template) = &mut self.store.at_mut(place).body {
            for (known, token) in template.iter_mut().zip(&self.line) {
                if known != token {
                    *known = WILDCARD;
                }
            }
        }
        self.learned.add(place, &self.store);
    }

    /// The pattern of a line that belongs to none: by it several may turn out to be one, and otherwise it is new. A source that
    /// is frozen keeps the patterns that it has.
    fn learn_or_add(&mut self, event: &Event<'_>, family: Family) -> (u32, bool) {
        let union = self.learning.then(|| self.learned.unite(family, &self.line, &self.store)).flatten();
        match union {
            Some(union) => (self.unite(union), false),
            None => (self.add_template(event, family), true),
        }
    }

    /// Makes one pattern of several, which keeps the number of the oldest of them.
    fn unite(&mut self, Union { mut places, tokens, family }: Union) -> u32 {
        places.sort_unstable_by_key(|place| (self.store.at(*place).first_seq, self.store.at(*place).id));
        for place in &places {
            self.forget_template(*place);
        }
        let (kept, others) = (places[0], &places[1..]);
        let totals = self.sources[family.source.0 as usize].totals;
        let id = self.store.at(kept).id;
        for place in others {
            self.united.push((self.store.at(*place).id, id));
            self.store.absorb(kept, *place, &totals);
        }
        let key = Key::Bucket(family, matcher::length(&tokens));
        let pattern = self.store.at_mut(kept);
        pattern.words = matcher::constants(&tokens) as u16;
        (pattern.key, pattern.body) = (key, Body::Template(tokens));
        self.matcher.add(key, kept);
        kept
    }

    fn add_template(&mut self, event: &Event<'_>, family: Family) -> u32 {
        let key = Key::Bucket(family, matcher::length(&self.line));
        while let Some(place) = self.matcher.overflowing(key, self.bucket_cap, &self.store) {
            self.dropped_from_buckets += 1;
            self.drop_pattern(place);
        }
        self.make_room(self.most - 1);
        let place = self.store.add(key, Body::Template(self.line.clone()), event);
        self.store.at_mut(place).words = matcher::constants(&self.line) as u16;
        self.matcher.add(key, place);
        self.learned.add(place, &self.store);
        place
    }

    /// No line finds the template any more.
    fn forget_template(&mut self, place: u32) {
        self.learned.remove(place, &self.store);
        self.matcher.remove(self.store.at(place).key, place);
    }

    fn find_or_add(&mut self, event: &Event<'_>, key: Key, body: impl FnOnce() -> Body) -> (u32, bool) {
        if let Some(place) = self.index.get(&key) {
            return (*place, false);
        }
        self.make_room(self.most - 1);
        let place = self.store.add(key, body(), event);
        self.index.insert(key, place);
        (place, true)
    }

    /// Drops the patterns not seen for longest until at most `most` are left.
    fn make_room(&mut self, most: usize) {
        while self.store.len() > most
            && let Some(oldest) = self.store.oldest()
        {
            self.dropped += 1;
            self.drop_pattern(oldest);
        }
    }

    fn drop_pattern(&mut self, place: u32) {
        match self.store.at(place).key {
            Key::Bucket(..) => self.forget_template(place),
            key => {
                self.index.remove(&key);
            }
        }
        self.store.remove(place);
    }
}

fn shape_text(event: &Event<'_>) -> String {
    let mut keys: Vec<_> = keys(event).map(|field| path(event.raw, event.parsed, field)).collect();
    keys.sort();
    let mut text = String::from("{");
    for key in keys {
        if text.len() + key.len() > SHAPE_TEXT {
            text.push('…');
            break;
        }
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&key);
    }
    text.push('}');
    text
}

/// The fields that make a shape. Arrays are compared as a whole, so that their length makes no difference.
fn keys<'e>(event: &Event<'e>) -> impl Iterator<Item = &'e Field> {
    placed_keys(event).map(|(_, field)| field)
}

/// The same with their places among all fields.
fn placed_keys<'e>(event: &Event<'e>) -> impl Iterator<Item = (u16, &'e Field)> {
    (0..NO_FIELD).zip(&event.parsed.fields).filter(|(_, field)| !field.in_array).take(MOST_KEYS)
}

/// One number for the path of a field.
fn path_hash(field: &Field, event: &Event<'_>) -> u64 {
    let around = field.containers(&event.parsed.containers).map(|container| container.key.span.of(event.raw));
    let mut hasher = FxHasher::default();
    std::iter::once(field.key.of(event.raw)).chain(around).for_each(|key| hasher.write(key));
    hasher.finish()
}
