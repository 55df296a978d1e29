//! What the level of an event, the values of its fields and the numbers in it say beside its pattern, in the streams of text
//! and JSON.

use super::alert::{CHANNELS, Level as Told};
use super::numbers::{self, Numbers};
use ng_model::checkpoint;
use ng_model::event::Event;
use ng_model::matched::{Match, NO_FIELD};
use ng_model::record::TellingField;
use ng_wire::{Finding, Level};

/// Most that a surprise comes to, like that of a rank.
const MOST: f64 = 11.7;
/// Events of a source from which on an error that it never had is told, whatever else is known, and time after which it is
/// in any case, nanoseconds. What is fatal is told from the first on.
const EVIDENT: u64 = 50;
const EVIDENT_NS: i64 = 60_000_000_000;
/// Events in which only one such is told, and one that is fatal.
const APART: u64 = 80;
/// Of so many events one is an error in a log of errors, where another error is no news.
const ERRORS: u64 = 5;
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
    /// When an error was told that was new, when one that is fatal was, and when anything was new, counted in events.
    told: u64,
    told_fatal: u64,
    latest_new: u64,
    seen: u64,
    /// Events that are errors.
    errors: u64,
    /// The time of the first event.
    first_ns: i64,
}

/// What is said of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Said {
    /// The number that is farthest out.
    pub farthest: numbers::One,
    /// The number whose field is no more as it was.
    shift: numbers::One,
    /// Surprise of the values of its fields and of the numbers in it.
    pub fields: f64,
    /// Surprise of its level.
    pub level: f64,
    /// What its pattern says.
    pub novelty: Novelty,
}

/// Whether the pattern of an event is news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Novelty {
    /// It was seen before, or is new where that is rare.
    #[default]
    Plain,
    /// It is new, and says of no trouble, in a source that had another new one not long ago.
    Common,
    /// An error, of a kind that its source never had, which is told.
    Error,
}

impl Said {
    /// As surprises of the channels: fields count in the one at `fields`, and the level in that of the severity.
    pub(super) fn beside(&self, fields: usize) -> [f64; CHANNELS] {
        let mut beside = [0.0; CHANNELS];
        (beside[fields], beside[SEVERITY]) = (self.fields, self.level);
        beside
    }
}

/// The channel of the severity, of text and JSON.
const SEVERITY: usize = 2;
/// That of the distance.
const DISTANCE: usize = 3;
/// Surprise of what is named, and of a number that is where nothing nearer is.
const UNUSUAL: f32 = 1.0;
const FAR_OUT: f32 = 2.0;

/// What a person is to look at: a field, what its numbers usually are, the shares of what is more frequent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Telling {
    pub(super) field: Option<TellingField>,
    pub(super) usual: Option<[f64; 2]>,
    pub(super) shares: Option<[f32; 2]>,
}

impl Said {
    /// What says most, where that is a field, a number or a share: the largest of the channels leads there, of which `fields`
    /// is that of the fields.
    pub(super) fn telling(&self, matched: &Match, told: &Told, fields: usize) -> Telling {
        let largest = told.largest();
        let by = told.channels[largest];
        let shifted = Telling {
            field: place(matched.shifted_field, Finding::MoreOften),
            shares: Some(matched.field_shares),
            ..Telling::default()
        };
        match largest {
            // What has a name is nearer to the cause than a level that follows from it.
            SEVERITY if by > self.level => Telling::default(),
            SEVERITY if matched.field_shift >= 1.0 => shifted,
            SEVERITY => Telling { shares: Some(matched.level_shares), ..Telling::default() },
            _ if largest == fields || largest == DISTANCE => self.telling_field(matched, shifted, largest == fields),
            _ => Telling::default(),
        }
    }

    /// The field that says most; one that is rare and nothing else only where that is what is asked.
    fn telling_field(&self, matched: &Match, shifted: Telling, or_rare: bool) -> Telling {
        let (shift, share, unheard) = (self.shift.surprise, matched.field_shift, matched.unheard);
        let named = |field, finding| Telling { field: place(field, finding), ..Telling::default() };
        let leads = |one: f32| one >= UNUSUAL && one >= shift.max(share).max(unheard);
        if leads(shift) {
            far_out(&self.shift)
        } else if leads(share) {
            shifted
        } else if leads(unheard) {
            named(matched.unheard_field, Finding::New)
        } else if self.farthest.surprise >= FAR_OUT {
            far_out(&self.farthest)
        } else if or_rare {
            // A value that is new is the rarest of all.
            let is_new = matched.rarest_field == matched.unheard_field;
            named(matched.rarest_field, if is_new { Finding::New } else { Finding::Rare })
        } else {
            Telling::default()
        }
    }
}

fn place(field: u16, finding: Finding) -> Option<TellingField> {
    (field != NO_FIELD).then_some(TellingField { place: field, finding })
}

fn far_out(one: &numbers::One) -> Telling {
    let is_known = one.usual[0] <= one.usual[1];
    let field = place(one.field, Finding::FarOut).filter(|_| is_known);
    Telling { field, usual: Some(one.usual).filter(|_| is_known), shares: None }
}

impl Meaning {
    /// Says what an event means beside its pattern, and learns it unless the stream is frozen.
    pub fn step(&mut self, event: &Event<'_>, matched: &Match, learn: bool) -> Said {
        self.seen += 1;
        if self.seen == 1 {
            self.first_ns = event.head.time_ns;
        }
        self.errors += u64::from(event.head.level >= Level::Error);
        let numbers::Said { farthest, shift } = self.numbers.step(event, matched, learn);
        let fields = shift.surprise.max(matched.field_shift).max(matched.unheard);
        Said {
            farthest,
            shift,
            fields: f64::from(fields).min(MOST),
            level: f64::from(matched.level_shift).min(MOST),
            novelty: self.novelty(event, matched),
        }
    }

    /// Numbers that were not followed because too many fields are.
    pub fn refused(&self) -> u64 {
        self.numbers.refused()
    }

    /// Most bytes that it takes.
    pub(super) const BYTES: u64 = numbers::MAX_BYTES;

    fn novelty(&mut self, event: &Event<'_>, matched: &Match) -> Novelty {
        if !matched.is_new {
            return Novelty::Plain;
        }
        let is_steady = self.seen - std::mem::replace(&mut self.latest_new, self.seen) >= STEADY;
        if !(is_error(event) || event.head.level == Level::Warn && is_steady) {
            return if is_steady { Novelty::Plain } else { Novelty::Common };
        }
        // What of a line is a level in a declared format without a message, such as a status, is no kind of error.
        let says_what = event.head.declared == 0 || event.has_message();
        if says_what && self.tells(event, matched) { Novelty::Error } else { Novelty::Plain }
    }

    /// Whether an error that is new is told: enough is known of its source, none was told just before, and errors are no rule.
    fn tells(&mut self, event: &Event<'_>, matched: &Match) -> bool {
        let is_apart = |told: u64| told == 0 || self.seen - told >= APART;
        let is_told = if event.head.level == Level::Fatal {
            is_apart(self.told_fatal)
        } else {
            let age_ns = event.head.time_ns.saturating_sub(self.first_ns);
            let is_evident = matched.source_total >= EVIDENT || age_ns >= EVIDENT_NS;
            // Of the events before this one.
            let is_log_of_errors = self.errors.saturating_sub(1) * ERRORS > self.seen - 1;
            is_evident && is_apart(self.told) && !is_log_of_errors
        };
        if is_told {
            self.told = self.seen;
            if event.head.level == Level::Fatal {
                self.told_fatal = self.seen;
            }
        }
        is_told
    }
}

/// The event is an error by its level, or by a word of its message that says that something broke. A word says nothing where
/// the event itself states that it is less than a warning.
pub fn is_error(event: &Event<'_>) -> bool {
    let may_be = event.head.level >= Level::Warn || event.parsed.level.is_none();
    event.head.level >= Level::Error || (may_be && speaks_of_trouble(event.message()))
}

/// A word of the message says that something broke.
fn speaks_of_trouble(message: &[u8]) -> bool {
    let searched = message[..message.len().min(SEARCHED)].to_ascii_lowercase();
    TROUBLE.iter().any(|words| memchr::memmem::find(&searched, words).is_some())
}

impl Meaning {
    /// Adds it to a saved state.
    pub(super) fn save(&self, out: &mut Vec<u8>) {
        self.numbers.save(out);
        for number in [self.told, self.told_fatal, self.latest_new, self.errors, self.seen, self.first_ns as u64] {
            checkpoint::put(out, number);
        }
    }

    /// Takes it up again.
    pub(super) fn restore(input: &mut &[u8]) -> Option<Meaning> {
        let numbers = Numbers::restore(input)?;
        let mut count = || checkpoint::take_count(input);
        let (told, told_fatal, latest_new) = (count()?, count()?, count()?);
        let (errors, seen) = (count()?, count()?);
        let first_ns = checkpoint::take(input)? as i64;
        let is_valid = [told, told_fatal, latest_new, errors].iter().all(|number| *number <= seen);
        is_valid.then_some(Meaning { numbers, told, told_fatal, latest_new, seen, errors, first_ns })
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
