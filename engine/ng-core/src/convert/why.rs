//! What is unusual about an event, in the words of who runs what is watched.

use ng_model::record::{Detection, RecordHeader};
use ng_wire::{Format, Unit};

/// What a channel says, by its name; of an event that is the first of its kind, if that is said otherwise.
const REASONS: [(&str, &str, &str); 9] = [
    ("shape", "its course is unlike any remembered", ""),
    ("multiscale", "its course is unlike any remembered", ""),
    ("quiet", "unusually constant", ""),
    ("template rarity", "rarely seen in this source", "first seen at this level in this source"),
    ("shape rarity", "these fields are rarely seen in this source", "first seen with these fields in this source"),
    ("field rarity", "a field has a rare value, or is not as it was", ""),
    ("transition rarity", "rarely follows what came before it", ""),
    ("severity", "more severe, or more often so, than usual in this source", ""),
    ("neighbours", "unlike anything remembered", ""),
];
/// The channel that speaks of the value alone.
const LEVEL: &str = "level";

/// Bytes in powers of 1024.
const BYTES: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// The least surprise that is worth a word: one event in ten is at least as surprising.
const UNUSUAL: f32 = 1.0;

/// What the channels of an event say, the largest of them: `cpu.iowait 12 % — usually 0 to 0.2`, `rarely seen in this
/// source`. Empty when the event was not scored.
pub(super) fn why(channels: [&str; 4], head: &RecordHeader, kind: &str) -> String {
    let found = &head.detection;
    if !found.is_scored() {
        return String::new();
    }
    let outside = outside(head);
    // An ordinary value is no reason, whatever else there is.
    let says = |name: &str| !name.is_empty() && (name != LEVEL || outside.is_some());
    let named = channels.into_iter().zip(found.channels).filter(|(name, share)| says(name) && *share > 0.0);
    // Of equal ones the first.
    let largest = named.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let Some((name, _)) = largest.filter(|(_, share)| *share >= UNUSUAL || found.is_novel) else {
        return match first_seen(channels[0]) {
            _ if found.is_alert => "unusual several times in a row".into(),
            Some(first) if found.is_novel => first.into(),
            _ => "nothing unusual".into(),
        };
    };
    let reason = match outside {
        Some([low, high]) if name == LEVEL => {
            let bytes = matches!(head.unit, Unit::Bytes | Unit::BytesPerSecond);
            let shown = |x| if bytes { quantity(x, head.unit) } else { number(x) };
            format!("usually {} to {}", shown(low), shown(high))
        }
        _ => reason(name, found).into(),
    };
    if head.format == Format::Metric { format!("{} — {reason}", measured(head, kind)) } else { reason }
}

/// What is usual, when the value lies outside.
fn outside(head: &RecordHeader) -> Option<[f64; 2]> {
    head.detection.usual.filter(|[low, high]| head.value < *low || head.value > *high)
}

/// What the first event of its kind says, by the first of its channels.
fn first_seen(name: &str) -> Option<&'static str> {
    REASONS.iter().find(|(known, _, first)| *known == name && !first.is_empty()).map(|(.., first)| *first)
}

fn reason<'a>(name: &'a str, found: &Detection) -> &'a str {
    let known = REASONS.iter().find(|(known, ..)| *known == name);
    known.map_or(name, |(_, usual, first)| if found.is_novel && !first.is_empty() { first } else { usual })
}

/// The name of a metric and its value: `cpu.iowait 0.99 %`.
fn measured(head: &RecordHeader, kind: &str) -> String {
    format!("{} {}", kind.strip_prefix("metric.").unwrap_or(kind), quantity(head.value, head.unit))
}

/// A number with its unit; bytes in powers of 1024, as the screens write them.
fn quantity(x: f64, unit: Unit) -> String {
    let symbol = match unit {
        Unit::None | Unit::Count => "",
        Unit::Percent => " %",
        Unit::PerSecond => "/s",
        Unit::Seconds => " s",
        Unit::Celsius => " °C",
        Unit::Bytes => return bytes(x),
        Unit::BytesPerSecond => return bytes(x) + "/s",
    };
    number(x) + symbol
}

fn bytes(x: f64) -> String {
    let (mut scaled, mut place) = (x, 0);
    while scaled.abs() >= 1024.0 && place + 1 < BYTES.len() {
        (scaled, place) = (scaled / 1024.0, place + 1);
    }
    format!("{} {}", number(scaled), BYTES[place])
}

/// A number in three significant digits, without a tail of zeros; whole numbers up to a million as they are.
fn number(x: f64) -> String {
    let size = x.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{x:.2e}");
    }
    let decimals = if size >= 100.0 || size == 0.0 { 0 } else { (2 - size.log10().floor() as i32).clamp(0, 6) };
    let text = format!("{x:.*}", decimals as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_model::event::Text;
    use ng_model::record::Verdict;
    use ng_model::symbols::Sym;
    use ng_wire::{Level, Scoring};

    const NUMERIC: [&str; 4] = ["level", "shape", "multiscale", "quiet"];
    const TEXT: [&str; 4] = ["template rarity", "transition rarity", "severity", "neighbours"];
    const JSON: [&str; 4] = ["shape rarity", "field rarity", "severity", "neighbours"];

    fn scored(format: Format, channels: [f32; 4], is_novel: bool) -> RecordHeader {
        let detection = Detection { state: Scoring::Scored, channels, is_novel, ..Detection::default() };
        RecordHeader {
            seq: 0,
            time_ns: 0,
            received_ns: 0,
            value: f64::NAN,
            kind: Sym(0),
            source: Sym(0),
            level: Level::Info,
            format,
            declared: 0,
            unit: Unit::None,
            message: Text::default(),
            verdict: Verdict::default(),
            detection,
        }
    }

    #[test]
    fn bytes_are_told_in_powers_of_1024() {
        assert_eq!(quantity(23_488_900_000.0, Unit::Bytes), "21.9 GiB");
        assert_eq!(quantity(512.0, Unit::BytesPerSecond), "512 B/s");
        assert_eq!(quantity(1e24, Unit::Bytes), "867362 EiB");
    }

    #[test]
    fn the_largest_channel_is_told_in_plain_words() {
        for (names, channels, is_novel, expect) in [
            (TEXT, [2.9, 1.2, 0.0, 0.0], true, "first seen at this level in this source"),
            (TEXT, [2.9, 1.2, 0.0, 0.0], false, "rarely seen in this source"),
            (TEXT, [1.0, 1.0, 0.0, 0.0], false, "rarely seen in this source"),
            (TEXT, [0.2, 3.0, 0.0, 1.0], false, "rarely follows what came before it"),
            (TEXT, [0.2, 0.3, 3.1, 1.0], false, "more severe, or more often so, than usual in this source"),
            (TEXT, [0.0, f32::NAN, 0.0, 0.0], false, "nothing unusual"),
            (JSON, [2.0, 1.0, 0.0, 0.0], true, "first seen with these fields in this source"),
            (JSON, [0.1, 2.0, 0.0, 0.0], false, "a field has a rare value, or is not as it was"),
            (["unheard of", "", "", ""], [1.0, 5.0, 0.0, 0.0], false, "unheard of"),
        ] {
            assert_eq!(why(names, &scored(Format::Text, channels, is_novel), "log.text"), expect);
        }
    }

    #[test]
    fn a_metric_is_told_with_its_value_and_what_is_usual() {
        let why = |value, channels, usual, is_alert| {
            let mut head = RecordHeader { value, unit: Unit::Percent, ..scored(Format::Metric, channels, false) };
            (head.detection.usual, head.detection.is_alert) = (usual, is_alert);
            super::why(NUMERIC, &head, "metric.cpu.iowait")
        };
        let usual = Some([0.0, 0.2]);
        assert_eq!(why(12.345, [3.0, 1.0, 0.0, 0.0], usual, true), "cpu.iowait 12.3 % — usually 0 to 0.2");
        assert_eq!(
            why(0.1, [3.0, 1.5, 0.0, 0.0], usual, true),
            "cpu.iowait 0.1 % — its course is unlike any remembered"
        );
        assert_eq!(why(0.1, [0.2, 0.1, 0.1, 2.9], usual, true), "cpu.iowait 0.1 % — unusually constant");
        for (value, usual) in [(0.1, usual), (7.0, None)] {
            assert_eq!(why(value, [2.0, 0.9, 0.0, 0.0], usual, false), "nothing unusual", "{value}");
            assert_eq!(why(value, [2.0, 0.9, 0.0, 0.0], usual, true), "unusual several times in a row");
        }
    }

    #[test]
    fn numbers_are_short() {
        for (x, expect) in [
            (0.0, "0"),
            (0.987, "0.987"),
            (0.2, "0.2"),
            (-12.04, "-12"),
            (99.94, "99.9"),
            (123.6, "124"),
            (5_000_000_009.0, "5000000009"),
            (0.0002, "0.0002"),
            (3.2e-7, "3.20e-7"),
            (1.5e20, "1.50e20"),
        ] {
            assert_eq!(number(x), expect);
        }
    }

    #[test]
    fn an_event_without_a_score_has_no_reason() {
        let head = scored(Format::Text, [3.0; 4], true);
        assert_eq!(why(TEXT, &RecordHeader { detection: Detection::default(), ..head }, "log.text"), "");
    }
}
