//! Durations as they are written in rules: a whole number and a unit.

const UNITS: [(&str, i64); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

/// The longest duration, one year.
const MAX_NS: i64 = 365 * UNITS[0].1;

/// Nanoseconds of `500ms`, `30s`, `5m`, `2h` or `1d`; none for anything else and for more than 365 days.
pub(super) fn parse(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, ns) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<i64>().ok()?.checked_mul(*ns).filter(|ns| *ns <= MAX_NS)
}

/// The shortest exact way to write it; parts of a millisecond are left out.
pub(super) fn format(ns: i64) -> String {
    let (unit, size) = UNITS.iter().find(|(_, size)| ns >= *size && ns % size == 0).unwrap_or(&("ms", 1_000_000));
    format!("{}{unit}", ns / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_and_a_unit() {
        let cases = [
            ("500ms", Some(500_000_000)),
            ("30s", Some(30_000_000_000)),
            ("0s", Some(0)),
            ("365d", Some(MAX_NS)),
            ("366d", None),
            ("99999999999999999999d", None),
            ("9223372036854775807h", None),
            ("s", None),
            ("30", None),
            ("30 s", None),
            ("1.5m", None),
            ("-1m", None),
            ("1m30s", None),
            ("1M", None),
            ("", None),
            ("٣s", None),
        ];
        for (text, expect) in cases {
            assert_eq!(parse(text), expect, "{text}");
        }
    }

    #[test]
    fn written_in_the_largest_exact_unit() {
        for text in ["500ms", "90s", "1m", "36h", "2d", "0ms", "1500ms"] {
            assert_eq!(format(parse(text).expect("duration")), text);
        }
        assert_eq!(format(60_000_000_000 * 60), "1h");
    }
}
