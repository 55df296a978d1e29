//! Reads the clause `unless RULE, … fires`.

use super::rule_error::{AlertRuleError, QUOTES};
use super::words::{Taken, Word};

/// The name of an alert rule where another one gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleName {
    /// The name.
    pub name: String,
    /// Column of its first character in the rule that gives it, from 1.
    pub column: usize,
}

/// Takes `unless RULE, … fires` from the end of the words. A name with blanks, commas or quotes is quoted.
pub(super) fn take_unless<'w, 'a>(rule: &str, words: &'w [Word<'a>]) -> Taken<'w, 'a, Vec<RuleName>> {
    let Some(at) = words.iter().rposition(|word| word.is("unless")) else { return Ok((words, None)) };
    let end = words[words.len() - 1].end();
    let (mut names, mut rest): (Vec<RuleName>, _) = (Vec::new(), &rule[words[at].end()..end]);
    loop {
        rest = rest.trim_start();
        let start = end - rest.len();
        let (name, after) = name(rest);
        if name.is_empty() || (name == "fires" && !rest.starts_with('"')) {
            return Err(AlertRuleError::at(rule, start, format!("expected the name of an alert rule; {QUOTES}")));
        }
        if names.iter().any(|known| known.name == name) {
            return Err(AlertRuleError::at(rule, start, format!("{name} stands twice")));
        }
        names.push(RuleName { name, column: AlertRuleError::column_of(rule, start) });
        rest = after.trim_start();
        let Some(more) = rest.strip_prefix(',') else { break };
        rest = more;
    }
    let start = end - rest.len();
    match words.iter().position(|word| word.start == start && word.is("fires")) {
        Some(last) if last + 1 == words.len() => Ok((&words[..at], Some(names))),
        // Another clause follows.
        Some(_) => Ok((words, None)),
        None => Err(AlertRuleError::at(rule, start, format!("expected fires, as in unless node-down fires; {QUOTES}"))),
    }
}

/// The name at the start of a text, without its quotes, and what follows it.
fn name(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|character: char| character == ',' || character.is_whitespace()).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let (mut name, mut is_escaped) = (String::new(), false);
    for (at, character) in quoted.char_indices() {
        match character {
            '\\' if !is_escaped => is_escaped = true,
            '"' if !is_escaped => return (name, &quoted[at + 1..]),
            _ => {
                name.push(character);
                is_escaped = false;
            }
        }
    }
    (name, "")
}
