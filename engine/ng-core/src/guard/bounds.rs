//! Objects to measured values that cannot be right.

use super::{Clause, Objection, Rule, RuleType};
use ng_model::event::Event;
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_wire::{Format, Mode, Unit};

/// The rule `bounds`. It asks about metrics and vectors, and about any other event that states a value.
pub(super) static RULE: RuleType = RuleType {
    name: "bounds",
    summary: "Objects to values that are not finite, outside a range, or no percentage.",
    mode: Mode::Observe,
    when: "",
    clauses: &[
        Clause { name: "non_finite", unit: "" },
        Clause { name: "minimum", unit: "" },
        Clause { name: "maximum", unit: "" },
        Clause { name: "percent", unit: "%" },
    ],
    settings: &[
        Row {
            key: "min",
            accepts: Accepts::Float(-1e300, -1e300, 1e300),
            unit: "",
            summary: "Smallest value, in the base unit of the metric; also of each number of a vector.",
        },
        Row {
            key: "max",
            accepts: Accepts::Float(1e300, -1e300, 1e300),
            unit: "",
            summary: "Largest value, in the base unit of the metric; also of each number of a vector.",
        },
    ],
    build: |values| {
        let (min, max) = (values.float("min"), values.float("max"));
        if min > max {
            return Err(SettingError {
                key: "min".into(),
                expected: format!("expected at most max, which is {max:?}"),
            });
        }
        Ok(Box::new(Bounds { min, max }))
    },
    terms,
};

const NON_FINITE: u8 = 0;
const MINIMUM: u8 = 1;
const MAXIMUM: u8 = 2;
const PERCENT: u8 = 3;

/// Percentages computed from two clock readings miss 0 and 100 by a little.
const PERCENT_SLACK: f64 = 0.5;

#[derive(Debug)]
struct Bounds {
    min: f64,
    max: f64,
}

impl Rule for Bounds {
    /// `non_finite` observes how many numbers of the event are not finite; the other clauses observe the value itself.
    fn check(&mut self, event: &Event<'_>) -> Option<Objection> {
        let head = &event.head;
        if head.format == Format::Vector {
            let vector = event.parsed.vector.map(f64::from);
            return non_finite(&vector).or_else(|| vector.iter().find_map(|value| self.outside(*value)));
        }
        // NaN stands for "no value" everywhere but in a metric.
        if head.value.is_nan() && head.format != Format::Metric {
            return None;
        }
        non_finite(&[head.value]).or_else(|| self.outside(head.value)).or_else(|| percent(head.value, head.unit))
    }
}

impl Bounds {
    fn outside(&self, observed: f64) -> Option<Objection> {
        if observed < self.min {
            Some(Objection { clause: MINIMUM, observed, limit: self.min })
        } else if observed > self.max {
            Some(Objection { clause: MAXIMUM, observed, limit: self.max })
        } else {
            None
        }
    }
}

fn non_finite(values: &[f64]) -> Option<Objection> {
    let count = values.iter().filter(|value| !value.is_finite()).count();
    (count > 0).then_some(Objection { clause: NON_FINITE, observed: count as f64, limit: 0.0 })
}

fn percent(observed: f64, unit: Unit) -> Option<Objection> {
    let limit = observed.clamp(-PERCENT_SLACK, 100.0 + PERCENT_SLACK);
    (unit == Unit::Percent && limit != observed).then_some(Objection { clause: PERCENT, observed, limit })
}

fn terms(values: &Values) -> String {
    let (min, max) = (values.float("min"), values.float("max"));
    // `{:?}` writes 1e300 where `{}` writes three hundred zeros.
    format!("finite, {min:?} to {max:?}, percent 0 to 100")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sample, rule};
    use super::*;
    use ng_wire::SettingValue;

    fn ask(sample: Sample) -> Option<(u8, f64, f64)> {
        let mut rule = rule(&RULE, &[("min", SettingValue::Float(-10.0)), ("max", SettingValue::Int(200))]);
        sample.ask(rule.as_mut()).map(|found| (found.clause, found.observed, found.limit))
    }

    #[test]
    fn metrics() {
        let cases = [
            (1.0, Unit::None, None),
            (-10.0, Unit::None, None),
            (-10.1, Unit::None, Some((MINIMUM, -10.1, -10.0))),
            (200.0, Unit::None, None),
            (200.1, Unit::Percent, Some((MAXIMUM, 200.1, 200.0))),
            (100.5, Unit::Percent, None),
            (100.6, Unit::Percent, Some((PERCENT, 100.6, 100.5))),
            (-0.5, Unit::Percent, None),
            (-0.6, Unit::Percent, Some((PERCENT, -0.6, -0.5))),
            (100.6, Unit::Seconds, None),
            (f64::NAN, Unit::None, Some((NON_FINITE, 1.0, 0.0))),
            (f64::NEG_INFINITY, Unit::Percent, Some((NON_FINITE, 1.0, 0.0))),
        ];
        for (value, unit, expect) in cases {
            assert_eq!(ask(Sample::metric("m=1", value, unit)), expect, "{value} {unit:?}");
        }
    }

    #[test]
    fn vectors() {
        let cases = [
            ([0.0; 8], None),
            ([0.0, f32::NAN, 0.0, f32::INFINITY, 900.0, 0.0, 0.0, 0.0], Some((NON_FINITE, 2.0, 0.0))),
            ([0.0, 0.0, 201.0, 0.0, 0.0, 0.0, 0.0, -11.0], Some((MAXIMUM, 201.0, 200.0))),
            ([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -11.0], Some((MINIMUM, -11.0, -10.0))),
        ];
        for (vector, expect) in cases {
            assert_eq!(ask(Sample::vector(vector)), expect, "{vector:?}");
        }
    }

    #[test]
    fn an_event_without_a_value_passes() {
        assert_eq!(ask(Sample::text("hello")), None);
        assert_eq!(ask(Sample::text("took 1e999 s").value(f64::INFINITY)), Some((NON_FINITE, 1.0, 0.0)));
    }

    #[test]
    fn the_default_range_holds_every_finite_value_of_a_vector() {
        let mut rule = rule(&RULE, &[]);
        assert_eq!(Sample::vector([f32::MAX; 8]).ask(rule.as_mut()), None);
    }
}
