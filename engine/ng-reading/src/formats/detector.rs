//! Chooses the format of a line, by what the lines of its source had before.

use super::columns;
use super::declared::Declared;
use super::{Formats, known};
use crate::encoders::Clock;
use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};

/// Formats of a source that are tried with each of its lines.
const REMEMBERED: usize = 4;
/// After so many lines that none of these read, the others are tried no more, ...
const TRIALS: u32 = 64;
/// ... but with one of so many.
const RETRIED: u32 = 1024;
/// Headers of one source that make formats; what more of them name is text.
const HEADERS: u8 = 8;

/// Reads lines by declared formats. What it remembers of a source follows from the lines of that source alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormatDetector {
    choice: Choice,
    /// The source whose turn it is.
    current: Cell<Memory>,
    others: RefCell<FxHashMap<Sym, Memory>>,
}

#[derive(Clone, Debug, Default)]
enum Choice {
    #[default]
    Nothing,
    /// The format that a stored event names.
    One(&'static Declared),
    Any(Formats),
}

/// What is remembered of a source.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    source: Sym,
    /// Numbers of the formats that its lines had, the latest first; 0 = none.
    formats: [u16; REMEMBERED],
    /// Lines that none of them read since the latest was found.
    unread: u32,
    /// Where a header may stand.
    place: Place,
    /// Headers that it has had.
    headers: u8,
}

/// Where a source is, as far as it decides whether a header names its columns. Elsewhere anybody whose words are logged
/// could change how the lines behind them are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Nothing but lines with `#` so far, or such a line came before.
    #[default]
    Header,
    /// Among lines whose columns a header named.
    Columns,
    Elsewhere,
}

impl FormatDetector {
    /// One that tries these formats.
    pub(crate) fn of(formats: Formats) -> FormatDetector {
        FormatDetector { choice: Choice::Any(formats), ..FormatDetector::default() }
    }

    /// One that reads a line again by the format of a number; by none when no format has it.
    pub(crate) fn again(number: u16) -> FormatDetector {
        let choice = known(number).map_or(Choice::Nothing, Choice::One);
        FormatDetector { choice, ..FormatDetector::default() }
    }

    /// Reads a line by the format that it has. False when it has none of them; then `parsed` is cleared.
    pub(crate) fn read(&self, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
        match &self.choice {
            Choice::Nothing => false,
            Choice::One(format) => format.read(reading, clock, parsed),
            Choice::Any(formats) => self.find(formats, reading, clock, parsed),
        }
    }

    /// The lines of a source are rows whose columns a header named, and not to be taken for anything else.
    pub(crate) fn expects_columns(&self, source: Sym) -> bool {
        let current = self.current.get();
        current.source == source && current.place == Place::Columns
    }

    fn find(&self, formats: &Formats, reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
        let mut memory = self.memory(reading.source);
        if let [b'#', letter, ..] = reading.raw
            && letter.is_ascii_alphabetic()
        {
            memory.directive(reading.raw);
            self.current.set(memory);
            return false;
        }
        if memory.place == Place::Header {
            memory.place = Place::Elsewhere;
            self.current.set(memory);
        }
        let mut fits = |number: &u16| known(*number).is_some_and(|format| format.read(reading, clock, parsed));
        if let Some(place) = memory.formats.iter().position(&mut fits) {
            if place > 0 {
                memory.formats[..=place].rotate_right(1);
                self.current.set(memory);
            }
            return true;
        }
        memory.unread = memory.unread.saturating_add(1);
        let found = (memory.unread <= TRIALS || memory.unread.is_multiple_of(RETRIED))
            && formats.first_that_reads(&memory.formats, reading, clock, parsed);
        if found {
            memory.remember(parsed.declared);
        }
        self.current.set(memory);
        found
    }

    /// What is remembered of a source, whose turn it is from now on.
    fn memory(&self, source: Sym) -> Memory {
        let current = self.current.get();
        if current.source == source {
            return current;
        }
        let mut others = self.others.borrow_mut();
        let next = others.get(&source).copied().unwrap_or(Memory { source, ..Memory::default() });
        others.insert(current.source, current);
        self.current.set(next);
        next
    }
}

impl Memory {
    /// A line that begins with `#` and a letter: it is no row, and if it is a header, the columns before it are no longer
    /// those of what follows.
    fn directive(&mut self, line: &[u8]) {
        if self.place != Place::Elsewhere && columns::is_header(line) {
            self.formats.iter_mut().filter(|number| columns::is_one(**number)).for_each(|number| *number = 0);
            let named = if self.headers < HEADERS { columns::of_header(line) } else { None };
            if let Some(columns) = named {
                self.headers += 1;
                self.remember(columns.number);
            }
            self.place = Place::Columns;
        } else if self.place == Place::Elsewhere {
            self.place = Place::Header;
        }
    }

    /// A format becomes the latest.
    fn remember(&mut self, format: u16) {
        let place = self.formats.iter().position(|known| *known == format).unwrap_or(REMEMBERED - 1);
        self.formats[..=place].rotate_right(1);
        self.formats[0] = format;
        self.unread = 0;
    }
}

impl Formats {
    /// The patterns, as bits, that a reading can have.
    pub(super) fn candidates(&self, raw: &[u8]) -> u128 {
        let start = raw.iter().take_while(|byte| **byte == b'\n').count();
        let line = &raw[start..];
        self.0.heads.candidates(line[..memchr::memchr(b'\n', line).unwrap_or(line.len())].trim_ascii_end())
    }

    /// Reads a line by the first format that it has, but for some.
    fn first_that_reads(&self, but: &[u16], reading: &Reading<'_>, clock: &Clock, parsed: &mut Parsed) -> bool {
        let mut left = self.candidates(reading.raw);
        while left != 0 {
            let (format, pattern) = self.0.patterns[left.trailing_zeros() as usize];
            left &= left - 1;
            if !but.contains(&format.number) && format.read_by(pattern, reading, clock, parsed) {
                return true;
            }
        }
        false
    }
}
