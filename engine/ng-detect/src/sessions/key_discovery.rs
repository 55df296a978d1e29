//! Finds what names the sessions of a source, where nobody has said it: the kind of identifier that comes again in lines of
//! different patterns, and in most lines.

use super::key_pattern::ascii;
use regex::bytes::Regex;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Lines of a look.
const LOOK: usize = 1000;
/// Share of them that must name a session.
const NAMING: f64 = 0.5;
/// Least different names, and the fewest and most lines that a name is in on average.
const NAMES: usize = 16;
const LINES_OF_A_NAME: std::ops::RangeInclusive<f64> = 1.5..=(LOOK as f64 / NAMES as f64);
/// Share of the names in more than one line that must be in lines of different patterns.
const SEVERAL: f64 = 0.5;
/// Looks that find nothing before a source is left alone; each begins after twice as many lines as the one before.
const LOOKS: u32 = 8;
/// Names that are counted of each kind.
const MAX_NAMES: usize = LOOK;
/// Prefixes that are told apart.
const MAX_PREFIXES: usize = 8;

/// Kinds of identifiers, of two that name as many lines the first. The identifier is in the first group, or all of it where
/// there is none; the group `prefix` tells several kinds apart.
const KINDS: [&str; 4] = [
    r#"(?i)\b(?:trace|request|req|correlation|session|transaction|txn|job|task|order|call)[_.-]?id"?\s*[=:]\s*"?([\w.:-]{4,})"#,
    r"\b(?<prefix>[A-Za-z]{2,16}[_-])-?[0-9][0-9A-Fa-f]{4,}(?:[_-][0-9A-Fa-f]+)*\b",
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
    r"\b[0-9a-f]{16,64}\b",
];

/// The same, compiled once for all sources.
static EXPRESSIONS: LazyLock<[Regex; KINDS.len()]> =
    LazyLock::new(|| KINDS.map(|kind| ascii(kind).expect("the expression is valid")));

/// The search in one source.
#[derive(Debug, Default)]
pub(super) struct Finder {
    kinds: [Kind; KINDS.len()],
    /// Lines of the present look, and lines to pass over before the next.
    looked: usize,
    to_pass: usize,
    looks: u32,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// The expression for it, as `modules.intuition_engine.session_key` takes it.
    pub(super) key: String,
    /// Share of the lines that name a session.
    pub(super) share: f64,
    /// Lines of a session, on average, among those looked at.
    pub(super) lines: f64,
}

impl Found {
    /// The event of the engine that tells of it, as JSON.
    pub(super) fn note(&self, source: &str) -> String {
        let Found { key, share, lines } = self;
        let percent = 100.0 * share;
        let message = format!(
            "{source} has sessions: {percent:.0} % of {LOOK} lines name one, {lines:.1} lines each, found by {key}"
        );
        serde_json::json!({
            "type": "session.key_found", "level": "notice", "message": message, "session_source": source, "key": key,
            "share": share, "lines_each": lines,
        })
        .to_string()
    }
}

#[derive(Debug, Default)]
struct Kind {
    /// By prefix, which is empty where the kind has none.
    prefixes: Vec<(Vec<u8>, Names)>,
}

#[derive(Debug, Default)]
struct Names {
    lines: usize,
    /// Number of lines and the pattern of the first, and whether others had another.
    known: FxHashMap<Vec<u8>, (u32, u32, bool)>,
}

impl Finder {
    /// Looks at a line and its pattern. Returns what names sessions, once that is known.
    pub(super) fn look(&mut self, raw: &[u8], pattern: u32) -> Option<Found> {
        if self.to_pass > 0 || self.looks >= LOOKS {
            self.to_pass = self.to_pass.saturating_sub(1);
            return None;
        }
        for (kind, expression) in self.kinds.iter_mut().zip(&*EXPRESSIONS) {
            kind.look(expression, raw, pattern);
        }
        self.looked += 1;
        if self.looked < LOOK {
            return None;
        }
        let found = self.best();
        self.looks += 1;
        (self.looked, self.to_pass) = (0, LOOK << self.looks);
        self.kinds.iter_mut().for_each(|kind| kind.prefixes.clear());
        found
    }

    fn best(&self) -> Option<Found> {
        let all = self.kinds.iter().zip(KINDS).flat_map(|(kind, text)| {
            kind.prefixes.iter().filter_map(move |(prefix, names)| names.found(&key(text, prefix)))
        });
        all.reduce(|best, next| if next.share > best.share { next } else { best })
    }
}

impl Kind {
    fn look(&mut self, expression: &Regex, raw: &[u8], pattern: u32) {
        let Some(found) = expression.captures(raw) else { return };
        let prefix = found.name("prefix");
        let name = if prefix.is_some() { found.get(0) } else { found.get(1).or(found.get(0)) };
        let Some(name) = name else { return };
        let prefix = prefix.map_or(&b""[..], |prefix| prefix.as_bytes());
        let place = match self.prefixes.iter().position(|(known, _)| known == prefix) {
            Some(place) => place,
            None if self.prefixes.len() < MAX_PREFIXES => {
                self.prefixes.push((prefix.to_vec(), Names::default()));
                self.prefixes.len() - 1
            }
            None => return,
        };
        let names = &mut self.prefixes[place].1;
        names.lines += 1;
        if let Some(known) = names.known.get_mut(name.as_bytes()) {
            known.0 += 1;
            known.2 |= known.1 != pattern;
        } else if names.known.len() < MAX_NAMES {
            names.known.insert(name.as_bytes().to_vec(), (1, pattern, false));
        }
    }
}

impl Names {
    fn found(&self, key: &str) -> Option<Found> {
        let (share, lines) = (self.lines as f64 / LOOK as f64, self.lines as f64 / self.known.len().max(1) as f64);
        let again = self.known.values().filter(|(lines, ..)| *lines > 1).count();
        let several = self.known.values().filter(|(.., several)| *several).count();
        let is_key = share >= NAMING
            && self.known.len() >= NAMES
            && LINES_OF_A_NAME.contains(&lines)
            && several as f64 >= SEVERAL * again as f64;
        is_key.then(|| Found { key: key.to_owned(), share, lines })
    }
}

/// The expression of a kind, for one prefix where it has prefixes.
fn key(text: &str, prefix: &[u8]) -> String {
    if prefix.is_empty() {
        return text.to_owned();
    }
    text.replace("(?<prefix>[A-Za-z]{2,16}[_-])", &regex::escape(&String::from_utf8_lossy(prefix)))
}

#[cfg(test)]
mod tests {
    use super::super::key_pattern::KeyPattern;
    use super::*;

    /// What is found in these lines, whose pattern is their number modulo `patterns`.
    fn found(patterns: u32, line: impl Fn(usize) -> String) -> Option<Found> {
        let mut finder = Finder::default();
        (0..LOOK).find_map(|number| finder.look(line(number).as_bytes(), number as u32 % patterns))
    }

    #[test]
    fn what_names_sessions_is_found() {
        for (line, key) in [
            ("INFO Receiving block blk_-{} src: /10.0.0.1", r"\bblk_-?[0-9]"),
            ("INFO [req-{}-a1b2c3 admin] GET /servers", r"\breq\--?[0-9]"),
            (r#"{{"level":"info","trace_id":"{}","msg":"got"}}"#, "(?i)"),
            ("nova [instance: {}] spawned", r"\b[0-9a-fA-F]{8}-"),
            ("GET /{} 200", r"\b[0-9a-f]{16"),
        ] {
            let name = |number: usize| match line {
                _ if line.contains("instance") => format!("{:08x}-1b2c-4d5e-8f90-0123456789ab", 7919 * number),
                _ if line.contains("GET /{}") => format!("{:016x}", 7919 * (number + 1) as u64 * 1_000_003),
                _ => format!("{}", 1_000_000 + 7919 * number),
            };
            let lines =
                |number: usize| line.replace("{}", &name(number / 4 % 240)).replace("{{", "{").replace("}}", "}");
            let found = found(5, lines).unwrap_or_else(|| panic!("nothing in {line}"));
            assert!(found.key.starts_with(key), "{found:?}");
            assert!(found.share > 0.9 && (4.0..5.0).contains(&found.lines), "{found:?}");
            let mut naming = KeyPattern::found(&found.key).unwrap();
            let captured = naming.next(lines(8).as_bytes(), &mut 0).unwrap().to_vec();
            assert!(String::from_utf8_lossy(&captured).contains(&name(2)), "{captured:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_name_is_not_found() {
        let none = [
            found(5, |number| format!("block blk_{} is new each time", 1_000_000 + number)),
            found(5, |number| format!("host node_{} of a few", 1_000_000 + number % 8)),
            found(1, |number| format!("one kind of line, job_{} twice", 1_000_000 + number / 2)),
            found(5, |number| {
                format!(
                    "too few: {}",
                    if number % 3 == 0 { format!("blk_{}", 10_000 + number / 12) } else { String::new() }
                )
            }),
            found(5, |number| format!("{number} words and no name")),
        ];
        assert_eq!(none, [const { None }; 5]);
    }

    #[test]
    fn a_source_is_looked_at_again_ever_more_seldom_and_then_left_alone() {
        let mut finder = Finder::default();
        let line = |number: usize| format!("blk_{}", 1_000_000 + number / 4);
        let plain = (0..LOOK).find_map(|_| finder.look(b"starting", 0));
        let passed = (0..2 * LOOK).find_map(|number| finder.look(line(number).as_bytes(), number as u32 % 5));
        let found = (0..LOOK).find_map(|number| finder.look(line(number).as_bytes(), number as u32 % 5));
        assert_eq!((plain, passed), (None, None));
        assert!(found.is_some());
        let mut finder = Finder::default();
        assert_eq!((0..LOOK << (LOOKS + 1)).find_map(|_| finder.look(b"nothing", 0)), None);
        assert_eq!(finder.looks, LOOKS);
        assert_eq!((0..LOOK).find_map(|number| finder.look(line(number).as_bytes(), number as u32 % 5)), None);
    }
}
