//! The syntax tree of a filter; its `Display` is the canonical form.
//!
//! Nested conjunctions and disjunctions are flat, so that a printed tree is parsed into the same tree.

use std::fmt;

/// Where a piece of the tree was written: a column counted in characters from 1, or, for the JSON dialect, the number
/// of a path. Trees that differ only in this are equal.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct At(pub(super) usize);

impl PartialEq for At {
    fn eq(&self, _: &At) -> bool {
        true
    }
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// `:` membership, glob or substring, whichever suits the field.
    Like,
    /// `=`
    Equal,
    /// `!=`
    Differ,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

impl Op {
    /// As it is written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Op::Like => ":",
            Op::Equal => "=",
            Op::Differ => "!=",
            Op::Above => ">",
            Op::AtLeast => ">=",
            Op::Below => "<",
            Op::AtMost => "<=",
        }
    }

    /// It compares sizes.
    pub(super) fn is_order(self) -> bool {
        matches!(self, Op::Above | Op::AtLeast | Op::Below | Op::AtMost)
    }
}

/// What stands after an operator, or alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    /// Text; quotes only delimit it.
    Text(String),
    /// A regular expression.
    Regex {
        /// Without the delimiting slashes; slashes in it stand unescaped.
        pattern: String,
        /// Sorted letters out of `imsx`.
        flags: String,
    },
}

/// A literal and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) literal: Literal,
    pub(super) at: At,
}

/// `field OP value,value`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compare {
    /// A name of the field table, or `attr.` and a key.
    pub(super) field: String,
    pub(super) op: Op,
    /// At least one.
    pub(super) values: Vec<Value>,
    pub(super) at: At,
}

/// A filter as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// The empty filter; occurs only alone.
    Everything,
    /// Two or more, none of them `All`.
    All(Vec<Expr>),
    /// Two or more, none of them `Any`.
    Any(Vec<Expr>),
    /// Negation.
    Not(Box<Expr>),
    /// A search in the message.
    Search(Value),
    /// `@name`.
    Saved { name: String, at: At },
    /// A comparison.
    Compare(Compare),
}

impl Expr {
    /// The conjunction of `parts`.
    pub(super) fn all(parts: Vec<Expr>) -> Expr {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expr::All(inner) => flat.extend(inner),
                Expr::Everything => {}
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Expr::All(flat) } else { flat.pop().unwrap_or(Expr::Everything) }
    }

    /// The disjunction of `parts`, of which there is at least one.
    pub(super) fn any(parts: Vec<Expr>) -> Expr {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expr::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Expr::Any(flat) } else { flat.pop().unwrap_or(Expr::Everything) }
    }

    /// The negation of `part`.
    pub(super) fn negated(part: Expr) -> Expr {
        Expr::Not(Box::new(part))
    }

    /// Nested parentheses and negations of the canonical form.
    pub(super) fn nesting(&self) -> usize {
        let deepest = |parts: &[Expr], opens: fn(&Expr) -> bool| {
            parts.iter().map(|part| part.nesting() + usize::from(opens(part))).max().unwrap_or(0)
        };
        match self {
            Expr::All(parts) => deepest(parts, |part| matches!(part, Expr::Any(_))),
            Expr::Any(parts) => deepest(parts, |_| false),
            Expr::Not(part) => part.nesting() + 1 + usize::from(matches!(**part, Expr::All(_) | Expr::Any(_))),
            _ => 0,
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Everything => Ok(()),
            Expr::All(parts) => joined(f, parts, " ", |part| matches!(part, Expr::Any(_))),
            Expr::Any(parts) => joined(f, parts, " | ", |_| false),
            Expr::Not(part) if matches!(**part, Expr::All(_) | Expr::Any(_)) => write!(f, "!({part})"),
            Expr::Not(part) => write!(f, "!{part}"),
            Expr::Search(Value { literal: Literal::Text(text), .. }) => write_text(f, text, is_bare_word(text)),
            Expr::Search(value) => value.fmt(f),
            Expr::Saved { name, .. } => write!(f, "@{name}"),
            Expr::Compare(compare) => compare.fmt(f),
        }
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.strip_prefix("attr.") {
            Some(key) => {
                f.write_str("attr.")?;
                write_text(f, key, !key.chars().any(|c| is_delimiter(c) || ":=!<>".contains(c)))?;
            }
            None => f.write_str(&self.field)?,
        }
        f.write_str(self.op.symbol())?;
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            value.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.literal {
            Literal::Text(text) => {
                let bare = !text.is_empty() && !text.starts_with(['=', '~', '!']) && !text.chars().any(is_delimiter);
                write_text(f, text, bare)
            }
            Literal::Regex { pattern, flags } => {
                f.write_str("~/")?;
                let mut escaped = false;
                for c in pattern.chars() {
                    if c == '/' && !escaped {
                        f.write_str("\\")?;
                    }
                    escaped = c == '\\' && !escaped;
                    write!(f, "{c}")?;
                }
                write!(f, "/{flags}")
            }
        }
    }
}

/// It ends an unquoted value.
pub(super) fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || "|(),\"".contains(c)
}

/// How what an operator means in other query languages is written here, whatever the case of its letters.
pub(super) fn operator_of_other_languages(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "and" | "&&" => "a blank means and: refused timeout",
        "or" | "||" => "or is written |: refused | timeout",
        "not" => "not is written !: refused !timeout",
        _ => return None,
    })
}

/// The same of a word that is refused without quotes, for nobody writes it so to search for it.
pub(super) fn of_other_languages(word: &str) -> Option<&'static str> {
    Some(match word {
        "AND" | "OR" | "NOT" => return operator_of_other_languages(word),
        _ if word.starts_with('\'') => "quotes are double here: \"two words\"",
        _ => return None,
    })
}

/// The word means itself without quotes.
fn is_bare_word(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['~', '@', '{'])
        && of_other_languages(text).is_none()
        && !text.chars().any(|c| is_delimiter(c) || ":=!<>\\".contains(c))
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str, bare: bool) -> fmt::Result {
    if bare {
        return f.write_str(text);
    }
    f.write_str("\"")?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{c}")?;
    }
    f.write_str("\"")
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], between: &str, enclose: fn(&Expr) -> bool) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        if enclose(part) { write!(f, "({part})")? } else { write!(f, "{part}")? }
    }
    Ok(())
}
