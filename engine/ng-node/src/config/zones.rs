//! The zones of sources, and what abbreviations of zones mean.

use super::{Config, unknown};
use crate::zone::named;
use ng_model::zone::{Zone, Zones};
use ng_reading::encoders::abbreviations;

/// The only key of a source.
const ZONE: &str = ".zone";

impl Config {
    /// How times are read that state no zone: in that of their source, else in the local one.
    pub(crate) fn zones(&self, local: Zone) -> Zones {
        let zone = |(key, text): (String, String)| Some((key.strip_suffix(ZONE)?.to_owned(), named(&text)?));
        let offset = |(name, text): (String, String)| Some((name, offset_s(&text)?));
        Zones {
            local,
            sources: self.texts("sources").into_iter().filter_map(zone).collect(),
            abbreviations: self.texts("reading.abbreviations").into_iter().filter_map(offset).collect(),
        }
    }
}

/// The code and words for what is wrong with a text in one of these tables; nothing for other tables.
pub(super) fn fault(table: &str, name: &str, text: &str) -> Option<(&'static str, String)> {
    match table {
        "sources" => {
            let Some(source) = name.strip_suffix(ZONE).filter(|source| !source.is_empty()) else {
                let path = format!("sources.{name}");
                let (section, key) = path.rsplit_once('.').unwrap_or_default();
                return Some(("NG-2103", format!("unknown key {key} in {section}; expected sources.NAME.zone")));
            };
            let expected = format!("sources.{source}.zone: expected a time zone such as Europe/Berlin, found {text:?}");
            named(text).is_none().then_some(("NG-2104", expected))
        }
        "reading.abbreviations" if !abbreviations().any(|known| known == name) => {
            Some(("NG-2103", unknown("abbreviation", name, abbreviations())))
        }
        "reading.abbreviations" => {
            let expected = format!("reading.abbreviations.{name}: expected an offset such as +05:30, found {text:?}");
            offset_s(text).is_none().then_some(("NG-2104", expected))
        }
        _ => None,
    }
}

/// Seconds east of UTC of `±hh:mm`.
fn offset_s(text: &str) -> Option<i32> {
    let east = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let number = |digits: &str| digits.parse::<i32>().ok().filter(|_| digits.len() == 2 && !digits.starts_with('+'));
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    ((0..=14).contains(&hours) && (0..60).contains(&minutes)).then_some(east * (hours * 3600 + minutes * 60))
}
