//! What alert rules decide is performed by the event loop, and does not set them off again.

use crate::bench::{Bench, configure, engine};
use crate::event_loop::{Running, run, until};
use ng_core::actions::Effect;
use ng_core::registry::Module;
use ng_core::route::{Taken, Wanted};
use ng_core::store::Reader;
use ng_core::world::World;
use ng_model::intake::SourceStatus;
use ng_model::record::StoredRecord;
use ng_wire::{ActionStatus, AlertState, AlertView, Format, Frame, Level, Notice, Request, SettingValue};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn say(running: &Running, line: &str) {
    let ingest = running.ingest.as_ref().unwrap();
    let mut builder = ingest.fill(&SourceStatus::new("speaker", "test", 0));
    builder.push(Format::Text, line.as_bytes()).unwrap();
    builder.flush().unwrap();
}

/// The first frame of a kind.
fn frame<T>(running: &Running, what: &str, of: impl Fn(Frame) -> Option<T>) -> T {
    let mut found = None;
    until(what, || {
        found = running.handle.frames(PATIENCE).into_iter().find_map(&of);
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn notify_is_a_notice_for_the_person() {
    let running = run(engine(&[("errors", "when level>=error then notify level error")]));
    say(&running, "ERROR out of paper");
    let notice = frame(&running, "a notice", |frame| match frame {
        Frame::Notice(notice) => Some(notice),
        _ => None,
    });
    let Notice { level, origin, text, .. } = notice;
    assert_eq!((level, origin.as_str()), (Level::Error, "errors"));
    assert_eq!(text, "errors: 1 event matches \"level>=error\": out of paper (last seq 0)");
}

#[test]
fn every_action_is_told_with_what_it_did_and_how_long_it_took() {
    let rules = [("errors", "when level>=error then notify"), ("paper", "when paper then log")];
    let running = run(engine(&rules));
    say(&running, "ERROR out of paper");
    let mut told = Vec::new();
    until("two actions", || {
        let actions = running.handle.frames(PATIENCE).into_iter().filter_map(|frame| match frame {
            Frame::Action(action) => Some(action),
            _ => None,
        });
        told.extend(actions);
        told.len() >= 2
    });
    let words: Vec<_> = told.iter().map(|done| (done.rule.as_str(), done.action.as_str(), done.about)).collect();
    assert_eq!(words, [("errors", "notify", Some(0)), ("paper", "log", Some(0))]);
    for done in &told {
        assert_eq!((done.status, &done.error), (ActionStatus::Completed, &None));
        assert!(done.took_us > 0.0 && done.took_us < 1e6 * PATIENCE.as_secs_f64(), "{}", done.took_us);
    }
}

/// The records of the engine's own events about alerts, as JSON, once there are so many.
fn recorded(running: &Running, wanted: usize) -> Vec<serde_json::Value> {
    let mut reader = Reader::new(running.store.clone());
    let mut found = Vec::new();
    until("events of alerts", || {
        found.clear();
        reader.range(0..u64::MAX, |stored| {
            if stored.kind().starts_with("alert.") {
                found.push(serde_json::from_slice(stored.raw).unwrap());
            }
            ControlFlow::Continue(())
        });
        found.len() >= wanted
    });
    found
}

#[test]
fn a_notice_is_an_event_too_and_each_cause_is_one() {
    let running = run(engine(&[("errors", "when level>=error by source then notify cooldown 5m")]));
    say(&running, "ERROR disk full");
    say(&running, "FATAL payments stopped");
    say(&running, "ERROR disk full");
    let events = recorded(&running, 2);
    let told: Vec<_> = events.iter().map(|event| (&event["type"], &event["about"], &event["group"])).collect();
    let (firing, group) = ("alert.firing".into(), "speaker".into());
    assert_eq!(told, [(&firing, &0.into(), &group), (&firing, &2.into(), &group)]);
    assert_eq!(
        (&events[0]["action"], &events[0]["rule"], &events[0]["count"]),
        (&"notify".into(), &"errors".into(), &1.into())
    );
    let group = frame(&running, "both events", |frame| match frame {
        Frame::Alerts(alerts) => alerts[0].groups.first().filter(|group| group.count == 3).cloned(),
        _ => None,
    });
    assert_eq!((group.key.as_str(), group.state), ("speaker", AlertState::Firing));
}

/// What is performed is an event, which may be what another rule is about.
#[test]
fn what_detectors_tell_is_told_by_rules_at_once() {
    let mut bench = Bench::with_alerts(&[("silent", "when type:source.silent then notify")]);
    for _ in 0..400 {
        bench.push("beat", Format::Text, &["INFO beat"]);
        bench.wait(1);
    }
    bench.engine.drain_effects().for_each(drop);
    bench.wait(600);
    let note = |effect: &Effect| matches!(effect, Effect::Note { json } if json.contains("source.silent"));
    let notes: Vec<_> = bench.engine.drain_effects().filter(note).collect();
    let [Effect::Note { json }] = &notes[..] else { panic!("{notes:?}") };
    bench.engine.note(&mut bench.store.lock(), bench.world.now_ns(), json);
    let effects: Vec<_> = bench.engine.drain_effects().filter(|effect| matches!(effect, Effect::Alert(_))).collect();
    let [Effect::Alert(alert)] = &effects[..] else { panic!("{effects:?}") };
    assert!(alert.text.starts_with("silent: 1 event matches") && alert.text.contains("beat"), "{}", alert.text);
}

#[test]
fn what_the_engine_says_of_itself_and_of_incidents_is_for_rules_that_ask_for_it() {
    let rules = [
        ("level", "when level>=error then log"),
        ("not", "when level>=error !type:log.* then log"),
        ("other", "when level>=error source:app* then log"),
        ("type", "when type:incident.* level>=error then log"),
        ("source", "when source:engine then log"),
        ("beat", "when alive then log"),
    ];
    let mut bench = Bench::with_alerts(&rules);
    let json = r#"{"type":"incident.opened","level":"error","message":"incident 1: app: out of paper","incident":1}"#;
    bench.engine.note(&mut bench.store.lock(), bench.world.now_ns(), json);
    let acted = |bench: &mut Bench| {
        let rule = |effect| if let Effect::Alert(alert) = effect { Some(alert.rule) } else { None };
        bench.engine.drain_effects().filter_map(rule).collect::<Vec<_>>()
    };
    assert_eq!(acted(&mut bench), ["type", "source"]);
    bench.push("app", Format::Text, &["ERROR out of paper"]);
    assert_eq!(acted(&mut bench), ["level", "other"]);
    let json = r#"{"type":"system.heartbeat","level":"debug","message":"alive","uptime_s":7}"#;
    bench.engine.note(&mut bench.store.lock(), bench.world.now_ns(), json);
    assert_eq!(acted(&mut bench), ["source"]);
}

/// The rule matches the text of its own alerts, and the alert is longer than the longest reading.
#[test]
fn log_is_an_event_that_does_not_set_off_its_own_rule() {
    let long = "word ".repeat(80);
    let rule = format!("when ({}) | word then log level warn cooldown 0s", long.trim());
    let running = run(engine(&[("words", &rule)]));
    let queue = running.handle.access().subscribe(Wanted { lossless: true, ..Wanted::default() }).unwrap().queue;
    let command = configure("gateway", &[("max_reading_bytes", SettingValue::Int(256))]);
    running.handle.send(Request { id: 1, actor: "tester".into(), command }).unwrap();
    frame(&running, "an answer", |frame| matches!(frame, Frame::Result { id: 1, .. }).then_some(()));
    say(&running, "a word");

    let mut seqs = Vec::new();
    while seqs.len() < 3 {
        let Taken::Seqs(some) = queue.take(10, PATIENCE) else { panic!("nothing came") };
        seqs.extend(some);
    }
    let mut reader = Reader::new(running.store.clone());
    let kinds: Vec<String> =
        seqs.iter().map(|seq| reader.get(*seq, |stored| stored.kind().to_owned()).unwrap()).collect();
    assert_eq!(kinds, ["module.configured", "log.text", "alert.firing"]);
    let (level, message) =
        reader.get(2, |stored| (stored.head.level, String::from_utf8_lossy(stored.message()).into_owned())).unwrap();
    assert_eq!(level, Level::Warn);
    assert!(message.starts_with("words: 1 event matches") && message.ends_with("(last seq 1)"), "{message}");

    let view = |frame| match frame {
        Frame::Alerts(alerts) => alerts.into_iter().find(|alert: &AlertView| alert.state == AlertState::Firing),
        _ => None,
    };
    let alert = frame(&running, "a firing rule", view);
    assert_eq!((alert.fired, alert.count, alert.last_seq), (1, 1, Some(1)));
}

#[test]
fn an_unusual_session_is_told_to_the_stream_once() {
    let mut engine = engine(&[("sessions", "when type:session.unusual then notify")]);
    let index = Module::IntuitionEngine as usize;
    let key = BTreeMap::from([("session_key".to_string(), SettingValue::Text(r"job-\d+".into()))]);
    engine.configure(index, &key).unwrap();
    let mut running = run(engine);
    let queue = running.handle.access().subscribe(Wanted { ..Wanted::default() }).unwrap().queue;
    let mut lines = Vec::new();
    for job in 0..300 {
        let day = format!("2026-01-01 {:02}:{:02}:00", job / 60, job % 60);
        let works = if job == 250 { 60 } else { 2 + job % 3 };
        lines.push(format!("{day} open job-{job}"));
        lines.extend((0..works).map(|_| format!("{day} work on job-{job}")));
        lines.push(format!("{day} close job-{job}"));
    }
    let ingest = running.ingest.take().unwrap();
    let mut builder = ingest.fill(&SourceStatus::new("worker", "test", 0));
    for line in &lines {
        builder.push(Format::Text, line.as_bytes()).unwrap();
    }
    builder.flush().unwrap();
    drop((builder, ingest));
    let mut seqs = Vec::new();
    until("all records", || match queue.take(usize::MAX, PATIENCE) {
        Taken::Seqs(more) => {
            seqs.extend(more);
            false
        }
        Taken::Finished => true,
        _ => false,
    });
    let mut reader = Reader::new(running.store.clone());
    let mut told = Vec::new();
    for seq in seqs {
        let note =
            |stored: &StoredRecord<'_>| (stored.kind().to_owned(), stored.source().to_owned(), stored.raw.to_vec());
        told.extend(reader.get(seq, note).filter(|(kind, ..)| kind == "session.unusual"));
    }
    assert_eq!(told.len(), 1, "{told:?}");
    let note: serde_json::Value = serde_json::from_slice(&told[0].2).unwrap();
    assert_eq!((told[0].1.as_str(), &note["session"]), ("engine", &"job-250".into()));
    assert_eq!((&note["session_source"], &note["events"]), (&"worker".into(), &62.into()));
    assert!(note["strength"].as_f64().unwrap() >= 3.6, "{note}");
}
