//! Objects to sources that send too much.

use super::sources::Sources;
use super::{Clause, Objection, Rule, RuleType};
use ng_model::elapsed::Elapsed;
use ng_model::event::Event;
use ng_model::settings::{Accepts, Row};
use ng_wire::{Gauge, Mode};

/// The rule `rate_limit`: a token bucket per source. Time is the arrival of the events, so that a recording played again
/// gives the same verdicts. Standard input is left out by default: it is as fast as its reader and waits when it must.
pub(super) static RULE: RuleType = RuleType {
    name: "rate_limit",
    summary: "Objects to events of a source beyond its rate, once its burst is used up.",
    mode: Mode::Observe,
    when: "!source:stdin",
    clauses: &[Clause { name: "rate", unit: "/s" }],
    settings: &[
        Row {
            key: "per_second",
            accepts: Accepts::Float(20_000.0, 0.001, 1e9),
            unit: "/s",
            summary: "Events per second that a source may send for ever.",
        },
        Row {
            key: "burst",
            accepts: Accepts::Int(40_000, 1, 1_000_000_000),
            unit: "",
            summary: "Events that a source may send at once after it was quiet.",
        },
    ],
    build: |values| {
        Ok(Box::new(RateLimit {
            per_second: values.float("per_second"),
            burst: values.int("burst") as f64,
            sources: Sources::new(),
        }))
    },
    terms: |values| format!("{} /s, burst {}", values.float("per_second"), values.int("burst")),
};

#[derive(Debug)]
struct RateLimit {
    per_second: f64,
    burst: f64,
    sources: Sources<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    clock: Elapsed,
    /// Between 0 and `burst`.
    tokens: f64,
    rate: Rate,
}

impl Rule for RateLimit {
    /// Observes the rate of the source over the last second, objected events included.
    fn check(&mut self, event: &Event<'_>) -> Option<Objection> {
        let burst = self.burst;
        let fresh = || Bucket { clock: Elapsed::default(), tokens: burst, rate: Rate::default() };
        let bucket = self.sources.state(event.head.source, fresh);
        let before = bucket.clock.now();
        let now = bucket.clock.advance(event.head.received_ns);
        bucket.rate.count(now);
        let earned = (now - before) as f64 * self.per_second / 1e9;
        bucket.tokens = (bucket.tokens + earned).min(burst);
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return None;
        }
        Some(Objection { clause: 0, observed: bucket.rate.last_second(now), limit: self.per_second })
    }

    fn gauges(&self, out: &mut Vec<Gauge>) {
        self.sources.gauges(out);
    }
}

/// Counts of the running second and of the one before it.
#[derive(Debug, Default)]
struct Rate {
    second: i64,
    running: u64,
    previous: u64,
}

impl Rate {
    fn count(&mut self, now_ns: i64) {
        let second = now_ns / SECOND;
        if second != self.second {
            self.previous = if second == self.second + 1 { self.running } else { 0 };
            self.running = 0;
            self.second = second;
        }
        self.running = self.running.saturating_add(1);
    }

    /// Events over the last second: the running count, and as much of the previous one as still lies within it.
    fn last_second(&self, now_ns: i64) -> f64 {
        let share = 1.0 - (now_ns % SECOND) as f64 / SECOND as f64;
        self.running as f64 + self.previous as f64 * share
    }
}

const SECOND: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::super::testing::{Sample, rule};
    use super::*;
    use ng_wire::SettingValue;
    use proptest::prelude::*;

    const MS: i64 = 1_000_000;

    fn limit(per_second: f64, burst: i64) -> Box<dyn Rule> {
        rule(&RULE, &[("per_second", SettingValue::Float(per_second)), ("burst", SettingValue::Int(burst))])
    }

    fn passes(rule: &mut dyn Rule, source: u32, received_ns: i64) -> bool {
        Sample::text("x").source(source).received(received_ns).ask(rule).is_none()
    }

    #[test]
    fn the_burst_passes_and_one_more_does_not() {
        let mut rule = limit(10.0, 3);
        let found: Vec<_> = (0..4).map(|_| Sample::text("x").received(7).ask(rule.as_mut())).collect();
        assert_eq!(found, [None, None, None, Some(Objection { clause: 0, observed: 4.0, limit: 10.0 })]);
    }

    #[test]
    fn tokens_come_back_at_the_rate() {
        let mut rule = limit(10.0, 1);
        let cases = [(0, true), (99, false), (100, true), (199, false), (200, true), (10_000, true), (10_000, false)];
        for (at, expect) in cases {
            assert_eq!(passes(rule.as_mut(), 1, at * MS), expect, "{at} ms");
        }
    }

    #[test]
    fn sources_have_buckets_of_their_own() {
        let mut rule = limit(1.0, 1);
        assert!(passes(rule.as_mut(), 1, 0));
        assert!(passes(rule.as_mut(), 2, 0));
        assert!(!passes(rule.as_mut(), 1, 0));
    }

    #[test]
    fn a_clock_set_back_gives_no_tokens_and_takes_none() {
        let mut rule = limit(10.0, 1);
        let day = 86_400_000 * MS;
        assert!(passes(rule.as_mut(), 1, 2 * day));
        assert!(!passes(rule.as_mut(), 1, day), "no token for the step back");
        assert!(passes(rule.as_mut(), 1, day + 100 * MS), "the rate goes on from the new time");
        assert!(!passes(rule.as_mut(), 1, day + 50 * MS));
    }

    #[test]
    fn observes_the_rate_of_the_last_second() {
        let mut rate = Rate::default();
        (0..100).for_each(|step| rate.count(step * 10 * MS));
        assert_eq!(rate.last_second(990 * MS), 100.0);
        (0..25).for_each(|step| rate.count(SECOND + step * 10 * MS));
        assert_eq!(rate.last_second(1_250 * MS), 100.0);
        rate.count(9 * SECOND);
        assert_eq!(rate.last_second(9 * SECOND), 1.0);
    }

    proptest! {
        /// Whatever the clock does, no more passes than the burst and the rate allow for the time that it ran forward.
        #[test]
        fn never_lets_more_pass_than_allowed(steps in prop::collection::vec(-20_000_i64..2_000, 1..300)) {
            let mut rule = limit(10.0, 5);
            let (mut wall, mut forward, mut passed) = (0_i64, 0_i64, 0_u64);
            for step in steps {
                wall += step * MS;
                forward += step.max(0);
                passed += u64::from(passes(rule.as_mut(), 1, wall));
            }
            prop_assert!(passed as f64 <= 5.0 + forward as f64 / 100.0);
        }
    }
}
