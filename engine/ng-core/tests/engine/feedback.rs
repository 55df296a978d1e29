//! Feedback: what operators say of events moves the alert thresholds of their patterns, within bounds, told, and undoable.

use crate::bench::{Bench, configure, engine, noise, restore};
use ng_filter::Env;
use ng_wire::{Command, ErrorCode, Feedback, FeedbackView, Format, Frame, Record, SettingValue};

use Feedback::{Ack, FalseAlarm};

fn give(seq: u64, verdict: Feedback) -> Command {
    Command::GiveFeedback { seq, verdict }
}

/// Has a command carried out; what it came to.
fn done(bench: &mut Bench, command: Command) -> String {
    match bench.command(command.clone()) {
        Frame::Result { id: 7, message: Some(message) } => message,
        other => panic!("{command:?} was answered with {other:?}"),
    }
}

/// Has a command refused, which changes nothing.
fn refused(bench: &mut Bench, command: Command) -> (ErrorCode, String) {
    let state = |bench: &Bench| (bench.overrides.clone(), bench.next_seq(), bench.world.persisted(), view(bench));
    let before = state(bench);
    let answer = bench.command(command.clone());
    assert_eq!(state(bench), before, "{command:?}");
    match answer {
        Frame::Error { id: 7, code, message } => (code, message),
        other => panic!("{command:?} was answered with {other:?}"),
    }
}

fn view(bench: &Bench) -> FeedbackView {
    let of = |frame| match frame {
        Frame::Feedback(view) => Some(view),
        _ => None,
    };
    bench.views().into_iter().find_map(of).unwrap()
}

/// Offsets of the subjects, in the order in which they were judged.
fn offsets(bench: &Bench) -> Vec<f64> {
    view(bench).subjects.iter().map(|subject| subject.offset).collect()
}

fn load(bench: &mut Bench, value: f64) -> Record {
    bench.send("pump", Format::Text, &[format!("load={value}")]).remove(0)
}

/// A stream of numbers that is warm.
fn warm() -> Bench {
    let mut bench = Bench::new();
    warm_up(&mut bench);
    bench
}

fn warm_up(bench: &mut Bench) {
    let mut noise = noise(3);
    let values: Vec<String> = (0..1500).map(|_| format!("load={}", noise())).collect();
    bench.send("pump", Format::Text, &values);
}

/// The engine after a restart: with what was written down, and nothing learnt.
fn restarted(bench: &Bench) -> Bench {
    let mut next = Bench::new();
    next.engine = engine(&[]);
    let mut kept = bench.world.persisted().last().unwrap().clone();
    restore(&mut next.engine, &mut kept, &Env::default());
    assert_eq!(&kept, bench.world.persisted().last().unwrap());
    next.overrides = kept;
    next
}

#[test]
fn an_event_as_strong_as_a_false_alarm_alerts_no_more_and_is_scored_as_before() {
    let mut bench = warm();
    let alert = load(&mut bench, 1.03);
    let strength = f64::from(alert.detection.strength.unwrap());
    assert!(alert.detection.is_alert && (4.5..4.6).contains(&strength), "{strength}");
    let said = done(&mut bench, give(alert.seq, FalseAlarm));
    assert_eq!(said, "false alarm 1 by tester: metric.load of pump alerts from strength 4.58 on, before from 3.60");
    let offset = offsets(&bench)[0];
    assert!(3.6 + offset > strength && 3.6 + offset <= strength + 0.02, "{offset}");

    // A metric stream is found again by its name.
    let mut later = restarted(&bench);
    warm_up(&mut later);
    let (quiet, loud) = (load(&mut later, 1.03), load(&mut later, 3.0));
    assert!(!quiet.detection.is_alert && loud.detection.is_alert);
    let was = ng_wire::Detection { is_alert: false, ..alert.detection.clone() };
    assert_eq!(quiet.detection, was, "nothing but the alert differs");
}

#[test]
fn what_was_worth_telling_is_told_earlier() {
    let mut bench = warm();
    let quiet = load(&mut bench, 1.014);
    let strength = quiet.detection.strength.unwrap();
    assert!(!quiet.detection.is_alert && (3.3..3.6).contains(&strength), "{strength}");
    done(&mut bench, give(quiet.seq, Ack));
    let mut later = restarted(&bench);
    warm_up(&mut later);
    assert!(load(&mut later, 1.014).detection.is_alert);
}

#[test]
fn feedback_is_told_as_an_event_and_listed_newest_first() {
    let mut bench = warm();
    let alert = load(&mut bench, 1.03);
    done(&mut bench, give(alert.seq, Ack));
    let note = bench.last();
    assert_eq!((note.kind.as_ref(), note.level), ("feedback.given", ng_wire::Level::Notice));
    assert_eq!(note.text, "ack 1 by tester: metric.load of pump alerts from strength 3.30 on, before from 3.60");
    for (key, value) in [
        ("source", "pump"),
        ("subject", "metric.load"),
        ("threshold.before", "3.6"),
        ("threshold.after", "3.3"),
        ("actor", "tester"),
        ("verdict", "ack"),
    ] {
        assert_eq!(note.attrs[key], value);
    }
    bench.actor = "other".into();
    done(&mut bench, give(alert.seq, FalseAlarm));
    let listed: Vec<_> = view(&bench).judgements.into_iter().map(|one| (one.number, one.actor, one.before)).collect();
    assert_eq!(listed, [(2, "other".into(), -0.3), (1, "tester".into(), 0.0)]);
    let said = done(&mut bench, Command::UndoFeedback { number: 2 });
    assert_eq!(
        said,
        "false alarm 2 undone by other: metric.load of pump alerts from strength 3.30 on, before from 4.58"
    );
    assert_eq!((bench.last().kind.as_ref(), bench.last().text), ("feedback.undone", said.into()));
    let subject = &view(&bench).subjects[0];
    assert_eq!((subject.pattern, subject.latest), (alert.detection.pattern, 1));
}

#[test]
fn an_undone_judgement_leaves_what_the_others_give() {
    let mut bench = warm();
    let alert = load(&mut bench, 1.03).seq;
    let steps: Vec<f64> = [Ack, FalseAlarm, FalseAlarm, Ack]
        .into_iter()
        .map(|verdict| {
            done(&mut bench, give(alert, verdict));
            offsets(&bench)[0]
        })
        .collect();
    assert_eq!(steps, [-0.3, 0.98, 1.38, 1.08]);
    done(&mut bench, Command::UndoFeedback { number: 2 });
    // What was 0.4 more than the second is now what its own strength asks for.
    let replayed: Vec<_> =
        view(&bench).judgements.iter().rev().map(|one| (one.number, one.before, one.after)).collect();
    assert_eq!(replayed, [(1, 0.0, -0.3), (3, -0.3, 0.98), (4, 0.98, 0.68)]);
    let again = refused(&mut bench, Command::UndoFeedback { number: 2 });
    assert_eq!(again, (ErrorCode::BadRequest, "there is no judgement 2; it was undone, or never given".into()));
    for number in [1, 3, 4] {
        done(&mut bench, Command::UndoFeedback { number });
    }
    assert_eq!(view(&bench).subjects, []);
    done(&mut bench, give(alert, Ack));
    assert_eq!(view(&bench).judgements[0].number, 5, "a number is never given twice");
}

#[test]
fn offsets_stay_within_their_bounds_and_a_step_beyond_is_refused() {
    let mut bench = warm();
    let (weak, strong) = (load(&mut bench, 1.03), load(&mut bench, 5.0));
    done(&mut bench, give(weak.seq, Ack));
    done(&mut bench, give(weak.seq, Ack));
    let limit = refused(&mut bench, give(weak.seq, Ack));
    let expected = "the threshold of metric.load of pump is already at its limit, 3.00";
    assert_eq!(limit, (ErrorCode::Conflict, expected.into()));
    let said = done(&mut bench, give(strong.seq, FalseAlarm));
    let strength = strong.detection.strength.unwrap();
    let expected =
        format!("on, before from 3.00; this is the limit, and an event as strong, {strength:.2}, still alerts");
    assert!(said.ends_with(&expected), "{said}");
    assert_eq!(offsets(&bench), [8.4]);
    assert_eq!(refused(&mut bench, give(strong.seq, FalseAlarm)).0, ErrorCode::Conflict);
    // The bounds are those of the offset, wherever the setting is.
    bench.set("intuition_engine", "alert_threshold", 5.0);
    done(&mut bench, give(weak.seq, Ack));
    assert_eq!((view(&bench).alert_threshold, offsets(&bench)), (5.0, vec![8.1]));
}

#[test]
fn what_cannot_be_judged_is_refused_with_the_reason() {
    let mut bench = warm();
    let quiet = load(&mut bench, 0.5).seq;
    let learning = bench.line("hello there").seq;
    let infinite = bench.send("pump", Format::Text, &["load=inf"]).remove(0).seq;
    bench.accepted(configure("guardian", &[("size_limit.limit", SettingValue::Int(64))]));
    let note = bench.last().seq;
    bench.rule_mode("size_limit", ng_wire::Mode::Enforce);
    let rejected = bench.line(&"x".repeat(100)).seq;
    bench.switch("intuition_engine", false);
    let skipped = bench.line("hello there").seq;
    for (seq, verdict, code, expected) in [
        (quiet, FalseAlarm, ErrorCode::Conflict, "raised no alert, so that it is no false alarm"),
        (learning, FalseAlarm, ErrorCode::Conflict, "raised no alert, so that it is no false alarm"),
        (infinite, Ack, ErrorCode::Conflict, "was not scored: its value is no finite number"),
        (note, Ack, ErrorCode::Conflict, "is the engine's own; only events of sources are scored"),
        (rejected, Ack, ErrorCode::Conflict, "was not scored: it was rejected"),
        (skipped, Ack, ErrorCode::Conflict, "was not scored: intuition_engine was off"),
        (99_999, Ack, ErrorCode::BadRequest, "has not come yet"),
    ] {
        assert_eq!(refused(&mut bench, give(seq, verdict)), (code, format!("event {seq} {expected}")));
    }
    for seq in [quiet, learning] {
        done(&mut bench, give(seq, Ack));
    }
    bench.set("token_manager", "max_patterns", 16);
    let lines: Vec<String> = (0..30).map(|index| "w ".repeat(index + 2)).collect();
    bench.lines(&lines);
    assert_eq!(
        refused(&mut bench, give(learning, Ack)),
        (ErrorCode::Conflict, format!("the pattern of event {learning} was forgotten"))
    );
    bench.store.lock().set_capacity(10);
    let gone = refused(&mut bench, give(quiet, Ack));
    assert_eq!(gone, (ErrorCode::BadRequest, format!("event {quiet} is no longer in memory")));
}

#[test]
fn what_cannot_be_written_down_changes_nothing() {
    let mut bench = warm();
    let alert = load(&mut bench, 1.03).seq;
    bench.world.fail(Some("the disk is full"));
    let (code, message) = refused(&mut bench, give(alert, FalseAlarm));
    assert_eq!(code, ErrorCode::Internal);
    assert!(message.ends_with("the disk is full"), "{message}");
}

#[test]
fn no_more_than_256_judgements_are_kept() {
    let mut bench = warm();
    let alert = load(&mut bench, 1.03).seq;
    for index in 0..256 {
        done(&mut bench, give(alert, if index % 2 == 0 { Ack } else { FalseAlarm }));
    }
    let full = refused(&mut bench, give(alert, Ack));
    assert_eq!(full, (ErrorCode::Conflict, "256 judgements are kept already; undo some first".into()));
    done(&mut bench, Command::UndoFeedback { number: 17 });
    done(&mut bench, give(alert, Ack));
    assert_eq!(view(&bench).judgements.len(), 256);
}

/// Ordinary lines of the source, so that it is warm, and then one that is rare.
fn rare(bench: &mut Bench, source: &str, line: &str) -> Record {
    let mut noise = noise(5);
    let words = ["read", "write", "open", "close", "seek"];
    let lines: Vec<String> = (0..400).map(|_| format!("INFO {} done", words[(noise() * 5.0) as usize])).collect();
    bench.send(source, Format::Text, &lines);
    bench.send(source, Format::Text, &[line]).remove(0)
}

#[test]
fn a_template_is_followed_while_it_becomes_more_general_and_found_again_after_a_restart() {
    let mut bench = Bench::new();
    bench.set("intuition_engine", "warm_up", 300);
    let first = rare(&mut bench, "app", "ERROR disk alpha is full again today");
    assert!(first.detection.is_alert);
    done(&mut bench, give(first.seq, FalseAlarm));
    let of_first = offsets(&bench);
    let second = rare(&mut bench, "app", "ERROR disk beta is full again today");
    assert_eq!(second.detection.pattern, first.detection.pattern);
    done(&mut bench, give(second.seq, Ack));
    let texts: Vec<_> = view(&bench).judgements.into_iter().map(|one| (one.first, one.subject)).collect();
    assert_eq!(
        texts,
        [(1, "disk * is full again today".into()), (1, "disk alpha is full again today".into())],
        "one subject, as it read each time"
    );

    let mut later = restarted(&bench);
    let subject = |bench: &Bench| view(bench).subjects[0].clone();
    assert_eq!(subject(&later).pattern, None);
    later.send("other", Format::Text, &["ERROR disk gamma is full again today"]);
    assert_eq!(subject(&later).pattern, None, "patterns never cross sources");
    let found = later.send("app", Format::Text, &["ERROR disk gamma is full again today"]).remove(0);
    assert_eq!(subject(&later).pattern, found.detection.pattern);
    assert_eq!(offsets(&later), offsets(&bench));
    // What was said before the restart can be undone after it.
    done(&mut later, Command::UndoFeedback { number: 2 });
    assert_eq!((offsets(&later), subject(&later).pattern), (of_first, found.detection.pattern));
}

#[test]
fn feedback_holds_for_patterns_that_were_known_before_it_was_restored() {
    let mut bench = warm();
    let alert = load(&mut bench, 1.03).seq;
    done(&mut bench, give(alert, FalseAlarm));
    let mut later = warm();
    let mut kept = bench.overrides.clone();
    restore(&mut later.engine, &mut kept, &Env::default());
    later.overrides = kept;
    assert_eq!(view(&later).subjects[0].pattern, None);
    later.engine.attach_kept(later.store.lock().symbols());
    assert!(view(&later).subjects[0].pattern.is_some());
    assert!(!load(&mut later, 1.03).detection.is_alert);
}
