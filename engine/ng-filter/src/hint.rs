//! What may be meant otherwise in a filter that is not refused: words that are operators elsewhere.

use super::FilterError;
use super::ast::{At, Expr, Literal, operator_of_other_languages};
use super::lexer::{Lexer, Token};
use super::parse::parse;

/// A place of a filter, and how what may be meant there is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// Counted in characters from 1.
    pub column: usize,
    /// What is done, and how the other is written.
    pub message: String,
}

/// A hint about the first word that stands where other languages have an operator: `refused and timeout`. Such words are
/// searched for, so a filter with them is right and may yet find nothing. Nothing for a filter that is refused, and for
/// the JSON dialect.
pub fn hint(text: &str) -> Option<Hint> {
    if text.chars().nth(super::MAX_CHARS).is_some() || text.trim_start().starts_with('{') {
        return None;
    }
    parse(text).ok()?;
    let tokens = tokens(text).ok()?;
    let begins = |index: usize| matches!(tokens.get(index), Some((Token::Leaf(_) | Token::Open | Token::Not, _)));
    let ends = |index: usize| matches!(tokens.get(index), Some((Token::Leaf(_) | Token::Close, _)));
    tokens.iter().enumerate().find_map(|(index, (token, at))| {
        let word = bare_word(token, *at, text)?;
        let how = operator_of_other_languages(word)?;
        // A negation has nothing before it; the others stand between two.
        let stands = begins(index + 1) && (word.eq_ignore_ascii_case("not") || index > 0 && ends(index - 1));
        let message = format!("{word} is searched for; {how}");
        stands.then_some(Hint { column: at.0, message })
    })
}

fn tokens(text: &str) -> Result<Vec<(Token, At)>, FilterError> {
    let mut lexer = Lexer::new(text);
    let mut found = Vec::new();
    while let Some(token) = lexer.token()? {
        found.push(token);
    }
    Ok(found)
}

/// The word that a token searches for, when it was written without quotes.
fn bare_word<'a>(token: &'a Token, at: At, text: &str) -> Option<&'a str> {
    match token {
        Token::Leaf(Expr::Search(value)) => match &value.literal {
            Literal::Text(word) if text.chars().nth(at.0 - 1) != Some('"') => Some(word),
            _ => None,
        },
        _ => None,
    }
}
