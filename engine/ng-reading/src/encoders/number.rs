//! Numbers, with or without a unit.

use memchr::memchr;
use ng_wire::Unit;

/// How a unit scales to its base unit. Small units divide, because 1/1000 is exact in that direction only.
#[derive(Clone, Copy)]
enum Scale {
    Times(f64),
    Over(f64),
}

impl Scale {
    fn to_base(self, value: f64) -> f64 {
        match self {
            Scale::Times(factor) => value * factor,
            Scale::Over(divisor) => value / divisor,
        }
    }
}

/// Every notation of a unit, in bytes as written.
const NOTATIONS: &[(&str, Scale, Unit)] = &[
    ("%", Scale::Times(1.0), Unit::Percent),
    ("B", Scale::Times(1.0), Unit::Bytes),
    ("kB", Scale::Times(1e3), Unit::Bytes),
    ("KB", Scale::Times(1e3), Unit::Bytes),
    ("KiB", Scale::Times(1024.0), Unit::Bytes),
    ("MB", Scale::Times(1e6), Unit::Bytes),
    ("MiB", Scale::Times(1_048_576.0), Unit::Bytes),
    ("GB", Scale::Times(1e9), Unit::Bytes),
    ("GiB", Scale::Times(1_073_741_824.0), Unit::Bytes),
    ("TB", Scale::Times(1e12), Unit::Bytes),
    ("TiB", Scale::Times(1_099_511_627_776.0), Unit::Bytes),
    ("/s", Scale::Times(1.0), Unit::PerSecond),
    ("ns", Scale::Over(1e9), Unit::Seconds),
    ("us", Scale::Over(1e6), Unit::Seconds),
    ("µs", Scale::Over(1e6), Unit::Seconds),
    // The Greek letter, which looks the same as the micro sign above.
    ("μs", Scale::Over(1e6), Unit::Seconds),
    ("ms", Scale::Over(1e3), Unit::Seconds),
    ("s", Scale::Times(1.0), Unit::Seconds),
    ("m", Scale::Times(60.0), Unit::Seconds),
    ("min", Scale::Times(60.0), Unit::Seconds),
    ("h", Scale::Times(3600.0), Unit::Seconds),
    ("°C", Scale::Times(1.0), Unit::Celsius),
    ("C", Scale::Times(1.0), Unit::Celsius),
];

/// Longest text that is read as a number; longer ones are not measurements.
const MAX_LEN: usize = 64;

/// A number with an optional unit, in the base unit: `12`, `-3.5e2`, `1,234`, `5ms` (0.005 s), `4 KiB/s` (4096 B/s), `nan`.
pub(super) fn quantity(text: &[u8]) -> Option<(f64, Unit)> {
    if text.len() > MAX_LEN || !text.iter().take(2).any(|byte| byte.is_ascii_digit() || b".iInN".contains(byte)) {
        return None;
    }
    let end = number_len(text);
    if end == text.len() {
        return decimal(text).map(|value| (value, Unit::None));
    }
    if end == 0 {
        return special(text).map(|value| (value, Unit::None));
    }
    let (value, end) = if text[end] == b',' { grouped(text)? } else { (decimal(&text[..end])?, end) };
    if end == text.len() {
        return Some((value, Unit::None));
    }
    let (scale, unit) = unit(text[end..].trim_ascii_start())?;
    Some((scale.to_base(value), unit))
}

/// A decimal number whose unit is told elsewhere, in the base unit: `5` in `ms` is 0.005 s.
pub(super) fn in_unit(text: &[u8], symbol: &str) -> Option<(f64, Unit)> {
    let (scale, unit) = unit(symbol.as_bytes())?;
    decimal(text).map(|value| (scale.to_base(value), unit))
}

/// A decimal number and nothing else: an optional sign, digits, an optional fraction and exponent. Correctly rounded.
pub(super) fn decimal(text: &[u8]) -> Option<f64> {
    /// Powers of ten that are exact.
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    // At most 15 digits and an exact power of ten: one division of exact numbers is correctly rounded.
    if !digits.is_empty() && digits.len() <= 16 {
        let (mut mantissa, mut count, mut fraction) = (0u64, 0, None);
        let simple = digits.iter().all(|&byte| match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                count += 1;
                true
            }
            b'.' if fraction.is_none() => {
                fraction = Some(count);
                true
            }
            _ => false,
        });
        if simple && (1..=15).contains(&count) {
            let value = mantissa as f64 / POWERS[count - fraction.unwrap_or(count)];
            return Some(if negative { -value } else { value });
        }
    }
    if number_len(text) != text.len() || text.len() > MAX_LEN {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A number whose digits stand in threes, `1,234,567.5`, and its length.
fn grouped(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let first = text[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_group = |at: usize| {
        let Some([b',', digits @ ..]) = text.get(at..at + 4) else { return false };
        digits.iter().all(u8::is_ascii_digit)
    };
    let groups = (0..).take_while(|group| is_group(sign + first + 4 * group)).count();
    let whole = sign + first + 4 * groups;
    if !(1..=3).contains(&first) || groups == 0 || matches!(text.get(whole), Some(b',' | b'0'..=b'9')) {
        return None;
    }
    let fraction = match text.get(whole) {
        Some(b'.') => 1 + text[whole + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let end = whole + fraction;
    let (mut digits, mut len) = ([0; MAX_LEN], 0);
    for byte in text[..end].iter().filter(|byte| **byte != b',') {
        digits[len] = *byte;
        len += 1;
    }
    Some((decimal(&digits[..len])?, end))
}

/// The unit that a name implies where none is written: a load average, such as `load.1` or `node_load15`, counts processes.
pub(super) fn implied_unit(name: &[u8]) -> Unit {
    let whole = ["15", "5", "1"].iter().find_map(|minutes| name.strip_suffix(minutes.as_bytes()));
    let whole = whole.map(|name| name.strip_suffix(b".").or_else(|| name.strip_suffix(b"_")).unwrap_or(name));
    let before = whole.and_then(|name| name.strip_suffix(b"load"));
    let is_load = before.is_some_and(|before| before.last().is_none_or(|byte| !byte.is_ascii_alphabetic()));
    if is_load { Unit::Count } else { Unit::None }
}

/// A number without a unit, finite or not.
pub(super) fn plain(text: &[u8]) -> Option<f64> {
    decimal(text).or_else(|| special(text))
}

/// The symbol that follows a value in the base unit; empty for bare numbers and counts.
pub fn unit_symbol(unit: Unit) -> &'static str {
    match unit {
        Unit::None | Unit::Count => "",
        Unit::Percent => "%",
        Unit::Bytes => "B",
        Unit::BytesPerSecond => "B/s",
        Unit::PerSecond => "/s",
        Unit::Seconds => "s",
        Unit::Celsius => "°C",
    }
}

/// Length of the decimal number at the start; 0 when there is none.
fn number_len(text: &[u8]) -> usize {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'-' | b'+')));
        let exponent = digits((end + 1 + sign).min(text.len()));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}

/// `nan`, `inf` and `infinity` with an optional sign, in any case: values that are events but not measurements.
fn special(text: &[u8]) -> Option<f64> {
    let (sign, word) = match text.first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if word.eq_ignore_ascii_case(b"nan") {
        Some(f64::NAN)
    } else if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") {
        Some(sign * f64::INFINITY)
    } else {
        None
    }
}

fn unit(symbol: &[u8]) -> Option<(Scale, Unit)> {
    let known = |symbol: &[u8]| {
        NOTATIONS.iter().find(|(name, ..)| name.as_bytes() == symbol).map(|(_, scale, unit)| (*scale, *unit))
    };
    match memchr(b'/', symbol) {
        Some(slash) if slash > 0 => match (known(&symbol[..slash])?, &symbol[slash..]) {
            ((scale, Unit::Bytes), b"/s") => Some((scale, Unit::BytesPerSecond)),
            _ => None,
        },
        _ => known(symbol),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Option<(f64, Unit)>) {
        assert_eq!(quantity(text.as_bytes()), expect, "{text:?}");
    }

    #[test]
    fn quantities() {
        check("12", Some((12.0, Unit::None)));
        check("-0.25", Some((-0.25, Unit::None)));
        check("+.5", Some((0.5, Unit::None)));
        check("1e5", Some((1e5, Unit::None)));
        check("12.5 %", Some((12.5, Unit::Percent)));
        check("4KiB", Some((4096.0, Unit::Bytes)));
        check("3 MB/s", Some((3e6, Unit::BytesPerSecond)));
        check("7/s", Some((7.0, Unit::PerSecond)));
        check("5ms", Some((0.005, Unit::Seconds)));
        check("3µs", Some((0.000_003, Unit::Seconds)));
        check("3μs", Some((0.000_003, Unit::Seconds)));
        check("2m", Some((120.0, Unit::Seconds)));
        check("2 min", Some((120.0, Unit::Seconds)));
        check("1,234", Some((1234.0, Unit::None)));
        check("-1,234,567.25 ms", Some((-1_234.567_25, Unit::Seconds)));
        check("21.5C", Some((21.5, Unit::Celsius)));
        check("-3 °C", Some((-3.0, Unit::Celsius)));
        check("inf", Some((f64::INFINITY, Unit::None)));
        check("-Infinity", Some((f64::NEG_INFINITY, Unit::None)));
        assert!(quantity(b"NaN").unwrap().0.is_nan());
    }

    #[test]
    fn what_is_no_quantity() {
        for text in [
            "", "-", ".", "e5", "5e", "1.2.3", "5 apples", "0x1f", "12:30", "/s", "5ms/s", "5 m/s", "nano", "1,5",
            "1,2345", "1234,567", "1,23,456", ",234",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_load_average_is_a_count_by_its_name() {
        for name in ["load.1", "load.5", "load.15", "load1", "node_load15", "system.load.1", "load_5"] {
            assert_eq!(implied_unit(name.as_bytes()), Unit::Count, "{name}");
        }
        for name in ["", "load", "load.2", "load.25", "payload1", "download_5", "load.1.max", "1"] {
            assert_eq!(implied_unit(name.as_bytes()), Unit::None, "{name}");
        }
    }

    #[test]
    fn every_unit_has_the_symbol_it_is_read_by() {
        for (_, _, unit) in NOTATIONS {
            let text = format!("1 {}", unit_symbol(*unit));
            check(&text, Some((1.0, *unit)));
        }
    }

    proptest! {
        #[test]
        fn a_printed_value_is_read_back(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
            prop_assert_eq!(decimal(format!("{value:e}").as_bytes()), Some(value));
            let short = (value % 1e6 * 1e3).round() / 1e3;
            prop_assert_eq!(decimal(format!("{short}").as_bytes()), Some(short));
        }

        #[test]
        fn agrees_with_the_standard_library(text in "[-+]?[0-9]{0,20}\\.?[0-9]{0,20}([eE][-+]?[0-9]{0,4})?") {
            prop_assert_eq!(decimal(text.as_bytes()), text.parse::<f64>().ok());
        }
    }
}
