//! `/proc/meminfo` and the pressure files.

use super::sample::Sample;

/// Use of memory and swap. Available is what a program could get without swapping, as the kernel estimates it.
pub(super) fn meminfo(text: &str, sample: &mut Sample<'_>) {
    let kib = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        number(line, 0)
    };
    if let (Some(total), Some(available)) = (kib("MemTotal"), kib("MemAvailable")) {
        sample.gauge("memory.used", share(total - available, total), "%");
        sample.gauge("memory.available", available * 1024.0, "B");
    }
    if let (Some(total), Some(free)) = (kib("SwapTotal"), kib("SwapFree"))
        && total > 0.0
    {
        sample.gauge("swap.used", share(total - free, total), "%");
    }
}

/// Share of the last ten seconds in which at least one task waited for `kind`.
pub(super) fn pressure(kind: &str, text: &str, sample: &mut Sample<'_>) {
    let some = text.lines().find_map(|line| line.strip_prefix("some "));
    let value = some.and_then(|line| line.split_ascii_whitespace().find_map(|word| word.strip_prefix("avg10=")));
    if let Some(value) = value.and_then(|value| value.parse::<f64>().ok()) {
        sample.gauge(&format!("pressure.{kind}"), value, "%");
    }
}

/// The word at `index` as a number.
pub(super) fn number(text: &str, index: usize) -> Option<f64> {
    text.split_ascii_whitespace().nth(index)?.parse::<u64>().ok().map(|number| number as f64)
}

/// Per cent within 0..=100; NaN of nothing.
fn share(part: f64, total: f64) -> f64 {
    (100.0 * part / total).clamp(0.0, 100.0)
}

#[cfg(test)]
mod tests {
    use super::super::sample::after;
    use super::*;

    #[test]
    fn memory_and_swap() {
        let check = |text: &str, expect: &str| assert_eq!(after(&[text], 1, meminfo), expect);
        check(
            "MemTotal:        8000 kB\nMemFree:  100 kB\nMemAvailable:    6000 kB\nSwapTotal: 200 kB\nSwapFree: 150 kB\n",
            "memory.used=25 %; memory.available=6144000 B; swap.used=25 %",
        );
        check(
            "MemTotal: 8 kB\nMemAvailable: 8 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB",
            "memory.used=0 %; memory.available=8192 B",
        );
        check("MemTotal: 0 kB\nMemAvailable: 0 kB", "memory.available=0 B");
        check("MemTotal: 8 kB\nMemFree: 8 kB", "");
        check("MemTotal: many kB", "");
    }

    #[test]
    fn pressure_of_the_last_ten_seconds() {
        let check = |text: &str, expect: &str| {
            assert_eq!(after(&[text], 1, |text, sample| pressure("io", text, sample)), expect);
        };
        check(
            "some avg10=1.53 avg60=0.87 avg300=0.36 total=1\nfull avg10=9.99 avg60=0.00 avg300=0.00 total=1\n",
            "pressure.io=1.53 %",
        );
        check("full avg10=9.99", "");
        check("", "");
    }
}
