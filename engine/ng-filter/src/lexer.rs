//! Text to tokens. A comparison, with its operator and values, is one token: no space stands inside it.

use super::FilterError;
use super::ast::{At, Compare, Expr, Literal, Op, Value, is_delimiter, of_other_languages};
use super::fields;
use ng_model::settings::nearest;

/// A piece of an expression.
#[derive(Debug)]
pub(super) enum Token {
    Open,
    Close,
    Or,
    Not,
    /// A search, a comparison or a saved filter.
    Leaf(Expr),
}

/// What names of sources begin with, before a colon; such a name is no comparison.
const KINDS_OF_SOURCES: [&str; 2] = ["file", "http"];

/// Reads tokens from text.
pub(super) struct Lexer {
    chars: Vec<char>,
    next: usize,
}

type Result<T> = std::result::Result<T, FilterError>;

impl Lexer {
    /// Starts at the beginning of `text`.
    pub(super) fn new(text: &str) -> Self {
        Lexer { chars: text.chars().collect(), next: 0 }
    }

    /// The next token and its column; nothing at the end.
    pub(super) fn token(&mut self) -> Result<Option<(Token, At)>> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next += 1;
        }
        let at = self.at();
        let Some(first) = self.peek() else { return Ok(None) };
        let simple = match first {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '|' => Some(Token::Or),
            '!' if self.char(self.next + 1) != Some('=') => Some(Token::Not),
            _ => None,
        };
        if let Some(token) = simple {
            self.next += 1;
            return Ok(Some((token, at)));
        }
        let leaf = match first {
            '"' => self.quoted_search()?,
            '~' if self.char(self.next + 1) == Some('/') => Expr::Search(self.regex()?),
            '@' => self.saved()?,
            _ => self.word()?,
        };
        match self.peek() {
            Some('(') => Err(self.error("expected a space before (; put quotes around a text that holds it")),
            Some('"') => {
                Err(self.error("expected a space before the quote; write \\\" inside quotes to search for it"))
            }
            Some(c) if c != ')' && c != '|' && !c.is_whitespace() => {
                Err(self.error(&format!("expected a space before {c}")))
            }
            _ => Ok(Some((Token::Leaf(leaf), at))),
        }
    }

    /// The column after the last character.
    pub(super) fn end(&self) -> At {
        At(self.chars.len() + 1)
    }

    fn at(&self) -> At {
        At(self.next + 1)
    }

    fn char(&self, index: usize) -> Option<char> {
        self.chars.get(index).copied()
    }

    fn peek(&self) -> Option<char> {
        self.char(self.next)
    }

    fn error(&self, message: &str) -> FilterError {
        FilterError::at(self.at(), message)
    }

    fn quoted_search(&mut self) -> Result<Expr> {
        let at = self.at();
        let text = self.quoted()?;
        if text.is_empty() {
            return Err(FilterError::at(at, "expected a text between the quotes"));
        }
        Ok(Expr::Search(Value { literal: Literal::Text(text), at }))
    }

    fn saved(&mut self) -> Result<Expr> {
        let at = self.at();
        self.next += 1;
        let start = self.next;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || "_-.".contains(c)) {
            self.next += 1;
        }
        if self.next == start {
            return Err(self.error("expected the name of a saved filter after @"));
        }
        Ok(Expr::Saved { name: self.chars[start..self.next].iter().collect(), at })
    }

    /// A comparison, or a word to search for.
    fn word(&mut self) -> Result<Expr> {
        let at = self.at();
        let start = self.next;
        while self.peek().is_some_and(|c| !is_delimiter(c)) && self.operator().is_none() {
            self.next += 1;
        }
        let mut field: String = self.chars[start..self.next].iter().collect();
        if field == "attr." && self.peek() == Some('"') {
            field.push_str(&self.quoted()?);
            if self.operator().is_none() {
                return Err(self.error("expected an operator after the attribute, such as = or :"));
            }
        }
        let operator = self.operator();
        if let Some(op) = operator.filter(|_| fields::find(&field).is_some()) {
            return self.comparison(field, op, at);
        }
        while self.peek().is_some_and(|c| c == ',' || !is_delimiter(c)) {
            self.next += 1;
        }
        let text: String = self.chars[start..self.next].iter().collect();
        if let Some(op) = operator {
            plain_text(&field, op, &text, at)?;
        }
        if let Some(how) = of_other_languages(&text) {
            let message = format!("{how}; put {text} between double quotes to search for it");
            return Err(FilterError::at(at, message));
        }
        Ok(Expr::Search(Value { literal: Literal::Text(text), at }))
    }

    fn comparison(&mut self, field: String, op: Op, at: At) -> Result<Expr> {
        self.next += op.symbol().len();
        let mut after = op.symbol();
        let mut values = Vec::new();
        loop {
            let value = self.value(op)?;
            if value.is_none() {
                let expected = fields::find(&field).map_or("a value".into(), |row| row.expects());
                return Err(self.error(&format!("expected {expected} after {after}")));
            }
            values.extend(value);
            if self.peek() != Some(',') {
                return Ok(Expr::Compare(Compare { field, op, values, at }));
            }
            self.next += 1;
            after = "the comma";
        }
    }

    /// A value; nothing where there is none.
    fn value(&mut self, op: Op) -> Result<Option<Value>> {
        let at = self.at();
        match self.peek() {
            Some('"') => Ok(Some(Value { literal: Literal::Text(self.quoted()?), at })),
            Some('~') if op == Op::Like && self.char(self.next + 1) == Some('/') => self.regex().map(Some),
            _ => {
                let start = self.next;
                while self.peek().is_some_and(|c| !is_delimiter(c)) {
                    self.next += 1;
                }
                let text: String = self.chars[start..self.next].iter().collect();
                Ok((!text.is_empty()).then_some(Value { literal: Literal::Text(text), at }))
            }
        }
    }

    /// The operator that starts here.
    fn operator(&self) -> Option<Op> {
        let equals = self.char(self.next + 1) == Some('=');
        match self.peek()? {
            ':' => Some(Op::Like),
            '=' => Some(Op::Equal),
            '!' if equals => Some(Op::Differ),
            '>' if equals => Some(Op::AtLeast),
            '>' => Some(Op::Above),
            '<' if equals => Some(Op::AtMost),
            '<' => Some(Op::Below),
            _ => None,
        }
    }

    /// A text in quotes. A backslash that stands before neither a quote nor a backslash is itself.
    fn quoted(&mut self) -> Result<String> {
        let at = self.at();
        self.next += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(FilterError::at(at, "this quote is not closed")),
                Some('"') => break,
                Some('\\') if matches!(self.char(self.next + 1), Some('"' | '\\')) => {
                    self.next += 1;
                    text.extend(self.peek());
                }
                Some(c) => text.push(c),
            }
            self.next += 1;
        }
        self.next += 1;
        Ok(text)
    }

    /// `~/pattern/flags`.
    fn regex(&mut self) -> Result<Value> {
        let at = self.at();
        self.next += 2;
        let mut pattern = String::new();
        loop {
            match (self.peek(), self.char(self.next + 1)) {
                (None, _) => {
                    return Err(FilterError::at(at, "expected / at the end of the regular expression; quote a path"));
                }
                (Some('/'), _) => break,
                (Some('\\'), Some('/')) => {
                    pattern.push('/');
                    self.next += 1;
                }
                (Some('\\'), Some(c)) => {
                    pattern.extend(['\\', c]);
                    self.next += 1;
                }
                (Some(c), _) => pattern.push(c),
            }
            self.next += 1;
        }
        self.next += 1;
        let mut flags: Vec<char> = Vec::new();
        while let Some(flag) = self.peek().filter(|c| !is_delimiter(*c)) {
            if !"imsx".contains(flag) {
                return Err(self.error(&format!("expected a flag out of i, m, s, x after the slash, found {flag}")));
            }
            flags.push(flag);
            self.next += 1;
        }
        flags.sort_unstable();
        flags.dedup();
        Ok(Value { literal: Literal::Regex { pattern, flags: flags.into_iter().collect() }, at })
    }
}

/// Accepts addresses, paths, times and arrows as words to search for; refuses what was meant as a comparison.
fn plain_text(field: &str, op: Op, text: &str, at: At) -> Result<()> {
    let symbol = op.symbol();
    if text.chars().all(|c| ":=!<>".contains(c)) || text.starts_with("!=") {
        let message = format!("expected a field before {symbol}, without spaces; quote it to search for it");
        return Err(FilterError::at(at, message));
    }
    let is_name = field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && field.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && field.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if !is_name || text.contains(['/', '\\']) || text.contains("::") {
        return Ok(());
    }
    let is_source = op == Op::Like && KINDS_OF_SOURCES.contains(&field) && text.len() > field.len() + symbol.len();
    let hint = match nearest(field, fields::fields().map(|row| row.name)) {
        _ if is_source => format!("the source of this name is written source:{text}."),
        Some(name) => format!("did you mean {name}?"),
        None => format!("attributes are written attr.{field}."),
    };
    let message = format!("unknown field {field}; {hint} To search for the text, put it in quotes");
    Err(FilterError::at(at, message))
}
