//! What stops, and what does not, when a module is switched off; and what becomes of events that Guardian objects to.

use crate::bench::Bench;
use ng_core::registry::MODULES;
use ng_core::route::{Queue, Taken};
use ng_wire::{Command, ErrorCode, Format, Frame, Mode, ModuleStatus, Outcome, Scoring};
use std::time::Duration;

fn waiting(queue: &Queue) -> Vec<u64> {
    match queue.take(usize::MAX, Duration::ZERO) {
        Taken::Seqs(seqs) => seqs,
        Taken::Nothing => Vec::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rejected_event_is_recorded_and_teaches_nothing() {
    let mut bench = Bench::with_alerts(&[("rejects", "when verdict:reject then notify")]);
    bench.set("guardian", "size_limit.limit", 30);
    bench.rule_mode("size_limit", Mode::Enforce);
    let (plain, watching) = (bench.subscribe("", false), bench.subscribe("", true));
    bench.line("short enough to be admitted");
    let learnt = |bench: &Bench| (bench.gauge("token_manager", "patterns"), bench.gauge("token_manager", "tokens"));
    let before = learnt(&bench);
    let operations = |bench: &Bench, module: &str| bench.module(module).operations;
    let scored = operations(&bench, "intuition_engine");

    let rejected = bench.line("far too long to be let through by the size limit");
    assert_eq!(rejected.verdict.outcome, Outcome::Reject);
    assert_eq!(rejected.text, "far too long to be let through by the size limit");
    assert_eq!((rejected.detection.state, rejected.detection.pattern), (Scoring::Unscored, None));
    assert_eq!(learnt(&bench), before);
    assert_eq!(operations(&bench, "intuition_engine"), scored);
    assert_eq!(waiting(&plain), [rejected.seq - 1]);
    assert_eq!(waiting(&watching), [rejected.seq - 1, rejected.seq]);
    assert_eq!(bench.engine.effects().len(), 1, "rules on verdicts see what was rejected");
    let totals = bench.store.lock().totals();
    assert_eq!((totals.rejected, totals.flagged), (1, 0));
}

#[test]
fn a_flagged_event_goes_on() {
    let mut bench = Bench::new();
    bench.set("guardian", "size_limit.limit", 5);
    let queue = bench.subscribe("verdict:flag", false);
    let flagged = bench.line("longer than five");
    assert_eq!(flagged.verdict.outcome, Outcome::Flag);
    assert_eq!((flagged.detection.state, flagged.detection.is_novel), (Scoring::Learning, true));
    assert_eq!(waiting(&queue), [flagged.seq]);
}

#[test]
fn notes_of_the_engine_are_neither_guarded_nor_scored() {
    let mut bench = Bench::new();
    bench.set("guardian", "size_limit.limit", 1);
    bench.rule_mode("size_limit", Mode::Enforce);
    let counts =
        |bench: &Bench| ["guardian", "token_manager", "intuition_engine"].map(|id| bench.module(id).operations);
    let before = counts(&bench);
    bench.engine.note(&mut bench.store.lock(), 5, r#"{"type":"x.y","level":"error","message":"longer than one"}"#);
    let note = bench.last();
    assert_eq!((note.kind.as_ref(), note.source.as_ref(), note.format), ("x.y", "engine", Format::Note));
    assert_eq!((note.verdict.outcome, note.detection.state), (Outcome::Admit, Scoring::Unscored));
    assert!(note.verdict.objections.is_empty());
    assert_eq!(counts(&bench), before);
}

#[test]
fn a_toggle_is_an_event_and_holds_from_the_next_reading() {
    let mut bench = Bench::new();
    let queue = bench.subscribe("type:module.*", false);
    assert_eq!(bench.line("one").detection.state, Scoring::Learning);
    bench.switch("intuition_engine", false);
    let toggle = bench.last();
    assert_eq!((toggle.kind.as_ref(), toggle.seq), ("module.disabled", 1));
    assert_eq!(waiting(&queue), [1], "the toggle itself is delivered");
    assert_eq!(bench.line("two").detection.state, Scoring::Skipped);
    bench.switch("intuition_engine", true);
    assert_eq!(bench.line("three").detection.state, Scoring::Learning);
}

#[test]
fn without_the_gateway_readings_are_refused_and_counted() {
    let mut bench = Bench::new();
    bench.line("one");
    bench.switch("gateway", false);
    let next = bench.next_seq();
    assert!(bench.lines(&["refused"; 300]).is_empty());
    assert_eq!(bench.next_seq(), next);
    let gateway = bench.module("gateway");
    assert_eq!((gateway.status, gateway.enabled, gateway.errors), (ModuleStatus::Disabled, false, 300));
    assert_eq!(gateway.last_error.unwrap().text, "switched off: readings are refused");
    let metrics = bench.views().into_iter().find_map(|frame| match frame {
        Frame::Metrics(metrics) => Some(metrics),
        _ => None,
    });
    let metrics = metrics.unwrap();
    assert_eq!((metrics.dropped, metrics.sources[0].refused, metrics.sources[0].readings), (300, 300, 301));
    bench.switch("gateway", true);
    assert_eq!(bench.line("two").seq, next + 1, "the switch is an event, the refused readings are not");
    assert_eq!(bench.module("gateway").status, ModuleStatus::Error, "for a minute after the last refusal");
    bench.wait(61);
    assert_eq!(bench.module("gateway").status, ModuleStatus::Active);
}

#[test]
fn without_the_signal_system_nothing_is_delivered() {
    let mut bench = Bench::new();
    let queue = bench.subscribe("", true);
    bench.switch("signal_system", false);
    bench.line("two");
    assert_eq!(waiting(&queue), Vec::<u64>::new(), "nor is the switch itself");
    bench.switch("signal_system", true);
    bench.line("four");
    assert_eq!(waiting(&queue), [2, 3]);
    assert_eq!(bench.module("signal_system").operations, 2);
}

#[test]
fn without_the_action_controller_no_rule_acts() {
    let mut bench = Bench::with_alerts(&[("words", "when word then log")]);
    bench.switch("action_controller", false);
    bench.line("a word");
    bench.wait(5);
    assert_eq!(bench.engine.drain_effects().count(), 0);
    bench.switch("action_controller", true);
    bench.line("a word");
    assert_eq!(bench.engine.effects().len(), 1);
}

#[test]
fn what_cannot_be_switched_off_says_so() {
    let mut bench = Bench::new();
    for module in &MODULES {
        let answer = bench.command(Command::SetModule { module: module.id.into(), enabled: false });
        match module.off {
            Some(_) => assert!(matches!(answer, Frame::Result { id: 7, .. }), "{}", module.id),
            None => {
                let message = format!("{} cannot be switched off", module.id);
                assert_eq!(answer, Frame::Error { id: 7, code: ErrorCode::Conflict, message });
                assert!(bench.module(module.id).enabled);
            }
        }
    }
}
