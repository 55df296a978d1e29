//! Holds back what is said of something for a time.

use super::{CommandType, Done, Steps, steer};
use crate::command_context::CommandContext;
use crate::constitution::{Author, Change};
use crate::engine::Engine;
use crate::incidents::{note_of, source_field};
use crate::patterns::Pattern;
use crate::silences::{self, MAX_SILENCES};
use crate::store::Store;
use ng_detect::feedback::{TEXT, cut};
use ng_filter::Env;
use ng_model::duration::in_words;
use ng_model::overrides::Overrides;
use ng_model::record::RecordHeader;
use ng_model::refusal::Refusal;
use ng_wire::{Command, Format, Silence, SilenceSubject, SilenceTarget, Symptom};

/// Longest silence, seconds: a year.
const MAX_SECONDS: u64 = 366 * 86_400;
/// Most characters of a reason.
const MAX_REASON: usize = 200;

pub(super) static COMMAND: CommandType = CommandType {
    name: "silence",
    right: steer,
    steps: |command| match command {
        Command::Silence { target, seconds, reason } => {
            Some(Box::new(AddSilence { target, seconds: *seconds, reason }))
        }
        _ => None,
    },
};

struct AddSilence<'a> {
    target: &'a SilenceTarget,
    seconds: u64,
    reason: &'a str,
}

impl Steps for AddSilence<'_> {
    fn check(&self, context: &CommandContext<'_>) -> Result<(), Refusal> {
        if !(1..=MAX_SECONDS).contains(&self.seconds) {
            return Err(Refusal::bad_request("a silence lasts 1 second to 366 days"));
        }
        if self.reason.chars().count() > MAX_REASON {
            return Err(Refusal::bad_request(format!("a reason has at most {MAX_REASON} characters")));
        }
        if context.engine.silences.view().len() >= MAX_SILENCES {
            return Err(Refusal::conflict(format!("{MAX_SILENCES} silences hold already; end some first")));
        }
        subject(context.engine, context.store, self.target, context.env).map(drop)
    }

    fn amend(&self, next: &mut Overrides, context: &CommandContext<'_>, author: Author<'_>) -> Option<Change> {
        let (subject, _) =
            subject(context.engine, context.store, self.target, context.env).expect("the target was checked");
        let kept = &mut next.silences;
        kept.kept.retain(|silence| silence.until_ns > author.time_ns);
        kept.given = kept.given.saturating_add(1);
        kept.kept.push(Silence {
            number: kept.given,
            subject,
            since_ns: author.time_ns,
            until_ns: author.time_ns.saturating_add(self.seconds as i64 * 1_000_000_000),
            actor: author.actor.into(),
            reason: self.reason.into(),
        });
        None
    }

    fn execute(&self, context: &mut CommandContext<'_>) {
        context.engine.silences.replace(&context.overrides.silences, context.env);
        let found = subject(context.engine, context.store, self.target, context.env);
        let pattern = found.ok().and_then(|(_, pattern)| pattern);
        if let (Some(pattern), Some(latest)) = (pattern, context.overrides.silences.kept.last()) {
            context.engine.silences.bind(latest.number, pattern);
        }
    }

    fn event(&self, context: &CommandContext<'_>, done: &Done<'_>) -> serde_json::Value {
        let silence = context.overrides.silences.kept.last().expect("it was just added");
        let (number, subject) = (silence.number, silences::named(&silence.subject));
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        let long = in_words(self.seconds as i64 * 1_000_000_000);
        let message = format!("silence {number} of {subject} for {long} by {}{reason}", done.actor);
        serde_json::json!({
            "type": "silence.began", "level": "notice", "message": message, "module": "action_controller",
            "silence": number, "until_ns": silence.until_ns,
        })
    }
}

/// What a target stands for; refuses what is not there.
fn subject(
    engine: &Engine,
    store: &Store,
    target: &SilenceTarget,
    env: &Env,
) -> Result<(SilenceSubject, Option<u32>), Refusal> {
    match target {
        SilenceTarget::Rule { rule } if engine.actions.has_rule(rule) => {
            Ok((SilenceSubject::Rule { rule: rule.clone() }, None))
        }
        SilenceTarget::Rule { rule } => Err(Refusal::bad_request(format!("no alert rule is called {rule}"))),
        SilenceTarget::Filter { filter } => {
            let subject = SilenceSubject::Filter { filter: filter.clone() };
            silences::filter_of(&subject, env).map_err(Refusal::bad_request)?;
            Ok((subject, None))
        }
        SilenceTarget::Event { seq } => {
            if let Some(head) = store.head(*seq) {
                return subject_of_event(engine, store, &head);
            }
            if let Some(symptom) = engine.incidents.symptom_of(*seq) {
                return subject_of_symptom(engine, store, symptom);
            }
            let why = if *seq < store.next_seq() { "is no longer in memory" } else { "has not come yet" };
            Err(Refusal::bad_request(format!("event {seq} {why}")))
        }
    }
}

fn subject_of_event(
    engine: &Engine,
    store: &Store,
    head: &RecordHeader,
) -> Result<(SilenceSubject, Option<u32>), Refusal> {
    let (source, pattern) = (store.symbols().name(head.source), head.detection.pattern);
    if head.format == Format::Note {
        return Err(own(head.seq, store.symbols().name(head.kind)));
    }
    let text = engine.patterns.template(pattern, store.symbols());
    let text = text.ok_or_else(|| Refusal::conflict(format!("event {} has no pattern any more", head.seq)))?;
    let level = engine.patterns.get(pattern).and_then(Pattern::level);
    Ok((SilenceSubject::Pattern { source: source.into(), text: cut(&text, TEXT).into(), level }, Some(pattern)))
}

/// The pattern of a symptom whose events are gone. Where that was forgotten too, one that reads like the symptom is found
/// when it comes.
fn subject_of_symptom(
    engine: &Engine,
    store: &Store,
    symptom: &Symptom,
) -> Result<(SilenceSubject, Option<u32>), Refusal> {
    if let Some(kind) = note_of(symptom.kind) {
        return Err(own(symptom.last_seq, kind));
    }
    let symbols = store.symbols();
    let known = symptom.pattern.and_then(|id| {
        let pattern = engine.patterns.get(id).filter(|pattern| symbols.name(pattern.source) == symptom.source)?;
        Some((cut(&engine.patterns.template(id, symbols)?, TEXT).into(), pattern.level(), Some(id)))
    });
    let (text, level, pattern) = known.unwrap_or_else(|| (symptom.text.clone(), Some(symptom.level), None));
    Ok((SilenceSubject::Pattern { source: symptom.source.clone(), text, level }, pattern))
}

/// What the engine says itself has no pattern, and is said of many sources.
fn own(seq: u64, event_type: &str) -> Refusal {
    let of = source_field(event_type).map_or(String::new(), |field| format!(" attr.{field}=NAME"));
    Refusal::conflict(format!("event {seq} is the engine's own; silence it by a filter, type:{event_type}{of}"))
}
