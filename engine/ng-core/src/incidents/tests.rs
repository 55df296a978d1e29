//! Incidents made of symptoms at given seconds.

use super::*;
use crate::actions;
use ng_wire::{Level, SettingValue, SymptomKind, Timeline};
use proptest::prelude::*;
use std::collections::BTreeMap;

const S: i64 = 1_000_000_000;
/// Second 0 of the tests.
const START: i64 = 1_700_000_000 * S;

/// Incidents, and what they told.
struct Bench {
    incidents: Incidents,
    told: Vec<String>,
    seq: u64,
}

fn bench() -> Bench {
    let values = Values::defaults(actions::SETTINGS);
    Bench { incidents: Incidents::new(&values), told: Vec::new(), seq: 0 }
}

/// A symptom of a source and pattern, of which the strength says how unusual it is.
fn shown(kind: SymptomKind, source: &str, strength: f32) -> Shown {
    let level = if kind == SymptomKind::NewError { Level::Error } else { Level::Info };
    let (source, text) = (source.to_owned(), format!("{source} is odd"));
    Shown {
        kind,
        source,
        pattern: Some(1),
        level,
        is_first: false,
        seq: 0,
        at_ns: 0,
        is_late: false,
        strength,
        salience: Salience::Plain,
        text,
        why: "rare".into(),
    }
}

impl Bench {
    /// A symptom that arrives at a second, or then but happened at another.
    fn at(&mut self, (happened, arrived): (i64, i64), shown: Shown) -> &mut Self {
        let mut effects = Vec::new();
        self.incidents.clock.advance(START + arrived * S);
        let (at_ns, is_late, seq) = (START + happened * S, arrived - happened > 60, self.seq);
        self.incidents.take(Shown { at_ns, is_late, seq, ..shown }, &mut effects);
        self.seq += 1;
        self.hear(effects)
    }

    fn live(&mut self, second: i64, shown: Shown) -> &mut Self {
        self.at((second, second), shown)
    }

    fn tick(&mut self, second: i64) -> &mut Self {
        let mut effects = Vec::new();
        self.incidents.tick(START + second * S, &mut effects);
        self.hear(effects)
    }

    fn hear(&mut self, effects: Vec<Effect>) -> &mut Self {
        for effect in effects {
            let Effect::Note { json } = effect else { panic!("{effect:?}") };
            let note: serde_json::Value = serde_json::from_str(&json).unwrap();
            self.told.push(format!("{} {}", note["type"].as_str().unwrap(), note["incident"]));
        }
        self
    }
}

use SymptomKind::{Anomaly, NewError, Silence};

#[test]
fn symptoms_of_all_sources_within_half_a_minute_are_one_incident_until_it_is_quiet() {
    let mut bench = bench();
    bench.live(0, shown(NewError, "db", 8.0)).live(3, shown(Anomaly, "web", 4.0)).live(30, shown(Anomaly, "web", 5.0));
    bench.tick(59).live(60, shown(Silence, "app", 6.0)).tick(90);
    assert_eq!(bench.told, ["incident.opened 1"]);
    let view = bench.incidents.view();
    let incident = &view[0];
    assert_eq!((view.len(), incident.count, incident.sources, incident.is_over), (1, 4, 3, false));
    assert_eq!((incident.symptoms[0].source.as_str(), incident.lead), ("db", 0));
    assert_eq!((incident.symptoms[1].count, incident.symptoms[1].strength), (2, 5.0));
    let mut counts = vec![0; 16];
    (counts[0], counts[7], counts[15]) = (2, 1, 1);
    assert_eq!(incident.timeline, Some(Timeline { start_ns: START, bin_ns: 4 * S, counts }));
    bench.tick(91);
    assert_eq!(bench.told, ["incident.opened 1", "incident.closed 1"]);
    bench.live(92, shown(NewError, "mail", 8.0));
    assert_eq!(bench.incidents.view().iter().map(|one| one.number).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn the_strongest_of_the_earliest_leads() {
    let cases: &[(&[(i64, Shown)], &str)] = &[
        (&[(0, shown(Anomaly, "cpu", 9.0)), (4, shown(NewError, "db", 4.0))], "db"),
        (&[(0, shown(Anomaly, "cpu", 9.0)), (6, shown(NewError, "db", 4.0))], "db"),
        (&[(0, shown(Anomaly, "cpu", 7.0)), (6, shown(Anomaly, "disk", 9.0))], "cpu"),
        (&[(0, shown(Anomaly, "cpu", 4.0)), (20, shown(NewError, "db", 4.0))], "db"),
        (&[(0, shown(Anomaly, "cpu", 7.0)), (1, shown(Anomaly, "disk", 9.0))], "disk"),
        (&[(0, shown(Anomaly, "cpu", 7.0)), (1, shown(Silence, "app", 0.0))], "app"),
    ];
    for (symptoms, lead) in cases {
        let mut bench = bench();
        for (second, shown) in *symptoms {
            bench.live(*second, shown.clone());
        }
        let incident = bench.incidents.view().remove(0);
        assert_eq!(incident.symptoms[incident.lead as usize].source, *lead);
    }
}

#[test]
fn one_that_becomes_worse_is_told_again_and_named_anew() {
    let mut bench = bench();
    bench.live(0, shown(Anomaly, "cpu", 7.0)).live(9, shown(Anomaly, "disk", 9.0)).live(20, shown(NewError, "db", 4.0));
    assert_eq!(bench.told, ["incident.opened 1", "incident.worsened 1"]);
    let incident = bench.incidents.view().remove(0);
    assert_eq!(incident.symptoms[incident.lead as usize].source, "db");
    for source in 0..100 {
        bench.live(20, shown(Anomaly, &format!("app-{source}"), 7.0));
    }
    bench.live(21, Shown { level: Level::Fatal, ..shown(NewError, "kernel", 4.0) });
    let incident = bench.incidents.view().remove(0);
    assert_eq!(incident.symptoms[incident.lead as usize].source, "kernel", "the lightest give way");
    assert_eq!((incident.count, incident.symptoms.len() as u64 + incident.left_out), (104, 104));
}

#[test]
fn no_source_hides_the_error_of_another() {
    let mut bench = bench();
    for number in 0..100 {
        let flood = Shown { pattern: Some(number), ..shown(NewError, "flood", 8.0) };
        bench.live(i64::from(number) / 4, flood);
    }
    bench.live(26, shown(NewError, "victim", 4.0));
    assert_eq!(bench.told, ["incident.opened 1", "incident.worsened 1"]);
    let incident = bench.incidents.view().remove(0);
    assert!(bench.incidents.open[0].symptoms.iter().any(|(_, symptom)| symptom.source == "victim"), "{incident:?}");
}

#[test]
fn what_happened_long_ago_displaces_nothing_that_goes_on() {
    let mut bench = bench();
    bench.live(0, shown(NewError, "db", 8.0));
    for hour in 1..30 {
        bench.at((-3600 * hour, 1), shown(NewError, &format!("old-{hour}"), 8.0));
    }
    assert!(bench.incidents.view().iter().any(|incident| !incident.is_over && incident.symptoms[0].source == "db"));
}

#[test]
fn what_is_hardly_unusual_is_not_told_unless_something_worse_joins_it() {
    let mut bench = bench();
    bench.live(0, shown(Anomaly, "cpu", 5.9)).live(10, shown(Anomaly, "net", 4.0)).tick(60);
    assert_eq!((bench.told.len(), bench.incidents.passed), (0, 1));
    bench.live(100, shown(Anomaly, "cpu", 5.9)).live(110, shown(NewError, "db", 4.0));
    assert_eq!((bench.told.len(), bench.incidents.view()[0].count), (1, 2));
    let (slight, marked) = (Salience::Slight, Salience::Marked);
    bench.tick(200).live(300, Shown { salience: slight, ..shown(Anomaly, "load", 11.0) }).tick(400);
    assert_eq!(bench.told.len(), 2, "opened and closed");
    bench.live(500, Shown { salience: marked, ..shown(Anomaly, "web", 4.0) }).tick(600);
    assert_eq!(bench.told.len(), 4);
    let stricter = BTreeMap::from([("incident_strength".to_owned(), SettingValue::Float(5.0))]);
    bench.incidents.reconfigure(&Values::defaults(actions::SETTINGS).with(actions::SETTINGS, &stricter).unwrap());
    bench.live(700, shown(Anomaly, "fan", 5.9));
    assert_eq!(bench.told.last().unwrap(), "incident.opened 3");
}

#[test]
fn the_same_lead_soon_after_goes_on_with_the_same_incident() {
    let mut bench = bench();
    for again in 0..4 {
        bench.live(100 * again, shown(NewError, "db", 8.0)).tick(100 * again + 40);
    }
    let view = bench.incidents.view();
    assert_eq!((view.len(), view[0].times, view[0].count), (1, 4, 4));
    assert_eq!(bench.told.iter().filter(|told| told.starts_with("incident.opened")).count(), 1);
    bench.live(1000, shown(NewError, "db", 8.0));
    assert_eq!(bench.incidents.view().len(), 2, "more than ten minutes later it is another one");
}

#[test]
fn history_that_is_read_at_once_makes_the_incidents_of_its_time() {
    let (mut piped, mut live) = (bench(), bench());
    for (second, source) in [(0, "db"), (20, "web"), (100, "db2"), (3600, "mail"), (3650, "web")] {
        piped.at((second - 86_400, 0), shown(NewError, source, 8.0));
        live.live(second, shown(NewError, source, 8.0));
    }
    let members = |bench: &Bench| {
        let view = bench.incidents.view();
        view.iter().map(|one| (one.number, one.count, one.last_ns - one.started_ns)).collect::<Vec<_>>()
    };
    assert_eq!(members(&piped), members(&live));
    assert_eq!(members(&piped).len(), 4);
}

#[test]
fn a_clock_that_is_set_back_holds_no_end_up() {
    let mut bench = bench();
    bench.live(10_000, shown(NewError, "db", 8.0)).tick(0).tick(31);
    assert_eq!(bench.told, ["incident.opened 1", "incident.closed 1"]);
}

#[test]
fn memory_is_bounded() {
    let mut bench = bench();
    for step in 0..3000 {
        bench.at((step * 40 - 1_000_000, step), shown(NewError, &format!("app-{step}"), 8.0));
        bench.live(step, shown(NewError, &format!("db-{step}"), 8.0));
    }
    assert!(bench.incidents.open.len() <= MAX_OPEN && bench.incidents.over.len() <= MAX_OVER);
    let most = bench.incidents.open.iter().map(|one| one.symptoms.len() as u64 + one.left_out).max();
    assert_eq!(most, Some(3000), "what is left out is counted");
}

#[test]
fn a_saved_state_goes_on_and_a_damaged_one_is_refused() {
    let mut bench = bench();
    bench.live(0, shown(NewError, "db", 8.0)).tick(31).live(700, shown(NewError, "web", 8.0));
    let mut saved = Vec::new();
    bench.incidents.save(&mut saved);
    let fresh = || Incidents::new(&Values::defaults(actions::SETTINGS));
    let restored = fresh().restore(&mut saved.as_slice()).unwrap();
    assert_eq!(restored.view(), bench.incidents.view());
    let mut again = Vec::new();
    restored.save(&mut again);
    assert_eq!(again, saved);
    for end in 0..saved.len() {
        assert!(fresh().restore(&mut &saved[..end]).is_none(), "cut at {end}");
    }
}

proptest! {
    /// How often time is told changes nothing but how early an end is seen.
    #[test]
    fn does_not_depend_on_how_often_time_is_told(
        gaps in prop::collection::vec((0_i64..60, 0_usize..3, 3.0_f32..9.0), 1..60),
        ticks in prop::collection::vec(0_i64..60, 60),
    ) {
        let run = |with_ticks: bool| {
            let (mut bench, mut now) = (bench(), 0);
            for (step, (gap, source, strength)) in gaps.iter().enumerate() {
                if with_ticks {
                    bench.tick(now + ticks[step].min(*gap));
                }
                now += gap;
                bench.live(now, shown(Anomaly, ["a", "b", "c"][*source], *strength));
            }
            bench.tick(now + 1000);
            bench.incidents.view()
        };
        prop_assert_eq!(run(false), run(true));
    }
}
