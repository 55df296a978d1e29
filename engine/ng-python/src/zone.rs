//! The time zone of this process.

use ng_model::zone::Zone;
use ng_node::zone::{local, named};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::cell::RefCell;
use std::ffi::OsString;

/// The zone of a name; of no name it is that of this process. Raises ValueError.
pub(crate) fn zone(name: &str) -> PyResult<Zone> {
    if name.is_empty() {
        return Ok(local().zone);
    }
    named(name).ok_or_else(|| PyValueError::new_err(format!("no time zone {name}")))
}

/// The name of the zone of this process, and whether it is the one that was asked for: what `TZ` says may be none, and then
/// it is UTC. The name is empty for a zone that has none.
#[pyfunction]
pub(crate) fn local_zone() -> (String, bool) {
    let local = local();
    (local.name, local.problem.is_none())
}

/// What clocks show in the zone of this process, seconds since 1970 UTC: year, month, day, hour, minute, second. None
/// outside of the years 1678 to 2261.
#[pyfunction]
pub(crate) fn local_time(seconds: i64) -> Option<(i16, i8, i8, i8, i8, i8)> {
    thread_local!(static KNOWN: RefCell<Option<(Option<OsString>, Zone)>> = const { RefCell::new(None) });
    let time_ns = seconds.checked_mul(1_000_000_000)?;
    let asked = std::env::var_os("TZ");
    let shown = KNOWN.with_borrow_mut(|known| {
        if known.as_ref().is_none_or(|(of, _)| *of != asked) {
            *known = Some((asked, local().zone));
        }
        known.as_ref().map(|(_, zone)| zone.civil(time_ns))
    })?;
    Some((shown.year(), shown.month(), shown.day(), shown.hour(), shown.minute(), shown.second()))
}
