//! Sets of keys of each source, with the fields that stand under them: of objects, of `key=value` lines and of what a declared
//! format takes apart. Both are bounded; what was not seen for longest gives way, by the clock algorithm.

use super::fields::{Field, MOST_PER_SHAPE};
use ng_model::checkpoint::{CheckpointReader, CheckpointWriter, put, put_u32, take, take_flag, take_up_to};
use ng_model::event::Event;
use ng_model::matched::NO_FIELD;
use ng_model::symbols::{Sym, Symbols};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// Sets of keys that are held.
const MOST_SHAPES: usize = 2048;
/// Fields of all shapes that are followed.
const MOST_FIELDS: usize = 4096;
/// Most bytes of a saved state behind the shapes.
const MOST_BYTES: usize = 48 << 20;

/// The shapes of all sources.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    shapes: Vec<Shape>,
    index: FxHashMap<(Sym, u64), u32>,
    /// The shape that is looked at next when one is to give way.
    hand: usize,
    /// Followed fields.
    followed: usize,
    refused: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Shape {
    source: Sym,
    hash: u64,
    fields: Vec<Field>,
    /// It was met since the hand came by.
    met: bool,
}

/// What is unusual about the values of an event's fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Values {
    /// Rarity of the rarest value, and the mean rarity, in bits.
    pub(super) rarest: f32,
    pub(super) mean: f32,
    /// The least likely share, in decades beyond what comes by chance, with that of late and before.
    pub(super) shift: f32,
    pub(super) shares: [f32; 2],
    /// The least likely new value, in decades.
    pub(super) unheard: f32,
    /// Places of the fields of the rarest value, of the share and of the new value; [`NO_FIELD`] where there is none.
    pub(super) fields: [u16; 3],
}

impl Default for Values {
    fn default() -> Self {
        Values { rarest: 0.0, mean: 0.0, shift: 0.0, shares: [0.0; 2], unheard: 0.0, fields: [NO_FIELD; 3] }
    }
}

impl Shapes {
    /// What is unusual about the values of an event, of whose fields each has a number for its path; they are then counted,
    /// if they are learnt.
    pub(super) fn observe(&mut self, event: &Event<'_>, hash: u64, paths: &[u64], learn: bool) -> Values {
        let Some(at) = self.find_or_add(event.head.source, hash, learn) else { return Values::default() };
        let (mut values, mut number) = (Values::default(), 0u32);
        // One logarithm for many fields; 32 of them stay within the range of a float.
        let (mut largest, mut product, mut sum) = (1.0f64, 1.0f64, 0.0);
        for (position, ((at_field, field), path)) in super::placed_keys(event).zip(paths).enumerate() {
            let Some(place) = self.field(at, position, *path, learn) else { continue };
            let value = || category(field.value.span.of(event.raw));
            let Some(said) = self.shapes[at].fields[place].count(value, learn) else { continue };
            product *= said.odds;
            if said.odds > largest {
                (largest, values.fields[0]) = (said.odds, at_field);
            }
            if said.shift as f32 > values.shift {
                (values.shift, values.shares, values.fields[1]) = (said.shift as f32, said.shares, at_field);
            }
            if said.unheard as f32 > values.unheard {
                (values.unheard, values.fields[2]) = (said.unheard as f32, at_field);
            }
            number += 1;
            if number.is_multiple_of(32) {
                sum += product.log2();
                product = 1.0;
            }
        }
        if number > 0 {
            values.rarest = largest.log2() as f32;
            values.mean = ((sum + product.log2()) / f64::from(number)) as f32;
        }
        values
    }

    /// Followed fields.
    pub(super) fn followed(&self) -> usize {
        self.followed
    }

    /// Fields that were met and not followed, counted at every event.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Shapes that gave way to others, or whose fields did.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn find_or_add(&mut self, source: Sym, hash: u64, learn: bool) -> Option<usize> {
        if let Some(at) = self.index.get(&(source, hash)) {
            self.shapes[*at as usize].met = true;
            return Some(*at as usize);
        }
        if !learn {
            return None;
        }
        let shape = Shape { source, hash, fields: Vec::new(), met: true };
        let at = if self.shapes.len() < MOST_SHAPES {
            self.shapes.push(shape);
            self.shapes.len() - 1
        } else {
            let at = self.least_met();
            self.empty(at);
            self.index.remove(&(self.shapes[at].source, self.shapes[at].hash));
            self.shapes[at] = shape;
            at
        };
        self.index.insert((source, hash), at as u32);
        Some(at)
    }

    /// The place of a field in its shape. `position` is where its key stands in the event, most often the same in all of a
    /// shape. A new field takes the room of a shape that was not met lately.
    fn field(&mut self, at: usize, position: usize, key: u64, learn: bool) -> Option<usize> {
        let fields = &self.shapes[at].fields;
        if fields.get(position).is_some_and(|field| field.key() == key) {
            return Some(position);
        }
        let known = fields.iter().position(|field| field.key() == key);
        if known.is_some() || !learn {
            return known;
        }
        if self.followed >= MOST_FIELDS {
            let other = self.least_met();
            if other != at {
                self.empty(other);
            }
        }
        if self.followed >= MOST_FIELDS || self.shapes[at].fields.len() >= MOST_PER_SHAPE {
            self.refused += 1;
            return None;
        }
        self.followed += 1;
        self.shapes[at].fields.push(Field::new(key));
        Some(self.shapes[at].fields.len() - 1)
    }

    fn least_met(&mut self) -> usize {
        loop {
            let at = self.hand;
            self.hand = (self.hand + 1) % self.shapes.len();
            if !std::mem::take(&mut self.shapes[at].met) {
                return at;
            }
        }
    }

    fn empty(&mut self, at: usize) {
        self.dropped += 1;
        self.followed -= self.shapes[at].fields.len();
        self.shapes[at].fields = Vec::new();
    }
}

/// One number for what a value says. Of a text of several words that is what they have in common with others of their kind:
/// words with a digit are left out.
fn category(value: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    if !value.contains(&b' ') {
        hasher.write(value);
        return hasher.finish();
    }
    let words = value.split(|byte| *byte == b' ');
    words.filter(|word| !word.iter().any(u8::is_ascii_digit)).for_each(|word| hasher.write(word));
    hasher.finish()
}

impl Shapes {
    /// Adds the shapes to a saved state, as far as it has room for them.
    pub(super) fn save(&self, writer: &mut CheckpointWriter, symbols: &Symbols) {
        for shape in &self.shapes {
            let fits = writer.within(MOST_BYTES, |writer| {
                put_u32(&mut writer.bytes, 1);
                writer.name(shape.source, symbols);
                put(&mut writer.bytes, shape.hash);
                put_u32(&mut writer.bytes, shape.fields.len() as u32);
                shape.fields.iter().for_each(|field| field.save(&mut writer.bytes));
            });
            if !fits {
                break;
            }
        }
        put_u32(&mut writer.bytes, 0);
    }

    /// Takes them up again; none when they are not valid.
    pub(super) fn restore(saved: &mut CheckpointReader<'_>) -> Option<Shapes> {
        let mut shapes = Shapes::default();
        while take_flag(&mut saved.bytes)? {
            let (source, hash) = (saved.name()?, take(&mut saved.bytes)?);
            let count = take_up_to(&mut saved.bytes, MOST_PER_SHAPE as u32)?;
            let fields: Vec<Field> = (0..count).map(|_| Field::restore(&mut saved.bytes)).collect::<Option<_>>()?;
            shapes.followed += fields.len();
            let is_new = shapes.index.insert((source, hash), shapes.shapes.len() as u32).is_none();
            if !is_new || shapes.followed > MOST_FIELDS || shapes.shapes.len() >= MOST_SHAPES {
                return None;
            }
            shapes.shapes.push(Shape { source, hash, fields, met: false });
        }
        Some(shapes)
    }
}
