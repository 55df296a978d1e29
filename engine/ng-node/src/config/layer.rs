//! One layer of configuration: a TOML text, or single values from the environment and from flags.

use crate::NodeError;
use ng_reading::formats::FormatFile;
use ng_wire::SettingValue;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// A file, `environment`, `flag`; empty = built in.
    pub layer: String,
    /// Line and column in a file, counted from 1.
    pub place: Option<(usize, usize)>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.layer.as_str(), self.place) {
            ("", _) => f.write_str("default"),
            (layer, Some((line, column))) => write!(f, "{layer}:{line}:{column}"),
            (layer, None) => f.write_str(layer),
        }
    }
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// A file, with the name that errors and origins show.
    File {
        /// Its name.
        name: String,
        /// Its text.
        text: String,
        /// The table that its keys stand in, such as `guardian` for a policy; empty for a whole configuration.
        table: String,
    },
    /// A declared format of logs; it adds no settings.
    Format(FormatFile),
    /// One value, such as `NEUROGRAPH_RING__CAPACITY=5000` or `--set ring.capacity=5000`.
    Value {
        /// Where it comes from.
        name: String,
        /// Dotted path.
        path: String,
        /// The value in TOML notation; what is not valid TOML is taken as text.
        text: String,
    },
}

/// A value with its dotted path and origin.
pub(super) type Entry = (String, SettingValue, Origin);

impl Layer {
    /// Every value of the layer, and what is wrong with the others.
    pub(super) fn read(&self) -> (Vec<Entry>, Vec<NodeError>) {
        let (mut entries, mut faults) = (Vec::new(), Vec::new());
        match self {
            Layer::File { name, text, table: outer } => {
                // A byte order mark is what editors of other systems leave; TOML does not know it.
                let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                match DeTable::parse(text) {
                    Ok(table) => collect(outer, table.get_ref(), (name, text), &mut entries, &mut faults),
                    Err(error) => faults.push(syntax(name, text, &error)),
                }
            }
            Layer::Format(_) => {}
            Layer::Value { name, path, text } => {
                let line = format!("x = {text}");
                let origin = Origin { layer: name.clone(), place: None };
                let value = match DeTable::parse(&line) {
                    Ok(table) if table.get_ref().len() == 1 => {
                        let value = table.get_ref().values().next().map(Spanned::get_ref);
                        value.and_then(plain).unwrap_or_else(|| SettingValue::Text(text.clone()))
                    }
                    _ => SettingValue::Text(text.clone()),
                };
                entries.push((path.clone(), value, origin));
            }
        }
        (entries, faults)
    }
}

/// The values of a table of the file with this name and text.
fn collect(
    path: &str,
    table: &DeTable<'_>,
    (name, text): (&str, &str),
    entries: &mut Vec<Entry>,
    faults: &mut Vec<NodeError>,
) {
    for (key, value) in table {
        let path = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
        let origin = Origin { layer: name.to_owned(), place: Some(place(text, key.span().start)) };
        match value.get_ref() {
            DeValue::Table(inner) => collect(&path, inner, (name, text), entries, faults),
            other => match plain(other) {
                Some(value) => entries.push((path, value, origin)),
                None => {
                    let what = format!(
                        "{path}: expected a text, number, boolean or list of texts, found {}",
                        other.type_str()
                    );
                    faults.push(NodeError::config("NG-2102", origin.to_string(), what));
                }
            },
        }
    }
}

fn plain(value: &DeValue<'_>) -> Option<SettingValue> {
    Some(match value {
        DeValue::String(text) => SettingValue::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            SettingValue::Int(i64::from_str_radix(&digits, number.radix()).ok()?)
        }
        DeValue::Float(number) => SettingValue::Float(number.as_str().replace('_', "").parse().ok()?),
        DeValue::Boolean(value) => SettingValue::Bool(*value),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            SettingValue::List(texts?)
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

fn syntax(name: &str, text: &str, error: &toml::de::Error) -> NodeError {
    let place = error.span().map(|span| place(text, span.start));
    let origin = Origin { layer: name.to_owned(), place };
    NodeError::config("NG-2101", origin.to_string(), format!("not valid TOML: {}", error.message()))
}

/// Line and column of a byte offset, both counted from 1, the column in characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
