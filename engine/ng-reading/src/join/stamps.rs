//! How the events of a source begin.

use crate::encoders::heading;

/// So many events must have begun with a stamp before a line without one goes on with the last of them.
const SETTLED: u8 = 20;
/// Bytes of a stamp that are compared.
const COMPARED: usize = 16;

/// What is remembered of the first lines.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    /// The start of the latest line that has a stamp, digits all alike.
    form: Option<[u8; COMPARED]>,
    /// Its first word, where that is a number or has one in it.
    word: Option<[u8; COMPARED]>,
    /// How many of the latest first lines had a stamp, up to [`SETTLED`].
    run: u8,
    /// A first line had none.
    any_without: bool,
}

impl Stamps {
    /// The line begins like the latest stamp but for its digits, and so is one: most lines are known by that.
    pub(super) fn begins_alike(&self, line: &[u8]) -> bool {
        self.form.is_some_and(|form| form_of(line) == Some(form))
    }

    /// The line begins with a stamp.
    pub(super) fn is_stamped(&self, line: &[u8]) -> bool {
        self.begins_alike(line) || heading::has_stamp(line)
    }

    /// The line begins with the same word as the latest line that has a stamp, but for the numbers in it: where every event has
    /// a number of its own, not every notation of time behind it need be known.
    pub(super) fn has_first_word(&self, line: &[u8]) -> bool {
        self.word.is_some_and(|word| word_of(line) == Some(word))
    }

    /// Remembers a line that began an event.
    pub(super) fn note(&mut self, line: &[u8], stamped: bool) {
        if stamped {
            self.form = form_of(line);
            self.word = word_of(line);
            self.run = (self.run + 1).min(SETTLED);
        } else {
            self.run = 0;
            self.any_without = true;
        }
    }

    /// Events of this source have a stamp: the latest [`SETTLED`] had one, or all from its start.
    pub(super) fn always(&self) -> bool {
        self.run == SETTLED || self.run > 0 && !self.any_without
    }
}

/// The first bytes of a line, with a zero for every digit; none of a shorter line.
fn form_of(line: &[u8]) -> Option<[u8; COMPARED]> {
    let mut form = *line.first_chunk::<COMPARED>()?;
    for byte in &mut form {
        if byte.is_ascii_digit() {
            *byte = b'0';
        }
    }
    Some(form)
}

/// The first word of a line, with one zero for every run of digits; none where it has no digit, or is long.
fn word_of(line: &[u8]) -> Option<[u8; COMPARED]> {
    let (mut word, mut length, mut digit) = ([0; COMPARED], 0, false);
    for byte in line.iter().take_while(|byte| !byte.is_ascii_whitespace()) {
        if byte.is_ascii_digit() && length > 0 && word[length - 1] == b'0' {
            continue;
        }
        *word.get_mut(length)? = if byte.is_ascii_digit() { b'0' } else { *byte };
        digit |= byte.is_ascii_digit();
        length += 1;
    }
    digit.then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_stamps_when_its_latest_events_had_them() {
        let mut stamps = Stamps::default();
        assert!(!stamps.always());
        stamps.note(b"2026-11-22 13:02:03 x", true);
        assert!(stamps.always());
        stamps.note(b"banner", false);
        assert!(!stamps.always());
        for _ in 0..SETTLED {
            assert!(!stamps.always());
            stamps.note(b"2026-11-22 13:02:03 x", true);
        }
        assert!(stamps.always());
    }

    #[test]
    fn stamps_are_known_by_their_form() {
        let mut stamps = Stamps::default();
        assert!(!stamps.begins_alike(b"2026-11-22 13:02:03 x"));
        stamps.note(b"2026-11-22 13:02:03 x", true);
        assert!(stamps.begins_alike(b"2027-01-05 00:00:59 y"));
        for line in
            ["2026-11-22T13:02:03 x", "2026-11-22", "", "version 1.2.3 of it", "\tat shop.Cart.take(Cart.java:88)"]
        {
            assert!(!stamps.begins_alike(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_number_of_its_own_is_known_by_its_form() {
        let mut stamps = Stamps::default();
        assert!(!stamps.has_first_word(b"1 a"));
        stamps.note(b"460773 node-199 unix.hw state_change.unavailable 1145552100 1 x", true);
        assert!(stamps.has_first_word(b"2568643 node-70 action start 1074119817 1 x"));
        for line in ["", "node-70 action", "a1 b", "1. of all", "123456x y"] {
            assert!(!stamps.has_first_word(line.as_bytes()), "{line}");
        }
        stamps.note(b"Nov 22 13:02:03 host app: x", true);
        assert!(!stamps.has_first_word(b"Nov x"), "a word alone says nothing");
    }
}
