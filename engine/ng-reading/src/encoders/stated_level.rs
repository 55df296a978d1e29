//! The level that a value states: a word, a letter, or a number on one of several scales.

use super::number;
use super::vocabulary::{Scale, Vocabulary, letter};
use ng_wire::Level;

/// A level as a value states it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stated {
    /// By a word or a letter.
    Word(Level),
    /// By a number on a scale.
    Number(Scale, f64),
}

/// A level as the value of a field states it: a word, a letter, or a number.
pub(super) fn stated(words: &Vocabulary, scale: Scale, text: &[u8]) -> Option<Stated> {
    let text = text.trim_ascii();
    match text {
        [byte] if byte.is_ascii_alphabetic() => letter(byte.to_ascii_uppercase()).map(Stated::Word),
        [byte, ..] if byte.is_ascii_digit() => number::decimal(text).map(|number| Stated::Number(scale, number)),
        _ => words.word(without_step(text).unwrap_or(text)).map(|word| Stated::Word(word.level)),
    }
}

/// The name in `ERROR+4`, `INFO-2`: a level between those that have one, or beyond, as `slog` of Go writes it.
pub(super) fn without_step(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().rev().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    match &text[..text.len() - digits] {
        [name @ .., b'+' | b'-'] if digits > 0 => Some(name),
        _ => None,
    }
}

impl Stated {
    /// The level; none for a number that the scale does not have. `python` = the event comes from Python's logging.
    pub(super) fn level(self, python: bool) -> Option<Level> {
        match self {
            Stated::Word(level) => Some(level),
            Stated::Number(Scale::Size, number) if python && number >= 8.0 => on_scale(Scale::Python, number),
            Stated::Number(scale, number) => on_scale(scale, number),
        }
    }
}

/// A syslog severity, 0 to 7.
pub(crate) fn severity(number: u32) -> Option<Level> {
    Some(match number {
        0..=2 => Level::Fatal,
        3 => Level::Error,
        4 => Level::Warn,
        5 => Level::Notice,
        6 => Level::Info,
        7 => Level::Debug,
        _ => return None,
    })
}

/// A number on a scale.
fn on_scale(scale: Scale, number: f64) -> Option<Level> {
    use Level::*;
    if !(0.0..=50_000.0).contains(&number) || number.fract() != 0.0 {
        return None;
    }
    let number = number as u32;
    let hundreds = |names: [Level; 8]| names.get((number / 100) as usize - 1).copied();
    match (scale, number) {
        (Scale::Size | Scale::Severity | Scale::Syslog, 0..=7) => severity(number),
        (Scale::Size | Scale::Severity, 10..=69) => {
            Some([Trace, Debug, Info, Warn, Error, Fatal][(number / 10) as usize - 1])
        }
        (Scale::Size, 250..=299) => Some(Notice),
        (Scale::Size, 100..=699) => hundreds([Debug, Info, Warn, Error, Fatal, Fatal, Fatal, Fatal]),
        (Scale::Size, 5000..=9999) => Some(Trace),
        (Scale::Size, 10_000..=50_000) => Some([Debug, Info, Warn, Error, Fatal][(number / 10_000) as usize - 1]),
        (Scale::Severity, 100..=899) => hundreds([Debug, Info, Notice, Warn, Error, Fatal, Fatal, Fatal]),
        (Scale::Otel, 1..=24) => Some([Trace, Debug, Info, Warn, Error, Fatal][(number as usize - 1) / 4]),
        (Scale::Python, 1..=59) => Some([Trace, Debug, Info, Warn, Error, Fatal][(number / 10) as usize]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        use Level::*;
        use Scale::*;
        let level = |scale, text: &str, python| {
            stated(&Vocabulary::default(), scale, text.as_bytes()).and_then(|stated| stated.level(python))
        };
        for (scale, expect) in [
            (
                Size,
                &[
                    ("WRN", Warn),
                    ("e", Error),
                    ("3", Error),
                    ("30", Info),
                    ("60", Fatal),
                    ("300", Warn),
                    ("250", Notice),
                    ("40000", Error),
                    ("ERROR+4", Error),
                    ("WARN+2", Warn),
                    ("INFO-2", Info),
                    ("DEBUG+1", Debug),
                ][..],
            ),
            (Syslog, &[("0", Fatal), ("3", Error), ("7", Debug)]),
            (Severity, &[("3", Error), ("30", Info), ("400", Warn), ("500", Error), ("ERROR", Error)]),
            (Otel, &[("1", Trace), ("9", Info), ("13", Warn), ("17", Error), ("24", Fatal)]),
            (
                Python,
                &[("5", Trace), ("10", Debug), ("20", Info), ("25", Info), ("30", Warn), ("40", Error), ("50", Fatal)],
            ),
        ] {
            for (text, expect) in expect {
                assert_eq!(level(scale, text, false), Some(*expect), "{scale:?} {text}");
            }
        }
        assert_eq!(level(Size, "30", true), Some(Warn));
        for (scale, text) in [
            (Size, "8"),
            (Size, "30.5"),
            (Size, "-1"),
            (Size, "1e9"),
            (Syslog, "8"),
            (Otel, "0"),
            (Otel, "25"),
            (Python, "0"),
            (Size, ""),
            (Size, "odd"),
            (Size, "ERROR+"),
            (Size, "ERROR+4x"),
            (Size, "+4"),
            (Size, "nan"),
        ] {
            assert_eq!(level(scale, text, false), None, "{scale:?} {text}");
        }
    }
}
