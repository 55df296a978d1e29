//! Commands: refused whole or carried out, written down before they take effect, and told to the stream.

use crate::bench::{Bench, FakeWorld, START_NS, configure, engine, engine_under, restore};
use ng_core::command_context::CommandContext;
use ng_core::commands::{self, Restored};
use ng_core::guard::Policy;
use ng_core::registry::Module;
use ng_filter::Env;
use ng_model::overrides::Overrides;
use ng_wire::{Command, Constitution, ErrorCode, Frame, Mode, Record, Request, SettingValue};
use std::collections::BTreeMap;

use SettingValue::{Bool, Int, Text};

fn refusal(bench: &mut Bench, command: Command) -> (ErrorCode, String) {
    match bench.command(command.clone()) {
        Frame::Error { id: 7, code, message } => (code, message),
        other => panic!("{command:?} was answered with {other:?}"),
    }
}

/// Everything that a command may change.
fn state(bench: &Bench) -> String {
    let flags = bench.views().into_iter().filter_map(|frame| match frame {
        Frame::Modules(modules) => Some(modules.into_iter().map(|module| (module.enabled, module.values)).collect()),
        _ => None,
    });
    let flags: Vec<Vec<_>> = flags.collect();
    format!("{flags:?} {:?} {} {:?}", bench.overrides, bench.next_seq(), bench.world.persisted())
}

#[test]
fn a_refused_command_says_why_and_changes_nothing() {
    let text = |text: &str| Text(text.into());
    let cases = [
        (
            Command::SetModule { module: "gatway".into(), enabled: true },
            ErrorCode::BadRequest,
            "unknown module gatway; did you mean gateway?",
        ),
        (
            Command::SetModule { module: "zzzzzzzzzzzzzz".into(), enabled: true },
            ErrorCode::BadRequest,
            "unknown module zzzzzzzzzzzzzz",
        ),
        (
            Command::SetModule { module: "guardian".into(), enabled: false },
            ErrorCode::Conflict,
            "guardian cannot be switched off",
        ),
        (
            configure("intuition_engine", &[("warm_up", Int(5)), ("alert_treshold", Int(5))]),
            ErrorCode::BadRequest,
            "intuition_engine.alert_treshold: unknown setting; did you mean alert_threshold?",
        ),
        (
            configure("grid", &[("k", Int(3)), ("window", Int(63))]),
            ErrorCode::BadRequest,
            "grid.window: expected a whole number from 64 to 65536",
        ),
        (
            configure("intuition_engine", &[("alert_threshold", SettingValue::Float(f64::NAN))]),
            ErrorCode::BadRequest,
            "intuition_engine.alert_threshold: expected a number from 2 to 10",
        ),
        (
            configure("gateway", &[("assume_utc", text("yes"))]),
            ErrorCode::BadRequest,
            "gateway.assume_utc: expected true or false",
        ),
        (
            configure("guardian", &[("size_limit.limit", Int(10)), ("size_limti.mode", text("enforce"))]),
            ErrorCode::BadRequest,
            "guardian.size_limti.mode: unknown rule; did you mean size_limit?",
        ),
        (
            configure("guardian", &[("bounds.max", Int(1)), ("bounds.min", Int(2))]),
            ErrorCode::BadRequest,
            "guardian.bounds.min: expected at most max, which is 1.0",
        ),
        (
            configure("guardian", &[("size_limit.limit", Int(10)), ("bounds.when", text("level>="))]),
            ErrorCode::BadRequest,
            "guardian.bounds.when: column 8",
        ),
        (
            Command::SetRuleMode { rule: "rate_limits".into(), mode: Mode::Enforce },
            ErrorCode::BadRequest,
            "rate_limits.mode: unknown rule; did you mean rate_limit?",
        ),
    ];
    let mut bench = Bench::new();
    bench.line("one");
    bench.switch("signal_system", false);
    let before = state(&bench);
    for (command, code, message) in cases {
        let found = refusal(&mut bench, command.clone());
        assert_eq!(found.0, code, "{command:?}");
        assert!(found.1.starts_with(message), "{command:?}: {}", found.1);
        assert_eq!(state(&bench), before, "{command:?}");
    }
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    let mut bench = Bench::new();
    bench.line("one");
    let before = state(&bench);
    bench.world.fail(Some("no space left on device"));
    let commands = [
        Command::SetModule { module: "gateway".into(), enabled: false },
        configure("intuition_engine", &[("warm_up", Int(0))]),
        configure("guardian", &[("size_limit.limit", Int(1))]),
        Command::SetRuleMode { rule: "bounds".into(), mode: Mode::Enforce },
    ];
    for command in &commands {
        let message = "the state could not be written, so nothing was changed: no space left on device";
        assert_eq!(refusal(&mut bench, command.clone()), (ErrorCode::Internal, message.into()));
        assert_eq!(state(&bench), before, "{command:?}");
    }
    bench.world.fail(None);
    for command in commands {
        assert!(matches!(bench.command(command), Frame::Result { id: 7, .. }));
    }
    assert_ne!(state(&bench), before);
}

#[test]
fn everything_that_was_changed_is_written_down_each_time() {
    let mut bench = Bench::new();
    bench.switch("signal_system", false);
    bench.set("grid", "window", 64);
    bench.set("grid", "k", 1);
    bench.set("grid", "k", 2);
    bench.rule_mode("bounds", Mode::Enforce);
    let written = bench.world.persisted();
    assert_eq!(written.len(), 5);
    let grid = BTreeMap::from([("k".to_string(), Int(2)), ("window".to_string(), Int(64))]);
    let guardian = BTreeMap::from([("bounds.mode".to_string(), Text("enforce".into()))]);
    let expect = Overrides {
        enabled: BTreeMap::from([("signal_system".to_string(), false)]),
        settings: BTreeMap::from([("grid".to_string(), grid), ("guardian".to_string(), guardian)]),
        constitution: bench.overrides.constitution.clone(),
        ..Overrides::default()
    };
    assert_eq!(written.last(), Some(&expect));
    assert_eq!(expect.constitution.version, 1, "Guardian's settings belong to the constitution");
    assert_eq!(bench.overrides, expect);
}

#[test]
fn the_event_of_a_command_tells_who_did_what() {
    let cases = [
        (
            Command::SetModule { module: "gateway".into(), enabled: false },
            ["module.disabled", "warn", "gateway switched off by \"tester\""],
            ["gateway", ""],
        ),
        (
            Command::SetModule { module: "gateway".into(), enabled: true },
            ["module.enabled", "notice", "gateway switched on by \"tester\""],
            ["gateway", ""],
        ),
        (
            configure("grid", &[("window", Int(64)), ("k", Int(2))]),
            ["module.configured", "notice", "grid configured by \"tester\": k = 2, window = 64"],
            ["grid", ""],
        ),
        (
            configure("guardian", &[("bounds.when", Text("level>=warn \"a b\"".into()))]),
            ["module.configured", "notice", r#"guardian configured by "tester": bounds.when = "level>=warn \"a b\"""#],
            ["guardian", ""],
        ),
        (
            Command::SetRuleMode { rule: "bounds".into(), mode: Mode::Enforce },
            ["guardian.mode", "notice", "rule bounds set to enforce by \"tester\""],
            ["guardian", "bounds"],
        ),
    ];
    let mut bench = Bench::new();
    bench.actor = "\"tester\"".into();
    for (command, [kind, level, text], [module, rule]) in cases {
        assert_eq!(bench.command(command), Frame::Result { id: 7, message: Some(text.into()) });
        let note = bench.last();
        let attr = |key: &str| note.attrs.get(key).cloned().unwrap_or_default();
        assert_eq!([note.kind.as_ref(), note.level.name(), note.text.as_ref()], [kind, level, text]);
        assert_eq!([attr("module").as_ref(), attr("rule").as_ref()], [module, rule]);
        assert_eq!((note.source.as_ref(), note.received_ns), ("engine", START_NS));
        assert!(attr("actor").contains("tester"), "{note:?}");
    }
}

#[test]
fn the_event_of_a_command_is_never_cut() {
    let mut bench = Bench::new();
    bench.set("gateway", "max_reading_bytes", 256);
    bench.actor = "a name that goes on ".repeat(100);
    bench.switch("signal_system", false);
    let note: Record = bench.last();
    assert_eq!(note.kind, "module.disabled");
    assert!(note.text.ends_with(&bench.actor));
}

#[test]
fn restoring_leaves_out_what_no_longer_fits_and_says_so() {
    let settings =
        |values: &[(&str, SettingValue)]| values.iter().map(|(key, v)| (key.to_string(), v.clone())).collect();
    let mut overrides = Overrides {
        enabled: BTreeMap::from([
            ("signal_system".to_string(), false),
            ("guardian".to_string(), false),
            ("quarantine".to_string(), true),
        ]),
        settings: BTreeMap::from([
            ("grid".to_string(), settings(&[("k", Int(0)), ("window", Int(64)), ("windows", Int(1))])),
            ("guardian".to_string(), settings(&[("bounds.mode", Text("enforce".into())), ("bounds.max", Bool(true))])),
            ("flux".to_string(), settings(&[("x", Int(1))])),
        ]),
        constitution: Constitution { profile: "hunter".into(), ..Constitution::default() },
        ..Overrides::default()
    };
    let mut engine = engine(&[]);
    let refused = restore(&mut engine, &mut overrides, &Env::default()).refused;
    let expect = [
        "guardian cannot be switched off",
        "unknown module quarantine",
        "unknown module flux",
        "grid.k: expected a whole number from 1 to 256",
        "grid.windows: unknown setting; did you mean window?",
        "guardian.bounds.max: expected a number",
        "cdna.unknown profile hunter",
    ];
    assert_eq!(refused.len(), expect.len(), "{refused:?}");
    for (refused, expect) in refused.iter().zip(expect) {
        assert!(refused.starts_with(expect), "{refused:?} should start with {expect:?}");
    }
    assert!(!engine.is_enabled(Module::SignalSystem) && engine.is_enabled(Module::Guardian));
    assert_eq!(engine.values(Module::Grid).int("window"), 64);
    assert_eq!(engine.rules()["bounds.mode"], Text("enforce".into()));
}

#[test]
fn values_that_only_fit_together_are_restored_together() {
    let limits = |min: i64, max: i64| {
        BTreeMap::from([("bounds.max".to_string(), Int(max)), ("bounds.min".to_string(), Int(min))])
    };
    // What the configuration says; neither saved value fits beside one of these.
    let mut engine = engine_under(&Policy::defaults().with(&limits(0, 10)).unwrap());
    let mut overrides =
        Overrides { settings: BTreeMap::from([("guardian".to_string(), limits(-20, -5))]), ..Overrides::default() };
    assert_eq!(restore(&mut engine, &mut overrides, &Env::default()), Restored::default());
    assert_eq!(engine.rules()["bounds.max"], SettingValue::Float(-5.0));
}

#[test]
fn a_restored_engine_is_as_it_was() {
    let mut bench = Bench::new();
    bench.switch("action_controller", false);
    bench.set("intuition_engine", "leak", 1.5);
    bench.set("guardian", "rate_limit.when", "source:x");
    bench.rule_mode("duplicate", Mode::Enforce);
    let mut again = Bench::new();
    let restored = restore(&mut again.engine, &mut bench.world.persisted().pop().unwrap(), &Env::default());
    assert_eq!(restored, Restored::default());
    for id in ["action_controller", "intuition_engine", "guardian"] {
        let (before, after) = (bench.module(id), again.module(id));
        assert_eq!((before.enabled, before.values), (after.enabled, after.values), "{id}");
    }
}

#[test]
fn the_answer_carries_the_number_of_its_command() {
    let (mut engine, mut world, mut overrides) = (engine(&[]), FakeWorld::new(), Overrides::default());
    let mut store = ng_core::store::Store::new(1024);
    for (id, module) in [(1, "gateway"), (u64::MAX, "nothing")] {
        let request =
            Request { id, actor: String::new(), command: Command::SetModule { module: module.into(), enabled: true } };
        let env = Env::default();
        let mut context =
            CommandContext { engine: &mut engine, store: &mut store, overrides: &mut overrides, env: &env };
        let answer = commands::apply(&mut context, &mut world, &request);
        assert!(matches!(answer, Frame::Result { id: found, .. } | Frame::Error { id: found, .. } if found == id));
    }
}
