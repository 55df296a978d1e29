//! What feedback has moved: an offset on the alert threshold for each pattern that it was given on. A metric or vector
//! stream is a pattern of its own.

use rustc_hash::FxHashMap;
use std::ops::RangeInclusive;

/// Offsets that are possible: with the default threshold of 3.6, from "sensitive" to twice "for paging", beyond which one in
/// twenty alerts of lines of text is.
pub const OFFSETS: RangeInclusive<f64> = -0.6..=8.4;

/// Most bytes of the text of a pattern that are kept and compared.
pub const TEXT: usize = 4096;

/// A pattern that feedback was given on.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Number of the first judgement on it.
    pub first: u64,
    /// Name of its source.
    pub source: String,
    /// How it read when it was judged, each text once; at most [`TEXT`] bytes of it.
    pub texts: Vec<String>,
    /// Added to the alert threshold; within [`OFFSETS`].
    pub offset: f64,
    /// The pattern; none until one that reads like it is met.
    pub pattern: Option<u32>,
}

/// The offsets of all subjects, found by their pattern.
#[derive(Debug, Default)]
pub struct Offsets {
    subjects: Vec<Subject>,
    /// Places of subjects.
    places: FxHashMap<u32, usize>,
}

impl Offsets {
    /// Whether an event of a pattern alerts. One that is too weak whatever was said costs a comparison.
    #[inline]
    pub fn alerts(&self, strength: f64, threshold: f64, pattern: u32) -> bool {
        strength >= threshold + OFFSETS.start() && strength >= threshold + self.offset(pattern)
    }

    /// The offset of a pattern; 0 when nothing was said of it.
    pub fn offset(&self, pattern: u32) -> f64 {
        self.of(pattern).map_or(0.0, |subject| subject.offset)
    }

    /// The subject that a pattern is.
    pub fn of(&self, pattern: u32) -> Option<&Subject> {
        self.places.get(&pattern).map(|place| &self.subjects[*place])
    }

    /// All subjects.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Nothing was said.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Takes other subjects. One that was known before stays with its pattern.
    pub fn replace(&mut self, mut subjects: Vec<Subject>) {
        for subject in &mut subjects {
            let before = self.subjects.iter().find(|before| before.first == subject.first);
            subject.pattern = subject.pattern.or(before.and_then(|before| before.pattern));
        }
        self.subjects = subjects;
        self.index();
    }

    /// Says which pattern a subject is.
    pub fn bind(&mut self, first: u64, pattern: u32) {
        if let Some(subject) = self.subjects.iter_mut().find(|subject| subject.first == first) {
            subject.pattern = Some(pattern);
            self.index();
        }
    }

    /// A pattern has appeared. If it reads like a subject whose pattern is not known, or no longer, it is that subject; of
    /// several the one that differs least, of these the first.
    ///
    /// Two texts read alike when they are of one length and first word and at least the share `similarity` of their words
    /// agrees, where a variable agrees with every word: then the line of one would have joined the template of the other.
    pub fn attach_feedback(
        &mut self,
        pattern: u32,
        source: &str,
        text: &str,
        similarity: f64,
        is_known: impl Fn(u32) -> bool,
    ) {
        let text = cut(text, TEXT);
        let free = |subject: &&Subject| subject.source == source && !subject.pattern.is_some_and(&is_known);
        let distance =
            |subject: &Subject| subject.texts.iter().filter_map(|known| unlike(known, text, similarity)).min();
        let near = self.subjects.iter().filter(free).filter_map(|subject| Some((distance(subject)?, subject.first)));
        if let Some((_, first)) = near.min() {
            self.bind(first, pattern);
        }
    }

    fn index(&mut self) {
        let places = self.subjects.iter().enumerate();
        self.places = places.filter_map(|(place, subject)| Some((subject.pattern?, place))).collect();
    }
}

/// The beginning of a text, at most `most` bytes of it.
pub fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rfind(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// Words that differ and words that agree as variables only; none when the texts do not read alike.
pub fn unlike(known: &str, text: &str, similarity: f64) -> Option<(usize, usize)> {
    let (known, text): (Vec<&str>, Vec<&str>) = (known.split(' ').collect(), text.split(' ').collect());
    if known.len() != text.len() || known[0] != text[0] {
        return None;
    }
    let (mut differing, mut variable) = (0, 0);
    for (one, other) in known.iter().zip(&text).filter(|(one, other)| one != other) {
        if *one == "*" || *other == "*" { variable += 1 } else { differing += 1 }
    }
    ((known.len() - differing) as f64 / known.len() as f64 >= similarity).then_some((differing, variable))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(first: u64, texts: &[&str], offset: f64) -> Subject {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        Subject { first, source: "app".into(), texts, offset, pattern: None }
    }

    #[test]
    fn an_offset_moves_the_threshold_of_its_pattern_alone() {
        let mut feedback = Offsets::default();
        for (strength, alerts) in [(3.59, false), (3.6, true), (f64::NAN, false)] {
            assert_eq!(feedback.alerts(strength, 3.6, 5), alerts, "{strength}");
        }
        feedback.replace(vec![subject(1, &["up *"], 8.4), subject(2, &["down *"], -0.6)]);
        feedback.bind(1, 5);
        feedback.bind(2, 6);
        for (pattern, strength, alerts) in
            [(5, 11.99, false), (5, 12.0, true), (6, 2.99, false), (6, 3.0, true), (7, 3.59, false), (7, 3.6, true)]
        {
            assert_eq!(feedback.alerts(strength, 3.6, pattern), alerts, "{pattern} {strength}");
        }
    }

    #[test]
    fn texts_read_alike_when_the_matcher_would_join_them() {
        for (known, text, found) in [
            ("user * logged in", "user * logged in", Some((0, 0))),
            ("user * logged in", "user bob logged in", Some((0, 1))),
            ("user bob logged in again", "user eve logged in again", Some((1, 0))),
            ("user bob logged in", "user bob logged out", None),
            ("user * logged in", "user * logged in twice", None),
            ("* logged in", "bob logged in", None),
            ("{a,b}", "{a,b}", Some((0, 0))),
            ("{a,b}", "{a,c}", None),
            ("metric.cpu", "metric.cpu", Some((0, 0))),
        ] {
            assert_eq!(unlike(known, text, 0.8), found, "{known} / {text}");
        }
    }

    #[test]
    fn a_pattern_is_the_nearest_subject_that_has_none() {
        let mut feedback = Offsets::default();
        feedback.replace(vec![subject(1, &["a b c d e"], 1.0), subject(2, &["a b c d x", "a b c d *"], 2.0)]);
        feedback.attach_feedback(9, "other", "a b c d e", 0.8, |_| true);
        assert!(feedback.of(9).is_none(), "patterns never cross sources");
        feedback.attach_feedback(3, "app", "a b c d y", 0.8, |_| true);
        assert_eq!(feedback.offset(3), 2.0, "its second text is nearest");
        feedback.attach_feedback(4, "app", "a b c d z", 0.8, |_| true);
        assert_eq!(feedback.offset(4), 1.0, "the other one is taken");
        feedback.attach_feedback(5, "app", "a b c d z", 0.8, |_| true);
        assert_eq!(feedback.offset(5), 0.0, "both are taken");
        feedback.attach_feedback(6, "app", "a b c d e", 0.8, |pattern| pattern != 4);
        assert_eq!((feedback.offset(6), feedback.offset(4)), (1.0, 0.0), "a pattern that was dropped comes back");
    }

    #[test]
    fn a_long_text_is_known_by_its_beginning() {
        let long = "word é ".repeat(1000);
        let mut feedback = Offsets::default();
        feedback.replace(vec![subject(1, &[cut(&long, TEXT)], 1.0)]);
        feedback.attach_feedback(3, "app", &long, 0.8, |_| true);
        assert_eq!((feedback.offset(3), cut("é", 1)), (1.0, ""));
    }

    #[test]
    fn other_subjects_keep_the_patterns_of_known_ones() {
        let mut feedback = Offsets::default();
        feedback.replace(vec![subject(1, &["up"], 1.0), subject(2, &["down"], 2.0)]);
        feedback.bind(1, 5);
        feedback.bind(2, 6);
        feedback.replace(vec![subject(2, &["down"], 0.5)]);
        assert_eq!((feedback.offset(5), feedback.offset(6)), (0.0, 0.5));
    }
}
