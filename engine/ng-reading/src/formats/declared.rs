//! A format, and how a line is taken apart by it.

use super::fault::Fault;
use super::fields::{Group, Meaning, Number};
use super::sample::Sample;
use crate::encoders::{self, Clock};
use ng_model::event::{Field, Key, Parsed, Reading, Span, Text};
use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::{Compiler, Config, NFA, WhichCaptures};
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, Look};
use std::sync::OnceLock;

/// Most groups of a pattern.
pub(super) const GROUPS: usize = 32;
/// Longer lines have no declared format. Where a pattern leaves open which group a byte belongs to, its search takes a time
/// that grows with the size of the pattern, and this bounds it.
const LONGEST: usize = 16 << 10;
/// Most memory of a compiled pattern.
const MOST_BYTES: usize = 2 << 20;

/// A declared format.
#[derive(Debug)]
pub struct Declared {
    /// Its name, that of its file.
    pub name: &'static str,
    /// What writes such lines.
    pub title: &'static str,
    /// The public description of the notation; empty when there is none.
    pub url: &'static str,
    /// Where its file lies; empty when it is built in.
    pub path: &'static str,
    /// The file.
    pub text: &'static str,
    pub(super) number: u16,
    pub(super) patterns: Vec<Pattern>,
    pub(super) samples: Vec<Sample>,
}

impl Declared {
    /// Its patterns, in the order in which they are tried.
    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// How many samples its file has.
    pub fn samples(&self) -> usize {
        self.samples.len()
    }

    /// Compiles every pattern, which is put off otherwise until a line can have it.
    pub(super) fn compile(&self) -> Result<(), Fault> {
        let refused = self.patterns.iter().find_map(|pattern| pattern.compile().err().map(|what| (pattern, what)));
        refused.map_or(Ok(()), |(pattern, what)| Err(Fault { place: pattern.place.clone(), what }))
    }

    /// Reads a line by the first pattern that it has. False when it has none; then anything may be in `parsed`.
    pub(super) fn read(&self, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
        self.patterns.iter().any(|pattern| self.read_by(pattern, reading, clock, parsed))
    }

    /// Reads a line by one of its patterns.
    pub(super) fn read_by(&self, pattern: &Pattern, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
        let Some((from, end)) = pattern.extent(reading.raw) else { return false };
        let fits = pattern.read(from, end, reading, clock, parsed);
        parsed.declared = self.number;
        if !fits {
            parsed.clear();
        }
        fits
    }
}

/// A pattern of a format.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Its groups that have a name.
    pub(super) groups: Vec<Group>,
    /// Where in its file it stands.
    pub(super) place: String,
    hir: Hir,
    /// It is tried on all lines of an event, not only on the first.
    spans_lines: bool,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern that fits a line from its beginning to its end.
    pub(super) fn new(inner: Hir, groups: Vec<Group>, spans_lines: bool, place: String) -> Pattern {
        let hir = Hir::concat(vec![Hir::look(Look::Start), inner, Hir::look(Look::End)]);
        Pattern { groups, place, hir, spans_lines, regex: OnceLock::new() }
    }

    /// What the first bytes of a line are told by.
    pub(super) fn automaton(&self) -> Option<NFA> {
        let config = Config::new().utf8(false).nfa_size_limit(Some(1 << 20)).which_captures(WhichCaptures::None);
        Compiler::new().configure(config).build_from_hir(&self.hir).ok()
    }

    /// Its automaton, in which the groups are marked.
    #[cfg(test)]
    pub(super) fn with_groups(&self) -> NFA {
        let config = Config::new().utf8(false);
        Compiler::new().configure(config).build_from_hir(&self.hir).unwrap()
    }

    /// It is tried on all lines of an event.
    pub(super) fn spans_lines(&self) -> bool {
        self.spans_lines
    }

    fn compile(&self) -> Result<Regex, String> {
        let config = meta::Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(MOST_BYTES))
            .onepass_size_limit(Some(MOST_BYTES))
            .hybrid_cache_capacity(MOST_BYTES);
        meta::Builder::new().configure(config).build_from_hir(&self.hir).map_err(|error| {
            let limit = error.size_limit().map(|_| format!("takes more than {} MiB compiled", MOST_BYTES >> 20));
            format!("the pattern cannot be used: {}", limit.unwrap_or_else(|| error.to_string()))
        })
    }

    /// The part of a reading that it is tried on, without what surrounds it.
    pub(super) fn extent(&self, raw: &[u8]) -> Option<(usize, usize)> {
        let from = raw.iter().take_while(|byte| **byte == b'\n').count();
        let line_end = memchr::memchr(b'\n', &raw[from..]).map_or(raw.len(), |len| from + len);
        let end = if self.spans_lines { raw.len() } else { line_end };
        let end = from + raw[from..end].trim_ascii_end().len();
        (end > from && end - from <= LONGEST).then_some((from, end))
    }

    fn read(&self, from: usize, end: usize, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
        let line = &reading.raw[from..end];
        let Some(regex) = self.regex.get_or_init(|| self.compile().ok()) else { return false };
        let mut slots = [None::<NonMaxUsize>; 2 * (GROUPS + 1)];
        let slots = &mut slots[..regex.group_info().slot_len()];
        if regex.search_slots(&Input::new(line).anchored(Anchored::Yes), slots).is_none() {
            return false;
        }
        parsed.message = Text { span: Span::new(from, end), escaped: false };
        // Of several levels the most severe counts.
        let mut rest = None;
        for group in &self.groups {
            let [Some(start), Some(group_end)] = [slots[2 * group.index], slots[2 * group.index + 1]] else { continue };
            let span = trimmed(from + start.get(), from + group_end.get(), reading.raw);
            let value = span.of(reading.raw);
            match &group.meaning {
                Meaning::Time(time) => match time.read(value, reading, clock) {
                    Some(time_ns) => parsed.time_ns = Some(time_ns),
                    // What holds no time where the format has one has another format.
                    None if !is_nothing(value) => return false,
                    None => {}
                },
                Meaning::Level(levels) => parsed.level = parsed.level.max(levels.of_word(value, clock)),
                Meaning::Message if !value.is_empty() => {
                    parsed.message = text(span, reading.raw);
                    rest = Some(span);
                }
                Meaning::Fields => rest = Some(span),
                Meaning::Number(number, levels) if !is_nothing(value) => {
                    let ((number, unit), (as_written, _)) = (number.of(value), Number::default().of(value));
                    parsed.level = parsed.level.max(levels.of_number(as_written));
                    let field = Field::new(Key::Name(group.name), text(span, reading.raw), number);
                    parsed.fields.push(Field { unit, ..field });
                }
                Meaning::Text(_, levels) if !is_nothing(value) => {
                    parsed.level = parsed.level.max(levels.of_text(value));
                    parsed.fields.push(Field::new(Key::Name(group.name), text(span, reading.raw), f64::NAN));
                }
                Meaning::Message | Meaning::Number(..) | Meaning::Text(..) | Meaning::Ignored => {}
            }
        }
        if let Some(rest) = rest {
            encoders::fields_within(reading, rest, clock, parsed);
        }
        true
    }
}

/// A part of a line without the blanks around it, by which columns are filled up.
fn trimmed(start: usize, end: usize, raw: &[u8]) -> Span {
    let end = start + raw[start..end].trim_ascii_end().len();
    Span::new(end - raw[start..end].trim_ascii_start().len(), end)
}

/// A part of a line. Backslashes escape between quotes.
fn text(span: Span, raw: &[u8]) -> Text {
    let (start, end) = (span.start as usize, (span.start + span.len) as usize);
    let is_quoted = start > 0 && raw[start - 1] == b'"' && raw.get(end) == Some(&b'"');
    Text { span, escaped: is_quoted && memchr::memchr(b'\\', span.of(raw)).is_some() }
}

/// What many formats write where there is nothing to write.
fn is_nothing(value: &[u8]) -> bool {
    matches!(value, b"" | b"-")
}
