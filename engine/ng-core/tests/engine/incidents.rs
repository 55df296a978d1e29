//! Incidents of an engine: what its sources do, and what becomes of it.

use crate::bench::{Bench, SECOND_NS};
use ng_core::actions::Effect;
use ng_core::world::World;
use ng_wire::{Format, Frame, IncidentView, SymptomKind};

/// Has the engine's own events recorded, as the event loop does.
fn perform(bench: &mut Bench) {
    let effects: Vec<Effect> = bench.engine.drain_effects().collect();
    for effect in effects {
        let Effect::Note { json } = effect else { continue };
        let now_ns = bench.world.now_ns();
        bench.engine.note(&mut bench.store.lock(), now_ns, &json);
    }
}

fn incidents(bench: &Bench) -> Vec<IncidentView> {
    let of = |frame| match frame {
        Frame::Incidents(view) => Some(view.incidents),
        _ => None,
    };
    bench.views().into_iter().find_map(of).unwrap()
}

/// An application that says something every second, and that a job ended every minute while `works`.
fn minutes(bench: &mut Bench, minutes: u32, works: bool) {
    for second in 0..60 * minutes {
        if second % 60 == 0 && works {
            bench.send("app", Format::Text, &[format!("backup of volume {} finished", second % 7)]);
        }
        bench.send("app", Format::Text, &[format!("request {second} served")]);
        bench.wait(1);
        perform(bench);
    }
}

#[test]
fn what_did_not_happen_is_an_incident() {
    let mut bench = Bench::new();
    minutes(&mut bench, 12, true);
    assert_eq!(incidents(&bench), []);
    minutes(&mut bench, 2, false);
    let found = incidents(&bench);
    let lead = &found[0].symptoms[found[0].lead as usize];
    assert_eq!((found.len(), lead.kind, lead.source.as_str()), (1, SymptomKind::Overdue, "app"));
    assert_eq!(lead.text, "backup of volume * finished of app did not come: usual is every 1 min ± 6 s");
    minutes(&mut bench, 3, false);
    let found = incidents(&bench);
    assert_eq!((found.len(), found[0].count, found[0].is_over), (1, 1, true), "it is told once, and is over");
}

#[test]
fn a_silent_source_is_an_incident_of_its_own() {
    let mut bench = Bench::new();
    minutes(&mut bench, 10, true);
    bench.wait(120);
    perform(&mut bench);
    let found = incidents(&bench);
    let lead = &found[0].symptoms[found[0].lead as usize];
    assert_eq!((found.len(), lead.kind, lead.source.as_str()), (1, SymptomKind::Silence, "app"));
}

#[test]
fn what_is_fatal_in_an_old_log_is_of_its_own_time_and_words_of_a_calm_line_open_nothing() {
    let mut bench = Bench::new();
    bench.send("old", Format::Text, &["2024-04-30T11:00:00Z FATAL the ledger is gone"]);
    perform(&mut bench);
    let found = incidents(&bench);
    let yesterday = bench.world.now_ns() - found[0].started_ns;
    assert_eq!((found.len(), found[0].symptoms[0].kind), (1, SymptomKind::NewError));
    assert!(yesterday > 3600 * SECOND_NS, "{yesterday}");

    let mut bench = Bench::new();
    bench.push("app", Format::Text, &vec!["INFO request served"; 300]);
    bench.send("app", Format::Text, &["INFO the customer refused the offer"]);
    perform(&mut bench);
    assert_eq!(incidents(&bench), []);
}

#[test]
fn the_lead_of_an_incident_names_the_field() {
    let mut bench = Bench::new();
    let request = |i: usize| format!(r#"{{"msg":"order shipped","carrier":"{}"}}"#, ["ups", "dhl"][i % 2]);
    let lines: Vec<String> = (0..20_000).map(request).collect();
    bench.push("app", Format::Text, &lines);
    let late: Vec<String> = (0..40).map(|_| r#"{"msg":"order shipped","carrier":"none"}"#.to_owned()).collect();
    bench.push("app", Format::Text, &late);
    perform(&mut bench);
    let found = incidents(&bench);
    let lead = &found[0].symptoms[found[0].lead as usize];
    assert!(lead.why.starts_with("carrier none — "), "{}", lead.why);
}

#[test]
fn a_metric_is_told_when_a_second_sample_is_as_far_out() {
    let told = |samples: &[&str]| {
        let mut bench = Bench::new();
        let usual: Vec<String> = (0..1000).map(|i| format!("m={}", 50 + i * 7 % 11)).collect();
        bench.push("m", Format::Metric, &usual);
        bench.push("m", Format::Metric, samples);
        perform(&mut bench);
        incidents(&bench).len()
    };
    assert_eq!(told(&["m=500", "m=55"]), 0, "one sample");
    assert_eq!(told(&["m=500", "other=500", "m=480"]), 1);
    assert_eq!(told(&["m=500", "m=66", "m=500"]), 0, "the second is hardly beyond the usual");
}
