//! Durations as they are written in rules and in filters: numbers with units, one after another.

/// Units by their names, the longest first; the spellings of one unit follow each other.
const UNITS: [(&str, i64); 10] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
];

/// The longest duration, one year.
const MAX_NS: i64 = 365 * UNITS[0].1;

/// Nanoseconds of `500ms`, `30s`, `1.5m` or `1h30m`; none for anything else and for more than 365 days.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (mut total_ns, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let number = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at(number);
        let letters = after.find(|character: char| !character.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let (_, ns) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total_ns += number.parse::<f64>().ok()? * *ns as f64;
        rest = after;
    }
    (!text.is_empty() && total_ns <= MAX_NS as f64).then_some(total_ns.round() as i64)
}

/// The shortest exact way to write it with one unit; parts of a millisecond are left out.
pub(super) fn format(ns: i64) -> String {
    let units = UNITS.iter().filter(|(_, size)| *size >= 1_000_000);
    let (unit, size) = units.into_iter().find(|(_, size)| ns >= *size && ns % size == 0).unwrap_or(&("ms", 1_000_000));
    format!("{}{unit}", ns / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_units() {
        let cases = [
            ("500ms", Some(500_000_000)),
            ("30s", Some(30_000_000_000)),
            ("0s", Some(0)),
            ("1h30m", Some(5_400_000_000_000)),
            ("1.5m", Some(90_000_000_000)),
            ("2min", Some(120_000_000_000)),
            ("250us", Some(250_000)),
            ("365d", Some(MAX_NS)),
            ("366d", None),
            ("364d25h", None),
            ("99999999999999999999d", None),
            ("9223372036854775807h", None),
            ("s", None),
            ("30", None),
            ("1h30", None),
            ("30 s", None),
            ("-1m", None),
            ("1..5m", None),
            (".", None),
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
