//! From the bytes of a message to its tokens: where words begin and end, and which are variables by their look.

use super::exception;
use super::tokens::{EMPTY, MOST_TOKENS, TokenTable, WILDCARD};
use ng_model::symbols::Sym;

/// A text between quotes that is longer is words.
const QUOTED: usize = 1024;
/// A longer key is data.
const KEY: usize = 32;
/// So many words with a comma behind them, and the one after them, are a list.
const LISTED: usize = 2;
/// What a look at a message's bytes found besides its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Digits {
    /// ASCII digits.
    pub(super) digits: usize,
    /// Bytes looked at.
    pub(super) bytes: usize,
    /// The first word that names the class of an exception; [`EMPTY`] where none does.
    pub(super) exception: u32,
}

const SPACE: u8 = 1;
const DIGIT: u8 = 2;
const SLASH: u8 = 4;
const DOT: u8 = 8;
const COLON: u8 = 16;
const QUOTE: u8 = 32;
const EQUALS: u8 = 64;
/// A quoted text was seen, which no single byte tells.
const QUOTED_TEXT: u8 = 128;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b' ' | b'\t'..=b'\r' | 0x1c..=0x1f => SPACE,
            b'0'..=b'9' => DIGIT,
            b'/' => SLASH,
            b'.' => DOT,
            b':' => COLON,
            b'"' | b'\'' | b'`' => QUOTE,
            b'=' => EQUALS,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

impl TokenTable {
    /// Splits a message at white space into `out`. A token that holds a digit, a slash after its first byte, a text in quotes,
    /// or both a dot and a colon is a variable, unless it names the class of an exception; so is a list of three words or
    /// more with commas between them. A run of variables is one. Of a variable behind `key=` the key stays.
    pub(super) fn split(&mut self, source: Sym, message: &[u8], out: &mut Vec<u32>) -> Digits {
        out.clear();
        let mut exception = EMPTY;
        // Words with a comma behind them, and where the first of them stands.
        let (mut listed, mut first) = (0, 0);
        let mut at = 0;
        while at < message.len() && out.len() < MOST_TOKENS {
            if CLASSES[message[at] as usize] == SPACE {
                at += 1;
                continue;
            }
            let start = at;
            let mut seen = 0;
            if message[at] == b'/' {
                at += 1;
            }
            loop {
                let (length, classes) = plain(&message[at..]);
                at += length;
                seen |= classes;
                if message.get(at).is_none_or(|byte| CLASSES[*byte as usize] == SPACE) {
                    break;
                }
                match quoted(&message[start..], at - start) {
                    Some(length) => {
                        at += length;
                        seen |= QUOTED_TEXT;
                    }
                    None => at += 1,
                }
            }
            let text = &message[start..at];
            let class = if exception == EMPTY { exception::of_word(text) } else { None };
            let variable =
                seen & (DIGIT | SLASH | QUOTED_TEXT) != 0 || seen & (DOT | COLON) == DOT | COLON && class.is_none();
            let word = match variable {
                false => self.intern(source, text),
                true if seen & EQUALS != 0 => self.keyed(source, text),
                true => None,
            };
            if let Some(token) = word {
                out.push(token);
            } else if out.last() != Some(&WILDCARD) {
                out.push(WILDCARD);
            }
            if let Some(class) = class {
                exception = self.class(source, class);
            }
            let item = seen & (EQUALS | COLON) == 0;
            if item && text.ends_with(b",") {
                if listed == 0 {
                    first = out.len() - 1;
                }
                listed += 1;
            } else if listed > 0 {
                if item && listed >= LISTED {
                    fold(out, first);
                }
                listed = 0;
            }
        }
        if listed > LISTED {
            fold(out, first);
        }
        if out.is_empty() {
            out.push(EMPTY);
        }
        Digits { digits: digits(&message[..at]), bytes: at, exception }
    }

    /// The number of `key=*`, where a word is a key with a value that is a variable.
    fn keyed(&mut self, source: Sym, text: &[u8]) -> Option<u32> {
        let equals = text.iter().position(|byte| *byte == b'=').filter(|at| *at > 0 && *at + 1 < text.len())?;
        let is_key = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.');
        let mut key = [0; KEY + 2];
        if equals > KEY || !text[..equals].iter().all(is_key) {
            return None;
        }
        key[..equals].copy_from_slice(&text[..equals]);
        key[equals..equals + 2].copy_from_slice(b"=*");
        self.intern(source, &key[..equals + 2])
    }

    /// The number of the class of an exception.
    pub(super) fn class(&mut self, source: Sym, class: &[u8]) -> u32 {
        self.intern(source, class).unwrap_or(WILDCARD)
    }
}

/// The length of what neither ends a word nor opens a text in quotes, as nearly all bytes do, and the classes of its bytes.
#[inline(never)]
fn plain(text: &[u8]) -> (usize, u8) {
    let mut seen = 0;
    for (at, byte) in text.iter().enumerate() {
        let class = CLASSES[*byte as usize];
        if class & (SPACE | QUOTE) != 0 {
            return (at, seen);
        }
        seen |= class;
    }
    (text.len(), seen)
}

/// How many digits a text has. A run of bytes is counted in bytes, many at once.
fn digits(text: &[u8]) -> usize {
    let of_run = |run: &[u8]| run.iter().fold(0u8, |count, byte| count + u8::from(byte.is_ascii_digit()));
    text.chunks(usize::from(u8::MAX)).map(|run| usize::from(of_run(run))).sum()
}

/// The length of a text in quotes that begins at a byte of a token, with its quotes: at the start of the token, or behind what
/// stands before a value. An apostrophe opens nothing, for a letter follows the next one; nor does a request as HTTP writes it,
/// whose method says what happened.
fn quoted(token: &[u8], at: usize) -> Option<usize> {
    let method = token[at + 1..].iter().take(8).take_while(|byte| byte.is_ascii_uppercase()).count();
    let is_request = method >= 3 && token[at + 1 + method..].starts_with(b" /");
    let opens = !is_request && (at == 0 || matches!(token[at - 1], b'=' | b':' | b'(' | b'[' | b'{' | b','));
    let window = &token[at..token.len().min(at + QUOTED)];
    let end = (1..window.len()).find(|end| window[*end] == window[0] && window[end - 1] != b'\\').filter(|_| opens)?;
    (!window.get(end + 1).is_some_and(u8::is_ascii_alphanumeric)).then_some(end + 1)
}

/// Makes one variable of the tokens from a place on.
fn fold(tokens: &mut Vec<u32>, from: usize) {
    tokens.truncate(from);
    if tokens.last() != Some(&WILDCARD) {
        tokens.push(WILDCARD);
    }
}

/// The tokens of a message, as texts.
#[cfg(test)]
pub(super) fn words(tokens: &mut TokenTable, source: u32, message: &str) -> Vec<String> {
    let mut out = Vec::new();
    tokens.split(Sym(source), message.as_bytes(), &mut out);
    out.iter().map(|token| String::from_utf8_lossy(tokens.text(*token)).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expect: &str) {
        let found = words(&mut TokenTable::new(), 1, message);
        assert_eq!(found.join(" "), expect, "{message:?}");
    }

    #[test]
    fn variables_are_masked_and_runs_of_them_are_one() {
        check("Receiving block blk_12 src: /10.0.0.1:50 dest: /10.0.0.2:51", "Receiving block * src: * dest: *");
        check("  a\tb \n c ", "a b c");
        check("/root a/b x.y:z x.y x:z", "/root * x.y x:z");
        check("1 2 3 go 4", "* go *");
        check("* 1 2", "*");
        check("1 *", "* *");
        check("/1 /a /a/b", "* /a *");
    }

    #[test]
    fn a_text_in_quotes_is_one_variable() {
        check(r#"user said "hello there, all of you" in channel"#, "user said * in channel");
        check(r#"user said "" in channel"#, "user said * in channel");
        check(r#"tag="View Lock", name='a b' (`c d`)."#, "tag=* name=* *");
        check(r#"msg="it said \" and went on" end"#, "msg=* end");
        check("it isn't the users' choice, 'tis theirs", "it isn't the users' choice, 'tis theirs");
        check(r#"an "open quote stays words"#, r#"an "open quote stays words"#);
        check(r#""GET /cart/7 HTTP/1.1" was "so slow""#, r#""GET * was *"#);
    }

    #[test]
    fn the_key_of_a_variable_stays() {
        check("port=8080 took=5ms: done user=ann", "port=* took=* done user=ann");
        check("x1=2 a/b=3 =4 5=", "*");
        check("session-id=7 a.b_c=/tmp/x, last", "session-id=* a.b_c=* last");
        check(&format!("{}=1", "k".repeat(33)), "*");
    }

    #[test]
    fn a_list_is_one_variable() {
        check("handlers for [TERM, HUP, INT] are set", "handlers for * are set");
        check("handlers for [TERM, HUP, INT, QUIT, USR1] are set", "handlers for * are set");
        check("items: a, b2, c", "items: *");
        check("items: a, b, c,", "items: *");
        check("a, b", "a, b");
        check("first, a b", "first, a b");
        check("x=a, y=b, z=c", "x=a, y=b, z=c");
    }

    #[test]
    fn the_class_of_an_exception_is_a_word() {
        check("it failed: java.io.IOException: no space", "it failed: java.io.IOException: no space");
        let mut tokens = TokenTable::new();
        let mut exception = |message: &str| {
            let found = tokens.split(Sym(1), message.as_bytes(), &mut Vec::new()).exception;
            String::from_utf8_lossy(tokens.text(found)).into_owned()
        };
        assert_eq!(exception("it failed: java.io.IOException: no KeyError"), "java.io.IOException");
        assert_eq!(exception("raised KeyError, and ended"), "KeyError");
        for line in ["Error: no space", "an error", "1Error", "a/b.Error", ""] {
            assert_eq!(exception(line), "", "{line}");
        }
        check("", "");
        check("   ", "");
    }

    #[test]
    fn digits_are_counted() {
        let digits = TokenTable::new().split(Sym(1), b"1a 23 b", &mut Vec::new());
        assert_eq!(digits, Digits { digits: 3, bytes: 7, exception: EMPTY });
    }

    #[test]
    fn a_line_is_looked_at_up_to_its_256th_token() {
        let mut out = Vec::new();
        TokenTable::new().split(Sym(1), "a b ".repeat(500).as_bytes(), &mut out);
        assert_eq!(out.len(), MOST_TOKENS);
    }
}
