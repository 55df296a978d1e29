//! Lines in which monitoring systems write a value with its name and its labels.
//!
//! # Layout
//!
//! One file for each notation, with a row in [`NOTATIONS`]. A line is tried with those whose names may be followed by what
//! follows its first word, so that text costs one look. Of several values on a line the first is the event's; all are fields.

mod graphite;
mod influx;
mod prometheus;
mod statsd;

use super::{Clock, number, stamp};
use memchr::memchr;
use ng_model::event::{Field, Parsed, Reading, Span, Text};
use ng_wire::Unit;
use std::ops::Range;

/// One notation.
struct Notation {
    /// What may follow the name.
    behind_name: &'static [u8],
    read: fn(&[u8], &mut Labels<'_>) -> Option<Measured>,
}

static NOTATIONS: &[&Notation] = &[&statsd::NOTATION, &prometheus::NOTATION, &influx::NOTATION, &graphite::NOTATION];

/// Most labels that are kept of one line.
const LABELS: usize = 64;

/// What a line states. All places are counted from its start.
struct Measured {
    name: Range<usize>,
    /// What tells its streams apart besides the name; empty when nothing does.
    labels: Range<usize>,
    value: f64,
    unit: Unit,
    time: Option<Range<usize>>,
}

/// Where labels go.
struct Labels<'a> {
    parsed: &'a mut Parsed,
    /// Where the line begins in the reading.
    at: usize,
}

impl Labels<'_> {
    /// Keeps a label; one with a backslash has escapes as JSON has them.
    fn keep(&mut self, key: Range<usize>, value: Range<usize>, line: &[u8]) {
        if self.parsed.fields.len() == LABELS {
            self.parsed.left_out += 1;
            return;
        }
        let text = |place: &Range<usize>| Text {
            span: Span::new(self.at + place.start, self.at + place.end),
            escaped: memchr(b'\\', &line[place.clone()]).is_some(),
        };
        let number = number::plain(&line[value.clone()]).unwrap_or(f64::NAN);
        self.parsed.fields.push(Field::new(text(&key), text(&value), number));
    }
}

/// Reads a line that begins at `at` of the reading, without blanks around it. False when it is in no notation.
pub(super) fn read(line: &[u8], at: usize, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
    let Some((name, behind)) = behind_name(line) else { return false };
    // `ERROR:5|c` says that something failed.
    if clock.vocabulary.word(name).is_some() {
        return false;
    }
    for notation in NOTATIONS.iter().filter(|notation| notation.behind_name.contains(&behind)) {
        let Some(found) = (notation.read)(line, &mut Labels { parsed, at }) else {
            parsed.fields.clear();
            parsed.left_out = 0;
            continue;
        };
        let text = |place: &Range<usize>| Text { span: Span::new(at + place.start, at + place.end), escaped: false };
        (parsed.name, parsed.labels) = (text(&found.name), text(&found.labels));
        (parsed.value, parsed.unit) = (found.value, found.unit);
        if let Some(time) = found.time {
            parsed.time_ns = stamp::whole(&line[time], reading, clock).or(parsed.time_ns);
        }
        return true;
    }
    false
}

/// The name, and the first byte that is no part of it, where what stands before it may be one: it begins with a letter, and the word behind
/// a blank with what a number may begin with.
fn behind_name(line: &[u8]) -> Option<(&[u8], u8)> {
    if !matches!(line.first(), Some(b'A'..=b'Z' | b'a'..=b'z' | b'_')) {
        return None;
    }
    let len = line.iter().take(LONGEST_NAME).position(|byte| ENDS_NAME[usize::from(*byte)])?;
    let is_value = |byte: &u8| byte.is_ascii_digit() || b"+-.NnIi".contains(byte);
    match line[len] {
        // A line of Influx has its fields there.
        b' ' if !line.get(len + 1).is_some_and(is_value) && memchr(b'=', &line[len..]).is_none() => None,
        behind => Some((&line[..len], behind)),
    }
}

/// Longest name.
const LONGEST_NAME: usize = 256;
/// Whether a byte ends a name.
static ENDS_NAME: [bool; 256] = {
    let (mut ends, bytes) = ([false; 256], b" {:;,|=\"'([<");
    let mut at = 0;
    while at < bytes.len() {
        ends[bytes[at] as usize] = true;
        at += 1;
    }
    ends
};

/// The place of what follows from `at` on up to a blank; an empty one at the end of the line and behind it.
fn word(line: &[u8], at: usize) -> Range<usize> {
    let at = at.min(line.len());
    at..memchr(b' ', &line[at..]).map_or(line.len(), |len| at + len)
}

/// The last word of a line from `at` on, if there is exactly one, that states a time in digits; an empty place when nothing is there.
fn time(line: &[u8], at: usize) -> Option<Range<usize>> {
    let place = word(line, at);
    let text = line[place.clone()].strip_prefix(b"-").unwrap_or(&line[place.clone()]);
    let digits = text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    (place.end == line.len() && digits).then_some(place)
}
