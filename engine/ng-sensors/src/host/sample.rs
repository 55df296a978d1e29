//! One measurement: the readings found so far, and the way to rates.

use super::rates::Rates;
use std::time::Instant;

/// The readings of one measurement.
pub(super) struct Sample<'a> {
    rates: &'a mut Rates,
    now: Instant,
    readings: Vec<(String, f64, &'static str)>,
}

impl<'a> Sample<'a> {
    /// A measurement made at `now`.
    pub(super) fn new(rates: &'a mut Rates, now: Instant) -> Self {
        Sample { rates, now, readings: Vec::new() }
    }

    /// Name, value and unit, in the order of measuring.
    pub(super) fn readings(&self) -> &[(String, f64, &'static str)] {
        &self.readings
    }

    /// A value as it is.
    pub(super) fn gauge(&mut self, name: &str, value: f64, unit: &'static str) {
        if value.is_finite() {
            self.readings.push((name.into(), value, unit));
        }
    }

    /// The increase of counters since the sample before, and the seconds between. Absent in the first sample, when a
    /// counter went backwards, and when no time has passed.
    pub(super) fn increase<const N: usize>(&mut self, name: &str, counters: [u64; N]) -> Option<([u64; N], f64)> {
        self.rates.increase(name, counters, self.now)
    }

    /// The increase of a counter per second, times `scale`.
    pub(super) fn rate(&mut self, name: &str, counter: u64, scale: f64, unit: &'static str) {
        if let Some(([increase], seconds)) = self.increase(name, [counter]) {
            self.gauge(name, increase as f64 * scale / seconds, unit);
        }
    }
}

/// A name from outside as one segment of a dotted name.
pub(super) fn segment(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
}

/// The readings of `seconds`-spaced texts, the last one's only, as `name=value unit` joined by spaces; for tests.
#[cfg(test)]
pub(super) fn after(texts: &[&str], seconds: u64, parse: impl Fn(&str, &mut Sample<'_>)) -> String {
    let mut rates = Rates::default();
    let start = Instant::now();
    let mut shown = String::new();
    for (index, text) in texts.iter().enumerate() {
        let now = start + std::time::Duration::from_secs(seconds * index as u64);
        let mut sample = Sample::new(&mut rates, now);
        parse(text, &mut sample);
        let readings: Vec<_> = sample
            .readings()
            .iter()
            .map(|(name, value, unit)| format!("{name}={value}{}{unit}", if unit.is_empty() { "" } else { " " }))
            .collect();
        shown = readings.join("; ");
        rates.forget_unseen();
    }
    shown
}
