//! Feedback: operators say of events that they were worth telling or false alarms, and the alert thresholds of the patterns
//! follow, within bounds.
//!
//! Here judgements are checked, given, undone and told; `control.rs` writes them down and carries them out, and
//! `detect/feedback.rs` has what comes of them.

use crate::constitution::By;
use crate::control::Overrides;
use crate::detect::feedback::{OFFSETS, Subject, TEXT, cut};
use crate::engine::Engine;
use crate::record::Head;
use crate::registry::Module;
use crate::store::Store;
use ng_wire::{Command, ErrorCode, Feedback, FeedbackSubject, FeedbackView, Format, Judgement, Judgements, Scoring};

/// Judgements that are kept.
const MOST: usize = 256;
/// What an ack lowers a threshold by.
const ACK: f64 = 0.3;
/// What a false alarm raises a threshold by at least.
const FALSE_ALARM: f64 = 0.4;
/// Most bytes of the text of a subject in a sentence.
const SENTENCE: usize = 120;

type Refused = (ErrorCode, String);

/// Whether a command that gives or undoes feedback is accepted; others are not asked about.
pub fn check(engine: &Engine, store: &Store, kept: &Judgements, command: &Command) -> Result<(), Refused> {
    match command {
        Command::GiveFeedback { seq, verdict } => {
            if kept.kept.len() >= MOST {
                return Err(conflict(format!("{MOST} judgements are kept already; undo some first")));
            }
            let by = By { time_ns: 0, actor: "", measured: None };
            let judgement = judge(engine, store, kept, (*seq, *verdict), by)?;
            if judgement.after == judgement.before {
                let (subject, at) = (named(&judgement), shown(judgement.alert_threshold + judgement.after));
                return Err(conflict(format!("the threshold of {subject} is already at its limit, {at}")));
            }
            Ok(())
        }
        Command::UndoFeedback { number } => find(kept, *number).map(drop).ok_or_else(|| {
            (ErrorCode::BadRequest, format!("there is no judgement {number}; it was undone, or never given"))
        }),
        _ => Ok(()),
    }
}

/// Gives or undoes by a command that was checked.
pub fn amend(next: &mut Overrides, engine: &Engine, store: &Store, command: &Command, by: By<'_>) {
    let kept = &mut next.feedback;
    match command {
        Command::GiveFeedback { seq, verdict } => {
            let judgement = judge(engine, store, kept, (*seq, *verdict), by).expect("the event was checked");
            kept.given = judgement.number;
            kept.kept.push(judgement);
        }
        Command::UndoFeedback { number } => {
            kept.kept.retain(|judgement| judgement.number != *number);
            replay(kept);
        }
        _ => {}
    }
}

/// Puts judgements in force after a command.
pub fn carry_out(engine: &mut Engine, store: &Store, kept: &Judgements, command: &Command) {
    engine.detect.feedback.replace(subjects(kept));
    if let (Command::GiveFeedback { seq, .. }, Some(latest)) = (command, kept.kept.last())
        && let Some(head) = store.head(*seq)
    {
        engine.detect.feedback.bind(latest.first, head.detection.pattern);
    }
}

/// Puts in force what an earlier run was told. The patterns are found as they appear.
pub fn restore(engine: &mut Engine, kept: &mut Judgements) {
    replay(kept);
    engine.detect.feedback.replace(subjects(kept));
}

/// The event that tells of a command, from what was kept before and after it.
pub fn event(
    engine: &Engine,
    before: &Judgements,
    after: &Judgements,
    command: &Command,
    actor: &str,
) -> serde_json::Value {
    let (kind, of) = match command {
        Command::UndoFeedback { number } => ("feedback.undone", find(before, *number)),
        _ => ("feedback.given", after.kept.last()),
    };
    let of = of.expect("the command was checked");
    let alert_threshold = threshold(engine);
    let (old, new) = (alert_threshold + offset(before, of.first), alert_threshold + offset(after, of.first));
    let (said, number) = (said(of.verdict), of.number);
    let undone = if kind == "feedback.undone" { " undone" } else { "" };
    let (subject, from, was) = (named(of), shown(new), shown(old));
    let mut message =
        format!("{said} {number}{undone} by {actor}: {subject} alerts from strength {from} on, before from {was}");
    if kind == "feedback.given" && of.verdict == Feedback::FalseAlarm && of.strength >= new {
        message += &format!("; this is the limit, and an event as strong, {}, still alerts", shown(of.strength));
    }
    serde_json::json!({
        "type": kind, "level": "notice", "message": message, "module": "intuition_engine",
        "judgement": number, "verdict": said, "about": of.seq, "source": of.source, "subject": of.subject,
        "threshold.before": rounded(old), "threshold.after": rounded(new),
    })
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
    by: By<'_>,
) -> Result<Judgement, Refused> {
    let head = store.head(seq).ok_or_else(|| {
        let why = if seq < store.next_seq() { "is no longer in the ring" } else { "has not come yet" };
        (ErrorCode::BadRequest, format!("event {seq} {why}"))
    })?;
    let subject = subject_of(engine, store, &head)?;
    if verdict == Feedback::FalseAlarm && !head.detection.is_alert {
        return Err(conflict(format!("event {seq} raised no alert, so that it is no false alarm")));
    }
    let (number, pattern) = (kept.given + 1, head.detection.pattern);
    let first = engine.detect.feedback.of(pattern).map_or(number, |known| known.first);
    let mut judgement = Judgement {
        number,
        first,
        time_ns: by.time_ns,
        actor: by.actor.into(),
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
fn subject_of(engine: &Engine, store: &Store, head: &Head) -> Result<String, Refused> {
    let seq = head.seq;
    if head.format == Format::Note {
        return Err(conflict(format!("event {seq} is the engine's own; only events of sources are scored")));
    }
    if !head.detection.is_scored() {
        let why = match head.detection.state {
            Scoring::Skipped => "intuition_engine was off",
            Scoring::Unencoded => "its value is no finite number",
            _ => "it was rejected",
        };
        return Err(conflict(format!("event {seq} was not scored: {why}")));
    }
    let text = engine.patterns.template(head.detection.pattern, store.symbols());
    text.map(|text| cut(&text, TEXT).into())
        .ok_or_else(|| conflict(format!("the pattern of event {seq} was forgotten")))
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

fn find(kept: &Judgements, number: u64) -> Option<&Judgement> {
    kept.kept.iter().find(|judgement| judgement.number == number)
}

/// The alert threshold where nothing was said.
fn threshold(engine: &Engine) -> f64 {
    engine.values[Module::IntuitionEngine as usize].float("alert_threshold")
}

fn said(verdict: Feedback) -> &'static str {
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

fn conflict(message: String) -> Refused {
    (ErrorCode::Conflict, message)
}
