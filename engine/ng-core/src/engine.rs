//! The pipeline: the only file that knows the order of the stages.
//!
//! ```text
//! Reading ─encode─▶ Encoded ─admit─▶ Admitted ─match─▶ Matched ─score─▶ Finished ─route─▶ act ─▶ store
//!                               └──────────── rejected ────────────────────▲
//! ```
//!
//! Each stage takes the rung before and returns the next, so a wrong order does not compile. `step` is straight-line
//! code; it consults no clock: times come with the reading, and durations from the sampler that the event loop passes
//! in.

use crate::actions::{Actions, AlertRule, Effect};
use crate::constitution::TrialStatistics;
use crate::gateway::Gateway;
use crate::guard::Guard;
use crate::patterns::{Links, Patterns};
use crate::registry::{Latency, MODULES, Module, Registry};
use crate::route::{Queue, Routes, Wanted};
use crate::sources::Sources;
use crate::store::Store;
use ng_detect::source_activity::{ActivityMonitor, SourceActivity};
use ng_detect::{Detect, Kernel, Probe};
use ng_model::event::{Event, Reading};
use ng_model::intake::{Batch, IngestResult};
use ng_model::matched::Match;
use ng_model::record::RecordHeader;
use ng_model::settings::{SettingError, Values};
use ng_model::symbols::{Sym, Symbols};
use ng_model::zone::Zones;
use ng_reading::encoders::Vocabulary;
use ng_reading::formats::Formats;
use ng_reading::recogniser::Recogniser;
use ng_wire::{Format, Outcome, Scoring, SettingValue};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Durations of the stages, sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Stage {
    Encode,
    Guard,
    Patterns,
    Links,
    Detect,
    Route,
    Act,
    Record,
    Total,
}

/// The names of the stages, in the order of [`Stage`].
pub const STAGES: [&str; 9] = ["encode", "guard", "patterns", "links", "detect", "route", "act", "record", "total"];

/// A monotonic clock in nanoseconds, read only for sampled events.
pub type Sampler = fn() -> u64;

/// An engine without a thread: feed it readings, it fills the store.
pub struct Engine {
    /// The first stage.
    pub(crate) gateway: Gateway,
    /// Admission.
    pub(crate) guard: Guard,
    /// Templates.
    pub(crate) patterns: Patterns,
    /// Transitions.
    pub(crate) links: Links,
    /// Scores.
    pub(crate) detect: Detect,
    /// When sources speak.
    pub(crate) timing: ActivityMonitor,
    /// Subscriptions.
    pub(crate) routes: Routes,
    /// Alert rules.
    pub(crate) actions: Actions,
    /// Flags and metrics of the modules.
    pub(crate) registry: Registry,
    /// Sources and the latest host metrics.
    pub(crate) sources: Sources,
    /// Settings of the modules, in the order of `registry::MODULES`.
    pub(crate) values: Vec<Values>,
    /// What a trial of the constitution does.
    pub(crate) trial: TrialStatistics,
    /// Sampled durations, in the order of [`Stage`].
    pub(crate) stages: [Latency; STAGES.len()],
    /// Decided and not yet performed.
    pub(crate) effects: Vec<Effect>,
}

struct Encoded<'a>(Event<'a>);
struct Admitted<'a>(Event<'a>);
struct Matched<'a>(Event<'a>, Match);
struct Finished<'a>(Event<'a>);

/// What admission comes to.
enum Admission<'a> {
    /// The event goes on to the patterns.
    Goes(Admitted<'a>),
    /// It was rejected, or is one of the engine's own: nothing more is concluded about it.
    Ends(Finished<'a>),
}

/// Reads the clock at the borders of the stages of a sampled event, and not at all otherwise.
struct Watch {
    sampler: Option<Sampler>,
    start: u64,
    last: u64,
}

impl Watch {
    fn new(sampler: Option<Sampler>) -> Self {
        let start = sampler.map_or(0, |sampler| sampler());
        Watch { sampler, start, last: start }
    }

    fn lap(&mut self, stages: &mut [Latency], stage: Stage) -> Option<u64> {
        let now = self.sampler?();
        let lap = now.saturating_sub(self.last);
        self.last = now;
        stages[stage as usize].note(lap);
        Some(lap)
    }
}

/// What an engine is made of.
pub struct EngineParts {
    /// Settings of the modules, in the order of `registry::MODULES`.
    pub values: Vec<Values>,
    /// The constitution.
    pub guard: Guard,
    /// Alert rules.
    pub alerts: Vec<AlertRule>,
    /// The zones of timestamps that state none.
    pub zones: Zones,
    /// The words and keys that readings are read by.
    pub vocabulary: Vocabulary,
    /// The declared formats that lines of text are tried with.
    pub formats: Formats,
    /// Which distance kernel to use.
    pub kernel: Kernel,
}

impl Engine {
    /// An engine that has seen nothing.
    pub fn new(parts: EngineParts) -> Self {
        let values = |module: Module| &parts.values[module as usize];
        let zone = parts.zones.local.clone();
        Engine {
            gateway: Gateway::new(values(Module::Gateway), parts.zones, parts.vocabulary, parts.formats),
            guard: parts.guard,
            patterns: Patterns::new(values(Module::TokenManager)),
            links: Links::new(values(Module::ConnectionManager)),
            detect: Detect::new(values(Module::IntuitionEngine), values(Module::Grid), parts.kernel),
            timing: ActivityMonitor::default(),
            routes: Routes::default(),
            actions: Actions::new(parts.alerts, values(Module::ActionController), zone),
            registry: Registry::default(),
            sources: Sources::default(),
            trial: TrialStatistics::default(),
            stages: std::array::from_fn(|_| Latency::default()),
            effects: Vec::new(),
            values: parts.values,
        }
    }

    /// Takes a batch in: one record for every reading, or a counted refusal when the gateway is off.
    ///
    /// The first reading of the batch is timed by `sampler`.
    pub fn intake(&mut self, store: &mut Store, batch: &Batch, sampler: Sampler) -> IngestResult {
        let mut taken = IngestResult { first_seq: store.next_seq(), records: 0, rejected: 0 };
        let mut sampler = Some(sampler);
        for run in batch.runs() {
            let readings = run.readings.len() as u64;
            let source = self.sources.enter(run.source, store, readings);
            let (sym, is_host) = self.sources.identity(source);
            self.observe_rate(Some((sym, readings)), batch.received_ns);
            if !self.registry.enabled(Module::Gateway) {
                self.sources.refuse(source, readings);
                self.registry.error(Module::Gateway, batch.received_ns, readings, "switched off: readings are refused");
                continue;
            }
            let learning = self.sources.learns(source);
            self.patterns.set_learning(learning);
            self.links.set_learning(learning);
            self.detect.set_learning(learning);
            for (format, span) in run.readings {
                let (received_ns, written_ns, raw) = (batch.received_ns, run.written_ns, span.of(&batch.bytes));
                let reading = Reading { source: sym, received_ns, written_ns, format: *format, raw };
                let head = self.step(store, &reading, sampler.take());
                if is_host {
                    self.sources.note_gauge(&head);
                }
                taken.rejected += u64::from(head.verdict.outcome == Outcome::Reject);
            }
            taken.records += readings;
        }
        self.routes.flush();
        taken
    }

    /// Lets the time of the sources pass, of which one may have brought events, and has told who fell silent, resumed, or
    /// brought unusually many or few.
    fn observe_rate(&mut self, spoken: Option<(Sym, u64)>, now_ns: i64) {
        let Engine { sources, effects, detect, timing, registry, .. } = self;
        let is_told = registry.enabled(Module::IntuitionEngine);
        let mut tell = |heard: SourceActivity| {
            let json = match heard {
                _ if !is_told => None,
                SourceActivity::Change(change) => Some(change.note(sources.name(change.source))),
                SourceActivity::Count(count) => {
                    detect.set_learning(sources.learns_from(count.source));
                    let strength = detect.score_rate(count.source, sources.rates(), count.events);
                    strength.map(|strength| count.note(sources.name(count.source), strength))
                }
            };
            effects.extend(json.map(|json| Effect::Note { json }));
        };
        timing.advance(now_ns, |source| sources.has_ended(source), &mut tell);
        if let Some((source, events)) = spoken {
            timing.record_arrival(source, events, now_ns).map(SourceActivity::Change).into_iter().for_each(tell);
        }
    }

    /// Takes one reading through all stages; it becomes exactly one record.
    pub fn step(&mut self, store: &mut Store, reading: &Reading<'_>, sampler: Option<Sampler>) -> RecordHeader {
        let mut watch = Watch::new(sampler);
        let event = Encoded(self.gateway.encode(reading, store));
        let stages = &mut self.stages;
        let registry = &mut self.registry;
        lap(&mut watch, stages, registry, Stage::Encode, Module::Gateway);

        let finished = match admit(event, &mut self.guard, registry, &mut watch, stages) {
            Admission::Goes(admitted) => {
                let matched = find_pattern(admitted, &mut self.patterns, &mut self.links, registry, &mut watch, stages);
                let Matched(event, Match { is_new, pattern, .. }) = &matched;
                if *is_new && !self.detect.feedback.is_empty() {
                    attach_feedback(&self.patterns, &mut self.detect, &self.values, event.symbols, *pattern);
                }
                let finished = score(matched, &mut self.detect, registry, &mut self.effects, sampler);
                lap(&mut watch, stages, registry, Stage::Detect, Module::IntuitionEngine);
                finished
            }
            Admission::Ends(finished) => finished,
        };

        let Finished(event) = finished;
        let stored = event.stored();
        if registry.enabled(Module::SignalSystem) {
            registry.red(Module::SignalSystem).operations += self.routes.deliver(&event, reading.received_ns);
            lap(&mut watch, stages, registry, Stage::Route, Module::SignalSystem);
        }
        if registry.enabled(Module::ActionController) {
            self.actions.observe(&stored, reading.received_ns, &mut self.effects);
            registry.red(Module::ActionController).operations += 1;
            lap(&mut watch, stages, registry, Stage::Act, Module::ActionController);
        }
        let (head, length) = (event.head, event.raw.len());
        store.push(&head, &reading.raw[..length]);
        for (pattern, union) in self.patterns.drain_united() {
            self.links.follow(pattern, union);
            store.follow(pattern, union);
            self.actions.follow(pattern, union);
        }
        watch.lap(stages, Stage::Record);
        watch.last = watch.start;
        watch.lap(stages, Stage::Total);
        head
    }

    /// Records an event of the engine itself: `{"type":kind,"level":…,"message":…,…}` as JSON.
    pub fn note(&mut self, store: &mut Store, received_ns: i64, json: &str) {
        let source = store.intern("engine");
        let reading =
            Reading { source, received_ns, written_ns: received_ns, format: Format::Note, raw: json.as_bytes() };
        self.step(store, &reading, None);
        self.routes.flush();
    }
}

impl Engine {
    /// Templates of the events.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Which pattern follows which.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// The detectors.
    pub fn detect(&self) -> &Detect {
        &self.detect
    }

    /// The detectors, for sessions that end with the input.
    pub fn detect_mut(&mut self) -> &mut Detect {
        &mut self.detect
    }

    /// Subscriptions.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Sampled durations, in the order of [`STAGES`].
    pub fn stages(&self) -> &[Latency; STAGES.len()] {
        &self.stages
    }

    /// The settings of a module.
    pub fn values(&self, module: Module) -> &Values {
        &self.values[module as usize]
    }

    /// The settings of Guardian's rules, named `rule.key`.
    pub fn rules(&self) -> BTreeMap<String, SettingValue> {
        self.guard.values()
    }

    /// Whether a module is on.
    pub fn is_enabled(&self, module: Module) -> bool {
        self.registry.enabled(module)
    }

    /// Switches the module at an index of `registry::MODULES` on or off.
    pub fn set_enabled(&mut self, index: usize, enabled: bool) {
        self.registry.at(index).enabled = enabled;
    }

    /// Changes settings of the module at an index of `registry::MODULES`, all or none; Guardian has none of its own.
    pub fn configure(&mut self, index: usize, changes: &BTreeMap<String, SettingValue>) -> Result<(), SettingError> {
        self.values[index] = self.values[index].with(MODULES[index].settings, changes)?;
        self.reconfigure();
        Ok(())
    }

    /// What finds events in readings as this engine does, and has seen none yet if this engine has not.
    pub fn recogniser(&self) -> Recogniser {
        self.gateway.recogniser()
    }

    /// Freezes what is remembered of a source, which need not be known yet, or lets it learn again.
    pub fn set_learning(&mut self, source: &str, learning: bool) {
        self.sources.set_learning(source, learning);
    }

    /// Subscribes a reader from the next record on, of which at most `capacity` positions wait.
    pub fn subscribe(&mut self, wanted: Wanted, capacity: usize) -> Arc<Queue> {
        self.routes.subscribe(wanted, capacity)
    }

    /// What was decided and is to be performed.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Takes what was decided and is to be performed.
    pub fn drain_effects(&mut self) -> std::vec::Drain<'_, Effect> {
        self.effects.drain(..)
    }
}

impl Engine {
    /// Called once a second with the time and the seconds since the last call.
    pub fn tick(&mut self, now_ns: i64, elapsed_s: f64) {
        self.registry.tick(elapsed_s);
        self.sources.tick(elapsed_s);
        self.observe_rate(None, now_ns);
        self.stages.iter_mut().for_each(Latency::tick);
        if self.registry.enabled(Module::ActionController) {
            self.actions.tick(now_ns, &mut self.effects);
        }
    }

    /// Takes the share of the way in that is taken, 0 to 1, once a second with the seconds since the last call. Where the
    /// profile follows the load and changes, it is told.
    pub fn set_load(&mut self, share: f64, elapsed_s: f64) {
        let Some(is_lite) = self.detect.set_load(share, elapsed_s) else { return };
        self.reconfigure();
        let (profile, level, why) =
            if is_lite { ("lite", "warn", "the engine is behind") } else { ("full", "notice", "the engine keeps up") };
        let json = serde_json::json!({
            "type": "profile.switched", "level": level, "message": format!("profile {profile}, for {why}"),
            "module": "intuition_engine", "profile": profile,
        });
        self.effects.push(Effect::Note { json: json.to_string() });
    }

    /// Lets feedback that an earlier run was given hold for the patterns that are known already. Those that come are met as
    /// they do.
    pub fn attach_feedback(&mut self, symbols: &Symbols) {
        if self.detect.feedback.is_empty() {
            return;
        }
        for pattern in self.patterns.list(self.patterns.len()) {
            attach_feedback(&self.patterns, &mut self.detect, &self.values, symbols, pattern.id);
        }
    }

    /// Hands changed settings to the modules, which keep what they have learnt as far as they can.
    pub(crate) fn reconfigure(&mut self) {
        let values = |module: Module| &self.values[module as usize];
        self.gateway.configure(values(Module::Gateway));
        self.patterns.reconfigure(values(Module::TokenManager));
        self.links.reconfigure(values(Module::ConnectionManager));
        self.detect.reconfigure(values(Module::IntuitionEngine), values(Module::Grid));
        self.actions.reconfigure(values(Module::ActionController));
    }

    /// Most records that wait for the reader of a subscription made now.
    pub fn queue_capacity(&self) -> usize {
        self.values[Module::SignalSystem as usize].int("queue_capacity") as usize
    }
}

fn lap(watch: &mut Watch, stages: &mut [Latency], registry: &mut Registry, stage: Stage, module: Module) {
    if let Some(ns) = watch.lap(stages, stage) {
        registry.red(module).latency.note(ns);
    }
}

/// Guardian's stage. The engine's own events are not checked.
fn admit<'a>(
    Encoded(mut event): Encoded<'a>,
    guard: &mut Guard,
    registry: &mut Registry,
    watch: &mut Watch,
    stages: &mut [Latency],
) -> Admission<'a> {
    registry.red(Module::Gateway).operations += 1;
    if event.head.format == Format::Note {
        return Admission::Ends(Finished(event));
    }
    registry.red(Module::Guardian).operations += 1;
    event.head.verdict = guard.check(&event, event.head.received_ns);
    lap(watch, stages, registry, Stage::Guard, Module::Guardian);
    // A rejected event teaches nothing: patterns and detectors never see it.
    if event.head.verdict.outcome == Outcome::Reject {
        Admission::Ends(Finished(event))
    } else {
        Admission::Goes(Admitted(event))
    }
}

/// Lets feedback hold for a pattern that reads like what it was given on.
fn attach_feedback(patterns: &Patterns, detect: &mut Detect, values: &[Values], symbols: &Symbols, id: u32) {
    let (Some(pattern), Some(text)) = (patterns.get(id), patterns.template(id, symbols)) else { return };
    let similarity = values[Module::TokenManager as usize].float("similarity");
    detect
        .feedback
        .attach_feedback(id, symbols.name(pattern.source), &text, similarity, |id| patterns.get(id).is_some());
}

/// Finds the pattern and what came before it. Query before insert: the match describes the world without this event.
fn find_pattern<'a>(
    Admitted(event): Admitted<'a>,
    patterns: &mut Patterns,
    links: &mut Links,
    registry: &mut Registry,
    watch: &mut Watch,
    stages: &mut [Latency],
) -> Matched<'a> {
    let mut matched = patterns.observe(&event);
    registry.red(Module::TokenManager).operations += 1;
    lap(watch, stages, registry, Stage::Patterns, Module::TokenManager);
    links.observe(event.head.source, matched.pattern, event.head.time_ns, &mut matched);
    registry.red(Module::ConnectionManager).operations += 1;
    lap(watch, stages, registry, Stage::Links, Module::ConnectionManager);
    Matched(event, matched)
}

/// Scores the event, or says that it was skipped. What it says of sessions becomes notes.
fn score<'a>(
    Matched(mut event, matched): Matched<'a>,
    detect: &mut Detect,
    registry: &mut Registry,
    effects: &mut Vec<Effect>,
    sampler: Option<Sampler>,
) -> Finished<'a> {
    if !registry.enabled(Module::IntuitionEngine) {
        event.head.detection.state = Scoring::Skipped;
        event.head.detection.pattern = matched.pattern;
        return Finished(event);
    }
    let mut probe = Probe::new(sampler);
    event.head.detection = detect.score(&event, &matched, &mut probe);
    registry.red(Module::IntuitionEngine).operations += 1;
    if event.head.detection.is_scored() {
        registry.red(Module::Grid).operations += 1;
    }
    effects.extend(detect.session_notes(event.symbols).map(|json| Effect::Note { json }));
    if let Some(ns) = probe.spent_ns() {
        registry.red(Module::Grid).latency.note(ns);
    }
    Finished(event)
}
