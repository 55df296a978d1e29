//! The one filter language of console, `tail`, subscriptions, alert rules and Guardian rules.
//!
//! | written | matches |
//! |---|---|
//! | `refused`, `"two words"` | the event contains it, with its stamp, fields and further lines; in any case unless it holds an upper-case letter |
//! | `~/time.?out/i` | the event or its message matches the regular expression; flags `i s m x` |
//! | `text:refused` | the message alone contains it |
//! | `a b`, <code>a \| b</code>, `!a`, `(…)` | all, any, not, grouping; `!` binds closest, <code>\|</code> loosest |
//! | `level>=warn`, `level:warn,error` | a comparison; `:` `=` `!=` `>` `>=` `<` `<=`, a list means any of (after `!=`: none of) |
//! | `type:metric.**`, `source:sys*` | a glob; `source:sys` finds a part of the name |
//! | `attr.user=root`, `attr.ms>5`, `has:attr.ip` | a field of the reading |
//! | `age<2m`, `since:12:30`, `since:10m` | time; relative to the clock given to [`Filter::matches`], or to [`Env::now_ns`] |
//! | `@name` | a saved filter |
//! | `{"priority": {"$gte": 160}}` | the JSON dialect |
//!
//! A field that an event does not have makes its comparison false, `!=` included. So `novelty<=1` is false for an event
//! that was not scored, and its negation `!novelty<=1` is true.
//!
//! No spaces stand around an operator. A word with a colon whose first part is no field (`http://host`, `12:30:45`,
//! `std::fmt`) is searched for; one that looks like a misspelt field is an error.
//!
//! # Layout
//!
//! `lexer` → `parse` (or `dialect`) → `ast`, whose `Display` is the canonical form → `check` (with `fields`, `rules`,
//! `units`, `pattern`) → `eval`, with `head`. `hint` says what may be meant otherwise. `attrs` reads fields of the raw
//! bytes. `keys` and `partial_evaluation` say of a compiled filter what can be known of its result without it being run:
//! the routes find the subscriptions of a record by them. `needed` says what every event has that passes, by which history is
//! searched. `never` says of a filter that nothing passes it.

#![forbid(unsafe_code)]

mod ast;
mod attrs;
mod check;
mod dialect;
mod eval;
mod fields;
mod head;
mod hint;
mod keys;
mod lexer;
mod needed;
mod never;
mod parse;
mod partial_evaluation;
mod pattern;
pub mod rules;
#[cfg(test)]
mod tests;
mod units;

pub use attrs::{attr, text_of};
pub use fields::{FieldKind, FieldRow, fields};
pub use hint::{Hint, hint};
pub use keys::{Key, MAX_PART_LEN};
pub use needed::{Needed, NeededText, Within};
pub use never::Place;
pub use partial_evaluation::{Known, PartialEvaluation, REJECTED, Rest, SITUATIONS, situation};

use ast::{At, Expr};
use eval::Node;
use ng_model::event::Event;
use ng_model::record::StoredRecord;
use ng_model::zone::Zone;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Longest filter, in characters, as written and in canonical form.
pub const MAX_CHARS: usize = 4096;
/// Deepest nesting of parentheses and negations.
pub const MAX_DEPTH: usize = 64;

/// Saved filters that are always there; one of the same name in [`Env::saved`] goes before.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("logs", "!type:metric.**"),
    ("new", "is:novel"),
    ("quiet", "!type:metric.** !type:system.heartbeat | is:novel | is:alert"),
    ("wrong", "level>=warn | is:alert | verdict:reject"),
];

/// What a filter is compiled against.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// Saved filters, used as `@name`.
    pub saved: BTreeMap<String, String>,
    /// The time at which `since:` and clock times are resolved, nanoseconds since 1970, UTC.
    pub now_ns: i64,
    /// The zone of clock times and days that state none.
    pub zone: Zone,
}

/// Why a filter was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterError {
    /// Column of the fault, counted in characters from 1. In the JSON dialect it is that of a fault of JSON itself; for
    /// all others the message names the JSON path, and the column is 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl FilterError {
    fn at(at: At, message: impl Into<String>) -> Self {
        FilterError { column: at.0, message: message.into() }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for FilterError {}

/// A compiled filter. A clone shares the compiled form.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    canonical: String,
    /// Absent when every event matches.
    root: Option<Arc<Node>>,
}

impl Filter {
    /// Compiles an expression; the empty expression matches everything. Text that starts with `{` is the JSON dialect.
    pub fn compile(text: &str, env: &Env) -> Result<Filter, FilterError> {
        let (expr, node) = read(text, |expr| check::check(expr, env))?;
        let root = (expr != Expr::Everything).then(|| Arc::new(node));
        Ok(Filter { text: text.into(), canonical: expr.to_string(), root })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The expression in canonical form, in the text language; compiled, it is its own canonical form.
    pub fn canonical(&self) -> String {
        self.canonical.clone()
    }

    /// It matches every event.
    pub fn is_everything(&self) -> bool {
        self.root.is_none()
    }

    /// The event passes. A field that the event does not have makes its comparison false.
    ///
    /// Allocates only for a message or attribute that holds JSON escapes.
    pub fn matches(&self, stored: &StoredRecord<'_>, now_ns: i64) -> bool {
        self.root.as_ref().is_none_or(|root| eval::matches(root, stored, None, now_ns))
    }

    /// Like [`Filter::matches`], of an event on its way, whose fields need not be parsed again.
    pub fn matches_event(&self, event: &Event<'_>, now_ns: i64) -> bool {
        self.root.as_ref().is_none_or(|root| eval::matches(root, &event.stored(), Some(event.parsed), now_ns))
    }

    /// Byte ranges of `text` that the words of the filter hit, in order, not overlapping; for search highlights.
    ///
    /// Words and regular expressions on the message count, unless they stand under a negation. Ranges lie on
    /// character boundaries.
    pub fn highlights(&self, text: &str) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        if let Some(root) = &self.root {
            root.hits(text, true, &mut hits);
        }
        hits.retain(|(start, end)| start < end && text.is_char_boundary(*start) && text.is_char_boundary(*end));
        hits.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(hits.len());
        for (start, end) in hits {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        merged
    }
}

/// Parses a text in either language and hands the tree to `check`, whose errors then point into the text.
fn read(text: &str, check: impl FnOnce(&Expr) -> Result<Node, FilterError>) -> Result<(Expr, Node), FilterError> {
    if text.chars().nth(MAX_CHARS).is_some() {
        let message = format!("the filter is longer than {MAX_CHARS} characters");
        return Err(FilterError { column: MAX_CHARS + 1, message });
    }
    let (expr, paths) = match text.trim_start().starts_with('{') {
        true => dialect::parse(text).map(|(expr, paths)| (expr, Some(paths)))?,
        false => (parse::parse(text)?, None),
    };
    // Both hold for a text that needs quotes it was written without, or for JSON that says much in few characters.
    if expr.nesting() > MAX_DEPTH || expr.to_string().chars().nth(MAX_CHARS).is_some() {
        let message = format!("the canonical form exceeds {MAX_CHARS} characters or {MAX_DEPTH} nested levels");
        return Err(FilterError { column: 1, message });
    }
    let node = check(&expr).map_err(|error| match &paths {
        Some(paths) => {
            let path = paths.get(error.column).map_or("$", String::as_str);
            FilterError { column: 1, message: format!("{path}: {}", error.message) }
        }
        None => error,
    })?;
    Ok((expr, node))
}
