//! Settings described once, as static tables, and the validated values that modules and rules read.

use ng_wire::{Kind, Setting, SettingValue};
use std::collections::BTreeMap;
use std::fmt;

/// One row of a table of settings. The wire form is [`Setting`].
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Name within its table.
    pub key: &'static str,
    /// What it accepts and what it is when nothing is configured.
    pub accepts: Accepts,
    /// Unit of a number; empty when it has none.
    pub unit: &'static str,
    /// One sentence: what it changes.
    pub summary: &'static str,
}

/// What a setting accepts, with its default first.
#[derive(Clone, Copy, Debug)]
pub enum Accepts {
    /// On or off.
    Bool(bool),
    /// A whole number: default, smallest, largest.
    Int(i64, i64, i64),
    /// A finite number: default, smallest, largest.
    Float(f64, f64, f64),
    /// Any text.
    Text(&'static str),
    /// A regular expression, empty = none.
    Pattern(&'static str),
    /// One of the texts; the first is the default.
    Choice(&'static [&'static str]),
    /// A filter expression, empty = every event. Its syntax is checked by whoever compiles it.
    Filter(&'static str),
    /// A list of texts.
    List(&'static [&'static str]),
}

/// A value was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingError {
    /// The key as given.
    pub key: String,
    /// What was expected.
    pub expected: String,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.expected)
    }
}

impl std::error::Error for SettingError {}

/// A limit of a setting as it is written: with an exponent where it would not fit on a line.
#[derive(Clone, Copy, Debug)]
pub struct Shown(pub f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.abs() < 1e15 { write!(f, "{}", self.0) } else { write!(f, "{:e}", self.0) }
    }
}

/// The values of one table, complete and within their ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    values: BTreeMap<&'static str, SettingValue>,
}

impl Row {
    /// The value used when nothing is configured.
    pub fn default(&self) -> SettingValue {
        match self.accepts {
            Accepts::Bool(value) => SettingValue::Bool(value),
            Accepts::Int(value, ..) => SettingValue::Int(value),
            Accepts::Float(value, ..) => SettingValue::Float(value),
            Accepts::Text(value) | Accepts::Pattern(value) | Accepts::Filter(value) => SettingValue::Text(value.into()),
            Accepts::Choice(values) => SettingValue::Text(values[0].into()),
            Accepts::List(values) => SettingValue::List(values.iter().map(|text| text.to_string()).collect()),
        }
    }

    /// The wire form.
    pub fn describe(&self) -> Setting {
        let (kind, range) = match self.accepts {
            Accepts::Bool(_) => (Kind::Bool, None),
            Accepts::Int(_, min, max) => (Kind::Int, Some((min as f64, max as f64))),
            Accepts::Float(_, min, max) => (Kind::Float, Some((min, max))),
            Accepts::Text(_) | Accepts::Pattern(_) => (Kind::Text, None),
            Accepts::Choice(_) => (Kind::Choice, None),
            Accepts::Filter(_) => (Kind::Filter, None),
            Accepts::List(_) => (Kind::List, None),
        };
        let choices = match self.accepts {
            Accepts::Choice(values) => values.iter().map(|text| text.to_string()).collect(),
            _ => Vec::new(),
        };
        Setting {
            key: self.key.into(),
            kind,
            default: self.default(),
            min: range.map(|range| range.0),
            max: range.map(|range| range.1),
            choices,
            unit: self.unit.into(),
            summary: self.summary.into(),
        }
    }

    /// The value in the form this setting stores, or what was expected instead.
    pub fn accept(&self, value: &SettingValue) -> Result<SettingValue, String> {
        use SettingValue as V;
        match (self.accepts, value) {
            (Accepts::Bool(_), V::Bool(_))
            | (Accepts::Text(_) | Accepts::Filter(_), V::Text(_))
            | (Accepts::List(_), V::List(_)) => Ok(value.clone()),
            (Accepts::Int(_, min, max), V::Int(given)) if (min..=max).contains(given) => Ok(value.clone()),
            (Accepts::Int(_, min, max), _) => Err(format!("expected a whole number from {min} to {max}")),
            (Accepts::Float(_, min, max), V::Float(given)) if (min..=max).contains(given) => Ok(value.clone()),
            (Accepts::Float(_, min, max), V::Int(given)) if (min..=max).contains(&(*given as f64)) => {
                Ok(V::Float(*given as f64))
            }
            (Accepts::Float(_, min, max), _) => Err(format!("expected a number from {} to {}", Shown(min), Shown(max))),
            (Accepts::Choice(values), V::Text(given)) if values.contains(&given.as_str()) => Ok(value.clone()),
            (Accepts::Choice(values), _) => Err(format!("expected one of {}", values.join(", "))),
            (Accepts::Bool(_), _) => Err("expected true or false".into()),
            (Accepts::Pattern(_), V::Text(text)) => match regex::bytes::Regex::new(text) {
                Ok(_) => Ok(value.clone()),
                Err(error) => Err(format!("expected a regular expression: {}", last_line(&error.to_string()))),
            },
            (Accepts::Pattern(_), _) => Err("expected a regular expression as text".into()),
            (Accepts::Text(_), _) => Err("expected a text".into()),
            (Accepts::Filter(_), _) => Err("expected a filter expression as text".into()),
            (Accepts::List(_), _) => Err("expected a list of texts".into()),
        }
    }
}

impl Values {
    /// The defaults of a table.
    pub fn defaults(rows: &'static [Row]) -> Self {
        Values { values: rows.iter().map(|row| (row.key, row.default())).collect() }
    }

    /// These values with `changes` applied; refused whole if one is unknown or out of range.
    pub fn with(&self, rows: &'static [Row], changes: &BTreeMap<String, SettingValue>) -> Result<Self, SettingError> {
        let mut next = self.clone();
        for (key, value) in changes {
            let row = rows.iter().find(|row| row.key == key).ok_or_else(|| SettingError {
                key: key.clone(),
                expected: match nearest(key, rows.iter().map(|row| row.key)) {
                    Some(name) => format!("unknown setting; did you mean {name}?"),
                    None => "unknown setting".into(),
                },
            })?;
            let value = row.accept(value).map_err(|expected| SettingError { key: key.clone(), expected })?;
            next.values.insert(row.key, value);
        }
        Ok(next)
    }

    /// The value of a boolean setting.
    ///
    /// # Panics
    /// This and the other getters panic when the table has no such key of that kind: the caller's own mistake, found by its first test.
    pub fn bool(&self, key: &str) -> bool {
        match self.get(key) {
            SettingValue::Bool(value) => *value,
            other => panic!("setting {key} is {other:?}, not a boolean"),
        }
    }

    /// The value of a whole-number setting.
    pub fn int(&self, key: &str) -> i64 {
        match self.get(key) {
            SettingValue::Int(value) => *value,
            other => panic!("setting {key} is {other:?}, not a whole number"),
        }
    }

    /// The value of a number setting.
    pub fn float(&self, key: &str) -> f64 {
        match self.get(key) {
            SettingValue::Float(value) => *value,
            other => panic!("setting {key} is {other:?}, not a number"),
        }
    }

    /// The value of a text, choice or filter setting.
    pub fn text(&self, key: &str) -> &str {
        match self.get(key) {
            SettingValue::Text(value) => value,
            other => panic!("setting {key} is {other:?}, not a text"),
        }
    }

    /// The value of a list setting.
    pub fn list(&self, key: &str) -> &[String] {
        match self.get(key) {
            SettingValue::List(value) => value,
            other => panic!("setting {key} is {other:?}, not a list"),
        }
    }

    /// All values, for frames and the state file.
    pub fn to_map(&self) -> BTreeMap<String, SettingValue> {
        self.values.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
    }

    fn get(&self, key: &str) -> &SettingValue {
        self.values.get(key).unwrap_or_else(|| panic!("no setting {key}"))
    }
}

/// What a regular expression is refused for stands in the last line of its error; the others draw the place.
fn last_line(text: &str) -> &str {
    let line = text.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line)
}

/// The name most like `given`, for "did you mean"; none when nothing is close.
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (distance(given, name), name))
        .min()
        .filter(|(distance, name)| *distance <= (1 + name.len().max(given.len())) / 3)
        .map(|(_, name)| name)
}

/// Levenshtein distance in bytes; two neighbours that changed places count as one change.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, _) => j,
                (_, 0) => i,
                _ => {
                    let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    let swapped = if swapped { rows[i - 2][j - 2] + 1 } else { usize::MAX };
                    substituted.min(swapped).min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1)
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[Row] = &[
        Row { key: "limit", accepts: Accepts::Int(10, 1, 100), unit: "B", summary: "The limit." },
        Row { key: "mode", accepts: Accepts::Choice(&["observe", "enforce"]), unit: "", summary: "The mode." },
        Row { key: "key", accepts: Accepts::Pattern(""), unit: "", summary: "The key." },
        Row { key: "ceiling", accepts: Accepts::Float(1.0, 0.5, 1e300), unit: "", summary: "The ceiling." },
    ];

    fn change(key: &str, value: SettingValue) -> Result<Values, SettingError> {
        Values::defaults(ROWS).with(ROWS, &BTreeMap::from([(key.to_string(), value)]))
    }

    #[test]
    fn unknown_key_names_the_nearest() {
        let error = change("limti", SettingValue::Int(1)).unwrap_err();
        assert_eq!(error.to_string(), "limti: unknown setting; did you mean limit?");
    }

    #[test]
    fn out_of_range_says_what_was_expected() {
        let error = change("limit", SettingValue::Int(101)).unwrap_err();
        assert_eq!(error.expected, "expected a whole number from 1 to 100");
        assert_eq!(
            change("ceiling", SettingValue::Int(-1)).unwrap_err().expected,
            "expected a number from 0.5 to 1e300"
        );
        assert_eq!(
            change("mode", SettingValue::Text("off".into())).unwrap_err().expected,
            "expected one of observe, enforce"
        );
    }

    #[test]
    fn a_regular_expression_is_compiled_before_it_is_accepted() {
        assert_eq!(change("key", SettingValue::Text(r"blk_-?\d+".into())).unwrap().text("key"), r"blk_-?\d+");
        let error = change("key", SettingValue::Text("(".into())).unwrap_err();
        assert_eq!(error.expected, "expected a regular expression: unclosed group");
        assert_eq!(change("key", SettingValue::Int(1)).unwrap_err().expected, "expected a regular expression as text");
    }

    #[test]
    fn accepted_values_are_read_back() {
        assert_eq!(change("limit", SettingValue::Int(100)).unwrap().int("limit"), 100);
        assert_eq!(change("mode", SettingValue::Text("enforce".into())).unwrap().text("mode"), "enforce");
    }
}
