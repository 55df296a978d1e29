//! Numbers with units, durations, and points in time.

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use ng_model::zone::Zone;
use ng_reading::encoders;
use ng_wire::Unit;

/// A number, and its unit when one is written; converted to the base unit (seconds, bytes, bytes per second).
///
/// Durations: `ns us ms s m h d`; sizes: `B kB MB GB TB` (powers of 1000), `KiB MiB GiB TiB`, in any case; rates: a
/// size and `/s`, or `/s` alone; `%`; `C`, `°C`.
pub(super) fn quantity(text: &str) -> Option<(f64, Option<Unit>)> {
    let (number, unit) = leading_number(text)?;
    if unit.is_empty() {
        return Some((number, None));
    }
    let (factor, unit) = match unit {
        "%" => (1.0, Unit::Percent),
        "C" | "°C" => (1.0, Unit::Celsius),
        "/s" => (1.0, Unit::PerSecond),
        _ => match (seconds(unit), unit.strip_suffix("/s")) {
            (Some(factor), _) => (factor, Unit::Seconds),
            (None, Some(size)) => (bytes(size)?, Unit::BytesPerSecond),
            (None, None) => (bytes(unit)?, Unit::Bytes),
        },
    };
    Some((number * factor, Some(unit)))
}

/// A duration in seconds: `90s`, `1h30m`. A unit is needed.
pub(super) fn duration(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = leading_number(rest)?;
        let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        total += number * seconds(&after[..letters])?;
        rest = &after[letters..];
    }
    (!text.is_empty() && total >= 0.0).then_some(total)
}

/// A point in time, nanoseconds since 1970, UTC.
///
/// `12:30[:15]` is the latest such time that local clocks have shown; `10m` is that long ago; nine or more digits are seconds
/// since 1970; `2026-11-22` is the beginning of the day. Everything else is read as on a line: `2026-11-22T12:30` is local
/// unless `Z` or `+02:00` follows.
pub(super) fn moment(text: &str, now_ns: i64, zone: &Zone) -> Option<i64> {
    if let Some(ago) = duration(text) {
        return in_range(i128::from(now_ns) - (ago * 1e9) as i128);
    }
    if let Some(clock) = clock_time(text) {
        return latest(clock, now_ns, zone);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits >= 9 {
        return leading_number(text).filter(|(_, rest)| rest.is_empty()).and_then(|(s, _)| in_range((s * 1e9) as i128));
    }
    match date(text) {
        Some(day) => zone.moments(day.to_datetime(Time::midnight())).map(|[_, earlier]| earlier),
        None => encoders::stated_time(text, now_ns, zone),
    }
}

/// The latest moment not after now at which clocks showed so much since midnight.
fn latest(clock: SignedDuration, now_ns: i64, zone: &Zone) -> Option<i64> {
    let today = zone.civil(now_ns).date();
    // A day that a zone has left out, to be on the other side of the date line, is another one to step back over.
    (0..=2).find_map(|back| {
        let day = today.checked_sub(SignedDuration::from_hours(24 * back)).ok()?;
        let shown = day.to_datetime(Time::midnight()).checked_add(clock).ok()?;
        zone.moments(shown)?.into_iter().find(|moment| *moment <= now_ns)
    })
}

/// The decimal number at the start, and what follows it. Never infinite.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    end += digits(end);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end += 1 + sign + digits(end + 1 + sign);
        }
    }
    let number: f64 = text[..end].parse().ok()?;
    number.is_finite().then_some((number, &text[end..]))
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    })
}

fn bytes(unit: &str) -> Option<f64> {
    const SIZES: [(&str, f64); 9] = [
        ("b", 1.0),
        ("kb", 1e3),
        ("mb", 1e6),
        ("gb", 1e9),
        ("tb", 1e12),
        ("kib", 1024.0),
        ("mib", 1_048_576.0),
        ("gib", 1_073_741_824.0),
        ("tib", 1_099_511_627_776.0),
    ];
    SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, factor)| *factor)
}

/// `HH:MM[:SS[.fraction]]`, counted from midnight.
fn clock_time(text: &str) -> Option<SignedDuration> {
    let mut parts = text.split(':');
    let hours = number(parts.next()?, 1..=2, 23)?;
    let minutes = number(parts.next()?, 2..=2, 59)?;
    let mut since = SignedDuration::from_mins(hours * 60 + minutes);
    if let Some(part) = parts.next() {
        let (whole, fraction) = part.split_once('.').unwrap_or((part, ""));
        if part.ends_with('.') || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
        let nanos = digits.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
        since += SignedDuration::new(number(whole, 2..=2, 60)?, nanos);
    }
    parts.next().is_none().then_some(since)
}

/// `2026-11-22`.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month) = (number(parts.next()?, 4..=4, 9999)?, number(parts.next()?, 2..=2, 12)?);
    let day = number(parts.next()?, 2..=2, 31).filter(|_| parts.next().is_none())?;
    Date::new(year as i16, month as i8, day as i8).ok()
}

/// A number of so many digits that is not larger than `max`.
fn number(text: &str, digits: std::ops::RangeInclusive<usize>, max: i64) -> Option<i64> {
    let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number <= max)
}

fn in_range(nanos: i128) -> Option<i64> {
    i64::try_from(nanos).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use jiff::tz::{Offset, TimeZone};

    // 2026-11-22T12:00:00Z
    const NOW: i64 = 1_795_348_800_000_000_000;
    const S: i64 = 1_000_000_000;

    #[test]
    fn quantities() {
        let check = |text: &str, expect: Option<(f64, Option<Unit>)>| assert_eq!(quantity(text), expect, "{text}");
        check("5ms", Some((0.005, Some(Unit::Seconds))));
        check("-1.5e3", Some((-1500.0, None)));
        check("3MiB", Some((3_145_728.0, Some(Unit::Bytes))));
        check("2mb", Some((2e6, Some(Unit::Bytes))));
        check("2kB/s", Some((2000.0, Some(Unit::BytesPerSecond))));
        check("7/s", Some((7.0, Some(Unit::PerSecond))));
        check("90%", Some((90.0, Some(Unit::Percent))));
        check("2m", Some((120.0, Some(Unit::Seconds))));
        for wrong in ["", "ms", "5 ms", "5x", "inf", "nan", "1e999", "-", ".", "5ms/s"] {
            check(wrong, None);
        }
    }

    #[test]
    fn durations() {
        let check = |text: &str, expect: Option<f64>| assert_eq!(duration(text), expect, "{text}");
        check("1h30m", Some(5400.0));
        check("250us", Some(0.00025));
        check("1.5d", Some(129_600.0));
        for wrong in ["", "30", "m", "1h30", "-5s", "5kB"] {
            check(wrong, None);
        }
    }

    #[test]
    fn moments() {
        let check = |text: &str, offset: i32, expect: Option<i64>| {
            let zone = Zone::new(Offset::from_seconds(offset).unwrap().to_time_zone());
            assert_eq!(moment(text, NOW, &zone), expect, "{text}");
        };
        check("10m", 0, Some(NOW - 600 * S));
        check("11:30", 0, Some(NOW - 1800 * S));
        check("12:00", 0, Some(NOW));
        check("12:30", 0, Some(NOW - 86_400 * S + 1800 * S));
        check("12:30", 3600, Some(NOW - 1800 * S));
        check("1:00:00.25", -3600, Some(NOW - 10 * 3600 * S + S / 4));
        check("2026-11-22", 0, Some(NOW - 12 * 3600 * S));
        check("2026-11-22T13:00", 3600, Some(NOW));
        check("2026-11-22 12:00:01Z", 3600, Some(NOW + S));
        check("2026-11-22T12:00:00-01:30", 0, Some(NOW + 5400 * S));
        check("2024-02-29", 0, Some(1_709_164_800 * S));
        check("1970-01-01", 0, Some(0));
        check("1795348800", 0, Some(NOW));
        check("22.11.2026 12:00:00", 0, Some(NOW));
        check("Nov 22 13:00:00 CET", 0, Some(NOW));
        for wrong in [
            "",
            "25:00",
            "12:5",
            "12",
            "2026-13-01",
            "2025-02-29",
            "2026-11-22T",
            "9999-01-01",
            "12:30:61",
            "2026-11-2é",
        ] {
            check(wrong, 0, None);
        }
    }

    #[test]
    fn clock_times_and_days_follow_the_rule_of_their_day() {
        let check = |zone: &str, now: &str, text: &str, expect: &str| {
            let zone = Zone::new(TimeZone::get(zone).unwrap());
            let now: Timestamp = now.parse().unwrap();
            let found = moment(text, now.as_nanosecond() as i64, &zone).unwrap();
            let found = Timestamp::from_nanosecond(i128::from(found)).unwrap();
            assert_eq!(found.to_string(), expect, "{text} at {now}");
        };
        let berlin = "Europe/Berlin";
        check(berlin, "2026-11-22T12:00:00Z", "2026-07-01T12:00", "2026-07-01T10:00:00Z");
        check(berlin, "2026-11-22T12:00:00Z", "2026-07-01", "2026-06-30T22:00:00Z");
        check(berlin, "2026-11-22T12:00:00Z", "2026-07-01T12:00Z", "2026-07-01T12:00:00Z");
        // Clocks were set forward in the night, and it is not yet nine.
        check(berlin, "2026-03-29T06:00:00Z", "09:00", "2026-03-28T08:00:00Z");
        check(berlin, "2026-03-29T08:00:00Z", "09:00", "2026-03-29T07:00:00Z");
        check(berlin, "2026-03-29T08:00:00Z", "02:30", "2026-03-29T01:30:00Z");
        check(berlin, "2026-03-29T01:10:00Z", "02:30", "2026-03-28T01:30:00Z");
        // They are set back, and show half past two twice.
        check(berlin, "2026-10-25T00:20:00Z", "02:30", "2026-10-24T00:30:00Z");
        check(berlin, "2026-10-25T00:40:00Z", "02:30", "2026-10-25T00:30:00Z");
        check(berlin, "2026-10-25T01:40:00Z", "02:30", "2026-10-25T01:30:00Z");
        check(berlin, "2026-11-22T12:00:00Z", "2026-10-25T02:30", "2026-10-25T00:30:00Z");
        check("Australia/Lord_Howe", "2026-10-03T23:00:00Z", "01:45", "2026-10-03T15:15:00Z");
        // Samoa left out the thirtieth.
        check("Pacific/Apia", "2011-12-30T10:30:00Z", "12:00", "2011-12-29T22:00:00Z");
    }
}
