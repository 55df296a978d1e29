//! The rungs that an event climbs, and the step from each to the next, so that a wrong order does not compile.

use super::stages::{Sampler, Stage, Watch};
use crate::actions::Effect;
use crate::guard::Guard;
use crate::patterns::{Links, Patterns};
use crate::registry::{Latency, Module, Registry};
use ng_detect::{Detect, Probe};
use ng_model::event::Event;
use ng_model::matched::Match;
use ng_wire::{Format, Outcome, Scoring};

pub(super) struct Encoded<'a>(pub(super) Event<'a>);
pub(super) struct Admitted<'a>(pub(super) Event<'a>);
pub(super) struct Matched<'a>(pub(super) Event<'a>, pub(super) Match);
pub(super) struct Finished<'a>(pub(super) Event<'a>);

/// What admission comes to.
pub(super) enum Admission<'a> {
    /// The event goes on to the patterns.
    Goes(Admitted<'a>),
    /// It was rejected, or is one of the engine's own: nothing more is concluded about it.
    Ends(Finished<'a>),
}

pub(super) fn lap(watch: &mut Watch, stages: &mut [Latency], registry: &mut Registry, stage: Stage, module: Module) {
    if let Some(ns) = watch.lap(stages, stage) {
        registry.red(module).latency.note(ns);
    }
}

/// Guardian's stage. The engine's own events are not checked.
pub(super) fn admit<'a>(
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

/// Finds the pattern and what came before it. Query before insert: the match describes the world without this event.
pub(super) fn find_pattern<'a>(
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
pub(super) fn score<'a>(
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
