//! Durations as people read them.

/// How long it is, in its two largest units: `45 s`, `1 min 30 s`, `8 h`, `1 h 30 min`, `2 d 5 h`. Less than nothing is `0 s`.
pub fn in_words(ns: i64) -> String {
    let seconds = rounded(ns.max(0), 1_000_000_000);
    let (minutes, hours) = (rounded(seconds, 60), rounded(seconds, 3600));
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => with((seconds / 60, "min"), (seconds % 60, "s")),
        _ if minutes < 1440 => with((minutes / 60, "h"), (minutes % 60, "min")),
        _ => with((hours / 24, "d"), (hours % 24, "h")),
    }
}

fn with((large, unit): (i64, &str), (small, part): (i64, &str)) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {part}") }
}

fn rounded(amount: i64, size: i64) -> i64 {
    amount / size + i64::from(amount % size * 2 >= size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_at_most() {
        let cases = [
            (-5.0, "0 s"),
            (0.4, "0 s"),
            (45.0, "45 s"),
            (59.6, "1 min"),
            (90.0, "1 min 30 s"),
            (600.0, "10 min"),
            (3600.0, "1 h"),
            (5400.0, "1 h 30 min"),
            (28_800.0, "8 h"),
            (86_395.0, "1 d"),
            (190_800.0, "2 d 5 h"),
            (31_622_400.0, "366 d"),
        ];
        for (seconds, expect) in cases {
            assert_eq!(in_words((seconds * 1e9) as i64), expect, "{seconds}");
        }
    }
}
