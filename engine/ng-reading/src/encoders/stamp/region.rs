//! Zones by their names of the IANA behind a time: `22-Nov-2026 13:02:03 Europe/Berlin`.
//!
//! Whether a text is such a name follows from its bytes, whether there is such a zone or not.

use super::cursor::Cursor;
use ng_model::zone::Zone;
use std::sync::{PoisonError, RwLock};

/// What the names begin with.
const REGIONS: [&[u8]; 12] = [
    b"Africa",
    b"America",
    b"Antarctica",
    b"Arctic",
    b"Asia",
    b"Atlantic",
    b"Australia",
    b"Canada",
    b"Etc",
    b"Europe",
    b"Indian",
    b"Pacific",
];
/// Longest name.
const LONGEST: usize = 40;
/// Most zones that are kept; there are about 600 names.
const MOST: usize = 1024;

/// Zones that stamps have named, in the order in which they came. A zone is looked for once.
static FOUND: RwLock<Vec<(String, Zone)>> = RwLock::new(Vec::new());

/// Passes over a name and gives the place of its zone among those that were found, none where there is no such zone.
pub(super) fn named(cursor: &mut Cursor<'_>) -> Option<Option<u16>> {
    let rest = cursor.rest();
    // Most words behind a time are in capitals.
    if !rest.get(1)?.is_ascii_lowercase() && !rest.starts_with(b"US/") {
        return None;
    }
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte);
    let len = rest.iter().take(LONGEST).take_while(is_part).count();
    let name = &rest[..len];
    let slash = memchr::memchr(b'/', name)?;
    let is_region = REGIONS.contains(&&name[..slash]) || name.starts_with(b"US/");
    if !is_region || !name.get(slash + 1)?.is_ascii_alphabetic() {
        return None;
    }
    cursor.at += len;
    Some(row(name))
}

/// The place of a zone among those that were found.
pub(super) fn row(name: &[u8]) -> Option<u16> {
    let name = std::str::from_utf8(name).ok()?;
    let place = |found: &[(String, Zone)]| found.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
    if let Some(row) = place(&FOUND.read().unwrap_or_else(PoisonError::into_inner)) {
        return Some(row as u16);
    }
    let zone = Zone::named(name)?;
    let mut found = FOUND.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(row) = place(&found) {
        return Some(row as u16);
    }
    (found.len() < MOST).then(|| {
        found.push((name.to_owned(), zone));
        found.len() as u16 - 1
    })
}

/// The zone at a place.
pub(in crate::encoders) fn zone(row: u16) -> Zone {
    let found = FOUND.read().unwrap_or_else(PoisonError::into_inner);
    found.get(usize::from(row)).map_or(Zone::UTC, |(_, zone)| zone.clone())
}
