//! Objects to events that were sent twice.

use super::{Clause, Objection, Rule, RuleType};
use ng_model::elapsed::Elapsed;
use ng_model::event::Event;
use ng_model::settings::{Accepts, Row};
use ng_wire::{Gauge, Mode, Unit};
use rustc_hash::{FxHashMap, FxHasher};
use std::collections::VecDeque;
use std::hash::Hasher;

/// The rule `duplicate`.
///
/// Identities are compared by a 64-bit hash without a secret. Two different identities are taken for one with a
/// probability of about n²/2⁶⁵ for n remembered ones (1 in ten thousand million for 65 536), and by anyone who sets out
/// to construct such a pair; keep the rule on observe for sources that are not trusted.
pub(super) static RULE: RuleType = RuleType {
    name: "duplicate",
    summary: "Objects to events that repeat an earlier one of the same source within the window.",
    mode: Mode::Observe,
    when: "",
    clauses: &[Clause { name: "repeat", unit: "s" }],
    settings: &[
        Row {
            key: "by",
            accepts: Accepts::Choice(&["id", "content"]),
            unit: "",
            summary: "What makes two events the same: their field event_id, message_id or _id (events without one pass), \
                      or all their bytes and their time.",
        },
        Row {
            key: "window_s",
            accepts: Accepts::Float(60.0, 0.001, 1e6),
            unit: "s",
            summary: "A repeat that arrives sooner than this after the first is a duplicate.",
        },
        Row {
            key: "memory",
            accepts: Accepts::Int(65_536, 1, 4_194_304),
            unit: "",
            summary: "Most events remembered; the oldest is forgotten first.",
        },
    ],
    build: |values| {
        Ok(Box::new(Duplicate {
            by_content: values.text("by") == "content",
            window_ns: (values.float("window_s") * 1e9) as i64,
            memory: values.int("memory") as usize,
            clock: Elapsed::default(),
            seen: FxHashMap::default(),
            order: VecDeque::new(),
            newest_is_latest: false,
            forgotten: 0,
        }))
    },
    terms: |values| format!("same {} within {} s", values.text("by"), values.float("window_s")),
};

#[derive(Debug)]
struct Duplicate {
    by_content: bool,
    window_ns: i64,
    memory: usize,
    clock: Elapsed,
    /// When each remembered identity was first seen. Exactly the entries of `order`.
    seen: FxHashMap<u64, i64>,
    /// The same in the order of arrival, oldest first.
    order: VecDeque<(u64, i64)>,
    /// The event checked last is the last of `order`.
    newest_is_latest: bool,
    /// Identities forgotten while they were still within the window.
    forgotten: u64,
}

impl Rule for Duplicate {
    /// Observes the seconds since the first event of the same identity. A repeat does not extend the window.
    fn check(&mut self, event: &Event<'_>) -> Option<Objection> {
        self.newest_is_latest = false;
        let identity = if self.by_content { by_content(event) } else { by_id(event)? };
        let now = self.clock.advance(event.head.received_ns);
        while let Some((oldest, at)) = self.order.front().copied()
            && now - at >= self.window_ns
        {
            self.order.pop_front();
            self.seen.remove(&oldest);
        }
        if let Some(first) = self.seen.get(&identity) {
            let (observed, limit) = ((now - first) as f64 / 1e9, self.window_ns as f64 / 1e9);
            return Some(Objection { clause: 0, observed, limit });
        }
        if self.order.len() == self.memory
            && let Some((oldest, _)) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
            self.forgotten = self.forgotten.saturating_add(1);
        }
        self.seen.insert(identity, now);
        self.order.push_back((identity, now));
        self.newest_is_latest = true;
        None
    }

    /// A rejected event may be sent again, and must not then be a duplicate of itself.
    fn rejected(&mut self) {
        if std::mem::take(&mut self.newest_is_latest)
            && let Some((identity, _)) = self.order.pop_back()
        {
            self.seen.remove(&identity);
        }
    }

    fn gauges(&self, out: &mut Vec<Gauge>) {
        out.push(Gauge { name: "remembered".into(), value: self.order.len() as f64, unit: Unit::Count });
        out.push(Gauge { name: "forgotten".into(), value: self.forgotten as f64, unit: Unit::Count });
    }
}

/// None for an event without an identity of its own, which what it holds may have; `null` and the empty text are none.
fn by_id(event: &Event<'_>) -> Option<u64> {
    // Where several fields carry an identity, the first of these.
    let rank = |key: &[u8]| match key {
        b"event_id" => Some(0),
        b"message_id" => Some(1),
        b"_id" => Some(2),
        _ => None,
    };
    let ranked = event.parsed.fields.iter().filter_map(|field| {
        let rank = rank(field.key.of(event.raw)).filter(|_| field.container == 0)?;
        let value = field.value.span.of(event.raw);
        (!value.is_empty() && value != b"null").then_some((rank, value))
    });
    let (_, id) = ranked.min_by_key(|(rank, _)| *rank)?;
    let mut hasher = FxHasher::default();
    hasher.write_u32(event.head.source.0);
    hasher.write(id);
    Some(hasher.finish())
}

fn by_content(event: &Event<'_>) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u32(event.head.source.0);
    hasher.write_i64(event.head.time_ns);
    hasher.write(event.raw);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sample, rule};
    use super::*;
    use ng_wire::SettingValue;

    const S: i64 = 1_000_000_000;

    fn by(by: &str, memory: i64) -> Box<dyn Rule> {
        let text = SettingValue::Text(by.into());
        rule(&RULE, &[("by", text), ("window_s", SettingValue::Int(60)), ("memory", SettingValue::Int(memory))])
    }

    fn gauge(rule: &dyn Rule, name: &str) -> f64 {
        let mut out = Vec::new();
        rule.gauges(&mut out);
        out.iter().find(|gauge| gauge.name == name).map_or(f64::NAN, |gauge| gauge.value)
    }

    /// Events as (arrival in seconds, source, fields), and the age observed of those objected to.
    fn check(rule: &mut dyn Rule, events: &[(i64, u32, &str)], expect: &[Option<f64>]) {
        let ask = |(at, source, fields): &(i64, u32, &str)| {
            let sample = Sample::fields(fields).source(*source).received(at * S);
            sample.ask(rule).map(|found| found.observed)
        };
        assert_eq!(events.iter().map(ask).collect::<Vec<_>>(), expect, "{events:?}");
    }

    #[test]
    fn within_the_window_of_the_first() {
        let events = [(0, 1, "_id=a"), (59, 1, "_id=a"), (60, 1, "_id=a"), (61, 1, "_id=a")];
        check(by("id", 9).as_mut(), &events, &[None, Some(59.0), None, Some(1.0)]);
    }

    #[test]
    fn which_field_is_the_identity() {
        let cases = [
            ("_id=a x=1", "_id=a x=2", true),
            ("event_id=a", "event_id=a", true),
            ("_id=a", "_id=a", true),
            ("event_id=a _id=1", "_id=2 event_id=a", true),
            ("event_id=a _id=1", "_id=1 event_id=b", false),
            ("_id=a", "_id=b", false),
            ("_id=null", "_id=null", false),
            ("_id=", "_id=", false),
            ("x=a", "x=a", false),
            ("id=a", "id=a", false),
        ];
        for (first, second, expect) in cases {
            let mut rule = by("id", 9);
            assert_eq!(Sample::fields(first).ask(rule.as_mut()), None);
            assert_eq!(Sample::fields(second).ask(rule.as_mut()).is_some(), expect, "{first} | {second}");
        }
    }

    #[test]
    fn sources_are_kept_apart() {
        check(by("id", 9).as_mut(), &[(0, 1, "_id=a"), (0, 2, "_id=a"), (0, 1, "_id=a")], &[None, None, Some(0.0)]);
    }

    #[test]
    fn by_content_bytes_and_time_count() {
        let mut rule = by("content", 9);
        let mut ask = |raw: &str, time| Sample::text(raw).received(5 * S).time(Some(time)).ask(rule.as_mut()).is_some();
        assert!(!ask("x", 1));
        assert!(!ask("x", 2));
        assert!(!ask("y", 1));
        assert!(ask("x", 1));
    }

    #[test]
    fn a_repeated_sample_with_its_arrival_as_time_is_no_duplicate() {
        check(by("content", 9).as_mut(), &[(0, 1, "cpu=3"), (1, 1, "cpu=3")], &[None, None]);
    }

    #[test]
    fn the_oldest_is_forgotten_and_counted() {
        let mut rule = by("id", 2);
        let events = [(0, 1, "_id=a"), (0, 1, "_id=b"), (0, 1, "_id=c"), (0, 1, "_id=b"), (0, 1, "_id=a")];
        check(rule.as_mut(), &events, &[None, None, None, Some(0.0), None]);
        assert_eq!((gauge(rule.as_ref(), "remembered"), gauge(rule.as_ref(), "forgotten")), (2.0, 2.0));
    }

    #[test]
    fn memory_stays_bounded_and_the_window_empties_it() {
        let mut rule = by("id", 1_000);
        for number in 0..100_000 {
            Sample::fields(&format!("_id={number}")).received(number).ask(rule.as_mut());
        }
        assert_eq!(gauge(rule.as_ref(), "remembered"), 1_000.0);
        Sample::fields("_id=last").received(100 * S).ask(rule.as_mut());
        assert_eq!(gauge(rule.as_ref(), "remembered"), 1.0);
        assert_eq!(gauge(rule.as_ref(), "forgotten"), 99_000.0, "what the window dropped is not forgotten");
    }

    #[test]
    fn a_rejected_event_may_be_sent_again() {
        let mut rule = by("id", 9);
        assert_eq!(Sample::fields("_id=a").ask(rule.as_mut()), None);
        rule.rejected();
        assert_eq!(Sample::fields("_id=a").ask(rule.as_mut()), None);
        assert!(Sample::fields("_id=a").ask(rule.as_mut()).is_some());
        rule.rejected();
        assert!(Sample::fields("_id=a").ask(rule.as_mut()).is_some(), "the first was admitted and stays");
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_window() {
        let events = [(1_000_000, 1, "_id=a"), (10, 1, "_id=a"), (69, 1, "_id=a"), (70, 1, "_id=a")];
        check(by("id", 9).as_mut(), &events, &[None, Some(0.0), Some(59.0), None]);
    }
}
