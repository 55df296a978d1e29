//! Text patterns over bytes: substrings, globs, topics and regular expressions.

use memchr::{memchr2, memmem};
use regex::bytes::{Regex, RegexBuilder};

/// Largest compiled form of one regular expression, in bytes.
const REGEX_BYTES: usize = 1 << 20;

/// What a text is compared with.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// It contains these bytes.
    Contains(Box<memmem::Finder<'static>>),
    /// It contains this word in any case.
    Folded(Folded),
    /// It is these bytes.
    Exact(Box<[u8]>),
    /// It fits the glob, from beginning to end; `*` stands for any bytes.
    Glob { glob: Box<[u8]>, fold: bool },
    /// It is a topic of this shape.
    Topic(Topic),
    /// The expression matches somewhere in it.
    Regex(Box<Regex>),
}

impl Pattern {
    /// A substring in smart case: letters match in any case unless one of them is upper-case.
    pub(super) fn word(word: &str) -> Result<Pattern, String> {
        if word.chars().any(char::is_uppercase) { Ok(Self::contains(word)) } else { Self::contains_in_any_case(word) }
    }

    /// A substring in any case. Case is that of ASCII, or of Unicode when the word is not ASCII.
    pub(super) fn contains_in_any_case(word: &str) -> Result<Pattern, String> {
        if !word.is_ascii() {
            return Self::regex(&regex::escape(word), "i");
        }
        if !word.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return Ok(Self::contains(word));
        }
        Ok(Pattern::Folded(Folded::new(word.as_bytes())))
    }

    /// A glob when it holds `*`, else a substring; in any case, or in smart case.
    pub(super) fn loose(text: &str, smart: bool) -> Result<Pattern, String> {
        let fold = !(smart && text.chars().any(char::is_uppercase));
        match (text.contains('*'), fold) {
            (false, false) => Ok(Self::contains(text)),
            (false, true) => Self::contains_in_any_case(text),
            (true, true) if !text.is_ascii() => {
                let pieces: Vec<String> = text.split('*').map(regex::escape).collect();
                Self::regex(&format!("^{}$", pieces.join(".*")), "is")
            }
            (true, _) => Ok(Self::glob(text, fold)),
        }
    }

    /// A glob over the whole text.
    pub(super) fn glob(text: &str, fold: bool) -> Pattern {
        let glob = if fold { text.to_ascii_lowercase() } else { text.into() };
        Pattern::Glob { glob: glob.into_bytes().into(), fold }
    }

    /// Exactly this text.
    pub(super) fn exact(text: &str) -> Pattern {
        Pattern::Exact(text.as_bytes().into())
    }

    /// A topic: equality unless it holds `*`.
    pub(super) fn topic(text: &str) -> Result<Pattern, String> {
        if text.contains('*') { Topic::new(text).map(Pattern::Topic) } else { Ok(Self::exact(text)) }
    }

    /// A regular expression with flags out of `imsx`.
    pub(super) fn regex(pattern: &str, flags: &str) -> Result<Pattern, String> {
        RegexBuilder::new(pattern)
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .dot_matches_new_line(flags.contains('s'))
            .ignore_whitespace(flags.contains('x'))
            .size_limit(REGEX_BYTES)
            .dfa_size_limit(REGEX_BYTES)
            .build()
            .map(|regex| Pattern::Regex(Box::new(regex)))
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "the regular expression is too large when compiled".into(),
                other => {
                    // The last line of a syntax error is the fault; the lines before draw an arrow at it.
                    let text = other.to_string();
                    let fault = text.lines().last().unwrap_or_default();
                    format!("the regular expression is wrong: {}", fault.strip_prefix("error: ").unwrap_or(fault))
                }
            })
    }

    fn contains(text: &str) -> Pattern {
        Pattern::Contains(Box::new(memmem::Finder::new(text.as_bytes()).into_owned()))
    }

    /// The pattern fits the text.
    pub(super) fn fits(&self, text: &[u8]) -> bool {
        match self {
            Pattern::Contains(finder) => finder.find(text).is_some(),
            Pattern::Folded(word) => word.find(text, 0).is_some(),
            Pattern::Exact(expected) => **expected == *text,
            Pattern::Glob { glob, fold } => glob_fits(glob, text, *fold),
            Pattern::Topic(topic) => topic.fits(text),
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }

    /// The only text that it fits, if there is but one.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        match self {
            Pattern::Exact(text) => Some(text),
            Pattern::Glob { glob, fold: false } if !glob.contains(&b'*') => Some(glob),
            _ => None,
        }
    }

    /// Bytes that every text it fits contains, ASCII letters perhaps in another case; the most that are known.
    pub(super) fn needle(&self) -> Option<&[u8]> {
        match self {
            Pattern::Contains(finder) => Some(finder.needle()),
            Pattern::Folded(word) => Some(&word.lower),
            Pattern::Exact(text) => Some(text),
            Pattern::Glob { glob, .. } => glob.split(|byte| *byte == b'*').max_by_key(|piece| piece.len()),
            Pattern::Topic(_) | Pattern::Regex(_) => None,
        }
    }

    /// Adds the places where a substring or regular expression hits; the other patterns have none.
    pub(super) fn hits(&self, text: &[u8], hits: &mut Vec<(usize, usize)>) {
        match self {
            Pattern::Contains(finder) => {
                let length = finder.needle().len();
                hits.extend(finder.find_iter(text).map(|start| (start, start + length)));
            }
            Pattern::Folded(word) => {
                let mut from = 0;
                while let Some(start) = word.find(text, from) {
                    from = start + word.lower.len();
                    hits.push((start, from));
                }
            }
            Pattern::Regex(regex) => hits.extend(regex.find_iter(text).map(|hit| (hit.start(), hit.end()))),
            Pattern::Exact(_) | Pattern::Glob { .. } | Pattern::Topic(_) => {}
        }
    }
}

/// An ASCII word that is found in any case.
#[derive(Clone, Debug)]
pub(super) struct Folded {
    /// The word in lower case; not empty.
    lower: Box<[u8]>,
    /// Place of its byte that is rarest in text; the search looks for this byte and compares the rest.
    rare: usize,
}

impl Folded {
    fn new(word: &[u8]) -> Self {
        /// Bytes of log lines, the most frequent first; all others are rarer.
        const FREQUENT: &[u8] = b" e0t1aoin2rs.:-ldc=_/3u4m5p8679hfgbywv[]kx";
        let lower: Box<[u8]> = word.to_ascii_lowercase().into();
        let rarity = |byte: &u8| FREQUENT.iter().position(|frequent| frequent == byte).unwrap_or(FREQUENT.len());
        let rare = (0..lower.len()).max_by_key(|place| rarity(&lower[*place])).unwrap_or(0);
        Folded { lower, rare }
    }

    /// Where the word begins, at or after `from`.
    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let byte = *self.lower.get(self.rare)?;
        let last = text.len().checked_sub(self.lower.len())?;
        let mut start = from;
        while start <= last {
            let window = &text[start + self.rare..=last + self.rare];
            start += memchr2(byte, byte.to_ascii_uppercase(), window)?;
            if text[start..start + self.lower.len()].eq_ignore_ascii_case(&self.lower) {
                return Some(start);
            }
            start += 1;
        }
        None
    }
}

/// A topic with wildcards: `*` is one segment or a part of one, `**` at the end is any number of segments, also none.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    /// The topic without `.**`.
    head: Box<str>,
    /// It ends in `**`.
    open: bool,
    /// `head` has no wildcard.
    literal: bool,
}

impl Topic {
    fn new(text: &str) -> Result<Self, String> {
        let (head, open) = match text.strip_suffix("**") {
            Some("") => ("", true),
            Some(head) if head.ends_with('.') => (&head[..head.len() - 1], true),
            _ => (text, false),
        };
        if head.contains("**") {
            return Err("expected ** only as the last segment of a type".into());
        }
        Ok(Topic { head: head.into(), open, literal: !head.contains('*') })
    }

    /// The segments before the first wildcard: every topic that fits is this one or lies under it.
    pub(super) fn stem(&self) -> &str {
        match self.head.find('*') {
            Some(wildcard) => self.head[..wildcard].rfind('.').map_or("", |end| &self.head[..end]),
            None => &self.head,
        }
    }

    fn fits(&self, topic: &[u8]) -> bool {
        if self.open && self.head.is_empty() {
            return true;
        }
        if self.literal {
            let rest = topic.strip_prefix(self.head.as_bytes());
            return rest.is_some_and(|rest| rest.is_empty() || (self.open && rest[0] == b'.'));
        }
        let mut segments = topic.split(|byte| *byte == b'.');
        let fits = self
            .head
            .split('.')
            .all(|wanted| segments.next().is_some_and(|segment| glob_fits(wanted.as_bytes(), segment, false)));
        fits && (self.open || segments.next().is_none())
    }
}

/// The glob fits the whole text. With `fold` the glob is in lower case and ASCII letters match in any case.
///
/// Goes back only to the latest `*`: the earlier ones already match as little as they can.
fn glob_fits(glob: &[u8], text: &[u8], fold: bool) -> bool {
    let (mut g, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        let byte = if fold { text[t].to_ascii_lowercase() } else { text[t] };
        match glob.get(g) {
            Some(b'*') => {
                g += 1;
                retry = Some((g, t));
            }
            Some(wanted) if *wanted == byte => {
                g += 1;
                t += 1;
            }
            _ => match &mut retry {
                Some((after, from)) => {
                    *from += 1;
                    (g, t) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics() {
        let check = |pattern: &str, topic: &str, expect: bool| {
            assert_eq!(Pattern::topic(pattern).unwrap().fits(topic.as_bytes()), expect, "{pattern} {topic}");
        };
        check("signal.input.**", "signal.input", true);
        check("signal.input.**", "signal.input.external.text", true);
        check("signal.input.**", "signal.inputs", false);
        check("signal.*", "signal.input", true);
        check("signal.*", "signal.input.text", false);
        check("signal.*", "signal", false);
        check("*.cpu*.**", "metric.cpu0.user", true);
        check("*.cpu*.**", "metric.cpu", true);
        check("*.cpu*.**", "metric.mem", false);
        check("**", "", true);
        check("log", "log.text", false);
        check("a*c", "abc.c", false);
        assert!(Pattern::topic("a.**.b").is_err());
        assert!(Pattern::topic("a***").is_err());
    }

    #[test]
    fn globs() {
        let check = |glob: &str, text: &str, expect: bool| {
            assert_eq!(glob_fits(glob.as_bytes(), text.as_bytes(), true), expect, "{glob} {text}");
        };
        check("file:*log", "file:/var/log/SYSLOG", true);
        check("file:*log", "file:/var/log/x", false);
        check("*a*b*", "xxaxxbx", true);
        check("*ab", "aab", true);
        check("", "", true);
        check("", "a", false);
        check("**", "", true);
    }

    #[test]
    fn words() {
        let check = |word: &str, text: &str, expect: bool| {
            assert_eq!(Pattern::word(word).unwrap().fits(text.as_bytes()), expect, "{word} {text}");
        };
        check("error", "an ERRor", true);
        check("Error", "an ERRor", false);
        check("x-y", "ax-X-Yb", true);
        check("aab", "aaaAB", true);
        check("12:", "at 12:30", true);
        check("ошибка", "Ошибка диска", true);
        check("Ошибка", "ошибка", false);
        check("longer than the text", "short", false);
    }
}
