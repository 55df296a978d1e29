//! Feedback: operators say of events that they were worth telling or false alarms, and the alert thresholds of the patterns
//! follow, within bounds.
//!
//! Here judgements are checked, given, undone and told; `commands/` writes them down and puts them in force, and
//! `feedback.rs` of ng-detect has what comes of them.

use crate::constitution::Author;
use crate::engine::Engine;
use crate::registry::Module;
use crate::store::Store;
use ng_detect::feedback::{OFFSETS, Subject, TEXT, cut};
use ng_model::record::RecordHeader;
use ng_model::refusal::Refusal;
use ng_wire::{Feedback, FeedbackSubject, FeedbackView, Format, Judgement, Judgements, Scoring};

/// Judgements that are kept.
const MAX_KEPT: usize = 256;
/// What an ack lowers a threshold by.
const ACK: f64 = 0.3;
/// What a false alarm raises a threshold by at least.
const FALSE_ALARM: f64 = 0.4;
/// Most bytes of the text of a subject in a sentence.
const SENTENCE: usize = 120;

/// Whether something can be said of an event.
pub fn check(engine: &Engine, store: &Store, kept: &Judgements, seq: u64, verdict: Feedback) -> Result<(), Refusal> {
    if kept.kept.len() >= MAX_KEPT {
        return Err(Refusal::conflict(format!("{MAX_KEPT} judgements are kept already; undo some first")));
    }
    let nobody = Author { time_ns: 0, actor: "", measured: None };
    let judgement = judge(engine, store, kept, (seq, verdict), nobody)?;
    if judgement.after == judgement.before {
        let (subject, at) = (named(&judgement), shown(judgement.alert_threshold + judgement.after));
        return Err(Refusal::conflict(format!("the threshold of {subject} is already at its limit, {at}")));
    }
    Ok(())
}

/// Says of an event what was checked.
pub fn give(kept: &mut Judgements, engine: &Engine, store: &Store, said: (u64, Feedback), author: Author<'_>) {
    let judgement = judge(engine, store, kept, said, author).expect("the event was checked");
    kept.given = judgement.number;
    kept.kept.push(judgement);
}

/// Takes a judgement back; those that followed it on the same subject are weighed again.
pub fn undo(kept: &mut Judgements, number: u64) {
    kept.kept.retain(|judgement| judgement.number != number);
    replay(kept);
}

/// Puts judgements in force.
pub fn apply(engine: &mut Engine, kept: &Judgements) {
    engine.detect.feedback.replace(subjects(kept));
}

/// Lets the latest judgement hold for the pattern of its event from now on.
pub fn bind_latest(engine: &mut Engine, store: &Store, kept: &Judgements) {
    if let Some(latest) = kept.kept.last()
        && let Some(head) = store.head(latest.seq)
    {
        engine.detect.feedback.bind(latest.first, head.detection.pattern);
    }
}

/// Puts in force what an earlier run was told. The patterns are found as they appear.
pub fn restore(engine: &mut Engine, kept: &mut Judgements) {
    replay(kept);
    apply(engine, kept);
}

/// The event that tells of a judgement that was given, or undone, from what was kept before and after it.
pub fn event(
    engine: &Engine,
    judgement: &Judgement,
    (before, after): (&Judgements, &Judgements),
    actor: &str,
) -> serde_json::Value {
    let is_undone = find(after, judgement.number).is_err();
    let (kind, undone) = if is_undone { ("feedback.undone", " undone") } else { ("feedback.given", "") };
    let threshold_by = |kept| threshold(engine) + offset(kept, judgement.first);
    let (old, new) = (threshold_by(before), threshold_by(after));
    let (verdict, number, subject) = (verdict_name(judgement.verdict), judgement.number, named(judgement));
    let (from, was) = (shown(new), shown(old));
    let mut message =
        format!("{verdict} {number}{undone} by {actor}: {subject} alerts from strength {from} on, before from {was}");
    if !is_undone && judgement.verdict == Feedback::FalseAlarm && judgement.strength >= new {
        let strength = shown(judgement.strength);
        message += &format!("; this is the limit, and an event as strong, {strength}, still alerts");
    }
    serde_json::json!({
        "type": kind, "level": "notice", "message": message, "module": "intuition_engine",
        "judgement": number, "verdict": verdict, "about": judgement.seq, "source": judgement.source,
        "subject": judgement.subject, "threshold.before": rounded(old), "threshold.after": rounded(new),
    })
}

/// A judgement by its number.
pub fn find(kept: &Judgements, number: u64) -> Result<&Judgement, Refusal> {
    let found = kept.kept.iter().find(|judgement| judgement.number == number);
    found.ok_or_else(|| Refusal::bad_request(format!("there is no judgement {number}; it was undone, or never given")))
}

/// Feedback as it is shown.
pub fn view(engine: &Engine, kept: &Judgements) -> FeedbackView {
    let subject = |subject: &Subject| {
        let latest = kept.kept.iter().rfind(|judgement| judgement.first == subject.first)?;
        Some(FeedbackSubject {
            source: subject.source.clone(),
            subject: latest.subject.clone(),
            pattern: subject.pattern,
            offset: subject.offset,
            latest: latest.number,
        })
    };
    FeedbackView {
        alert_threshold: threshold(engine),
        subjects: engine.detect.feedback.subjects().iter().filter_map(subject).collect(),
        judgements: kept.kept.iter().rev().cloned().collect(),
    }
}

/// What a judgement of an event would be.
fn judge(
    engine: &Engine,
    store: &Store,
    kept: &Judgements,
    (seq, verdict): (u64, Feedback),
    author: Author<'_>,
) -> Result<Judgement, Refusal> {
    let head = store.head(seq).ok_or_else(|| {
        let why = if seq < store.next_seq() { "is no longer in memory" } else { "has not come yet" };
        Refusal::bad_request(format!("event {seq} {why}"))
    })?;
    let subject = subject_of(engine, store, &head)?;
    if verdict == Feedback::FalseAlarm && !head.detection.is_alert {
        return Err(Refusal::conflict(format!("event {seq} raised no alert, so that it is no false alarm")));
    }
    let (number, pattern) = (kept.given + 1, head.detection.pattern);
    let first = engine.detect.feedback.of(pattern).map_or(number, |known| known.first);
    let mut judgement = Judgement {
        number,
        first,
        time_ns: author.time_ns,
        actor: author.actor.into(),
        seq,
        source: store.symbols().name(head.source).into(),
        subject,
        verdict,
        strength: f64::from(head.detection.strength),
        alert_threshold: threshold(engine),
        before: 0.0,
        after: 0.0,
    };
    follow(&mut judgement, offset(kept, first));
    Ok(judgement)
}

/// The text of what feedback on an event is about.
fn subject_of(engine: &Engine, store: &Store, head: &RecordHeader) -> Result<String, Refusal> {
    let seq = head.seq;
    if head.format == Format::Note {
        return Err(Refusal::conflict(format!("event {seq} is the engine's own; only events of sources are scored")));
    }
    if !head.detection.is_scored() {
        let why = match head.detection.state {
            Scoring::Skipped => "intuition_engine was off",
            Scoring::Unencoded => "its value is no finite number",
            _ => "it was rejected",
        };
        return Err(Refusal::conflict(format!("event {seq} was not scored: {why}")));
    }
    let text = engine.patterns.template(head.detection.pattern, store.symbols());
    text.map(|text| cut(&text, TEXT).into())
        .ok_or_else(|| Refusal::conflict(format!("the pattern of event {seq} was forgotten")))
}

/// Says what a judgement makes of the offset before it.
fn follow(judgement: &mut Judgement, before: f64) {
    let wanted = match judgement.verdict {
        Feedback::Ack => before - ACK,
        // A hundredth above its strength, at which an event as strong alerts no more.
        Feedback::FalseAlarm => {
            let above = (judgement.strength * 100.0).ceil() / 100.0 + 0.01 - judgement.alert_threshold;
            above.max(before + FALSE_ALARM)
        }
    };
    judgement.before = before;
    judgement.after = rounded(wanted).clamp(*OFFSETS.start(), *OFFSETS.end());
}

/// Replays all judgements, each after those of its subject before it.
fn replay(kept: &mut Judgements) {
    for place in 0..kept.kept.len() {
        let (earlier, later) = kept.kept.split_at_mut(place);
        let before = earlier.iter().rfind(|judgement| judgement.first == later[0].first);
        follow(&mut later[0], before.map_or(0.0, |judgement| judgement.after));
    }
}

/// What the judgements come to, each subject once.
fn subjects(kept: &Judgements) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    for judgement in &kept.kept {
        let known = subjects.iter().position(|subject| subject.first == judgement.first);
        let subject = match known {
            Some(place) => &mut subjects[place],
            None => {
                let (first, source) = (judgement.first, judgement.source.clone());
                subjects.push(Subject { first, source, texts: Vec::new(), offset: 0.0, pattern: None });
                subjects.last_mut().expect("one was added")
            }
        };
        subject.offset = judgement.after;
        if !subject.texts.contains(&judgement.subject) {
            subject.texts.push(judgement.subject.clone());
        }
    }
    subjects
}

/// The offset of a subject.
fn offset(kept: &Judgements, first: u64) -> f64 {
    kept.kept.iter().rfind(|judgement| judgement.first == first).map_or(0.0, |judgement| judgement.after)
}

/// The alert threshold where nothing was said.
fn threshold(engine: &Engine) -> f64 {
    engine.values[Module::IntuitionEngine as usize].float("alert_threshold")
}

fn verdict_name(verdict: Feedback) -> &'static str {
    match verdict {
        Feedback::Ack => "ack",
        Feedback::FalseAlarm => "false alarm",
    }
}

/// A subject as it stands in a sentence.
fn named(judgement: &Judgement) -> String {
    let subject = cut(&judgement.subject, SENTENCE);
    let rest = if subject.len() < judgement.subject.len() { "…" } else { "" };
    format!("{subject}{rest} of {}", judgement.source)
}

fn shown(strength: f64) -> String {
    format!("{strength:.2}")
}

/// To hundredths.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
