//! The constitution: weights that change scores, versions that come back, and trials that end by themselves.

use crate::bench::{Bench, SECOND_NS, START_NS, configure, engine_under, restore, vector, vectors};
use ng_core::constitution;
use ng_filter::Env;
use ng_wire::{AmendmentKind, Command, Effect, ErrorCode, Format, Frame, Mode, Record, SettingValue, Zone};

const ONES: [f64; 8] = [1.0; 8];

/// Weights of one, except for a dimension.
fn one(dimension: usize, weight: f64) -> [f64; 8] {
    let mut weights = ONES;
    weights[dimension] = weight;
    weights
}

fn set(weights: [f64; 8]) -> Command {
    Command::SetWeights { weights, profile: None }
}

fn switch(profile: &str) -> Command {
    Command::SwitchProfile { profile: profile.into() }
}

fn start(seconds: u32, profile: Option<&str>) -> Command {
    Command::StartTrial { seconds, weights: None, profile: profile.map(str::to_owned) }
}

fn refusal(bench: &mut Bench, command: Command) -> (ErrorCode, String) {
    match bench.command(command.clone()) {
        Frame::Error { code, message, .. } => (code, message),
        other => panic!("{command:?} was answered with {other:?}"),
    }
}

/// What is known of the constitution, without what its trial has measured.
fn stand(bench: &Bench) -> (u64, String, [f64; 8], bool) {
    let view = bench.constitution();
    let weights = std::array::from_fn(|dimension| view.weights[dimension].value);
    (view.version, view.profile, weights, view.trial.is_some())
}

/// A vector that is odd in its third dimension alone. To be as odd again takes a larger value.
fn odd(bench: &mut Bench, value: f64) -> Record {
    let mut values = [0.5; 8];
    values[2] = value;
    bench.send("v", Format::Vector, &[vector(values)]).remove(0)
}

fn novelties(records: &[Record]) -> Vec<u32> {
    records.iter().map(|record| record.detection.novelty.unwrap().to_bits()).collect()
}

#[test]
fn zones_say_what_a_weight_was_measured_to_do() {
    let mut bench = Bench::new();
    bench.accepted(set(one(4, 16.0)));
    let zones =
        |bench: &Bench| bench.constitution().weights.into_iter().map(|w| (w.zone, w.effect)).collect::<Vec<_>>();
    assert_eq!(zones(&bench)[4], (Zone::Caution, None), "more than half of its limit, and nothing measured yet");
    bench.send("v", Format::Vector, &vectors(2000, 1));
    let heavy = zones(&bench);
    assert!(heavy[4].0 == Zone::Caution && heavy[4].1.unwrap() > 0.25, "{heavy:?}");
    assert!(heavy.iter().enumerate().all(|(dim, (zone, _))| dim == 4 || *zone == Zone::Safe), "{heavy:?}");
    bench.accepted(set(ONES));
    bench.send("v", Format::Vector, &vectors(1, 2));
    assert_eq!(zones(&bench), [(Zone::Safe, Some(0.0)); 8], "equal weights do nothing");
    bench.accepted(set(one(4, 1.1)));
    bench.send("v", Format::Vector, &vectors(1, 3));
    let slight = zones(&bench)[4].1.unwrap();
    assert!(slight < heavy[4].1.unwrap() / 2.0, "{slight}");
}

#[test]
fn a_weight_changes_the_novelty_of_vectors() {
    let mut plain = Bench::new();
    plain.send("v", Format::Vector, &vectors(1000, 1));
    let mut weighed = Bench::new();
    weighed.send("v", Format::Vector, &vectors(1000, 1));
    weighed.accepted(set(one(2, 0.0)));
    let (plain, weighed) = (odd(&mut plain, 6.0), odd(&mut weighed, 6.0));
    assert!(plain.detection.is_novel && plain.detection.novelty > Some(3.0), "{plain:?}");
    assert!(!weighed.detection.is_novel && weighed.detection.novelty < Some(2.0), "{weighed:?}");
}

#[test]
fn equal_weights_and_the_neutral_profile_leave_every_bit_as_it_was() {
    let (first, then) = (vectors(900, 2), vectors(300, 3));
    let run = |commands: &[Command]| {
        let mut bench = Bench::new();
        bench.send("v", Format::Vector, &first);
        commands.iter().for_each(|command| bench.accepted(command.clone()));
        novelties(&bench.send("v", Format::Vector, &then))
    };
    let untouched = run(&[]);
    assert_eq!(run(&[set([7.0; 8])]), untouched);
    assert_eq!(run(&[switch("neutral")]), untouched);
    assert_eq!(run(&[start(60, None), Command::StopTrial { keep: true }]), untouched);
    assert_ne!(run(&[switch("analyzer")]), untouched);
}

/// Distances by other weights are numbers of another measure: ranked among the old ones they would all be new.
#[test]
fn neither_a_change_of_weights_nor_its_end_makes_usual_vectors_novel() {
    let mut bench = Bench::new();
    // The vectors are farther apart by all later weights than by these.
    bench.accepted(switch("analyzer"));
    bench.send("v", Format::Vector, &vectors(3000, 4));
    let commands = [switch("neutral"), switch("creative"), set(one(7, 0.0)), switch("analyzer")];
    for (number, command) in commands.iter().enumerate() {
        bench.accepted(command.clone());
        let records = bench.send("v", Format::Vector, &vectors(500, 10 + number as u64));
        let novel = records.iter().filter(|record| record.detection.is_novel).count();
        assert!(novel <= 5, "{novel} of 500 after {command:?}");
        assert!(!records[0].detection.is_novel, "{command:?}");
    }
}

#[test]
fn text_and_json_are_weighed_too() {
    let lines: Vec<String> = (0..1000).map(|i| format!("worker {} took {} ms", i % 7, (i * 37) % 100)).collect();
    let objects: Vec<String> = (0..1000).map(|i| format!("{{\"a\":{},\"b\":\"x{}\"}}", i % 11, i % 3)).collect();
    let run = |command: Option<Command>| {
        let mut bench = Bench::new();
        command.into_iter().for_each(|command| bench.accepted(command));
        let text = novelties(&bench.lines(&lines));
        (text, novelties(&bench.send("j", Format::Json, &objects)))
    };
    let (plain, weighed) = (run(None), run(Some(switch("creative"))));
    assert_ne!(plain.0, weighed.0);
    assert_ne!(plain.1, weighed.1);
}

#[test]
fn every_change_is_a_version_that_can_be_taken_up_again() {
    let mut bench = Bench::new();
    assert_eq!(stand(&bench), (0, "neutral".into(), ONES, false));
    bench.accepted(set(one(4, 10.0)));
    bench.rule_mode("bounds", Mode::Enforce);
    bench.set("guardian", "size_limit.limit", 100);
    bench.accepted(switch("analyzer"));
    bench.set("grid", "k", 2);
    assert_eq!(stand(&bench).0, 4, "settings of other modules are no part of it");

    bench.accepted(Command::RollBack { version: 2 });
    assert_eq!(stand(&bench), (5, "neutral".into(), one(4, 10.0), false));
    let rules = bench.module("guardian").values;
    assert_eq!(rules["bounds.mode"], SettingValue::Text("enforce".into()));
    assert_eq!(rules["size_limit.limit"], SettingValue::Int(65_536));
    let last = bench.constitution().history.remove(0);
    assert_eq!((last.kind, last.version, last.actor.as_str()), (AmendmentKind::RollBack, 5, "tester"));
    let changes = ["profile analyzer → neutral", "emotional 1.5 → 1", "social 5 → 1", "temporal 3 → 1"];
    assert_eq!(last.changes[..4], changes);
    assert_eq!(last.changes[4..], ["abstract 20 → 1", "size_limit.limit 100 → as configured"]);

    bench.accepted(Command::RollBack { version: 0 });
    assert_eq!(stand(&bench), (6, "neutral".into(), ONES, false));
    assert_eq!(bench.module("guardian").values["bounds.mode"], SettingValue::Text("observe".into()));
    assert!(!bench.overrides.settings.contains_key("guardian"));
    bench.accepted(Command::RollBack { version: 4 });
    assert_eq!(stand(&bench).1, "analyzer");
    assert_eq!(bench.line(&"x".repeat(101)).verdict.objections, ["size_limit"]);
    assert_eq!(bench.gauge("cdna", "version"), 7.0);
    assert_eq!(bench.module("cdna").operations, 7);
}

#[test]
fn refusals_name_the_dimension_and_change_nothing() {
    let mut bench = Bench::new();
    let bad = |message: &str| (ErrorCode::BadRequest, message.to_string());
    let conflict = |message: &str| (ErrorCode::Conflict, message.to_string());
    let trial = |seconds, weights| Command::StartTrial { seconds, weights, profile: None };
    let cases = [
        (set(one(4, 30.5)), bad("cognitive: expected a number from 0 to 30")),
        (set([0.0; 8]), bad("weights: expected at least one above 0")),
        (switch("analyser"), bad("unknown profile analyser; did you mean analyzer?")),
        (
            Command::SetWeights { weights: one(0, 9.0), profile: Some("quarantine".into()) },
            bad("physical: expected a number from 0.5 to 1.5 in the profile quarantine"),
        ),
        (trial(59, None), bad("seconds: expected a whole number from 60 to 3600")),
        (trial(3601, None), bad("seconds: expected a whole number from 60 to 3600")),
        (trial(60, Some(one(6, 21.0))), bad("temporal: expected a number from 0 to 20")),
        (Command::StopTrial { keep: true }, conflict("no trial runs")),
        (Command::RollBack { version: 1 }, bad("version 1 is not remembered; there are 0 to 0")),
    ];
    for (command, expect) in cases {
        assert_eq!(refusal(&mut bench, command.clone()), expect, "{command:?}");
    }
    assert_eq!((bench.next_seq(), bench.world.persisted().len()), (0, 0));

    bench.world.fail(Some("disk full"));
    for command in [set(one(0, 2.0)), start(60, Some("creative")), switch("explorer")] {
        assert_eq!(refusal(&mut bench, command).0, ErrorCode::Internal);
    }
    assert_eq!(stand(&bench), (0, "neutral".into(), ONES, false));
    assert!(bench.constitution().history.is_empty());
}

#[test]
fn a_trial_reverts_itself_when_its_time_is_over() {
    let mut bench = Bench::new();
    bench.send("v", Format::Vector, &vectors(1000, 1));
    bench.accepted(switch("explorer"));
    bench.wait(2);
    bench.accepted(Command::StartTrial { seconds: 60, weights: Some(one(2, 0.0)), profile: None });
    assert_eq!(stand(&bench), (1, "explorer".into(), one(2, 0.0), true));
    let trial = bench.constitution().trial.unwrap();
    assert_eq!((trial.returns_to.as_str(), trial.actor.as_str()), ("explorer", "tester"));
    assert_eq!((trial.started_ns, trial.ends_ns), (START_NS + 2 * SECOND_NS, START_NS + 62 * SECOND_NS));
    assert!(!odd(&mut bench, 6.0).detection.is_novel, "the weights hold at once");

    bench.wait(59);
    assert_eq!(bench.gauge("cdna", "trial_left_s"), 1.0);
    assert!(stand(&bench).3);
    let written = bench.world.persisted().len();
    bench.wait(1);
    assert_eq!(stand(&bench), (1, "explorer".into(), [1.0, 1.5, 1.2, 2.0, 3.0, 2.5, 2.0, 5.0], false));
    assert_eq!(bench.world.persisted().len(), written + 1);
    assert_eq!(bench.world.persisted().last(), Some(&bench.overrides));
    let told = bench.last();
    assert_eq!((told.kind.as_ref(), told.level.name()), ("cdna.trial.reverted", "warn"));
    assert!(told.text.starts_with("trial reverted, for its time is over: "), "{}", told.text);
    assert!(odd(&mut bench, 20.0).detection.is_novel);
    bench.wait(120);
    assert_eq!(bench.module("cdna").operations, 3, "once");
}

#[test]
fn a_trial_ends_even_if_that_cannot_be_written_down() {
    let mut bench = Bench::new();
    bench.accepted(start(60, Some("creative")));
    bench.world.fail(Some("disk full"));
    bench.wait(60);
    assert_eq!(stand(&bench), (0, "neutral".into(), ONES, false));
    let error = bench.module("cdna").last_error.unwrap().text;
    assert_eq!(error, "the end of a trial could not be written: disk full");
}

#[test]
fn what_a_trial_does_is_measured_beside_what_was_before() {
    let mut bench = Bench::new();
    bench.set("guardian", "size_limit.limit", 20);
    bench.rule_mode("size_limit", Mode::Enforce);
    bench.wait(1);
    for _ in 0..60 {
        bench.line("this line is longer than twenty bytes");
        bench.wait(1);
    }
    bench.accepted(start(120, Some("analyzer")));
    for _ in 0..30 {
        bench.lines(&["a second line longer than twenty bytes"; 3]);
        bench.wait(1);
    }
    let trial = bench.constitution().trial.unwrap();
    let effect =
        |seconds, rejected_per_min| Some(Effect { seconds, rejected_per_min, alerts_per_min: 0.0, novel_per_min: 0.0 });
    assert_eq!((trial.before, trial.during), (effect(60.0, 60.0), effect(30.0, 180.0)));

    bench.accepted(Command::StopTrial { keep: true });
    let kept = bench.constitution().history.remove(0);
    assert_eq!((kept.kind, kept.on_trial, kept.version), (AmendmentKind::TrialKept, false, 3));
    let measured = kept.measured.unwrap();
    assert_eq!((measured.before, measured.during), (effect(60.0, 60.0), effect(30.0, 180.0)));
    let told = bench.last();
    assert_eq!(told.kind, "cdna.trial.kept");
    assert_eq!(told.attrs["during.rejected_per_min"], "180.0");
    assert_eq!(stand(&bench).1, "analyzer");
    bench.wait(3600);
    assert_eq!(stand(&bench).1, "analyzer");
}

#[test]
fn weights_set_during_a_trial_are_on_trial_and_rules_are_not() {
    let mut bench = Bench::new();
    bench.accepted(start(60, None));
    assert_eq!(refusal(&mut bench, start(60, None)), (ErrorCode::Conflict, "a trial runs already".into()));
    let message = "a trial runs; keep it or revert it first";
    assert_eq!(refusal(&mut bench, Command::RollBack { version: 0 }), (ErrorCode::Conflict, message.into()));
    bench.accepted(switch("creative"));
    assert_eq!(stand(&bench).0, 0);
    bench.rule_mode("bounds", Mode::Enforce);
    assert_eq!(stand(&bench), (1, "creative".into(), [1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0], true));
    let zones: Vec<Zone> = bench.constitution().weights.iter().map(|weight| weight.zone).collect();
    assert_eq!(zones[5..], [Zone::Caution, Zone::Beyond, Zone::Caution]);
    bench.accepted(Command::StopTrial { keep: false });
    assert_eq!(stand(&bench), (1, "neutral".into(), ONES, false));
    assert_eq!(bench.module("guardian").values["bounds.mode"], SettingValue::Text("enforce".into()));
    let kinds: Vec<(AmendmentKind, bool)> =
        bench.constitution().history.iter().rev().map(|amendment| (amendment.kind, amendment.on_trial)).collect();
    let expect = [
        (AmendmentKind::TrialStarted, true),
        (AmendmentKind::Profile, true),
        (AmendmentKind::Rules, false),
        (AmendmentKind::TrialReverted, false),
    ];
    assert_eq!(kinds, expect);
    let content = constitution::version_of(&bench.overrides.constitution, 1).unwrap();
    assert_eq!(
        (content.profile.as_str(), content.weights),
        ("neutral", ONES),
        "the trial left no trace in the version"
    );
}

#[test]
fn a_restart_keeps_the_version_and_takes_a_trial_back() {
    let mut bench = Bench::new();
    bench.accepted(switch("explorer"));
    bench.set("guardian", "size_limit.limit", 100);
    bench.accepted(start(3600, Some("analyzer")));
    let mut written = bench.world.persisted().pop().unwrap();
    assert!(written.constitution.trial.is_some(), "a trial is written down too");

    let mut again = Bench::new();
    let env = Env { now_ns: START_NS + 9 * SECOND_NS, ..Env::default() };
    let restored = restore(&mut again.engine, &mut written, &env);
    assert!(restored.refused.is_empty());
    let told = restored.reverted.unwrap();
    assert!(told.contains("cdna.trial.reverted") && told.contains("for the engine was started again"), "{told}");
    again.overrides = written;
    assert_eq!(stand(&again).0, 2);
    assert_eq!((stand(&again).1.as_str(), stand(&again).3), ("explorer", false));
    again.send("v", Format::Vector, &vectors(300, 1));
    let mut same = Bench::new();
    same.accepted(switch("explorer"));
    same.send("v", Format::Vector, &vectors(300, 1));
    assert_eq!(odd(&mut again, 6.0).detection.novelty, odd(&mut same, 6.0).detection.novelty);
    again.accepted(Command::RollBack { version: 1 });
    assert_eq!(again.module("guardian").values["size_limit.limit"], SettingValue::Int(65_536));
}

#[test]
fn a_version_that_does_not_fit_the_rules_any_more_is_not_taken_up() {
    let mut bench = Bench::new();
    bench.accepted(configure("guardian", &[("bounds.min", SettingValue::Int(-5))]));
    bench.accepted(set(one(0, 2.0)));
    // What is configured now contradicts what was set beside another configuration.
    let max = std::collections::BTreeMap::from([("bounds.max".to_string(), SettingValue::Int(-10))]);
    let policy = ng_core::guard::Policy::defaults().with(&max).unwrap();
    bench.engine = engine_under(&policy);
    let (code, message) = refusal(&mut bench, Command::RollBack { version: 1 });
    assert_eq!(code, ErrorCode::Conflict);
    assert!(message.starts_with("guardian.bounds.min: expected at most max"), "{message}");
}

#[test]
fn the_events_of_the_constitution_tell_who_did_what() {
    let mut bench = Bench::new();
    let cases = [
        (set(one(4, 2.5)), "cdna.weights", "weights set by tester: cognitive 1 → 2.5", "1"),
        (set(one(4, 2.5)), "cdna.weights", "weights set by tester: nothing changes", ""),
        (switch("neutral"), "cdna.profile", "profile neutral chosen by tester: cognitive 2.5 → 1", "2"),
        (
            Command::RollBack { version: 1 },
            "cdna.rollback",
            "version 1 taken up again by tester: cognitive 1 → 2.5",
            "3",
        ),
        (start(60, Some("neutral")), "cdna.trial.started", "trial for 1 min begun by tester: cognitive 2.5 → 1", "3"),
        (Command::StopTrial { keep: false }, "cdna.trial.reverted", "trial reverted by tester: cognitive 1 → 2.5", "3"),
    ];
    for (command, kind, text, version) in cases {
        bench.accepted(command);
        let note = bench.last();
        let attr = |key: &str| note.attrs.get(key).cloned().unwrap_or_default();
        assert_eq!((note.kind.as_ref(), note.text.as_ref()), (kind, text));
        assert_eq!([attr("module"), attr("actor"), attr("version")], ["cdna", "tester", version]);
    }
}
