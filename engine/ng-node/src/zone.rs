//! The time zone of this process, and zones by their names. The rules are those of this system, or where it has none those
//! that were built in.

use jiff::tz::TimeZone;
use ng_model::safe_text::safe_text;
use ng_model::zone::Zone;
use std::ffi::OsStr;

/// Most bytes that are told of what is no zone.
const MAX_LEN: usize = 200;

/// The time zone of this process.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its rules.
    pub zone: Zone,
    /// The name by which [`named`] finds it: of the IANA, or POSIX rules. Empty when it has none but its place.
    pub name: String,
    /// Why it is UTC and not what was asked for.
    pub problem: Option<String>,
}

/// The zone that the variable `TZ` says, else that of the system, else UTC.
pub fn local() -> Local {
    let asked = std::env::var_os("TZ");
    jiff::tz::reset_system_time_zone_cache();
    match TimeZone::try_system() {
        Ok(rules) => {
            let written = asked.as_deref().and_then(OsStr::to_str).filter(|text| TimeZone::posix(text).is_ok());
            let name = rules.iana_name().or(written).unwrap_or_default().to_owned();
            Local { zone: Zone::new(rules), name, problem: None }
        }
        // A system without `/etc/localtime` is on UTC.
        Err(_) => Local {
            zone: Zone::UTC,
            name: "UTC".into(),
            problem: asked.map(|asked| {
                let asked = safe_text(asked.as_encoded_bytes(), MAX_LEN);
                format!("TZ={asked} is no time zone: local times are UTC")
            }),
        },
    }
}

/// The zone of a name: of the IANA, such as `Europe/Berlin`, or the rules themselves as POSIX writes them in `TZ`.
pub fn named(name: &str) -> Option<Zone> {
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).ok().map(Zone::new)
}
