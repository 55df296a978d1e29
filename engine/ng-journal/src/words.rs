//! What a word is to the index.
//!
//! The filter language looks for `refused` anywhere, also inside `connection_refused2`. So a text is taken apart into its
//! longest runs of ASCII letters and `_`: wherever a text of letters alone stands, it stands within one of them. A run is a
//! [`Kind::Word`] by itself, or a [`Kind::Part`] of a longer word that has digits; that word as a whole is [`Kind::Mixed`].
//! Any other byte, also each byte of a letter that is not ASCII, stands between words.

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A word of letters alone.
    Word,
    /// A run of letters in a word that has digits; at least [`MIN_PART`] of them.
    Part,
    /// A word that has digits.
    Mixed,
}

/// Shorter runs of letters within a word are not kept apart: identifiers are full of them. Who looks for fewer letters has the
/// blocks opened.
pub const MIN_PART: usize = 3;

const LETTER: u8 = 1;
const DIGIT: u8 = 2;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => LETTER,
            b'0'..=b'9' => DIGIT,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// The byte is a letter or `_`.
pub(crate) fn is_letter(byte: u8) -> bool {
    CLASSES[byte as usize] == LETTER
}

/// The byte is a part of a word.
pub(crate) fn is_word_byte(byte: u8) -> bool {
    CLASSES[byte as usize] != 0
}

/// Tells the words of a text and the parts of them, a word before its parts.
pub fn split(text: &[u8], mut each: impl FnMut(Kind, &[u8])) {
    let mut at = 0;
    while at < text.len() {
        if !is_word_byte(text[at]) {
            at += 1;
            continue;
        }
        let start = at;
        let mut seen = 0;
        while let Some(class) = text.get(at).map(|byte| CLASSES[*byte as usize]).filter(|class| *class != 0) {
            seen |= class;
            at += 1;
        }
        let word = &text[start..at];
        if seen == LETTER {
            each(Kind::Word, word);
        } else {
            each(Kind::Mixed, word);
            if seen & LETTER != 0 {
                let runs = word.split(|byte| !is_letter(*byte)).filter(|run| run.len() >= MIN_PART);
                runs.for_each(|run| each(Kind::Part, run));
            }
        }
    }
}

/// The text stands in `around`, from `start` to `end`, with no byte of a word on either side.
pub(crate) fn is_whole(around: &[u8], start: usize, end: usize) -> bool {
    !start.checked_sub(1).is_some_and(|before| is_word_byte(around[before]))
        && !around.get(end).is_some_and(|byte| is_word_byte(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let mut found = Vec::new();
        split(text.as_bytes(), |kind, word| {
            let sign = ["", "-", "#"][kind as usize];
            found.push(format!("{sign}{}", String::from_utf8_lossy(word)));
        });
        assert_eq!(found.join(" "), expect, "{text:?}");
    }

    #[test]
    fn words_of_letters_words_with_digits_and_their_parts() {
        check("Receiving block blk_-16 src: /10.0.0.1", "Receiving block blk_ #16 src #10 #0 #0 #1");
        check("blk_12 error2x ab1c abc1def", "#blk_12 -blk_ #error2x -error #ab1c #abc1def -abc -def");
        check("", "");
        check("_a_ -- b", "_a_ b");
        check("größe×2", "gr e #2");
    }

    #[test]
    fn a_word_is_whole_where_no_byte_of_a_word_touches_it() {
        let whole = |text: &str, word: &str| {
            let start = text.find(word).unwrap();
            is_whole(text.as_bytes(), start, start + word.len())
        };
        assert!(whole("error", "error") && whole("an error: x", "error") && whole("é error", "error"));
        assert!(!whole("errors", "error") && !whole("_error", "error") && !whole("error2", "error"));
    }
}
