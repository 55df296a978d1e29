//! The expression for what names a session, with room for what it finds.

use regex::bytes::{CaptureLocations, Regex, RegexBuilder};

/// Bytes of a name that are looked at.
pub(super) const NAME: usize = 128;

/// An expression. Of one with groups, what is in the first group is the name.
#[derive(Debug)]
pub(super) struct KeyPattern {
    expression: Regex,
    places: CaptureLocations,
}

impl KeyPattern {
    /// What somebody wrote; none when it is no expression.
    pub(super) fn given(text: &str) -> Option<KeyPattern> {
        Regex::new(text).ok().map(KeyPattern::of)
    }

    /// What was found, which is made of ASCII, so that words need not be known in all languages.
    pub(super) fn found(text: &str) -> Option<KeyPattern> {
        ascii(text).map(KeyPattern::of)
    }

    fn of(expression: Regex) -> KeyPattern {
        KeyPattern { places: expression.capture_locations(), expression }
    }

    /// The text of the expression.
    pub(super) fn text(&self) -> &str {
        self.expression.as_str()
    }

    /// The next name in a line from the byte `at` on, which moves behind it.
    pub(super) fn next<'a>(&mut self, raw: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
        while *at <= raw.len() {
            let whole = if self.places.len() == 1 {
                self.expression.find_at(raw, *at)
            } else {
                self.expression.captures_read_at(&mut self.places, raw, *at)
            }?;
            *at = whole.end().max(*at + usize::from(whole.is_empty()));
            let (start, end) = if self.places.len() == 1 {
                (whole.start(), whole.end())
            } else {
                self.places.get(1).unwrap_or((0, 0))
            };
            if start < end {
                return Some(&raw[start..end.min(start + NAME)]);
            }
        }
        None
    }
}

/// An expression that takes only ASCII for words and digits.
pub(super) fn ascii(text: &str) -> Option<Regex> {
    RegexBuilder::new(text).unicode(false).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(naming: Option<KeyPattern>, raw: &str) -> Vec<&str> {
        let (mut naming, mut at) = (naming.unwrap(), 0);
        std::iter::from_fn(|| naming.next(raw.as_bytes(), &mut at)).map(|name| str::from_utf8(name).unwrap()).collect()
    }

    #[test]
    fn every_name_of_a_line_is_found() {
        assert_eq!(names(KeyPattern::given("blk_[0-9]+"), "blk_1 to blk_22, none"), ["blk_1", "blk_22"]);
        assert_eq!(names(KeyPattern::given("id=([a-z]+)"), "id=a id=bc id=3"), ["a", "bc"]);
        // A group that took no part, and matches of nothing.
        assert_eq!(names(KeyPattern::given("x|y([0-9])"), "x y1 x y2"), ["1", "2"]);
        assert_eq!(names(KeyPattern::given("[0-9]*"), "a12b3"), ["12", "3"]);
        assert_eq!(names(KeyPattern::given("é+"), "aééb"), ["éé"]);
        assert_eq!(names(KeyPattern::found(r"\bk[0-9]+\b"), "k1 ék2 k3x"), ["k1", "k2"]);
        assert_eq!(names(KeyPattern::given("a+"), &"a".repeat(2 * NAME)), ["a".repeat(NAME)]);
    }
}
