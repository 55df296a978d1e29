//! The modules of the engine: flags, settings, and RED metrics (rate, errors, duration).
//!
//! The table [`MODULES`] names every module that exists. The registry knows nothing of what a module does: `engine.rs`
//! asks it for flags, tells it about operations, and fills in what only the module itself can count.

use crate::actions;
use crate::gateway;
use crate::patterns;
use crate::route;
use hdrhistogram::Histogram;
use ng_model::refusal::Refusal;
use ng_model::settings::{Row, nearest};
use ng_wire::{LastError, ModuleStatus, ModuleView, Setting};
use std::collections::VecDeque;

/// Names of the modules, as indices into [`MODULES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "the rows of MODULES say what each is")]
pub enum Module {
    Gateway,
    Guardian,
    Cdna,
    TokenManager,
    ConnectionManager,
    Grid,
    IntuitionEngine,
    SignalSystem,
    ActionController,
}

/// One row of the table of modules.
#[derive(Debug)]
pub struct ModuleType {
    /// Stable id.
    pub id: &'static str,
    /// The field's term.
    pub term: &'static str,
    /// One sentence: what it does.
    pub summary: &'static str,
    /// What stops when it is switched off; `None` = it cannot be switched off.
    pub off: Option<&'static str>,
    /// Ids of the modules that use its results.
    pub dependents: &'static [&'static str],
    /// Its settings. Guardian's are those of its rules and come from the policy.
    pub settings: &'static [Row],
}

/// Every module, in the order of the pipeline and of [`Module`].
pub static MODULES: [ModuleType; 9] = [
    ModuleType {
        id: "gateway",
        term: "sources, feature extraction",
        summary: "Takes readings from the sensors and finds time, level, fields and values in them.",
        off: Some("Readings of every source are refused and counted; nothing is recorded while it is off."),
        dependents: &["guardian", "token_manager", "intuition_engine", "signal_system", "action_controller"],
        settings: gateway::SETTINGS,
    },
    ModuleType {
        id: "guardian",
        term: "admission control",
        summary: "Checks every event against the constitution: admit, flag, reject.",
        off: None,
        dependents: &[],
        settings: &[],
    },
    ModuleType {
        id: "cdna",
        term: "versioned configuration, canary",
        summary: "Keeps the rules and the weights of the dimensions in versions, and tries weights for a time.",
        off: None,
        dependents: &["guardian", "intuition_engine"],
        settings: &[],
    },
    ModuleType {
        id: "token_manager",
        term: "log template mining",
        summary: "Groups events into patterns: templates, JSON shapes, metric streams.",
        off: None,
        dependents: &["connection_manager", "intuition_engine"],
        settings: patterns::SETTINGS,
    },
    ModuleType {
        id: "connection_manager",
        term: "transition graph",
        summary: "Learns which pattern follows which, how often, and after how long.",
        off: None,
        dependents: &["intuition_engine"],
        settings: patterns::links::SETTINGS,
    },
    ModuleType {
        id: "grid",
        term: "vector index",
        summary: "Remembers the vectors of a sliding window and finds the nearest.",
        off: None,
        dependents: &["intuition_engine"],
        settings: ng_detect::knn::SETTINGS,
    },
    ModuleType {
        id: "intuition_engine",
        term: "outlier detection",
        summary: "Scores novelty and anomaly against the stream's own history, and says why.",
        off: Some("Events are recorded as skipped: no novelty, no anomaly score, no anomaly alerts."),
        dependents: &["action_controller"],
        settings: ng_detect::SETTINGS,
    },
    ModuleType {
        id: "signal_system",
        term: "pub/sub, content-based routing",
        summary: "Delivers records to subscriptions by filter, and counts what a slow reader misses.",
        off: Some("Events are guarded and recorded, but delivered to no subscription."),
        dependents: &[],
        settings: route::SETTINGS,
    },
    ModuleType {
        id: "action_controller",
        term: "alerting",
        summary: "Evaluates the alert rules and decides their actions.",
        off: Some("Alert rules are not evaluated: nothing fires and nothing resolves."),
        dependents: &[],
        settings: actions::SETTINGS,
    },
];

/// The index of a module by its id.
pub fn find(id: &str) -> Option<usize> {
    MODULES.iter().position(|module| module.id == id)
}

/// The index of a module by its id, or a refusal that names the nearest.
pub fn known(id: &str) -> Result<usize, Refusal> {
    find(id).ok_or_else(|| {
        let hint = nearest(id, MODULES.iter().map(|module| module.id));
        let hint = hint.map_or(String::new(), |name| format!("; did you mean {name}?"));
        Refusal::bad_request(format!("unknown module {id}{hint}"))
    })
}

/// Latencies of the last minute in nanoseconds, from sampled operations.
pub struct Latency {
    recent: VecDeque<Histogram<u32>>,
    ticks: u32,
}

/// Percentiles in microseconds; absent without samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Percentiles {
    pub samples: u64,
    pub p50_us: Option<f64>,
    pub p95_us: Option<f64>,
    pub p99_us: Option<f64>,
}

const SLICES: usize = 6;
const TICKS_PER_SLICE: u32 = 10;
const LONGEST_NS: u64 = 10_000_000_000;

impl Default for Latency {
    fn default() -> Self {
        Latency { recent: VecDeque::from([histogram()]), ticks: 0 }
    }
}

fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST_NS, 2).expect("the bounds are valid")
}

impl Latency {
    /// Notes one sampled duration; longer than ten seconds counts as ten seconds.
    pub fn note(&mut self, ns: u64) {
        self.recent.back_mut().expect("there is always a slice").saturating_record(ns.clamp(1, LONGEST_NS));
    }

    /// Called once a second: forgets what is older than a minute.
    pub fn tick(&mut self) {
        self.ticks += 1;
        if self.ticks.is_multiple_of(TICKS_PER_SLICE) {
            let mut next =
                if self.recent.len() == SLICES { self.recent.pop_front().expect("full") } else { histogram() };
            next.reset();
            self.recent.push_back(next);
        }
    }

    /// The percentiles of the last minute.
    pub fn percentiles(&self) -> Percentiles {
        let mut all = histogram();
        for slice in &self.recent {
            all.add(slice).expect("the slices have the same bounds");
        }
        if all.is_empty() {
            return Percentiles::default();
        }
        let at = |quantile: f64| Some(all.value_at_quantile(quantile) as f64 / 1000.0);
        Percentiles { samples: all.len(), p50_us: at(0.5), p95_us: at(0.95), p99_us: at(0.99) }
    }
}

/// The measured side of one module.
#[derive(Default)]
pub struct Red {
    /// The flag.
    pub enabled: bool,
    /// Operations since the start.
    pub operations: u64,
    /// Errors since the start.
    pub errors: u64,
    /// Sampled latencies.
    pub latency: Latency,
    /// The latest error.
    pub last_error: Option<LastError>,
    rate: f64,
    operations_at_tick: u64,
}

/// The measured side of all modules.
pub struct Registry {
    modules: [Red; MODULES.len()],
}

impl Default for Registry {
    fn default() -> Self {
        Registry { modules: std::array::from_fn(|_| Red { enabled: true, ..Red::default() }) }
    }
}

impl Registry {
    /// One that has measured nothing, with the same flags.
    pub(crate) fn with_flags(&self) -> Registry {
        let red = |place: usize| Red { enabled: self.modules[place].enabled, ..Red::default() };
        Registry { modules: std::array::from_fn(red) }
    }
}

/// How long a module counts as being in error after its last one.
const ERROR_SHOWN_NS: i64 = 60_000_000_000;

impl Registry {
    /// The module is on.
    pub fn enabled(&self, module: Module) -> bool {
        self.modules[module as usize].enabled
    }

    /// The measured side of a module.
    pub fn red(&mut self, module: Module) -> &mut Red {
        &mut self.modules[module as usize]
    }

    /// The measured side of the module at an index of [`MODULES`].
    pub fn at(&mut self, index: usize) -> &mut Red {
        &mut self.modules[index]
    }

    /// Counts an error of a module.
    pub fn error(&mut self, module: Module, now_ns: i64, count: u64, text: impl Into<String>) {
        let red = self.red(module);
        red.errors += count;
        red.last_error = Some(LastError { time_ns: now_ns, text: text.into() });
    }

    /// Called once a second with the seconds since the last call.
    pub fn tick(&mut self, elapsed_s: f64) {
        for red in &mut self.modules {
            red.rate = (red.operations - red.operations_at_tick) as f64 / elapsed_s;
            red.operations_at_tick = red.operations;
            red.latency.tick();
        }
    }

    /// A module as the screens show it; `settings`, `values` and `gauges` are filled in by the engine.
    pub fn view(&self, index: usize, now_ns: i64) -> ModuleView {
        let (module, red) = (&MODULES[index], &self.modules[index]);
        let percentiles = red.latency.percentiles();
        let failing = red.last_error.as_ref().is_some_and(|error| now_ns - error.time_ns < ERROR_SHOWN_NS);
        ModuleView {
            id: module.id.into(),
            term: module.term.into(),
            summary: module.summary.into(),
            status: match (red.enabled, failing) {
                (false, _) => ModuleStatus::Disabled,
                (true, true) => ModuleStatus::Error,
                (true, false) => ModuleStatus::Active,
            },
            enabled: red.enabled,
            can_disable: module.off.is_some(),
            disable_warning: module.off.unwrap_or_default().into(),
            dependents: module.dependents.iter().map(|id| id.to_string()).collect(),
            operations: red.operations,
            rate: red.rate,
            errors: red.errors,
            p50_us: percentiles.p50_us,
            p95_us: percentiles.p95_us,
            p99_us: percentiles.p99_us,
            last_error: red.last_error.clone(),
            gauges: Vec::new(),
            settings: module.settings.iter().map(Row::describe).collect::<Vec<Setting>>(),
            values: Default::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_has_a_place_and_known_dependents() {
        for (index, module) in MODULES.iter().enumerate() {
            assert_eq!(find(module.id), Some(index));
            for dependent in module.dependents {
                assert!(find(dependent).is_some(), "{dependent}");
            }
        }
        assert_eq!(find("action_controller"), Some(Module::ActionController as usize));
    }

    #[test]
    fn latencies_older_than_a_minute_are_forgotten() {
        let mut latency = Latency::default();
        assert_eq!(latency.percentiles(), Percentiles::default());
        latency.note(5_000);
        let seen = latency.percentiles();
        assert_eq!(seen.samples, 1);
        assert!((seen.p50_us.unwrap() - 5.0).abs() < 0.1);
        for _ in 0..60 {
            latency.tick();
        }
        assert_eq!(latency.percentiles(), Percentiles::default());
    }
}
