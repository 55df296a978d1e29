//! The JSON dialect: `{"priority": {"$gte": 150}, "event_type": {"$wildcard": "signal.*"}}` as a syntax tree.
//!
//! Keys of one object, and operators of one key, must all hold. A bare value means `$eq`; `null` means that the field is
//! missing. As everywhere, a missing field makes a comparison false, `$ne` and `$nin` included; `$not` turns that round.

use super::ast::{At, Compare, Expr, Literal, Op, Value as Written};
use super::fields::{self, FieldKind};
use super::{FilterError, MAX_DEPTH};
use ng_model::settings::nearest;
use serde_json::{Map, Value};

const OPERATORS: [&str; 12] =
    ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$contains", "$exists", "$regex", "$wildcard"];
const COMBINATIONS: [&str; 3] = ["$and", "$or", "$not"];

/// Keys that stand for a field of another name. Keys that are no field are attributes.
const ALIASES: [(&str, &str); 6] = [
    ("event_type", "type"),
    ("message", "text"),
    ("severity", "level"),
    ("anomaly_score", "anomaly"),
    ("strength", "alert"),
    ("timestamp", "time"),
];

type Result<T> = std::result::Result<T, FilterError>;

/// Parses the dialect. Places in the tree are indices into the returned JSON paths.
pub(super) fn parse(text: &str) -> Result<(Expr, Vec<String>)> {
    let value: Value = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    let Value::Object(map) = value else { return Err(fault("$", "expected an object")) };
    let mut reader = Reader { paths: Vec::new() };
    if map.is_empty() {
        return Ok((Expr::Everything, reader.paths));
    }
    let expr = reader.object(&map, "$", 0)?;
    Ok((expr, reader.paths))
}

struct Reader {
    paths: Vec<String>,
}

/// What a key stands for.
enum Subject {
    /// A name of the field table, or `attr.` and a key.
    Field(String),
    /// A property, compared with true or false.
    Flag(&'static str),
}

impl Reader {
    /// All conditions of an object.
    fn object(&mut self, map: &Map<String, Value>, path: &str, depth: usize) -> Result<Expr> {
        if map.is_empty() {
            return Err(fault(path, "expected at least one condition"));
        }
        if depth >= MAX_DEPTH {
            return Err(fault(path, &format!("more than {MAX_DEPTH} nested levels")));
        }
        let mut parts = Vec::with_capacity(map.len());
        for (key, value) in map {
            let path = format!("{path}.{key}");
            parts.push(match key.as_str() {
                "$and" => Expr::all(self.list(value, &path, depth)?),
                "$or" => Expr::any(self.list(value, &path, depth)?),
                "$not" => match value {
                    Value::Object(map) => Expr::negated(self.object(map, &path, depth + 1)?),
                    _ => return Err(fault(&path, "expected an object")),
                },
                key if key.starts_with('$') => return Err(unknown(&path, key, &COMBINATIONS)),
                key => self.condition(&subject(key), value, &path, depth)?,
            });
        }
        Ok(Expr::all(parts))
    }

    fn list(&mut self, value: &Value, path: &str, depth: usize) -> Result<Vec<Expr>> {
        let Some(items) = value.as_array().filter(|items| !items.is_empty()) else {
            return Err(fault(path, "expected a list of at least one object"));
        };
        let item = |(index, item): (usize, &Value)| {
            let path = format!("{path}[{index}]");
            match item {
                Value::Object(map) => self.object(map, &path, depth + 1),
                _ => Err(fault(&path, "expected an object")),
            }
        };
        items.iter().enumerate().map(item).collect()
    }

    /// What one key asks for: a value, or an object of operators.
    fn condition(&mut self, subject: &Subject, value: &Value, path: &str, depth: usize) -> Result<Expr> {
        let Value::Object(operators) = value else { return self.operator(subject, "$eq", value, path) };
        if operators.is_empty() {
            return Err(fault(path, "expected an operator, such as $eq"));
        }
        if depth >= MAX_DEPTH {
            return Err(fault(path, &format!("more than {MAX_DEPTH} nested levels")));
        }
        let mut parts = Vec::with_capacity(operators.len());
        for (operator, operand) in operators {
            let path = format!("{path}.{operator}");
            parts.push(match operator.as_str() {
                "$not" => Expr::negated(self.condition(subject, operand, &path, depth + 1)?),
                known if OPERATORS.contains(&known) => self.operator(subject, known, operand, &path)?,
                other if other.starts_with('$') => return Err(unknown(&path, other, &OPERATORS)),
                _ => return Err(fault(&path, "expected an operator, such as $eq; nested keys are written with a dot")),
            });
        }
        Ok(Expr::all(parts))
    }

    fn operator(&mut self, subject: &Subject, operator: &str, operand: &Value, path: &str) -> Result<Expr> {
        let field = match subject {
            Subject::Field(field) => field,
            Subject::Flag(flag) => return self.flag(flag, operator, operand, path),
        };
        let op = match operator {
            "$eq" | "$in" => Op::Equal,
            "$ne" | "$nin" => Op::Differ,
            "$gt" => Op::Above,
            "$gte" => Op::AtLeast,
            "$lt" => Op::Below,
            "$lte" => Op::AtMost,
            _ => Op::Like,
        };
        match (operator, operand) {
            ("$eq", Value::Null) => Ok(Expr::negated(self.has(field, path))),
            ("$ne", Value::Null) => Ok(self.has(field, path)),
            ("$exists", Value::Bool(true)) => Ok(self.has(field, path)),
            ("$exists", Value::Bool(false)) => Ok(Expr::negated(self.has(field, path))),
            ("$exists", _) => Err(fault(path, "expected true or false")),
            ("$in" | "$nin", Value::Array(items)) if !items.is_empty() => {
                let texts: Result<Vec<String>> = items.iter().map(|item| scalar(item, path)).collect();
                Ok(self.compare(field, op, texts?.into_iter().map(Literal::Text).collect(), path))
            }
            ("$in" | "$nin", _) => Err(fault(path, "expected a list of at least one value")),
            ("$contains" | "$regex" | "$wildcard", Value::String(text)) => {
                if !is_text(field) {
                    return Err(fault(path, &format!("{operator} compares texts, which {field} is not")));
                }
                let (pattern, flags) = match operator {
                    "$contains" => (regex::escape(text), ""),
                    "$wildcard" => (wildcard(text), "s"),
                    _ => (text.clone(), ""),
                };
                Ok(self.compare(field, op, vec![Literal::Regex { pattern, flags: flags.into() }], path))
            }
            ("$contains" | "$regex" | "$wildcard", _) => Err(fault(path, "expected a text")),
            _ => {
                let text = scalar(operand, path)?;
                Ok(self.compare(field, op, vec![Literal::Text(text)], path))
            }
        }
    }

    fn flag(&mut self, flag: &str, operator: &str, operand: &Value, path: &str) -> Result<Expr> {
        let wanted = match (operator, operand) {
            ("$eq", Value::Bool(wanted)) => *wanted,
            ("$ne", Value::Bool(unwanted)) => !unwanted,
            ("$eq" | "$ne", _) => return Err(fault(path, "expected true or false")),
            _ => return Err(fault(path, "expected $eq or $ne with true or false")),
        };
        let holds = self.compare("is", Op::Like, vec![Literal::Text(flag.into())], path);
        Ok(if wanted { holds } else { Expr::negated(holds) })
    }

    fn has(&mut self, field: &str, path: &str) -> Expr {
        self.compare("has", Op::Like, vec![Literal::Text(field.into())], path)
    }

    fn compare(&mut self, field: &str, op: Op, literals: Vec<Literal>, path: &str) -> Expr {
        let at = At(self.paths.len());
        self.paths.push(path.into());
        let values = literals.into_iter().map(|literal| Written { literal, at }).collect();
        Expr::Compare(Compare { field: field.into(), op, values, at })
    }
}

fn subject(key: &str) -> Subject {
    match key {
        "is_novel" => return Subject::Flag("novel"),
        "is_alert" => return Subject::Flag("alert"),
        _ => {}
    }
    let name = ALIASES.iter().find(|(alias, _)| *alias == key).map_or(key, |(_, name)| name);
    let known = name != "attr" && fields::find(name).is_some();
    Subject::Field(if known { name.into() } else { format!("attr.{name}") })
}

fn is_text(field: &str) -> bool {
    use FieldKind as K;
    let kind = fields::find(field).map(|row| row.kind);
    matches!(kind, Some(K::Topic | K::Source | K::Message | K::Module | K::Attribute))
}

fn scalar(value: &Value, path: &str) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(fault(path, "expected a text, a number, true or false")),
    }
}

/// A shell wildcard over the whole text: `*` is any characters, dots included, `?` is one, `[a-z]` and `[!a-z]` are sets.
fn wildcard(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut pattern = String::from("^");
    let mut next = 0;
    while next < chars.len() {
        let c = chars[next];
        next += 1;
        match c {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            '[' => {
                let start = next + usize::from(chars.get(next) == Some(&'!'));
                // A bracket right at the start of a set belongs to it.
                let end = chars.iter().skip(start + 1).position(|c| *c == ']').map(|offset| start + 1 + offset);
                let Some(end) = end else {
                    pattern.push_str("\\[");
                    continue;
                };
                pattern.push_str(if start > next { "[^" } else { "[" });
                for c in &chars[start..end] {
                    if c.is_ascii_punctuation() && *c != '-' {
                        pattern.push('\\');
                    }
                    pattern.push(*c);
                }
                pattern.push(']');
                next = end + 1;
            }
            other => pattern.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    pattern
}

fn fault(path: &str, message: &str) -> FilterError {
    FilterError::at(At(1), format!("{path}: {message}"))
}

fn unknown(path: &str, operator: &str, known: &[&str]) -> FilterError {
    let hint = match nearest(operator, known.iter().copied()) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("expected one of {}", known.join(", ")),
    };
    fault(path, &format!("unknown operator {operator}; {hint}"))
}

/// The fault of the JSON parser, with its byte column turned into a column of characters.
fn not_json(text: &str, error: &serde_json::Error) -> FilterError {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let offset = before + error.column().saturating_sub(1);
    let column = 1 + text.char_indices().take_while(|(at, _)| *at < offset).count();
    let message = error.to_string();
    let fault = message.rsplit_once(" at line ").map_or(message.as_str(), |(fault, _)| fault);
    FilterError::at(At(column), format!("this is not JSON: {fault}"))
}
