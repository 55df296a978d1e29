//! Objects to readings that are too long.

use super::{Clause, Objection, Rule, RuleType};
use ng_model::event::Event;
use ng_model::settings::{Accepts, Row};
use ng_wire::Mode;

/// The rule `size_limit`.
pub(super) static RULE: RuleType = RuleType {
    name: "size_limit",
    summary: "Objects to events whose raw bytes are more than the limit.",
    mode: Mode::Observe,
    when: "",
    clauses: &[Clause { name: "limit", unit: "B" }],
    settings: &[Row {
        key: "limit",
        accepts: Accepts::Int(65_536, 1, 1 << 30),
        unit: "B",
        summary: "Most bytes of an event, as it arrived and without its line end.",
    }],
    build: |values| Ok(Box::new(SizeLimit { limit: values.int("limit") as usize })),
    terms: |values| format!("limit {} B", values.int("limit")),
};

#[derive(Debug)]
struct SizeLimit {
    limit: usize,
}

impl Rule for SizeLimit {
    fn check(&mut self, event: &Event<'_>) -> Option<Objection> {
        let size = event.raw.len();
        (size > self.limit).then_some(Objection { clause: 0, observed: size as f64, limit: self.limit as f64 })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sample, rule};
    use super::*;
    use ng_wire::SettingValue;

    #[test]
    fn exactly_at_the_limit_passes() {
        let mut rule = rule(&RULE, &[("limit", SettingValue::Int(10))]);
        let cases = [("", None), ("123456789a", None), ("123456789ab", Some(11.0))];
        for (raw, observed) in cases {
            let expect = observed.map(|observed| Objection { clause: 0, observed, limit: 10.0 });
            assert_eq!(Sample::text(raw).ask(rule.as_mut()), expect, "{raw}");
        }
    }
}
