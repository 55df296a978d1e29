//! The time, as the wire writes it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970, UTC.
pub fn now_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
}

/// Seconds since 1970, UTC.
pub fn now_s() -> u64 {
    (now_ns() / 1_000_000_000) as u64
}

/// Nanoseconds since 1970 as `2026-03-04T05:06:07.123456Z`; a time before 1970 is 1970.
pub fn iso(ns: i64) -> String {
    let time = jiff::Timestamp::from_nanosecond(i128::from(ns.max(0))).unwrap_or_default();
    format!("{time:.6}")
}

/// Seconds since 1970, as [`iso`] writes them.
pub fn iso_s(seconds: u64) -> String {
    iso(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000_000))
}

/// The time now, as [`iso`] writes it.
pub fn now_iso() -> String {
    iso(now_ns())
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(iso(-1), "1970-01-01T00:00:00.000000Z");
        assert_eq!(iso(951_782_400_000_000_000), "2000-02-29T00:00:00.000000Z");
        assert_eq!(iso(1_795_348_800_123_456_789), "2026-11-22T12:00:00.123456Z");
    }
}
