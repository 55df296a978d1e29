//! What the level of an event, the values of its fields and the numbers in it say beside its pattern, in the streams of text
//! and JSON.

use super::alert::CHANNELS;
use super::numbers::{self, Numbers};
use ng_model::checkpoint;
use ng_model::event::Event;
use ng_model::matched::Match;
use ng_wire::Level;

/// Most that a surprise comes to, like that of a rank.
const MOST: f64 = 11.7;
/// Events of a source from which on an error that it never had is told, whatever else is known.
const EVIDENT: u64 = 50;
/// Events in which only one such is told.
const APART: u64 = 80;
/// Events without anything new in the source behind which a warning that it never had is told too.
const STEADY: u64 = 500;
/// Bytes of a message that are searched for words.
const SEARCHED: usize = 512;

/// Words that say that something broke, in lower case.
const TROUBLE: [&[u8]; 18] = [
    b"out of memory",
    b"oom-kill",
    b"oom_kill",
    b"oomkilled",
    b"killed process",
    b"panic",
    b"segfault",
    b"segmentation fault",
    b"core dumped",
    b"fatal",
    b"refused",
    b"unreachable",
    b"corrupt",
    b"deadlock",
    b"no space left",
    b"exhausted",
    b"i/o error",
    b"read-only file system",
];

/// What is known of one stream.
#[derive(Debug, Default)]
pub struct Meaning {
    numbers: Numbers,
    /// When an error was told that was new, and when anything was, counted in events.
    told: u64,
    latest_new: u64,
    seen: u64,
}

/// What is said of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Said {
    /// Surprise of the number that is farthest out.
    pub farthest: f32,
    /// Surprise of the values of its fields and of the numbers in it.
    pub fields: f64,
    /// Surprise of its level.
    pub level: f64,
    /// It is an error, of a kind that its source never had.
    pub is_new_error: bool,
}

impl Said {
    /// As surprises of the channels: fields count in the one at `fields`, and the level in that of the severity.
    pub fn beside(&self, fields: usize) -> [f64; CHANNELS] {
        let mut beside = [0.0; CHANNELS];
        (beside[fields], beside[SEVERITY]) = (self.fields, self.level);
        beside
    }
}

/// The channel of the severity, of text and JSON.
const SEVERITY: usize = 2;

impl Meaning {
    /// Says what an event means beside its pattern, and learns it unless the stream is frozen.
    pub fn step(&mut self, event: &Event<'_>, matched: &Match, learn: bool) -> Said {
        self.seen += 1;
        let numbers::Said { farthest, shift } = self.numbers.step(event, matched, learn);
        let fields = shift.max(matched.field_shift).max(matched.unheard);
        Said {
            farthest,
            fields: f64::from(fields).min(MOST),
            level: f64::from(matched.level_shift).min(MOST),
            is_new_error: self.is_new_error(event, matched),
        }
    }

    /// Numbers that were not followed because too many fields are.
    pub fn refused(&self) -> u64 {
        self.numbers.refused()
    }

    /// Most bytes that it takes.
    pub(super) const BYTES: u64 = numbers::MAX_BYTES;

    fn is_new_error(&mut self, event: &Event<'_>, matched: &Match) -> bool {
        if !matched.is_new {
            return false;
        }
        let steady = self.seen - std::mem::replace(&mut self.latest_new, self.seen);
        // What of a line is a level in a declared format without a message, such as a status, is no kind of error.
        let says_what = event.head.declared == 0 || event.has_message();
        let is_error = match event.head.level {
            Level::Error | Level::Fatal => true,
            Level::Warn if steady >= STEADY => true,
            _ => speaks_of_trouble(event.message()),
        };
        let is_apart = self.told == 0 || self.seen - self.told >= APART;
        let is_told = is_error && says_what && is_apart && matched.source_total >= EVIDENT;
        if is_told {
            self.told = self.seen;
        }
        is_told
    }
}

/// A word of the message says that something broke.
pub fn speaks_of_trouble(message: &[u8]) -> bool {
    let searched = message[..message.len().min(SEARCHED)].to_ascii_lowercase();
    TROUBLE.iter().any(|words| memchr::memmem::find(&searched, words).is_some())
}

impl Meaning {
    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        self.numbers.save(out);
        [self.told, self.latest_new, self.seen].into_iter().for_each(|number| checkpoint::put(out, number));
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Meaning> {
        let numbers = Numbers::restore(input)?;
        let (told, latest_new) = (checkpoint::take_count(input)?, checkpoint::take_count(input)?);
        let seen = checkpoint::take_count(input)?;
        (told.max(latest_new) <= seen).then_some(Meaning { numbers, told, latest_new, seen })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_words_speak_of_trouble() {
        let check = |message: &str| speaks_of_trouble(message.as_bytes());
        assert!(check("Out of memory: Killed process 4242 (postgres)"));
        assert!(check("cannot reach warehouse: connection refused"));
        assert!(check("write failed: No space left on device"));
        assert!(!check("Connection closed by 198.51.100.7 port 4711"));
        assert!(!check(""));
    }
}
