//! The views that the screens show, taken once a second and after every change.

use crate::commands::{MAX_FROZEN, MAX_FROZEN_BYTES};
use crate::constitution;
use crate::engine::{Engine, STAGES};
use crate::feedback;
use crate::registry::{MODULES, Module};
use crate::store::Store;
use ng_model::overrides::Overrides;
use ng_wire::{
    Constitution, Frame, Gauge, HistoryView, IncidentsView, MetricsView, ModuleView, QueueView, StageView, Totals, Unit,
};
use std::collections::{BTreeSet, VecDeque};

/// Seconds over which "per minute" is counted.
const MINUTE: usize = 60;

/// Rates, from the totals of the last minute.
pub struct Rates {
    seconds: VecDeque<(u64, Totals)>,
    start_ns: u64,
}

impl Rates {
    /// Rates of an engine that starts at `mono_ns` on the monotonic clock.
    pub fn new(mono_ns: u64) -> Self {
        Rates { seconds: VecDeque::from([(mono_ns, Totals::default())]), start_ns: mono_ns }
    }

    /// Notes the totals; called once a second. Returns the seconds since the last call.
    pub fn tick(&mut self, mono_ns: u64, totals: Totals) -> f64 {
        let last = self.seconds.back().map_or(mono_ns, |second| second.0);
        self.seconds.push_back((mono_ns, totals));
        if self.seconds.len() > MINUTE + 1 {
            self.seconds.pop_front();
        }
        (mono_ns.saturating_sub(last) as f64 / 1e9).max(1e-9)
    }

    fn per_second(&self) -> f64 {
        match self.seconds.iter().rev().take(2).collect::<Vec<_>>()[..] {
            [(now, new), (then, old)] => (new.records - old.records) as f64 / ((now - then) as f64 / 1e9).max(1e-9),
            _ => 0.0,
        }
    }

    fn last_minute(&self, count: fn(&Totals) -> u64) -> f64 {
        let (Some((_, old)), Some((_, new))) = (self.seconds.front(), self.seconds.back()) else { return 0.0 };
        (count(new) - count(old)) as f64
    }
}

/// What the screens show and the engine does not know by itself.
pub struct Surroundings {
    /// Bounded queues.
    pub queues: Vec<QueueView>,
    /// History on disk; none where none is kept.
    pub history: Option<HistoryView>,
    /// Nanoseconds since 1970, UTC.
    pub now_ns: i64,
    /// Nanoseconds on the monotonic clock.
    pub mono_ns: u64,
}

/// All views, as frames.
pub fn all(engine: &Engine, kept: &Overrides, store: &Store, rates: &Rates, around: Surroundings) -> Vec<Frame> {
    let now_ns = around.now_ns;
    vec![
        Frame::Modules(modules(engine, &kept.constitution, now_ns)),
        Frame::Guardian(engine.guard.view(store.symbols())),
        Frame::Constitution(constitution::view(
            &kept.constitution,
            engine.detect.effects(),
            &engine.trial,
            store.totals(),
            now_ns,
        )),
        Frame::Feedback(feedback::view(engine, &kept.feedback)),
        Frame::Alerts(engine.actions.view()),
        Frame::Incidents(incidents(engine)),
        Frame::Metrics(metrics(engine, store, rates, around)),
    ]
}

/// Incidents and silences.
fn incidents(engine: &Engine) -> IncidentsView {
    let Engine { incidents, silences, .. } = engine;
    IncidentsView { incidents: incidents.view(), told: incidents.told(), silences: silences.view() }
}

fn modules(engine: &Engine, kept: &Constitution, now_ns: i64) -> Vec<ModuleView> {
    let count = |name: &str, value: u64| Gauge { name: name.into(), value: value as f64, unit: Unit::Count };
    let view = |index: usize| {
        let mut view = engine.registry.view(index, now_ns);
        view.values = engine.values[index].to_map();
        match index {
            i if i == Module::Gateway as usize => view.gauges = engine.gateway.gauges(),
            i if i == Module::Guardian as usize => {
                view.settings = crate::guard::Guard::settings();
                view.values = engine.guard.values();
                engine.guard.gauges(&mut view.gauges);
            }
            i if i == Module::Cdna as usize => {
                let left_s = |trial| engine.trial.left_s(trial, now_ns);
                let left = Gauge { name: "trial_left_s".into(), value: 0.0, unit: Unit::Seconds };
                view.gauges = vec![count("version", kept.version), count("history", kept.history.len() as u64)];
                view.gauges.extend(kept.trial.as_ref().map(|trial| Gauge { value: left_s(trial), ..left }));
            }
            i if i == Module::TokenManager as usize => engine.patterns.gauges(&mut view.gauges),
            i if i == Module::ConnectionManager as usize => engine.links.gauges(&mut view.gauges),
            i if i == Module::IntuitionEngine as usize => {
                engine.detect.gauges(&mut view.gauges);
                let timing = &engine.timing;
                view.gauges.push(count("sources.silent", timing.silent() as u64));
                view.gauges.push(count("sources.timed", timing.followed() as u64));
                view.gauges.push(count("sources.dropped", timing.dropped()));
                view.gauges.push(count("patterns.regular", engine.overdue.regular() as u64));
                view.gauges.push(count("patterns.timed.dropped", engine.overdue.dropped()));
                frozen(engine.sources.frozen(), &mut view.gauges);
            }
            i if i == Module::SignalSystem as usize => {
                view.gauges = vec![
                    count("subscriptions", engine.routes.count() as u64),
                    count("delivered", engine.routes.delivered()),
                    count("dropped", engine.routes.dropped()),
                ];
            }
            i if i == Module::ActionController as usize => {
                view.gauges = engine.actions.gauges();
                engine.incidents.gauges(&mut view.gauges);
            }
            _ => {}
        }
        view
    };
    (0..MODULES.len()).map(view).collect()
}

/// A gauge for each source that is frozen, within bounds; commands keep to them, a state that others wrote may not.
fn frozen(names: &BTreeSet<String>, gauges: &mut Vec<Gauge>) {
    let mut bytes = 0;
    let shown = names.iter().take(MAX_FROZEN).take_while(|name| {
        bytes += name.len();
        bytes <= MAX_FROZEN_BYTES
    });
    let count = |name: String, value: usize| Gauge { name, value: value as f64, unit: Unit::Count };
    let before = gauges.len();
    gauges.extend(shown.map(|name| count(format!("frozen: {name}"), 1)));
    let left_out = names.len() - (gauges.len() - before);
    if left_out > 0 {
        gauges.push(count("frozen.not_shown".into(), left_out));
    }
}

fn metrics(engine: &Engine, store: &Store, rates: &Rates, around: Surroundings) -> MetricsView {
    let Surroundings { queues, history, now_ns, mono_ns } = around;
    let stage = |(name, latency): (&&str, &crate::registry::Latency)| {
        let seen = latency.percentiles();
        StageView {
            name: name.to_string(),
            samples: seen.samples,
            p50_us: seen.p50_us,
            p95_us: seen.p95_us,
            p99_us: seen.p99_us,
        }
    };
    MetricsView {
        time_ns: now_ns,
        uptime_s: mono_ns.saturating_sub(rates.start_ns) as f64 / 1e9,
        events_per_s: rates.per_second(),
        novel_per_min: rates.last_minute(|totals| totals.novel),
        learning_per_min: rates.last_minute(|totals| totals.learning),
        rejected_per_min: rates.last_minute(|totals| totals.rejected),
        alerts_per_min: rates.last_minute(|totals| totals.alerts),
        dropped: engine.sources.missing() + engine.routes.dropped(),
        ring: store.view(),
        history,
        stages: STAGES.iter().zip(&engine.stages).map(stage).collect(),
        queues,
        sources: engine.sources.view(now_ns),
        subscriptions: engine.routes.view(),
        gauges: engine.sources.gauges(store.symbols()),
    }
}
