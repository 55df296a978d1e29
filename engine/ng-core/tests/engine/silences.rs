//! Silences: what is known is held back for a time, counted, and found again after a restart.

use crate::bench::{Bench, engine, restore};
use ng_core::actions::Effect;
use ng_filter::Env;
use ng_wire::{Command, ErrorCode, Format, Frame, IncidentView, IncidentsView, Level, SilenceSubject, SilenceTarget};

const HOUR: u64 = 3600;
const GONE: &str = "FATAL the volume of the database is gone";

fn silence(target: SilenceTarget) -> Command {
    Command::Silence { target, seconds: HOUR, reason: "known".into() }
}

fn done(bench: &mut Bench, command: Command) -> String {
    match bench.command(command.clone()) {
        Frame::Result { message: Some(message), .. } => message,
        other => panic!("{command:?} was answered with {other:?}"),
    }
}

fn view(bench: &Bench) -> IncidentsView {
    let of = |frame| match frame {
        Frame::Incidents(view) => Some(view),
        _ => None,
    };
    bench.views().into_iter().find_map(of).unwrap()
}

/// What silences held back and told, in the order in which they began.
fn counts(bench: &Bench) -> Vec<(u64, u64)> {
    view(bench).silences.iter().map(|silence| (silence.held_back, silence.told)).collect()
}

/// What alert rules asked for since the last call.
fn acts(bench: &mut Bench) -> usize {
    bench.engine.drain_effects().filter(|effect| matches!(effect, Effect::Alert(alert) if !alert.is_end)).count()
}

fn bench() -> Bench {
    Bench::with_alerts(&[
        ("slow", "when slow source:app then notify cooldown 0s"),
        ("disk", "when disk full then notify cooldown 0s"),
    ])
}

fn slow(bench: &mut Bench, ms: u32) -> u64 {
    bench.send("app", Format::Text, &[format!("slow query took {ms} ms")]).remove(0).seq
}

#[test]
fn a_silenced_pattern_is_offered_to_no_rule_and_counted_until_its_end() {
    let mut bench = bench();
    let seq = slow(&mut bench, 1);
    assert_eq!(acts(&mut bench), 1);
    let said = done(&mut bench, silence(SilenceTarget::Event { seq }));
    assert_eq!(said, "silence 1 of slow query took * ms of app for 1 h by tester: known");
    bench.wait(100);
    for ms in 2..7 {
        slow(&mut bench, ms);
    }
    bench.line("the disk is full");
    assert_eq!((acts(&mut bench), counts(&bench)), (1, vec![(5, 0)]));
    bench.wait(HOUR);
    assert!(view(&bench).silences.is_empty());
    slow(&mut bench, 9);
    assert_eq!(acts(&mut bench), 1);
}

#[test]
fn a_rule_that_is_silenced_holds_others_back() {
    let mut bench = Bench::with_alerts(&[
        ("disk", "when disk full then notify"),
        ("slow", "when slow unless disk fires then notify"),
    ]);
    done(&mut bench, silence(SilenceTarget::Rule { rule: "disk".into() }));
    bench.line("the disk is full");
    slow(&mut bench, 1);
    assert_eq!((acts(&mut bench), counts(&bench)), (0, vec![(1, 0)]));
    let of = |frame| if let Frame::Alerts(alerts) = frame { Some(alerts) } else { None };
    let alerts = bench.views().into_iter().find_map(of).unwrap();
    assert_eq!((alerts[1].inhibited_by.as_deref(), alerts[1].held_back), (Some("disk"), 1));
}

#[test]
fn rules_and_filters_are_silenced_and_a_silence_is_ended_by_its_number() {
    let mut bench = bench();
    done(&mut bench, silence(SilenceTarget::Rule { rule: "disk".into() }));
    done(&mut bench, silence(SilenceTarget::Filter { filter: "slow source:app".into() }));
    slow(&mut bench, 1);
    bench.line("the disk is full");
    assert_eq!((acts(&mut bench), counts(&bench)), (0, vec![(1, 0), (1, 0)]));
    assert_eq!(
        done(&mut bench, Command::ExpireSilence { number: 1 }),
        "silence 1 of the rule disk was ended by tester"
    );
    bench.wait(100);
    bench.line("the disk is full");
    assert_eq!((acts(&mut bench), counts(&bench)), (1, vec![(1, 0)]));
}

#[test]
fn what_is_unlike_the_rest_of_a_silenced_pattern_is_told() {
    let mut bench = Bench::new();
    let values: Vec<String> = (0..2000).map(|place| format!("load={}", 10 + place * 7 % 53)).collect();
    let seq = bench.send("pump", Format::Metric, &values).last().unwrap().seq;
    done(&mut bench, silence(SilenceTarget::Event { seq }));
    bench.send("pump", Format::Metric, &["load=11", "load=12"]);
    assert_eq!(counts(&bench), [(2, 0)]);
    bench.send("pump", Format::Metric, &["load=90000"]);
    assert_eq!((counts(&bench), view(&bench).incidents.len()), (vec![(2, 1)], 0), "one sample makes no incident");
    bench.send("pump", Format::Metric, &["load=90000"]);
    let view = view(&bench);
    assert_eq!((counts(&bench), view.incidents.len()), (vec![(3, 1)], 1), "{view:?}");
}

#[test]
fn silences_hold_over_a_restart() {
    let mut bench = bench();
    let seq = slow(&mut bench, 1);
    done(&mut bench, silence(SilenceTarget::Event { seq }));
    let mut next = Bench::new();
    next.engine = engine(&[("slow", "when slow source:app then notify cooldown 0s")]);
    let mut kept = bench.world.persisted().last().unwrap().clone();
    restore(&mut next.engine, &mut kept, &Env::default());
    next.overrides = kept;
    for ms in 1..4 {
        slow(&mut next, ms);
    }
    assert_eq!((acts(&mut next), counts(&next)), (0, vec![(3, 0)]));
    let subject =
        SilenceSubject::Pattern { source: "app".into(), text: "slow query took * ms".into(), level: Some(Level::Info) };
    assert_eq!(view(&next).silences[0].silence.subject, subject);
}

#[test]
fn a_silence_is_found_again_at_its_own_level_alone() {
    let mut bench = bench();
    let seq = bench.send("app", Format::Text, &["INFO slow backup to tape"]).remove(0).seq;
    done(&mut bench, silence(SilenceTarget::Event { seq }));
    let mut next = Bench::new();
    let mut kept = bench.world.persisted().last().unwrap().clone();
    restore(&mut next.engine, &mut kept, &Env::default());
    next.overrides = kept;
    next.send("app", Format::Text, &["FATAL slow backup to tape", "INFO slow backup to tape"]);
    assert_eq!(counts(&next), [(1, 0)]);
}

/// An engine that told an incident of a fatal error, after which the process ended. The next one has no event of it in memory.
fn after_an_incident() -> (Bench, IncidentView) {
    let mut before = Bench::new();
    let lines: Vec<String> = (0..1200).map(|place| format!("INFO request took {} ms", place * 7 % 53)).collect();
    before.push("app", Format::Text, &lines);
    before.push("app", Format::Text, &[GONE]);
    let mut saving = before.engine.begin_saving(true);
    while !before.engine.save(&mut saving, before.store.lock().symbols(), usize::MAX) {}
    let mut next = Bench::new();
    {
        let mut store = next.store.lock();
        store.begin_at(before.next_seq());
        next.engine.restore(&saving.finish(), store.symbols_mut()).unwrap();
    }
    let incident = view(&next).incidents.remove(0);
    // The clock of the tests begins anew.
    next.wait(3600);
    (next, incident)
}

#[test]
fn an_incident_of_before_a_restart_is_silenced_by_what_is_remembered_of_it() {
    for forgets in [false, true] {
        let (mut bench, incident) = after_an_incident();
        if forgets {
            bench.set("token_manager", "max_patterns", 16);
            let others: Vec<String> = (0..30).map(|place| "w ".repeat(place + 2)).collect();
            bench.lines(&others);
        }
        let lead = &incident.symptoms[incident.lead as usize];
        assert!(bench.store.lock().head(lead.last_seq).is_none());
        let said = done(&mut bench, silence(SilenceTarget::Event { seq: lead.last_seq }));
        assert_eq!(said, "silence 1 of the volume of the database is gone of app for 1 h by tester: known");
        let subject = SilenceSubject::Pattern {
            source: "app".into(),
            text: "the volume of the database is gone".into(),
            level: Some(Level::Fatal),
        };
        let silenced = view(&bench).silences.remove(0);
        assert_eq!((silenced.silence.subject, silenced.pattern.is_some()), (subject, !forgets));
        let other = GONE.replace("FATAL", "INFO");
        bench.push("app", Format::Text, &[GONE, &other, GONE]);
        let silenced = view(&bench).silences.remove(0);
        assert_eq!((silenced.held_back + silenced.told, silenced.pattern.is_some()), (2, true), "{silenced:?}");
        assert!(silenced.held_back > 0, "{silenced:?}");
    }
}

#[test]
fn what_cannot_be_silenced_is_refused_and_changes_nothing() {
    let mut bench = bench();
    let refusals = [
        (silence(SilenceTarget::Event { seq: 99 }), "event 99 has not come yet"),
        (silence(SilenceTarget::Rule { rule: "dsk".into() }), "no alert rule is called dsk"),
        (silence(SilenceTarget::Filter { filter: "level>=".into() }), "expected a level"),
        (silence(SilenceTarget::Filter { filter: " ".into() }), "the filter is empty: it would silence everything"),
        (
            Command::Silence { target: SilenceTarget::Rule { rule: "disk".into() }, seconds: 0, reason: String::new() },
            "a silence lasts 1 second to 366 days",
        ),
        (Command::ExpireSilence { number: 3 }, "there is no silence 3"),
    ];
    for (command, expect) in refusals {
        let before = (bench.overrides.clone(), bench.next_seq());
        match bench.command(command.clone()) {
            Frame::Error { code: ErrorCode::BadRequest, message, .. } => {
                assert!(message.contains(expect), "{message}");
            }
            other => panic!("{command:?} was answered with {other:?}"),
        }
        assert_eq!((bench.overrides.clone(), bench.next_seq()), before);
    }
}
