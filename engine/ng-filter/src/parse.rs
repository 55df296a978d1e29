//! Tokens to a syntax tree: negation binds closest, then juxtaposition, then `|`.

use super::ast::{At, Expr};
use super::lexer::{Lexer, Token};
use super::{FilterError, MAX_DEPTH};

type Result<T> = std::result::Result<T, FilterError>;

/// Parses an expression of the text language.
pub(super) fn parse(text: &str) -> Result<Expr> {
    let mut parser = Parser { lexer: Lexer::new(text), ahead: None };
    parser.advance()?;
    if parser.ahead.is_none() {
        return Ok(Expr::Everything);
    }
    let expr = parser.any(0, "at the start")?;
    match parser.ahead {
        None => Ok(expr),
        Some((_, at)) => Err(FilterError::at(at, "this ) has no (")),
    }
}

struct Parser {
    lexer: Lexer,
    ahead: Option<(Token, At)>,
}

impl Parser {
    fn advance(&mut self) -> Result<()> {
        self.ahead = self.lexer.token()?;
        Ok(())
    }

    /// Alternatives between `|`; `place` says where the first one was expected.
    fn any(&mut self, depth: usize, place: &str) -> Result<Expr> {
        let mut parts = vec![self.all(depth, place)?];
        while let Some((Token::Or, _)) = self.ahead {
            self.advance()?;
            parts.push(self.all(depth, "after |")?);
        }
        Ok(Expr::any(parts))
    }

    fn all(&mut self, depth: usize, place: &str) -> Result<Expr> {
        let mut parts = vec![self.one(depth, place)?];
        while let Some((Token::Leaf(_) | Token::Not | Token::Open, _)) = self.ahead {
            parts.push(self.one(depth, place)?);
        }
        Ok(Expr::all(parts))
    }

    fn one(&mut self, depth: usize, place: &str) -> Result<Expr> {
        let Some((token, at)) = self.ahead.take() else {
            return Err(FilterError::at(self.lexer.end(), format!("expected an expression {place}")));
        };
        if depth == MAX_DEPTH && matches!(token, Token::Not | Token::Open) {
            let message = format!("more than {MAX_DEPTH} nested parentheses and negations");
            return Err(FilterError::at(at, message));
        }
        self.advance()?;
        match token {
            Token::Leaf(leaf) => Ok(leaf),
            Token::Not => Ok(Expr::negated(self.one(depth + 1, "after !")?)),
            Token::Open => {
                let inside = self.any(depth + 1, "after (")?;
                let Some((Token::Close, _)) = self.ahead else {
                    let message = format!("expected ) for the ( in column {}", at.0);
                    return Err(FilterError::at(self.lexer.end(), message));
                };
                self.advance()?;
                Ok(inside)
            }
            Token::Or if place == "after |" => {
                Err(FilterError::at(at, "expected an expression after |, found |; or is written with one |"))
            }
            Token::Or => Err(FilterError::at(at, format!("expected an expression {place}, found |"))),
            Token::Close if place == "after (" => Err(FilterError::at(at, "expected an expression after (, found )")),
            Token::Close if depth == 0 => Err(FilterError::at(at, "this ) has no (")),
            Token::Close => Err(FilterError::at(at, format!("expected an expression {place}, found )"))),
        }
    }
}
