//! Objects to events whose own time cannot be right.

use super::sources::Sources;
use super::{Clause, Objection, Rule, RuleType};
use ng_model::event::Event;
use ng_model::settings::{Accepts, Row};
use ng_wire::{Gauge, Mode};

/// The rule `stale_clock`. Events that state no time are not looked at.
///
/// An event is behind when its source has already stated a much later time, not when it is old: an old file read from
/// its start to its end is in order.
pub(super) static RULE: RuleType = RuleType {
    name: "stale_clock",
    summary: "Objects to events from the future, and to events far behind the newest of their source.",
    mode: Mode::Observe,
    when: "",
    clauses: &[Clause { name: "ahead", unit: "s" }, Clause { name: "behind", unit: "s" }],
    settings: &[
        Row {
            key: "ahead_s",
            accepts: Accepts::Float(3600.0, 0.0, 1e9),
            unit: "s",
            summary: "Most seconds by which the time of an event may be later than its arrival.",
        },
        Row {
            key: "behind_s",
            accepts: Accepts::Float(3600.0, 0.0, 1e9),
            unit: "s",
            summary: "Most seconds by which the time of an event may be earlier than the latest of its source.",
        },
    ],
    build: |values| {
        let ns = |key| (values.float(key) * 1e9) as i64;
        Ok(Box::new(StaleClock { ahead_ns: ns("ahead_s"), behind_ns: ns("behind_s"), newest: Sources::new() }))
    },
    terms: |values| format!("ahead {} s, behind {} s", values.float("ahead_s"), values.float("behind_s")),
};

const AHEAD: u8 = 0;
const BEHIND: u8 = 1;

#[derive(Debug)]
struct StaleClock {
    ahead_ns: i64,
    behind_ns: i64,
    /// The latest time that each source stated, those from the future left out: one of them would put everything after
    /// it behind.
    newest: Sources<i64>,
}

impl Rule for StaleClock {
    fn check(&mut self, event: &Event<'_>) -> Option<Objection> {
        let time_ns = event.parsed.time_ns?;
        let ahead = time_ns.saturating_sub(event.head.received_ns);
        if ahead > self.ahead_ns {
            return Some(Objection { clause: AHEAD, observed: seconds(ahead), limit: seconds(self.ahead_ns) });
        }
        let newest = self.newest.state(event.head.source, || time_ns);
        let behind = newest.saturating_sub(time_ns);
        *newest = (*newest).max(time_ns);
        (behind > self.behind_ns).then(|| Objection {
            clause: BEHIND,
            observed: seconds(behind),
            limit: seconds(self.behind_ns),
        })
    }

    fn gauges(&self, out: &mut Vec<Gauge>) {
        self.newest.gauges(out);
    }
}

fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sample, rule};
    use super::*;
    use ng_wire::SettingValue;

    const S: i64 = 1_000_000_000;
    const NOW: i64 = 1_700_000_000 * S;

    /// Events of one source as (stated time, relative to their arrival), and the clause with what it observes.
    fn check(times: &[Option<i64>], expect: &[Option<(u8, f64)>]) {
        let mut rule = rule(&RULE, &[("ahead_s", SettingValue::Int(10)), ("behind_s", SettingValue::Float(20.0))]);
        let found: Vec<_> = times
            .iter()
            .map(|time| Sample::text("x").received(NOW).time(time.map(|time| NOW.saturating_add(time))))
            .map(|sample| sample.ask(rule.as_mut()).map(|found| (found.clause, found.observed)))
            .collect();
        assert_eq!(found, expect, "{times:?}");
    }

    #[test]
    fn ahead_of_the_arrival() {
        check(&[Some(0), Some(10 * S), Some(10 * S + 1)], &[None, None, Some((AHEAD, 10.000000001))]);
    }

    #[test]
    fn behind_the_newest_of_the_source() {
        check(&[Some(0), Some(-20 * S), Some(-21 * S), Some(-S)], &[None, None, Some((BEHIND, 21.0)), None]);
    }

    #[test]
    fn an_old_file_in_order_passes() {
        let old = -1_000_000 * S;
        check(&[Some(old), None, Some(old + S), None, Some(old + 2 * S)], &[None; 5]);
    }

    #[test]
    fn one_event_from_the_future_does_not_put_the_rest_behind() {
        check(&[Some(0), Some(1_000 * S), Some(S)], &[None, Some((AHEAD, 1_000.0)), None]);
    }

    #[test]
    fn sources_do_not_share_their_newest() {
        let mut rule = rule(&RULE, &[]);
        assert_eq!(Sample::text("x").source(1).received(NOW).time(Some(NOW)).ask(rule.as_mut()), None);
        assert_eq!(Sample::text("x").source(2).received(NOW).time(Some(0)).ask(rule.as_mut()), None);
        let behind = Sample::text("x").source(1).received(NOW).time(Some(0)).ask(rule.as_mut());
        assert_eq!(behind.map(|found| found.clause), Some(BEHIND));
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let mut rule = rule(&RULE, &[]);
        for (received, time) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (i64::MIN, i64::MIN), (0, i64::MIN)] {
            let found = Sample::text("x").received(received).time(Some(time)).ask(rule.as_mut());
            assert!(found.is_none_or(|found| found.observed.is_finite()));
        }
    }
}
