//! Rules at work on events.

use super::*;
use ng_filter::Env;
use ng_model::event::{Span, Text};
use ng_model::record::{Detection, RecordHeader, Verdict};
use ng_model::symbols::{Sym, Symbols};
use ng_wire::{AlertState, Format, SettingValue, Unit};
use std::collections::BTreeMap;

const S: i64 = 1_000_000_000;
/// Second 0 of the tests.
const START: i64 = 1_700_000_000 * S;

/// Actions with a symbol table, and the texts of what they did.
struct Bench {
    actions: Actions,
    symbols: Symbols,
    seq: u64,
    effects: Vec<Effect>,
}

fn bench(rules: &[(&str, &str)]) -> Bench {
    let parse = |(name, text): &(&str, &str)| AlertRule::parse(name, text, &Env::default()).expect(text);
    let actions = Actions::new(rules.iter().map(parse).collect(), &Values::defaults(SETTINGS));
    Bench { actions, symbols: Symbols::new(), seq: 0, effects: Vec::new() }
}

impl Bench {
    fn event(&mut self, second: i64, kind: &str, raw: &str) -> &mut Self {
        let head = RecordHeader {
            seq: self.seq,
            time_ns: START,
            received_ns: START,
            value: f64::NAN,
            kind: self.symbols.intern(kind),
            source: Sym(0),
            level: Level::Info,
            format: Format::Text,
            declared: 0,
            unit: Unit::None,
            message: Text { span: Span::new(0, raw.len()), escaped: false },
            verdict: Verdict::default(),
            detection: Detection::default(),
        };
        let stored = StoredRecord { head: &head, raw: raw.as_bytes(), symbols: &self.symbols };
        self.actions.observe(&stored, START + second * S, &mut self.effects);
        self.seq += 1;
        self
    }

    fn tick(&mut self, second: i64) -> &mut Self {
        self.actions.tick(START + second * S, &mut self.effects);
        self
    }

    fn texts(&self) -> Vec<String> {
        let text = |effect: &Effect| match effect {
            Effect::Notify { text, .. } | Effect::Log { text, .. } => text.clone(),
            Effect::Note { json } => json.clone(),
        };
        self.effects.iter().map(text).collect()
    }

    fn states(&self) -> Vec<AlertState> {
        self.actions.view().iter().map(|view| view.state).collect()
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
fn each_action_makes_its_effect() {
    let mut bench = bench(&[("n", "when bad then notify"), ("l", "when bad then log level error")]);
    bench.event(0, "log.text", "good").event(1, "log.text", "bad");
    let notify = Effect::Notify {
        rule: "n".into(),
        level: Level::Warn,
        text: "n: 1 event matches \"bad\" (last seq 1)".into(),
        seq: Some(1),
    };
    let log = Effect::Log {
        rule: "l".into(),
        level: Level::Error,
        text: "l: 1 event matches \"bad\" (last seq 1)".into(),
        seq: Some(1),
    };
    assert_eq!(bench.effects, [notify, log]);
    assert_eq!(bench.actions.evaluations(), 4);
}

#[test]
fn what_a_rule_says() {
    let cases: &[(&str, i64, &str)] = &[
        ("when bad count >= 3 in 1m then log", 3, "a: 3 events match \"bad\" in 1m (last seq 2)"),
        ("when bad count > 2 in 90s then log", 3, "a: 3 events match \"bad\" in 90s (last seq 2)"),
        ("when bad count >= 1 in 1m then log", 1, "a: 1 event matches \"bad\" in 1m (last seq 0)"),
        ("when count >= 3 in 1m then log", 3, "a: 3 events in 1m (last seq 2)"),
        ("when bad for 2s then log", 3, "a: 2 events match \"bad\" in 2s (last seq 2)"),
        ("when bad count >= 2 in 1m for 3s then log", 5, "a: 4 events match \"bad\" in 1m for 3s (last seq 3)"),
        ("when bad count >= 2000 in 1d then log", 2_000, "a: at least 2000 events match \"bad\" in 1d (last seq 1999)"),
    ];
    for (rule, events, expect) in cases {
        let mut bench = bench(&[("a", rule)]);
        for second in 0..*events {
            bench.event(second, "log.text", "bad");
        }
        assert_eq!(bench.texts(), [*expect], "{rule}");
    }
}

#[test]
fn alerts_are_not_evaluated() {
    let mut bench = bench(&[("a", "when bad then notify")]);
    bench.event(0, "alert.firing", "bad").event(0, "alert.resolved", "bad");
    assert_eq!((bench.effects.len(), bench.actions.evaluations()), (0, 0));
    bench.event(0, "alerts", "bad");
    assert_eq!((bench.effects.len(), bench.actions.evaluations()), (1, 1));
}

#[test]
fn the_view_shows_every_rule() {
    let rules = [("quiet", "when nothing then log"), ("busy", "when bad count >= 2 in 10s then notify level fatal")];
    let mut bench = bench(&rules);
    for second in [0, 5, 12] {
        bench.event(second, "log.text", "bad");
    }
    let quiet = AlertView {
        name: "quiet".into(),
        rule: rules[0].1.into(),
        state: AlertState::Inactive,
        level: Level::Warn,
        since_ns: None,
        count: 0,
        fired: 0,
        last_seq: None,
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
    };
    assert_eq!(bench.actions.view(), [quiet, busy]);
    bench.tick(15);
    assert_eq!(bench.actions.view()[1].count, 1);
}

#[test]
fn a_cooldown_of_its_own_goes_before_the_default() {
    let mut bench = bench(&[("own", "when bad then log cooldown 70s"), ("default", "when bad then log")]);
    bench.event(0, "log.text", "bad").tick(60).event(100, "log.text", "bad");
    assert_eq!(bench.texts().len(), 3, "both acted, then the one whose cooldown is over");
    assert!(bench.texts()[2].starts_with("own:"));
    assert_eq!(bench.actions.suppressed(), 1);
    let none = BTreeMap::from([("cooldown_s".to_string(), SettingValue::Float(0.0))]);
    bench.actions.reconfigure(&Values::defaults(SETTINGS).with(SETTINGS, &none).unwrap());
    bench.event(101, "log.text", "bad");
    assert!(bench.texts()[3].starts_with("default:"), "a shorter default counts at once");
}

#[test]
fn a_clock_set_back_neither_fires_nor_holds_up_a_rule() {
    let mut bench = bench(&[("a", "when bad count >= 2 in 1m for 10s then log"), ("b", "when good for 10s then log")]);
    bench.event(0, "log.text", "bad").event(1, "log.text", "bad").event(1, "log.text", "good");
    let day = 86_400;
    bench.tick(1 - day).event(2 - day, "log.text", "good");
    assert_eq!(bench.effects, []);
    bench.tick(10 - day);
    assert_eq!(bench.states(), [AlertState::Pending; 2]);
    bench.tick(11 - day).event(11 - day, "log.text", "good");
    assert_eq!(bench.states(), [AlertState::Firing; 2]);
    bench.tick(day).tick(-day).tick(2 * day);
    assert_eq!(bench.states(), [AlertState::Inactive; 2]);
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    let mut bench = bench(&[("a", "when bad count >= 2 in 1m for 10s then log"), ("b", "when bad then log")]);
    for now in [i64::MIN, i64::MAX, 0, i64::MAX, i64::MIN] {
        bench.actions.tick(now, &mut bench.effects);
        bench.event(0, "log.text", "bad");
        bench.actions.tick(now, &mut bench.effects);
        bench.actions.view();
    }
}
