//! What is unusual about an event, in the words of who runs what is watched.

use ng_model::event::{Field, Parsed};
use ng_model::record::{Detection, RecordHeader, StoredRecord};
use ng_model::safe_text::safe_text;
use ng_reading::encoders::{message_text, path, quantity_of};
use ng_wire::{Finding, Format, Unit};

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
/// The channel that has no name for what it found.
const DISTANCE: &str = "neighbours";

/// Bytes in powers of 1024.
const BYTES: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// The least surprise that is worth a word: one event in ten is at least as surprising.
const UNUSUAL: f32 = 1.0;
/// Most bytes of the path of a field, and of its value.
const NAMED: usize = 64;

/// What the channels of an event say, the largest of them: `cpu.iowait 12 % — usually 0 to 0.2`, `status 502 — 40 % of late,
/// 1 % before`, `rarely seen in this source`. Empty when the event was not scored.
pub(super) fn why(channels: [&str; 4], stored: &StoredRecord<'_>, parsed: &Parsed) -> String {
    let head = stored.head;
    let found = &head.detection;
    if !found.is_scored() {
        return String::new();
    }
    if let Some(words) = field(stored, parsed).or_else(|| level(head)) {
        return words;
    }
    let outside = outside(head);
    // An ordinary value is no reason, whatever else there is.
    let says = |name: &str| !name.is_empty() && (name != LEVEL || outside.is_some());
    let named = channels.into_iter().zip(found.channels).filter(|(name, share)| says(name) && *share > 0.0);
    // Of equal ones the first. A value that is far beyond the usual says more to people than its course, and anything more
    // than a distance.
    let is_far = found.is_far(head.value);
    let leads = |(name, share): (&str, f32), other| share >= UNUSUAL && (is_far && name == LEVEL || other == DISTANCE);
    let largest = named.reduce(|best, next| if next.1 > best.1 && !leads(best, next.0) { next } else { best });
    let Some((name, _)) = largest.filter(|(_, share)| *share >= UNUSUAL || found.is_novel) else {
        return match first_seen(channels[0]) {
            _ if found.is_alert => "unusual several times in a row".into(),
            Some(first) if found.is_novel => first.into(),
            _ => "nothing unusual".into(),
        };
    };
    let reason = match outside {
        Some(usual) if name == LEVEL => usually(usual, head.unit),
        _ => reason(name, found).into(),
    };
    if head.format == Format::Metric { format!("{} — {reason}", measured(head, stored.kind())) } else { reason }
}

/// The field that says most, and what is unusual about it.
pub(super) fn named<'p>(stored: &StoredRecord<'_>, parsed: &'p Parsed) -> Option<(&'p Field, Finding)> {
    let telling = stored.head.detection.telling?;
    Some((parsed.fields.get(usize::from(telling.place))?, telling.finding))
}

/// What the field that says most says.
fn field(stored: &StoredRecord<'_>, parsed: &Parsed) -> Option<String> {
    let (field, finding) = named(stored, parsed)?;
    let detection = &stored.head.detection;
    let text = message_text(stored.head.format, stored.raw, field.value);
    let (mut shown, mut unit) = (safe_text(&text, NAMED), field.unit);
    let said = match finding {
        Finding::Rare => "rarely so".into(),
        Finding::New => "never before in this field".into(),
        Finding::MoreOften => often(detection.shares?),
        Finding::FarOut => {
            let usual = detection.usual.filter(|[low, high]| field.number < *low || field.number > *high)?;
            // A number that is written with its unit is compared in the base unit of that.
            if let Some((_, stated)) = quantity_of(&text).filter(|(_, stated)| *stated != Unit::None) {
                unit = stated;
            }
            if unit != Unit::None {
                shown = quantity(field.number, unit).into();
            }
            usually(usual, unit)
        }
    };
    let path = path(stored.raw, parsed, field);
    Some(format!("{} {shown} — {said}", safe_text(path.as_bytes(), NAMED)))
}

/// That the level of an event is more frequent, where no field says more.
fn level(head: &RecordHeader) -> Option<String> {
    let shares = head.detection.shares.filter(|_| head.detection.telling.is_none())?;
    Some(format!("{} — {}", head.level.name(), often(shares)))
}

/// Shares as per cent: `40 % of late, 1 % before`.
fn often([late, before]: [f32; 2]) -> String {
    let before = if before > 0.0 { format!("{} before", share(before)) } else { "none before".into() };
    format!("{} of late, {before}", share(late))
}

/// One digit of what is below a per cent, and none of what is more.
fn share(share: f32) -> String {
    let percent = f64::from(share) * 100.0;
    match percent {
        _ if percent < 0.1 => "less than 0.1 %".into(),
        _ if percent < 1.0 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

/// `usually 0 to 0.2`; only bytes have their unit there, for theirs changes with the size.
fn usually([low, high]: [f64; 2], unit: Unit) -> String {
    let bytes = matches!(unit, Unit::Bytes | Unit::BytesPerSecond);
    let [low, high] = [low, high].map(|x| if bytes { quantity(x, unit) } else { number(x) });
    if low == high { format!("usually {low}") } else { format!("usually {low} to {high}") }
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
    use ng_model::record::{TellingField, Verdict};
    use ng_model::symbols::{Sym, Symbols};
    use ng_reading::recogniser::reparse;
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

    /// What is said of an event with these bytes.
    fn of_bytes(channels: [&str; 4], head: RecordHeader, kind: &str, raw: &str) -> String {
        let (mut symbols, mut parsed) = (Symbols::new(), Parsed::default());
        let head = RecordHeader { kind: symbols.intern(kind), ..head };
        reparse(head.format, 0, raw.as_bytes(), 0, &mut parsed);
        why(channels, &StoredRecord { head: &head, raw: raw.as_bytes(), symbols: &symbols }, &parsed)
    }

    #[test]
    fn a_field_is_told_by_its_path_with_its_value_and_what_is_known() {
        let raw = r#"{"request":{"time":5.25,"took":"350ms"},"status":502,"exception":"Out\u001b[31mOf","tags":[1,2]}"#;
        let shares = Some([0.4, 0.012]);
        let usual = Some([0.1, 0.3]);
        for (place, finding, usual, shares, expect) in [
            (0, Finding::FarOut, usual, None, "request.time 5.25 — usually 0.1 to 0.3"),
            (0, Finding::FarOut, Some([0.1, 0.1]), None, "request.time 5.25 — usually 0.1"),
            (2, Finding::MoreOften, None, shares, "status 502 — 40 % of late, 1 % before"),
            (2, Finding::MoreOften, None, Some([0.04, 0.004]), "status 502 — 4 % of late, 0.4 % before"),
            (2, Finding::MoreOften, None, Some([1.0, 0.0]), "status 502 — 100 % of late, none before"),
            (2, Finding::Rare, None, None, "status 502 — rarely so"),
            (3, Finding::New, None, None, "exception Out^[[31mOf — never before in this field"),
            (0, Finding::FarOut, Some([0.1, 6.0]), None, "a field has a rare value, or is not as it was"),
            (99, Finding::Rare, None, None, "a field has a rare value, or is not as it was"),
        ] {
            let mut head = scored(Format::Json, [0.1, 2.0, 0.0, 0.0], false);
            (head.detection.usual, head.detection.shares) = (usual, shares);
            head.detection.telling = Some(TellingField { place, finding });
            assert_eq!(of_bytes(JSON, head, "log.json", raw), expect);
        }
        let mut head = scored(Format::Text, [0.1, 0.0, 0.0, 2.0], false);
        (head.detection.usual, head.detection.telling) =
            (usual, Some(TellingField { place: 0, finding: Finding::FarOut }));
        assert_eq!(of_bytes(TEXT, head, "log.text", "job done took=350ms"), "took 0.35 s — usually 0.1 to 0.3");
        let mut head = RecordHeader { level: Level::Error, ..scored(Format::Json, [0.0, 0.0, 9.0, 0.0], false) };
        head.detection.shares = shares;
        assert_eq!(of_bytes(JSON, head, "log.json", raw), "error — 40 % of late, 1 % before");
    }

    #[test]
    fn a_long_field_is_cut() {
        let raw = format!(r#"{{"{}":"{}"}}"#, "k".repeat(100), "v".repeat(100));
        let mut head = scored(Format::Json, [0.1, 2.0, 0.0, 0.0], false);
        head.detection.telling = Some(TellingField { place: 0, finding: Finding::Rare });
        let cut = |letter: &str| format!("{}… +36 bytes", letter.repeat(64));
        assert_eq!(of_bytes(JSON, head, "log.json", &raw), format!("{} {} — rarely so", cut("k"), cut("v")));
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
            (TEXT, [1.1, 0.3, 0.9, 9.0], false, "rarely seen in this source"),
            (TEXT, [0.9, 0.3, 0.9, 9.0], false, "unlike anything remembered"),
            (TEXT, [0.0, f32::NAN, 0.0, 0.0], false, "nothing unusual"),
            (JSON, [2.0, 1.0, 0.0, 0.0], true, "first seen with these fields in this source"),
            (JSON, [0.1, 2.0, 0.0, 0.0], false, "a field has a rare value, or is not as it was"),
            (["unheard of", "", "", ""], [1.0, 5.0, 0.0, 0.0], false, "unheard of"),
        ] {
            assert_eq!(of_bytes(names, scored(Format::Text, channels, is_novel), "log.text", ""), expect);
        }
    }

    #[test]
    fn a_metric_is_told_with_its_value_and_what_is_usual() {
        let why = |value, channels, usual, is_alert| {
            let mut head = RecordHeader { value, unit: Unit::Percent, ..scored(Format::Metric, channels, false) };
            (head.detection.usual, head.detection.is_alert) = (usual, is_alert);
            of_bytes(NUMERIC, head, "metric.cpu.iowait", "")
        };
        let usual = Some([0.0, 0.2]);
        assert_eq!(why(12.345, [3.0, 1.0, 0.0, 0.0], usual, true), "cpu.iowait 12.3 % — usually 0 to 0.2");
        assert_eq!(
            why(0.1, [3.0, 1.5, 0.0, 0.0], usual, true),
            "cpu.iowait 0.1 % — its course is unlike any remembered"
        );
        assert_eq!(why(0.4, [1.5, 3.0, 0.0, 0.0], usual, true), "cpu.iowait 0.4 % — usually 0 to 0.2");
        for (value, level) in [(0.3, 1.5), (0.4, 0.9)] {
            let said = why(value, [level, 3.0, 0.0, 0.0], usual, true);
            assert_eq!(said, format!("cpu.iowait {value} % — its course is unlike any remembered"));
        }
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
        let head = RecordHeader { detection: Detection::default(), ..head };
        assert_eq!(of_bytes(TEXT, head, "log.text", ""), "");
    }
}
