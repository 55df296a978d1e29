//! What a rule says when it acts, in one line that starts with its name.

use super::allowance::{Further, PERIOD_NS};
use super::condition::{Condition, GroupBy, Only};
use super::duration;
use super::rule::AlertRule;
use super::state::{Act, Occasion};
use ng_model::duration::in_words;
use ng_model::record::StoredRecord;
use ng_model::zone::Zone;
use ng_reading::encoders;

/// Characters of an event that are told as an example.
const EXAMPLE: usize = 160;

/// Such as `errors: 12 events match "level>=error" in 1m: no route to host (last seq 123)`. `event` is the one at which the
/// rule acts, if it does at one; `window_ns` is that over which it counts, and `now_ns` the time of the group.
pub(super) fn describe(
    rule: &AlertRule,
    key: &str,
    act: &Act,
    window_ns: i64,
    event: Option<&StoredRecord<'_>>,
    (zone, now_ns): (&Zone, i64),
) -> String {
    let since = clock(zone, act.since_ns, now_ns);
    let is_absence = matches!(rule.condition, Condition::Absent { .. });
    let kind = match rule.only {
        Only::Any => "",
        Only::New => "new ",
        Only::Anomalies => "unusual ",
    };
    let group = group(rule, key);
    let about = |verb: &str| match rule.filter.is_everything() {
        true => String::new(),
        false => format!(" {verb} \"{}\"", rule.filter.text()),
    };
    let counted = |one: &str, many: &str| {
        let (s, verb) = if act.count == 1 { ("", one) } else { ("s", many) };
        format!("{} {kind}event{s}{group}{}", act.count, about(verb))
    };
    let mut text = match act.occasion {
        Occasion::Resolved if is_absence => {
            let about = about("matches");
            format!("resolved: an {kind}event{group}{about} again after {}", in_words(act.lasted_ns))
        }
        Occasion::Resolved => {
            format!("resolved after {}: {} since {since}", in_words(act.lasted_ns), counted("matched", "matched"))
        }
        Occasion::Fires | Occasion::Again | Occasion::Released if is_absence => {
            format!("no {kind}event{group}{} for {}", about("matches"), in_words(act.lasted_ns))
        }
        Occasion::Fires => {
            let least = if act.is_at_least { "at least " } else { "" };
            format!("{least}{}{}", counted("matches", "match"), window(rule, act, window_ns))
        }
        Occasion::Again | Occasion::Released => format!("{} since {since}", counted("matches", "match")),
        Occasion::Cause => format!("another kind of {kind}event{group}{}", about("matches")),
    };
    if act.further > 0 && matches!(act.occasion, Occasion::Again | Occasion::Released | Occasion::Resolved) {
        text.push_str(&format!(", {} of them of further kinds", act.further));
    }
    if act.occasion == Occasion::Released {
        text.push_str(", held back until now");
    }
    if let Some(event) = event.filter(|_| !matches!(act.occasion, Occasion::Resolved)) {
        let example = example(event);
        text.push_str(if example.is_empty() { "" } else { ": " });
        text.push_str(&example);
    }
    if let Some(seq) = act.last_seq {
        text.push_str(&format!(" (last seq {seq})"));
    }
    format!("{}: {text}", rule.name)
}

/// Such as `logins: and 4112 more groups in 1m (last seq 123)`.
pub(super) fn describe_rest(rule: &AlertRule, further: &Further) -> String {
    let (s, time) = (if further.groups == 1 { "" } else { "s" }, duration::format(PERIOD_NS));
    let last = further.last_seq.map_or_else(String::new, |seq| format!(" (last seq {seq})"));
    format!("{}: and {} more group{s} in {time}{last}", rule.name, further.groups)
}

fn group(rule: &AlertRule, key: &str) -> String {
    match &rule.by {
        GroupBy::Nothing => String::new(),
        GroupBy::Pattern if key.is_empty() => " without a pattern".into(),
        GroupBy::Pattern => format!(" of pattern {key}"),
        GroupBy::Source => format!(" of {key}"),
        GroupBy::Attr(name) if key.is_empty() => format!(" without {name}"),
        GroupBy::Attr(name) => format!(" with {name}={key}"),
    }
}

/// Over what they were counted, and how many there usually are.
fn window(rule: &AlertRule, act: &Act, window_ns: i64) -> String {
    let mut text = String::new();
    if rule.condition != Condition::Each || act.count != 1 {
        text.push_str(&format!(" in {}", duration::format(window_ns)));
    }
    if rule.condition != Condition::Each && rule.hold_ns > 0 {
        text.push_str(&format!(" for {}", duration::format(rule.hold_ns)));
    }
    if let Some(usual) = act.usual {
        text.push_str(&format!(", usually {usual}"));
    }
    text
}

/// The time of day, with the day if it is another.
fn clock(zone: &Zone, time_ns: i64, now_ns: i64) -> String {
    let (then, now) = (zone.civil(time_ns), zone.civil(now_ns));
    let time = format!("{:02}:{:02}:{:02}", then.hour(), then.minute(), then.second());
    if then.date() == now.date() { time } else { format!("{} {time}", then.date()) }
}

/// The beginning of the first line of an event.
fn example(event: &StoredRecord<'_>) -> String {
    let message = encoders::message_text(event.head.format, event.raw, event.head.message);
    let text = String::from_utf8_lossy(&message);
    let line = text.lines().next().unwrap_or_default().trim();
    let mut example: String = line.chars().take(EXAMPLE).collect();
    if example.len() < line.len() {
        example.push('…');
    }
    example
}
