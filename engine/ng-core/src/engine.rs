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

mod ladder;
mod stages;

use crate::actions::{Actions, AlertRule, Effect};
use crate::constitution::TrialStatistics;
use crate::gateway::Gateway;
use crate::guard::Guard;
use crate::incidents::Incidents;
use crate::patterns::{Links, Patterns};
use crate::registry::{Latency, MODULES, Module, Registry};
use crate::resumed::Resumed;
use crate::route::{Queue, Routes, Wanted};
use crate::silences::ActiveSilences;
use crate::sources::Sources;
use crate::store::Store;
use ladder::{Admission, Encoded, Finished, Matched, admit, find_pattern, lap, score};
use ng_detect::overdue::Overdue;
use ng_detect::source_activity::{ActivityMonitor, SourceActivity};
use ng_detect::{Detect, Kernel};
use ng_model::event::Reading;
use ng_model::intake::{Batch, IngestResult};
use ng_model::matched::Match;
use ng_model::record::RecordHeader;
use ng_model::settings::{SettingError, Values};
use ng_model::symbols::{Sym, Symbols};
use ng_model::zone::Zones;
use ng_reading::encoders::Vocabulary;
use ng_reading::formats::Formats;
use ng_reading::recogniser::Recogniser;
use ng_wire::{Format, Outcome, SettingValue};
use stages::Watch;
pub use stages::{STAGES, Sampler, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// What comes at regular intervals.
    pub(crate) overdue: Overdue,
    pub(crate) resumed: Resumed,
    /// Subscriptions.
    pub(crate) routes: Routes,
    /// What is held back.
    pub(crate) silences: ActiveSilences,
    /// What goes on in all sources.
    pub(crate) incidents: Incidents,
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
            overdue: Overdue::default(),
            resumed: Resumed::default(),
            routes: Routes::default(),
            silences: ActiveSilences::default(),
            incidents: Incidents::new(values(Module::ActionController)),
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
            self.learn_next(self.sources.learns(source));
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

    /// Has told which patterns that come at regular intervals did not come.
    fn observe_overdue(&mut self, symbols: &Symbols, now_ns: i64) {
        let Engine { sources, effects, patterns, overdue, timing, registry, .. } = self;
        let is_told = registry.enabled(Module::IntuitionEngine);
        overdue.advance(
            now_ns,
            |source| sources.has_ended(source),
            |source| timing.watches(source),
            |missing| {
                let template = patterns.template(missing.pattern, symbols);
                let note = template.map(|template| missing.note(sources.name(missing.source), &template));
                effects.extend(note.filter(|_| is_told).map(|json| Effect::Note { json }));
            },
        );
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
                let Matched(event, Match { is_new, pattern, since_last_s, .. }) = &matched;
                if !matches!(event.head.format, Format::Metric | Format::Vector) {
                    let (source, learns) = (event.head.source, self.detect.is_learning());
                    self.overdue.observe(source, *pattern, *since_last_s, reading.received_ns, learns);
                }
                if *is_new && !(self.detect.feedback.is_empty() && self.silences.is_empty()) {
                    let Engine { patterns, detect, silences, values, .. } = self;
                    attach(patterns, detect, silences, values, event.symbols, *pattern);
                }
                let finished = score(matched, &mut self.detect, registry, &mut self.effects, sampler);
                lap(&mut watch, stages, registry, Stage::Detect, Module::IntuitionEngine);
                finished
            }
            Admission::Ends(finished) => finished,
        };

        let Finished(event) = finished;
        let stored = event.stored();
        self.resumed.note(reading.received_ns);
        if registry.enabled(Module::SignalSystem) {
            registry.red(Module::SignalSystem).operations += self.routes.deliver(&event, reading.received_ns);
            lap(&mut watch, stages, registry, Stage::Route, Module::SignalSystem);
        }
        if registry.enabled(Module::ActionController) {
            let novel = self.detect.novel_threshold();
            if !self.resumed.knows(event.head.time_ns, reading.received_ns) {
                self.incidents.confirm(&event, &mut self.effects);
                if !self.silences.holds(&stored, reading.received_ns, novel) {
                    self.incidents.observe(&event, &mut self.effects);
                    self.actions.observe(&stored, reading.received_ns, &mut self.effects);
                }
            }
            registry.red(Module::ActionController).operations += 1;
            lap(&mut watch, stages, registry, Stage::Act, Module::ActionController);
        }
        let (head, length) = (event.head, event.raw.len());
        store.push(&head, &reading.raw[..length]);
        for (pattern, union) in self.patterns.drain_united() {
            self.links.follow(pattern, union);
            self.silences.follow(pattern, union);
            self.overdue.forget(pattern);
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

    /// What goes on in all sources.
    pub fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// Ends the incidents that go on; the input has ended.
    pub fn finish_incidents(&mut self) {
        self.incidents.finish(&mut self.effects);
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

    /// Says whether the readings that [`Engine::step`] is given next are learnt, or are those of a frozen source.
    pub fn learn_next(&mut self, learning: bool) {
        self.patterns.set_learning(learning);
        self.links.set_learning(learning);
        self.detect.set_learning(learning);
    }

    /// Subscribes a reader from the next record on, of which at most `capacity` positions wait.
    pub fn subscribe(&mut self, wanted: Wanted, capacity: usize) -> Arc<Queue> {
        self.routes.subscribe(wanted, capacity)
    }

    /// What was decided and is to be performed.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// Takes what was decided and is to be performed. What a silenced alert rule decided is held back.
    pub fn drain_effects(&mut self) -> impl Iterator<Item = Effect> {
        let silences = &mut self.silences;
        self.effects.drain(..).filter(|effect| match effect {
            Effect::Alert(alert) => !silences.holds_rule(&alert.rule),
            Effect::Note { .. } => true,
        })
    }
}

impl Engine {
    /// Called once a second with the time and the seconds since the last call.
    pub fn tick(&mut self, symbols: &Symbols, now_ns: i64, elapsed_s: f64) {
        self.registry.tick(elapsed_s);
        self.sources.tick(elapsed_s);
        self.observe_rate(None, now_ns);
        self.observe_overdue(symbols, now_ns);
        self.stages.iter_mut().for_each(Latency::tick);
        self.silences.tick(now_ns, &mut self.effects);
        if self.registry.enabled(Module::ActionController) {
            self.incidents.tick(now_ns, &mut self.effects);
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

    /// Lets feedback and silences of an earlier run hold for the patterns that are known already. Those that come are met as
    /// they do.
    pub fn attach_kept(&mut self, symbols: &Symbols) {
        if self.detect.feedback.is_empty() && self.silences.is_empty() {
            return;
        }
        let Engine { patterns, detect, silences, values, .. } = self;
        for pattern in patterns.list(patterns.len()) {
            attach(patterns, detect, silences, values, symbols, pattern.id);
        }
    }

    /// Hands changed settings to the modules, which keep what they have learnt as far as they can.
    pub(crate) fn reconfigure(&mut self) {
        let values = |module: Module| &self.values[module as usize];
        self.gateway.configure(values(Module::Gateway));
        self.patterns.reconfigure(values(Module::TokenManager));
        self.links.reconfigure(values(Module::ConnectionManager));
        self.detect.reconfigure(values(Module::IntuitionEngine), values(Module::Grid));
        self.incidents.reconfigure(values(Module::ActionController));
        self.actions.reconfigure(values(Module::ActionController));
    }

    /// Most records that wait for the reader of a subscription made now.
    pub fn queue_capacity(&self) -> usize {
        self.values[Module::SignalSystem as usize].int("queue_capacity") as usize
    }
}

/// Lets feedback and silences hold for a pattern that reads like what they were given on.
fn attach(
    patterns: &Patterns,
    detect: &mut Detect,
    silences: &mut ActiveSilences,
    values: &[Values],
    symbols: &Symbols,
    id: u32,
) {
    let (Some(pattern), Some(text)) = (patterns.get(id), patterns.template(id, symbols)) else { return };
    let (source, similarity) =
        (symbols.name(pattern.source), values[Module::TokenManager as usize].float("similarity"));
    let is_known = |id| patterns.get(id).is_some();
    detect.feedback.attach_feedback(id, source, &text, similarity, is_known);
    silences.attach((id, pattern.level()), source, &text, similarity, is_known);
}
