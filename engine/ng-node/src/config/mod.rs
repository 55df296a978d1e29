//! Configuration: layers of TOML, environment and flags become checked values that know where they come from.
//!
//! Every key is a row of a table of settings (see `sections`), except the names below the tables of [`FREE`], which the
//! person chooses. A later layer wins, key by key.

mod formats;
mod layer;
mod reading;
mod sections;
mod template;
mod zones;

pub use layer::{Layer, Origin};
pub use ng_reading::formats::{FormatFile, Formats};
pub use ng_reading::report::{Report, Share};
pub use template::{reference, template, toml_value};

use crate::NodeError;
use ng_filter::{Env, Filter};
use ng_model::settings::{Accepts, Row, nearest};
use ng_model::zone::Zone;
use ng_wire::SettingValue;
use sections::{FREE, sections};
use std::collections::BTreeMap;

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    values: BTreeMap<String, (SettingValue, Origin)>,
    /// Files of declared formats.
    formats: Vec<FormatFile>,
}

impl Config {
    /// Merges layers, the later over the earlier. Every fault is reported, not only the first.
    pub fn resolve(layers: &[Layer]) -> Result<Config, Vec<NodeError>> {
        let (config, faults) = Config::examine(layers);
        if faults.is_empty() { Ok(config) } else { Err(faults) }
    }

    /// Merges what of the layers is good, and says what is wrong with the rest: whoever checks can go on to what only
    /// the whole shows. In place of a refused value stands that of an earlier layer, or the default.
    pub fn examine(layers: &[Layer]) -> (Config, Vec<NodeError>) {
        let mut values = BTreeMap::new();
        for section in sections() {
            for row in &section.rows {
                values.insert(format!("{}.{}", section.path, row.key), (row.default(), Origin::default()));
            }
        }
        let defaults = values.clone();
        let mut faults = Vec::new();
        for layer in layers {
            let (entries, unread) = layer.read();
            faults.extend(unread);
            for (path, value, origin) in entries {
                match accept(&path, &value, &origin) {
                    Ok(value) => drop(values.insert(path, (value, origin))),
                    Err(error) => faults.push(error),
                }
            }
        }
        let format = |layer: &Layer| match layer {
            Layer::Format(file) => Some(file.clone()),
            _ => None,
        };
        let mut config = Config { values, formats: layers.iter().filter_map(format).collect() };
        let filters = config.check_filters();
        let words = config.vocabulary().err();
        let wrong = |path: &str| {
            filters.iter().any(|(refused, _)| refused == path)
                || words.is_some() && (path.starts_with("reading.levels.") || path.starts_with("reading.keys."))
        };
        config.values = config
            .values
            .into_iter()
            .filter_map(|(path, value)| {
                let value = if wrong(&path) { defaults.get(&path)?.clone() } else { value };
                Some((path, value))
            })
            .collect();
        faults.extend(filters.into_iter().map(|(_, error)| error).chain(words));
        (config, faults)
    }

    /// Every value with its origin, by dotted path.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &SettingValue, &Origin)> {
        self.values.iter().map(|(path, (value, origin))| (path.as_str(), value, origin))
    }

    /// The value at a path of a table of settings.
    pub fn get(&self, path: &str) -> Option<&SettingValue> {
        self.values.get(path).map(|(value, _)| value)
    }

    /// The values of the table at `path`, keyed by what follows it, that differ from the defaults or not.
    pub fn table(&self, path: &str) -> BTreeMap<String, SettingValue> {
        let prefix = format!("{path}.");
        let inside = self.values.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        inside.map(|(key, (value, _))| (key[prefix.len()..].to_owned(), value.clone())).collect()
    }

    /// The texts of a table whose names the person chose.
    pub fn texts(&self, path: &str) -> BTreeMap<String, String> {
        let text = |(key, value)| match value {
            SettingValue::Text(text) => Some((key, text)),
            _ => None,
        };
        self.table(path).into_iter().filter_map(text).collect()
    }

    /// Where a value comes from.
    pub fn origin(&self, path: &str) -> Origin {
        self.values.get(path).map(|(_, origin)| origin.clone()).unwrap_or_default()
    }

    /// Refuses a configuration by which a server would listen nowhere. A console with an engine of its own needs no place.
    pub fn check_is_served(&self) -> Result<(), NodeError> {
        let is = |key: &str, value| self.get(&format!("server.{key}")) == Some(&value);
        if !is("listen", SettingValue::List(Vec::new())) || !is("socket", SettingValue::Text("none".into())) {
            return Ok(());
        }
        let what = "server.listen: there is nothing to listen on: it is empty, and server.socket is none";
        let place = self.origin("server.listen").to_string();
        let hint = "set server.listen to an address such as [\"127.0.0.1:8000\"], or server.socket to a path";
        Err(NodeError::config("NG-2107", place, what).hint(hint))
    }

    /// What filters are compiled against.
    pub fn env(&self, now_ns: i64, zone: Zone) -> Env {
        Env { saved: self.texts("filters"), now_ns, zone }
    }

    /// The paths of the filters that are refused, and why.
    fn check_filters(&self) -> Vec<(String, NodeError)> {
        let env = self.env(0, Zone::UTC);
        let check = |(path, text): (String, String)| {
            let error = Filter::compile(&text, &env).err()?;
            let what = format!("{path}: {}", error.message);
            let place = format!("{}, column {} of the filter", self.origin(&path), error.column);
            Some((path, NodeError::config("NG-2105", place, what)))
        };
        let saved = self.texts("filters").into_iter().map(|(name, text)| (format!("filters.{name}"), text));
        let settings = sections().into_iter().flat_map(|section| {
            let filters = section.rows.into_iter().filter(|row| matches!(row.accepts, Accepts::Filter(_)));
            filters.map(move |row| format!("{}.{}", section.path, row.key)).collect::<Vec<_>>()
        });
        let rules = settings.filter_map(|path| match self.get(&path) {
            Some(SettingValue::Text(text)) => Some((path, text.clone())),
            _ => None,
        });
        saved.chain(rules).filter_map(check).collect()
    }
}

/// The value in the form its setting stores, or what is wrong with it.
fn accept(path: &str, value: &SettingValue, origin: &Origin) -> Result<SettingValue, NodeError> {
    let refuse = |code, what: String| Err(NodeError::config(code, origin.to_string(), what));
    let free = FREE.iter().find_map(|table| Some((*table, path.strip_prefix(table)?.strip_prefix('.')?)));
    if let Some((table, name)) = free {
        return match value {
            SettingValue::Text(text) if !name.is_empty() => match zones::fault(table, name, text) {
                Some((code, what)) => refuse(code, what),
                None => Ok(value.clone()),
            },
            _ => refuse("NG-2104", format!("{path}: expected a text")),
        };
    }
    let all = sections();
    let Some((section, key)) = path.rsplit_once('.') else {
        let names = all.iter().map(|section| section.path.split('.').next().unwrap_or_default()).chain(FREE);
        return refuse("NG-2103", unknown("table", path, names));
    };
    let Some(found) = all.iter().find(|known| known.path == section) else {
        let names = all.iter().map(|section| section.path.as_str()).chain(FREE);
        return refuse("NG-2103", unknown("table", section, names));
    };
    let Some(row) = found.rows.iter().find(|row| row.key == key) else {
        let hint = unknown("key", key, found.rows.iter().map(|row: &Row| row.key));
        return refuse("NG-2103", format!("{hint} in {section}"));
    };
    row.accept(value).or_else(|expected| refuse("NG-2104", format!("{path}: {expected}")))
}

fn unknown<'a>(what: &str, given: &str, names: impl Iterator<Item = &'a str>) -> String {
    match nearest(given, names) {
        Some(name) => format!("unknown {what} {given}; did you mean {name}?"),
        None => format!("unknown {what} {given}"),
    }
}

#[cfg(test)]
mod tests;
