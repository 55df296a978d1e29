//! The words by which logs call levels, and the keys under which they state time, level and message: one table of each, for
//! text, `key=value` and JSON alike, read in any case.

use ng_wire::Level;
use std::sync::{Arc, LazyLock};

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The time of the event, or an object that holds it.
    Time,
    /// Its level, or an object that holds it.
    Level(Scale),
    /// Its message.
    Message,
    /// What is told in its stead where the message is there and empty.
    Cause,
    /// Says only that the event comes from Python's logging, whose numbers of levels are others.
    Python,
}

/// How the numbers of a level are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Told apart by size: syslog 0 to 7, bunyan and pino 10 to 60, Monolog 100 to 600, Logback 5000 to 40000.
    Size,
    /// Syslog 0 to 7.
    Syslog,
    /// Syslog, bunyan and pino as in `Size`; in hundreds those of Google Cloud, 100 to 800.
    Severity,
    /// OpenTelemetry 1 to 24.
    Otel,
    /// Python 5 to 50.
    Python,
}

/// A name of a level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) level: Level,
    /// It is a common word as well, which states a level only where nothing else can be meant.
    pub(crate) everyday: bool,
}

/// Names of levels.
const LEVELS: &[(&str, Level)] = &[
    ("trace", Level::Trace),
    ("trc", Level::Trace),
    ("trce", Level::Trace),
    ("trac", Level::Trace),
    ("finer", Level::Trace),
    ("finest", Level::Trace),
    ("debug", Level::Debug),
    ("dbg", Level::Debug),
    ("dbug", Level::Debug),
    ("deb", Level::Debug),
    ("debu", Level::Debug),
    ("verbose", Level::Debug),
    ("verb", Level::Debug),
    ("vrb", Level::Debug),
    ("fine", Level::Debug),
    ("config", Level::Debug),
    ("info", Level::Info),
    ("inf", Level::Info),
    ("information", Level::Info),
    ("informational", Level::Info),
    ("success", Level::Info),
    ("notice", Level::Notice),
    ("note", Level::Notice),
    ("ntc", Level::Notice),
    ("warn", Level::Warn),
    ("warning", Level::Warn),
    ("wrn", Level::Warn),
    ("wrng", Level::Warn),
    ("error", Level::Error),
    ("err", Level::Error),
    ("eror", Level::Error),
    ("erro", Level::Error),
    ("severe", Level::Error),
    ("failure", Level::Error),
    ("fail", Level::Error),
    ("fatal", Level::Fatal),
    ("ftl", Level::Fatal),
    ("fatl", Level::Fatal),
    ("fata", Level::Fatal),
    ("critical", Level::Fatal),
    ("crit", Level::Fatal),
    ("crt", Level::Fatal),
    ("alert", Level::Fatal),
    ("alrt", Level::Fatal),
    ("emerg", Level::Fatal),
    ("emergency", Level::Fatal),
    ("emg", Level::Fatal),
    ("panic", Level::Fatal),
    ("dpanic", Level::Fatal),
    ("pnc", Level::Fatal),
    ("pani", Level::Fatal),
];

/// Those of them that stand in plain English too.
const EVERYDAY: [&str; 17] = [
    "alert",
    "config",
    "crt",
    "deb",
    "emergency",
    "failure",
    "fine",
    "finer",
    "finest",
    "inf",
    "information",
    "note",
    "notice",
    "panic",
    "severe",
    "success",
    "verbose",
];

/// Keys and what they stand for; of several in one event the first counts. A dot goes into a nested object or stands in the
/// key itself.
const KEYS: &[(&str, Role)] = &[
    ("message", Role::Message),
    ("msg", Role::Message),
    ("@m", Role::Message),
    ("@message", Role::Message),
    ("RenderedMessage", Role::Message),
    ("short_message", Role::Message),
    ("@mt", Role::Message),
    ("log", Role::Message),
    ("text", Role::Message),
    ("event", Role::Message),
    ("body", Role::Message),
    ("body.stringValue", Role::Message),
    ("textPayload", Role::Message),
    ("jsonPayload.message", Role::Message),
    ("jsonPayload.msg", Role::Message),
    ("record.message", Role::Message),
    ("fields.message", Role::Message),
    ("MessageTemplate", Role::Message),
    ("full_message", Role::Message),
    ("error", Role::Cause),
    ("err", Role::Cause),
    ("error.message", Role::Cause),
    ("err.message", Role::Cause),
    ("err.msg", Role::Cause),
    ("exception", Role::Cause),
    ("exception.message", Role::Cause),
    ("level", Role::Level(Scale::Size)),
    ("lvl", Role::Level(Scale::Size)),
    ("severity", Role::Level(Scale::Severity)),
    ("log.level", Role::Level(Scale::Size)),
    ("loglevel", Role::Level(Scale::Size)),
    ("log_level", Role::Level(Scale::Size)),
    ("levelname", Role::Level(Scale::Size)),
    ("level_name", Role::Level(Scale::Size)),
    ("severityText", Role::Level(Scale::Severity)),
    ("severity_text", Role::Level(Scale::Severity)),
    ("@l", Role::Level(Scale::Size)),
    ("@level", Role::Level(Scale::Size)),
    ("level.name", Role::Level(Scale::Size)),
    ("level.label", Role::Level(Scale::Size)),
    ("record.level.name", Role::Level(Scale::Size)),
    ("jsonPayload.level", Role::Level(Scale::Size)),
    ("jsonPayload.severity", Role::Level(Scale::Severity)),
    ("sev", Role::Level(Scale::Severity)),
    ("severityNumber", Role::Level(Scale::Otel)),
    ("severity_number", Role::Level(Scale::Otel)),
    ("levelno", Role::Level(Scale::Python)),
    ("level_no", Role::Level(Scale::Python)),
    ("level.no", Role::Level(Scale::Python)),
    ("record.level.no", Role::Level(Scale::Python)),
    ("level_value", Role::Level(Scale::Size)),
    ("syslog_severity", Role::Level(Scale::Syslog)),
    ("log.syslog.severity.name", Role::Level(Scale::Syslog)),
    ("log.syslog.severity.code", Role::Level(Scale::Syslog)),
    ("priority", Role::Level(Scale::Syslog)),
    ("time", Role::Time),
    ("timestamp", Role::Time),
    ("ts", Role::Time),
    ("@timestamp", Role::Time),
    ("@t", Role::Time),
    ("t", Role::Time),
    ("datetime", Role::Time),
    ("date_time", Role::Time),
    ("asctime", Role::Time),
    ("eventTime", Role::Time),
    ("event_time", Role::Time),
    ("timeMillis", Role::Time),
    ("timestamp_ms", Role::Time),
    ("time_ms", Role::Time),
    ("timeUnixNano", Role::Time),
    ("observedTimeUnixNano", Role::Time),
    ("instant", Role::Time),
    ("record.time.timestamp", Role::Time),
    ("__REALTIME_TIMESTAMP", Role::Time),
    ("date", Role::Time),
    ("created", Role::Time),
    ("logged_at", Role::Time),
    ("requestReceivedTimestamp", Role::Time),
    ("stageTimestamp", Role::Time),
    ("funcName", Role::Python),
    ("lineno", Role::Python),
    ("pathname", Role::Python),
    ("processName", Role::Python),
];

/// Longest word or key.
pub(super) const LONGEST: usize = 64;

/// The words of levels and the keys in use: those that are built in, and before them those that somebody added.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Absent when nobody added any.
    added: Option<Arc<Words>>,
}

/// What [`Vocabulary::new`] refuses a word or a key for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VocabularyError {
    /// The word or the key.
    pub word: String,
    /// What was expected instead.
    pub expected: &'static str,
}

#[derive(Debug)]
struct Words {
    levels: Table<Word>,
    keys: Table<(Role, u16)>,
}

static BUILT_IN: LazyLock<Words> = LazyLock::new(|| Words::new(&Added::default()));

/// Words and keys that somebody adds, the most telling first; they go before those that are built in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Added {
    /// Names of levels.
    pub levels: Vec<(String, Level)>,
    /// Keys of the time.
    pub time: Vec<String>,
    /// Keys of the level.
    pub level: Vec<String>,
    /// Keys of the message.
    pub message: Vec<String>,
}

impl Vocabulary {
    /// The built-in words with others before them.
    pub fn new(added: &Added) -> Result<Vocabulary, VocabularyError> {
        for (word, _) in &added.levels {
            let letters = word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
            if !letters || !(2..=LONGEST).contains(&word.len()) {
                return Err(VocabularyError { word: word.clone(), expected: "a word of 2 to 64 letters of ASCII" });
            }
        }
        let mut keys = added.time.iter().chain(&added.level).chain(&added.message);
        if let Some(key) = keys.find(|key| !(1..=LONGEST).contains(&key.len())) {
            return Err(VocabularyError { word: key.clone(), expected: "a key of 1 to 64 bytes" });
        }
        Ok(Vocabulary { added: (*added != Added::default()).then(|| Arc::new(Words::new(added))) })
    }

    /// The level that a word names.
    pub(crate) fn word(&self, text: &[u8]) -> Option<Word> {
        self.words().levels.get(text)
    }

    /// What a key stands for, and its rank among those that stand for the same; 0 is the most telling.
    pub(super) fn key(&self, text: &[u8]) -> Option<(Role, u16)> {
        self.words().keys.get(text)
    }

    /// A key of this length that begins and ends with these letters may stand for something; says so fast.
    pub(super) fn may_be_key(&self, first: u8, last: u8, len: usize) -> bool {
        self.words().keys.may_have(first, last, len)
    }

    fn words(&self) -> &Words {
        self.added.as_deref().unwrap_or(&BUILT_IN)
    }
}

/// A level by the letter that logcat, glog and many loggers print.
pub(super) fn letter(byte: u8) -> Option<Level> {
    Some(match byte {
        b'T' => Level::Trace,
        b'V' | b'D' => Level::Debug,
        b'I' => Level::Info,
        b'N' => Level::Notice,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' | b'A' | b'C' => Level::Fatal,
        _ => return None,
    })
}

/// A word or letter that names a level where nobody has added others.
pub(crate) fn names_level(text: &[u8]) -> bool {
    match text {
        [byte] => letter(*byte).is_some(),
        _ => BUILT_IN.levels.get(text).is_some(),
    }
}

impl Words {
    fn new(added: &Added) -> Words {
        let given = added.levels.iter().map(|(word, level)| (word.as_str(), Word { level: *level, everyday: false }));
        let known =
            LEVELS.iter().map(|(word, level)| (*word, Word { level: *level, everyday: EVERYDAY.contains(word) }));
        let levels = Table::new(given.chain(known));
        let given = added.time.iter().map(|key| (key.as_str(), Role::Time));
        let given = given.chain(added.level.iter().map(|key| (key.as_str(), Role::Level(Scale::Size))));
        let given = given.chain(added.message.iter().map(|key| (key.as_str(), Role::Message)));
        let keys = given.chain(KEYS.iter().copied()).enumerate();
        Words { levels, keys: Table::new(keys.map(|(rank, (key, role))| (key, (role, rank as u16)))) }
    }
}

/// A small table by words in any case, in which what is not there is found out fast.
#[derive(Debug)]
struct Table<T> {
    /// In lower case, ordered by length.
    rows: Vec<(Box<[u8]>, T)>,
    /// Where the rows of each length begin.
    starts: [u16; LONGEST + 2],
    /// The first letters of the words of each length, one bit each, and the last ones.
    firsts: [u32; LONGEST + 1],
    lasts: [u32; LONGEST + 1],
}

impl<T: Copy> Table<T> {
    /// The words, none longer than [`LONGEST`]; of equal ones the first.
    fn new<'w>(words: impl Iterator<Item = (&'w str, T)>) -> Self {
        let mut rows: Vec<(Box<[u8]>, T)> = Vec::new();
        let (mut firsts, mut lasts) = ([0; LONGEST + 1], [0; LONGEST + 1]);
        for (word, value) in words {
            let word = word.to_ascii_lowercase().into_bytes();
            if !rows.iter().any(|(known, _)| **known == *word) {
                firsts[word.len()] |= bit(word[0]);
                lasts[word.len()] |= bit(word[word.len() - 1]);
                rows.push((word.into(), value));
            }
        }
        rows.sort_by_key(|(word, _)| word.len());
        let starts = std::array::from_fn(|len| rows.partition_point(|(word, _)| word.len() < len) as u16);
        Table { rows, starts, firsts, lasts }
    }

    #[inline]
    fn may_have(&self, first: u8, last: u8, len: usize) -> bool {
        len <= LONGEST && self.firsts[len] & bit(first) != 0 && self.lasts[len] & bit(last) != 0
    }

    #[inline]
    fn get(&self, word: &[u8]) -> Option<T> {
        let len = word.len();
        if !self.may_have(*word.first()?, *word.last()?, len) {
            return None;
        }
        let rows = &self.rows[self.starts[len].into()..self.starts[len + 1].into()];
        // Most differ in one of the first letters.
        let is_word = |(known, _): &&(Box<[u8]>, T)| {
            known.iter().zip(word).all(|(known, byte)| *known == byte.to_ascii_lowercase())
        };
        rows.iter().find(is_word).map(|(_, value)| *value)
    }
}

/// A bit that is the same for both cases of a letter.
#[inline]
fn bit(byte: u8) -> u32 {
    1 << (byte & 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case() {
        let vocabulary = Vocabulary::default();
        for (word, level) in LEVELS {
            for text in [word.to_string(), word.to_uppercase()] {
                assert_eq!(vocabulary.word(text.as_bytes()).map(|word| word.level), Some(*level), "{text}");
            }
            assert!(Vocabulary::new(&Added { levels: vec![(word.to_string(), *level)], ..Added::default() }).is_ok());
        }
        assert!(vocabulary.word(b"").is_none() && vocabulary.word(b"errors").is_none());
        assert!(EVERYDAY.iter().all(|word| vocabulary.word(word.as_bytes()).is_some_and(|word| word.everyday)));
    }

    #[test]
    fn every_spelling_of_the_wire_is_known() {
        for text in ["info", "WARN", "Warning", "error", "err", "debug", "dbg", "notice", "trace", "fatal", "critical"]
            .into_iter()
            .chain(["crit", "alert", "emerg", "emergency", "panic", "severe", "failure", "information"])
            .chain(["informational", "verbose", "fine", "", "no", "infos"])
        {
            assert_eq!(Vocabulary::default().word(text.as_bytes()).map(|word| word.level), text.parse().ok(), "{text}");
        }
    }

    #[test]
    fn keys_are_ranked_in_the_order_of_the_table() {
        let vocabulary = Vocabulary::default();
        for (rank, (key, role)) in KEYS.iter().enumerate() {
            assert_eq!(vocabulary.key(key.to_uppercase().as_bytes()), Some((*role, rank as u16)), "{key} comes twice");
        }
        assert_eq!(vocabulary.key(b"levels"), None);
        assert_eq!(vocabulary.key(&[b'x'; 500]), None);
    }

    #[test]
    fn what_somebody_adds_goes_before_what_is_built_in() {
        let added = Added {
            levels: vec![("Boom".into(), Level::Fatal), ("info".into(), Level::Debug)],
            time: vec!["at".into()],
            message: vec!["was".into(), "msg".into()],
            ..Added::default()
        };
        let vocabulary = Vocabulary::new(&added).unwrap();
        assert_eq!(vocabulary.word(b"BOOM").unwrap().level, Level::Fatal);
        assert_eq!(vocabulary.word(b"info").unwrap().level, Level::Debug);
        assert_eq!(vocabulary.key(b"At"), Some((Role::Time, 0)));
        assert!(vocabulary.key(b"msg").unwrap().1 < vocabulary.key(b"message").unwrap().1);
    }

    #[test]
    fn what_cannot_be_found_is_refused() {
        for word in ["", "x", "two words", "[E]", &"x".repeat(65)] {
            let added = Added { levels: vec![(word.into(), Level::Error)], ..Added::default() };
            assert_eq!(Vocabulary::new(&added).unwrap_err().word, word);
        }
        for key in ["", &"x".repeat(65)] {
            let added = Added { level: vec![key.into()], ..Added::default() };
            assert_eq!(Vocabulary::new(&added).unwrap_err().expected, "a key of 1 to 64 bytes");
        }
    }
}
