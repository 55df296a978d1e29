//! Wrappers: what containers, orchestrators and syslog put around the line that a program wrote.
//!
//! # Layout
//!
//! One file for each wrapper, each with one static `WRAPPER`; a wrapper is added by its file and one line in [`WRAPPERS`].
//!
//! A wrapper is found in the bytes alone, so that stored bytes are unwrapped again as they were. The event inside is read as
//! if it stood alone; its level, time and fields go before those of the wrapper.

mod compose;
mod cri;
mod kubectl;
mod runtime_stamp;
mod syslog;

use crate::encoders::{Clock, Vocabulary, fields_within, skip_colours, time_of};
use ng_model::event::{Field, Key, Parsed, Reading, Span, Text};
use ng_wire::Level;

/// Every wrapper, in the order of recognition.
static WRAPPERS: &[&Wrapper] =
    &[&cri::WRAPPER, &runtime_stamp::WRAPPER, &syslog::WRAPPER, &kubectl::WRAPPER, &compose::WRAPPER];

/// Wrappers around one event, such as compose around syslog.
const DEEPEST: usize = 3;
/// Attributes of one wrapper.
const ATTRIBUTES: usize = 4;

/// One row of the table of wrappers.
struct Wrapper {
    /// Finds it at the start of a line, which is not empty.
    find: fn(&[u8], &Vocabulary) -> Option<Wrapped>,
}

/// A wrapper that was found.
#[derive(Clone, Copy, Debug, Default)]
struct Wrapped {
    /// The first byte of the event inside; 0 when it is read together with the wrapper, which then only adds attributes.
    inner: usize,
    /// When the wrapper was written; empty when it does not say.
    time: Span,
    /// The level that it states.
    level: Option<Level>,
    /// What it says of where the event comes from; an empty span says nothing.
    attributes: [(&'static str, Span); ATTRIBUTES],
    /// Structured data of RFC 5424.
    data: Span,
    /// A part that may hold a JSON object with fields.
    fields: Span,
}

/// The wrappers of a line, the outermost first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wrappers {
    list: [(usize, Wrapped); DEEPEST],
    count: usize,
    inner: usize,
}

impl Wrappers {
    /// Those that a line has, if any.
    pub(crate) fn of(raw: &[u8], vocabulary: &Vocabulary) -> Option<Wrappers> {
        let first = find(raw, vocabulary)?;
        let mut all = Wrappers::default();
        all.add(first);
        while all.count < DEEPEST
            && all.list[all.count - 1].1.inner > 0
            && let Some(next) = find(&raw[all.inner..], vocabulary)
        {
            all.add(next);
        }
        Some(all)
    }

    fn add(&mut self, wrapped: Wrapped) {
        self.list[self.count] = (self.inner, wrapped);
        self.count += 1;
        self.inner += wrapped.inner;
    }

    /// The first byte of the event inside.
    pub(crate) fn inner(&self) -> usize {
        self.inner
    }

    /// The time that the innermost of those that state one says, nanoseconds since 1970, UTC.
    pub(crate) fn time_ns(&self, reading: &Reading<'_>, clock: &Clock) -> Option<i64> {
        self.list[..self.count].iter().rev().find_map(|(start, wrapped)| {
            let span = Span { start: wrapped.time.start + *start as u32, ..wrapped.time };
            if span.is_empty() { None } else { time_of(span.of(reading.raw), reading, clock) }
        })
    }

    /// Adds what the wrappers say to what was found inside, the innermost first; of the time, [`Wrappers::time_ns`].
    pub(crate) fn complete(&self, reading: &Reading<'_>, time_ns: Option<i64>, clock: &Clock, parsed: &mut Parsed) {
        if self.inner > 0 {
            parsed.shift(self.inner);
        }
        parsed.time_ns = parsed.time_ns.or(time_ns);
        for (start, wrapped) in self.list[..self.count].iter().rev() {
            let within = |span: Span| Text { span: Span { start: span.start + *start as u32, ..span }, escaped: false };
            parsed.level = parsed.level.or(wrapped.level);
            syslog::add_data(reading.raw, within(wrapped.data).span, parsed);
            if wrapped.fields.len > 1 {
                fields_within(reading, within(wrapped.fields).span, clock, parsed);
            }
            for (name, span) in wrapped.attributes.iter().filter(|(_, span)| !span.is_empty()) {
                parsed.fields.push(Field::new(Key::Name(name), within(*span), f64::NAN));
            }
        }
    }
}

fn find(raw: &[u8], vocabulary: &Vocabulary) -> Option<Wrapped> {
    // JSON begins at once.
    raw.first().filter(|first| **first != b'{')?;
    WRAPPERS.iter().find_map(|wrapper| (wrapper.find)(raw, vocabulary))
}

/// The first byte behind the blanks and colours at `at`, where something follows that can be an event.
fn behind(raw: &[u8], at: usize) -> Option<usize> {
    let mut at = skip_colours(raw, at);
    if raw.get(at) == Some(&b' ') {
        at = skip_colours(raw, at + 1);
    }
    raw.get(at..).is_some_and(|rest| !rest.trim_ascii().is_empty()).then_some(at)
}

/// The length of the word at the start, of at most `most` bytes that `fits` takes.
fn word_len(raw: &[u8], most: usize, fits: impl Fn(u8) -> bool) -> usize {
    raw.iter().take(most).take_while(|byte| fits(**byte)).count()
}

/// A byte of the name of a container, a pod or a host.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests;
