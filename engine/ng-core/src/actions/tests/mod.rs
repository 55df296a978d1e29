//! Rules at work on events.

mod groups;
mod inhibition;
mod restart;
mod rules;
mod said;
mod states;
mod warnings;

use super::*;
use ng_filter::Env;
use ng_model::event::{Span, Text};
use ng_model::record::{Detection, RecordHeader, Verdict};
use ng_model::symbols::Symbols;
use ng_wire::{AlertGroup, AlertState, Format, SettingValue, Timeline, Unit};
use std::collections::BTreeMap;

const S: i64 = 1_000_000_000;
/// Second 0 of the tests: midnight.
const START: i64 = 1_700_006_400 * S;

/// Actions with a symbol table, and what they did.
struct Bench {
    actions: Actions,
    symbols: Symbols,
    seq: u64,
    effects: Vec<Effect>,
}

/// An event of a test.
#[derive(Clone, Copy)]
struct Of<'a> {
    kind: &'a str,
    source: &'a str,
    pattern: u32,
    /// Seconds from its time to its arrival.
    late: i64,
    is_novel: bool,
    is_alert: bool,
}

const BAD: Of<'static> = Of { kind: "log.text", source: "app", pattern: 1, late: 0, is_novel: false, is_alert: false };

fn armed(rules: &[(&str, &str)]) -> Actions {
    let parse = |(name, text): &(&str, &str)| AlertRule::parse(name, text, &Env::default()).expect(text);
    Actions::new(rules.iter().map(parse).collect(), &Values::defaults(SETTINGS), Zone::UTC)
}

fn bench(rules: &[(&str, &str)]) -> Bench {
    Bench { actions: armed(rules), symbols: Symbols::new(), seq: 0, effects: Vec::new() }
}

impl Bench {
    fn event(&mut self, second: i64, raw: &str, of: Of<'_>) -> &mut Self {
        let received_ns = START + second * S;
        let head = RecordHeader {
            seq: self.seq,
            time_ns: received_ns - of.late * S,
            received_ns,
            value: f64::NAN,
            kind: self.symbols.intern(of.kind),
            source: self.symbols.intern(of.source),
            level: Level::Info,
            format: if raw.starts_with('{') { Format::Json } else { Format::Text },
            declared: 0,
            unit: Unit::None,
            message: Text { span: Span::new(0, raw.len()), escaped: false },
            verdict: Verdict::default(),
            detection: Detection {
                pattern: of.pattern,
                is_novel: of.is_novel,
                is_alert: of.is_alert,
                ..Detection::default()
            },
        };
        let stored = StoredRecord { head: &head, raw: raw.as_bytes(), symbols: &self.symbols };
        self.actions.observe(&stored, received_ns, &mut self.effects);
        self.seq += 1;
        self
    }

    fn bad(&mut self, second: i64) -> &mut Self {
        self.event(second, "bad", BAD)
    }

    fn tick(&mut self, second: i64) -> &mut Self {
        self.actions.tick(START + second * S, &mut self.effects);
        self
    }

    fn alerts(&self) -> Vec<&Alert> {
        self.effects.iter().map(alert_of).collect()
    }

    fn texts(&self) -> Vec<&str> {
        self.alerts().iter().map(|alert| alert.text.as_str()).collect()
    }

    fn states(&self) -> Vec<AlertState> {
        self.actions.view().iter().map(|view| view.state).collect()
    }
}

fn alert_of(effect: &Effect) -> &Alert {
    match effect {
        Effect::Alert(alert) => alert,
        Effect::Note { json } => panic!("{json}"),
    }
}

#[test]
fn the_table_is_well_formed() {
    for (at, action) in ACTIONS.iter().enumerate() {
        assert!(action.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", action.name);
        assert!(action.summary.ends_with('.'), "{}", action.name);
        assert!(ACTIONS[..at].iter().all(|other| other.name != action.name));
    }
}

#[test]
fn an_act_is_an_event_and_what_the_rule_does() {
    let mut bench =
        bench(&[("n", "when bad then notify"), ("both", "when bad by source then log, notify level error")]);
    bench.event(0, "good", BAD).bad(1);
    let deeds: Vec<Vec<Deed>> =
        bench.alerts().iter().map(|alert| alert.actions.iter().map(|action| action.deed).collect()).collect();
    assert_eq!(deeds, [vec![Deed::Notice], vec![Deed::Record, Deed::Notice]]);
    let events: Vec<serde_json::Value> =
        bench.alerts().iter().map(|alert| serde_json::from_str(&alert.event()).unwrap()).collect();
    let expect = serde_json::json!({
        "type": "alert.firing", "level": "warn", "message": "n: 1 event matches \"bad\": bad (last seq 1)", "rule": "n",
        "action": "notify", "count": 1, "first_seq": 1, "last_seq": 1, "about": 1,
    });
    assert_eq!(events[0], expect);
    assert_eq!((&events[1]["group"], &events[1]["action"]), (&"app".into(), &"log, notify".into()));
    assert_eq!(events[1]["level"], "error");
    bench.tick(61);
    let end: serde_json::Value = serde_json::from_str(&bench.alerts()[3].event()).unwrap();
    assert_eq!(
        (&end["type"], &end["level"], &end["group"]),
        (&"alert.resolved".into(), &"notice".into(), &"app".into())
    );
    assert_eq!(bench.actions.evaluations(), 4);
}

#[test]
fn alerts_are_not_evaluated() {
    let mut bench = bench(&[("a", "when bad then notify")]);
    for kind in ["alert.firing", "alert.resolved", "alert.disk"] {
        bench.event(0, "bad", Of { kind, ..BAD });
    }
    assert_eq!((bench.effects.len(), bench.actions.evaluations()), (0, 0));
    bench.event(0, "bad", Of { kind: "alerts", ..BAD });
    assert_eq!((bench.effects.len(), bench.actions.evaluations()), (1, 1));
}

#[test]
fn what_detectors_say_of_an_event() {
    let mut bench = bench(&[("new", "when bad new then log"), ("odd", "when anomaly then log")]);
    bench.bad(0).event(1, "bad", Of { is_novel: true, ..BAD }).event(2, "good", Of { is_novel: true, ..BAD });
    bench.event(3, "good", Of { is_alert: true, ..BAD });
    let expect = ["new: 1 new event matches \"bad\": bad (last seq 1)", "odd: 1 unusual event: good (last seq 3)"];
    assert_eq!(bench.texts(), expect);
}

#[test]
fn the_view_shows_every_rule() {
    let rules = [("quiet", "when nothing then log"), ("busy", "when bad count >= 2 in 10s then notify level fatal")];
    let mut bench = bench(&rules);
    bench.bad(0).bad(5).bad(12);
    let quiet = AlertView {
        name: "quiet".into(),
        rule: rules[0].1.into(),
        state: AlertState::Inactive,
        level: Level::Warn,
        since_ns: None,
        count: 0,
        fired: 0,
        last_seq: None,
        groups: Vec::new(),
        groups_left_out: 0,
        inhibited_by: None,
        held_back: 0,
    };
    let mut counts = vec![0; 13];
    [0, 5, 12].into_iter().for_each(|second: usize| counts[second] = 1);
    let group = AlertGroup {
        key: String::new(),
        state: AlertState::Firing,
        since_ns: Some(START + 5 * S),
        count: 3,
        first_seq: Some(0),
        last_seq: Some(2),
        timeline: Some(Timeline { start_ns: START, bin_ns: S, counts }),
    };
    let busy = AlertView {
        name: "busy".into(),
        rule: rules[1].1.into(),
        state: AlertState::Firing,
        level: Level::Fatal,
        since_ns: Some(START + 5 * S),
        count: 2,
        fired: 1,
        last_seq: Some(2),
        groups: vec![group],
        groups_left_out: 0,
        inhibited_by: None,
        held_back: 0,
    };
    assert_eq!(bench.actions.view(), [quiet, busy]);
    bench.tick(15);
    assert_eq!(bench.actions.view()[1].count, 1);
}

#[test]
fn a_cooldown_of_its_own_goes_before_the_default() {
    let mut bench = bench(&[("own", "when bad then log cooldown 70s"), ("default", "when bad then log")]);
    bench.bad(0).tick(60).bad(100);
    let told: Vec<_> = bench.texts().iter().map(|text| text[..11].to_owned()).collect();
    assert_eq!(
        told,
        ["own: 1 even", "default: 1 ", "own: resolv", "default: re", "own: 1 even"],
        "its cooldown is over"
    );
    assert_eq!(bench.actions.suppressed(), 1);
    let none = BTreeMap::from([("cooldown_s".to_string(), SettingValue::Float(0.0))]);
    bench.actions.reconfigure(&Values::defaults(SETTINGS).with(SETTINGS, &none).unwrap());
    bench.bad(101);
    assert!(bench.texts()[5].starts_with("default: 2 events"), "a shorter default counts at once");
}

#[test]
fn a_clock_set_back_neither_fires_nor_holds_up_a_rule() {
    let mut bench = bench(&[("a", "when bad count >= 2 in 1m for 10s then log"), ("b", "when good for 10s then log")]);
    bench.bad(0).bad(1).event(1, "good", BAD);
    let day = 86_400;
    bench.tick(1 - day).event(2 - day, "good", BAD);
    assert_eq!(bench.effects, []);
    bench.tick(10 - day);
    assert_eq!(bench.states(), [AlertState::Pending; 2]);
    bench.tick(11 - day).event(11 - day, "good", BAD);
    assert_eq!(bench.states(), [AlertState::Firing; 2]);
    bench.tick(day).tick(-day).tick(2 * day);
    assert_eq!(bench.states(), [AlertState::Inactive; 2]);
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    let rules = [
        ("a", "when bad count >= 2 in 1m for 10s then log"),
        ("b", "when bad then log"),
        ("c", "when bad absent for 10s then log"),
        ("d", "when bad rate > 2x usual in 1m for 3s then log"),
        ("e", "when bad for 3s by source then log cooldown 0s"),
    ];
    let mut bench = bench(&rules);
    for now in [i64::MIN, i64::MAX, 0, i64::MAX, i64::MIN] {
        bench.actions.tick(now, &mut bench.effects);
        for late in [0, 100, -100, 5_000_000_000, -5_000_000_000] {
            bench.event(0, "bad", Of { late, ..BAD });
        }
        bench.actions.tick(now, &mut bench.effects);
        bench.actions.view();
    }
}
