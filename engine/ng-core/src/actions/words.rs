//! Finds the words of a rule, so that keywords inside quotes, regular expressions and parentheses are not taken for
//! its own.

use super::rule_error::AlertRuleError;

/// The words before a clause, and what the clause says, if there is one.
pub(super) type Taken<'w, 'a, T> = Result<(&'w [Word<'a>], Option<T>), AlertRuleError>;

/// Characters without a space between them. Quotes, regular expressions, parentheses and a filter in the JSON dialect
/// keep their spaces and are part of the word around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The word.
    pub(super) text: &'a str,
    /// Its first byte in the rule.
    pub(super) start: usize,
    /// It has no quoted part, so it may be a keyword.
    pub(super) is_plain: bool,
}

impl Word<'_> {
    /// The byte after its last.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// It is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.is_plain && self.text == keyword
    }
}

/// The words in their order, or the column of what is opened and never closed.
pub(super) fn words(rule: &str) -> Result<Vec<Word<'_>>, AlertRuleError> {
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(skipped) = rule[rest..].find(|character: char| !character.is_whitespace()) {
        let start = rest + skipped;
        // A filter in the JSON dialect can only stand where the filter begins.
        let may_be_json = words.len() == 1;
        let (end, is_plain) = word_end(rule, start, may_be_json)?;
        words.push(Word { text: &rule[start..end], start, is_plain });
        rest = end;
    }
    Ok(words)
}

/// Where the word that starts at `start` ends, and whether it is plain.
fn word_end(rule: &str, start: usize, may_be_json: bool) -> Result<(usize, bool), AlertRuleError> {
    let bytes = rule.as_bytes();
    if may_be_json && bytes[start] == b'{' {
        return Ok((balanced(rule, start, b'{', b'}')?, false));
    }
    let (mut at, mut is_plain) = (start, true);
    while at < bytes.len() {
        let end = match bytes[at] {
            b'"' => closed(rule, at, at + 1, b'"')?,
            b'~' if bytes.get(at + 1) == Some(&b'/') => closed(rule, at, at + 2, b'/')?,
            b'(' => balanced(rule, at, b'(', b')')?,
            _ => match rule[at..].chars().next() {
                Some(character) if !character.is_whitespace() => {
                    at += character.len_utf8();
                    continue;
                }
                _ => break,
            },
        };
        at = end;
        is_plain = false;
    }
    Ok((at, is_plain))
}

/// The byte after the next `close` from `from` on that no backslash precedes. `open` is where it was opened.
fn closed(rule: &str, open: usize, from: usize, close: u8) -> Result<usize, AlertRuleError> {
    let mut is_escaped = false;
    for (at, byte) in rule.bytes().enumerate().skip(from) {
        if is_escaped {
            is_escaped = false;
        } else if byte == b'\\' {
            is_escaped = true;
        } else if byte == close {
            return Ok(at + 1);
        }
    }
    Err(AlertRuleError::at(rule, open, format!("expected a closing {} for this one", char::from(close))))
}

/// The byte after the bracket that closes the one at `open`. Brackets in quotes do not count, nor, in parentheses, those
/// in regular expressions.
fn balanced(rule: &str, open: usize, opening: u8, closing: u8) -> Result<usize, AlertRuleError> {
    let bytes = rule.as_bytes();
    let (mut at, mut depth) = (open, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = closed(rule, at, at + 1, b'"')?;
                continue;
            }
            b'~' if opening == b'(' && bytes.get(at + 1) == Some(&b'/') => {
                at = closed(rule, at, at + 2, b'/')?;
                continue;
            }
            byte if byte == opening => depth += 1,
            byte if byte == closing => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(AlertRuleError::at(rule, open, format!("expected a closing {} for this one", char::from(closing))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_inside_quotes_do_not_part_words() {
        let cases: &[(&str, &[(&str, bool)])] = &[
            ("", &[]),
            ("  when  x ", &[("when", true), ("x", true)]),
            (r#"when "a then b" c"#, &[("when", true), (r#""a then b""#, false), ("c", true)]),
            (r#"when "a \" then" c"#, &[("when", true), (r#""a \" then""#, false), ("c", true)]),
            (r"when ~/a \/ then/i c", &[("when", true), (r"~/a \/ then/i", false), ("c", true)]),
            ("when x=~/a b/", &[("when", true), ("x=~/a b/", false)]),
            ("when !(a | (b then)) c", &[("when", true), ("!(a | (b then))", false), ("c", true)]),
            (r#"when (")" ~/\)/ ) c"#, &[("when", true), (r#"(")" ~/\)/ )"#, false), ("c", true)]),
            (r#"when {"a": {"b": "} then"}} c"#, &[("when", true), (r#"{"a": {"b": "} then"}}"#, false), ("c", true)]),
            ("when x { then", &[("when", true), ("x", true), ("{", true), ("then", true)]),
            ("when /a/b ) é\u{a0}ü", &[("when", true), ("/a/b", true), (")", true), ("é", true), ("ü", true)]),
        ];
        for (rule, expect) in cases {
            let found: Vec<_> = words(rule).expect(rule).iter().map(|word| (word.text, word.is_plain)).collect();
            assert_eq!(found, *expect, "{rule}");
        }
    }

    #[test]
    fn what_is_never_closed_is_named_by_its_column() {
        let cases =
            [("when é \"a", 8, '"'), ("when ~/a then", 6, '/'), ("when x(a", 7, ')'), ("when {\"a\":{}", 6, '}')];
        for (rule, column, close) in cases {
            let error = words(rule).expect_err(rule);
            assert_eq!(error.column, column, "{rule}");
            assert_eq!(error.message, format!("expected a closing {close} for this one"));
        }
    }
}
