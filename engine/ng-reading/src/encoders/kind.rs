//! The dotted topic of an event.

use ng_model::event::Parsed;
use ng_wire::Format;

/// Most segments of a topic.
const SEGMENTS: usize = 8;
/// Longest topic, in bytes.
const MAX_LEN: usize = 96;

/// Writes the topic of an event to `out`, which is emptied first: `metric.<name>`, `metric.<name>.<labels>`, `vector.<name>`,
/// `log.text`, `log.json`, `log.journal`, or the type that a JSON object or a note states. Names and labels are folded to
/// `[a-z0-9_.-]`, at most 8 segments and 96 bytes; what loses something by it ends in a hash, so that two do not fall together.
///
/// Returns how many bytes of the topic stand before the labels: all where there are none.
pub fn stream_kind(parsed: &Parsed, raw: &[u8], out: &mut String) -> usize {
    out.clear();
    let (name, labels) = (parsed.name.span.of(raw), parsed.labels.span.of(raw));
    let (prefix, nameless) = match parsed.format {
        Format::Text => ("log.text", ""),
        Format::Json if name.is_empty() => ("log.json", ""),
        Format::Journal => ("log.journal", ""),
        Format::Metric => ("metric", "metric.value"),
        Format::Vector => ("vector", "vector"),
        Format::Json | Format::Note => ("", "note"),
    };
    out.push_str(prefix);
    if nameless.is_empty() {
        return out.len();
    }
    let mut lossy = append(name, out, |byte| !byte.is_ascii());
    let named = out.len();
    if !labels.is_empty() {
        // What stands between labels and their values goes without loss.
        lossy |= append(labels, out, |byte| !b"=\",:; ".contains(&byte));
        out.truncate(out.trim_end_matches('_').len());
    }
    if out.len() == prefix.len() && !lossy {
        out.clear();
        out.push_str(nameless);
    } else if lossy {
        out.truncate(MAX_LEN - 9);
        if !out.is_empty() && !out.ends_with(['.', '-', '_']) {
            out.push('-');
        }
        let hash = fnv1a(name.iter().chain(labels));
        for shift in (0..8).rev() {
            out.push(char::from_digit((hash >> (shift * 4)) & 15, 16).unwrap_or('0'));
        }
    }
    if labels.is_empty() { out.len() } else { named.min(out.len()) }
}

/// Adds the folded name behind a dot. True when anything was lost: of what does not fit, and of the bytes that `loses` names.
fn append(name: &[u8], out: &mut String, loses: fn(u8) -> bool) -> bool {
    let mut segments = usize::from(!out.is_empty());
    let mut lossy = false;
    let mut dot = segments > 0;
    for &byte in name {
        if out.len() + usize::from(dot) >= MAX_LEN {
            return true;
        }
        if byte == b'.' {
            dot |= !out.is_empty();
            continue;
        }
        if dot || out.is_empty() {
            segments += 1;
            if dot {
                out.push(if segments > SEGMENTS { '_' } else { '.' });
            }
            dot = false;
        }
        match byte.to_ascii_lowercase() {
            byte @ (b'a'..=b'z' | b'0'..=b'9' | b'-') => out.push(byte.into()),
            b'_' if !out.ends_with('_') => out.push('_'),
            other => {
                lossy |= loses(other);
                // A run of other characters is one underscore.
                if !out.ends_with('_') {
                    out.push('_');
                }
            }
        }
    }
    lossy
}

/// 32-bit FNV-1a: short, and the same in every process.
fn fnv1a<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_model::event::{Span, Text};
    use proptest::prelude::*;

    fn kind(format: Format, name: &[u8]) -> String {
        let parsed =
            Parsed { format, name: Text { span: Span::new(0, name.len()), escaped: false }, ..Parsed::default() };
        let mut out = String::from("before");
        stream_kind(&parsed, name, &mut out);
        out
    }

    #[test]
    fn topics() {
        assert_eq!(kind(Format::Text, b""), "log.text");
        assert_eq!(kind(Format::Metric, b""), "metric.value");
        assert_eq!(kind(Format::Metric, b"cpu.total"), "metric.cpu.total");
        assert_eq!(kind(Format::Metric, b"Disk /dev/sda1.used"), "metric.disk_dev_sda1.used");
        assert_eq!(kind(Format::Metric, b"..a..b."), "metric.a.b");
        assert_eq!(kind(Format::Metric, b"a.b.c.d.e.f.g.h.i"), "metric.a.b.c.d.e.f.g_h_i");
        assert_eq!(kind(Format::Vector, b""), "vector");
        assert_eq!(kind(Format::Note, b"module.disabled"), "module.disabled");
        assert_eq!(kind(Format::Json, b""), "log.json");
        assert_eq!(kind(Format::Json, b"signal.input.external.text"), "signal.input.external.text");
        assert_eq!(kind(Format::Note, b""), "note");
    }

    #[test]
    fn labels_are_part_of_the_topic() {
        let kind = |name: &str, labels: &str| {
            let raw = format!("{name}{labels}");
            let text = |start, end| Text { span: Span::new(start, end), escaped: false };
            let parsed = Parsed {
                format: Format::Metric,
                name: text(0, name.len()),
                labels: text(name.len(), raw.len()),
                ..Parsed::default()
            };
            let mut out = String::new();
            let named = stream_kind(&parsed, raw.as_bytes(), &mut out);
            (out[..named].to_owned(), out)
        };
        let (name, topic) = kind("http_requests_total", r#"method="post",code="200""#);
        assert_eq!(topic, "metric.http_requests_total.method_post_code_200");
        assert_eq!(name, "metric.http_requests_total");
        assert_eq!(kind("cpu", ""), ("metric.cpu".into(), "metric.cpu".into()));
        assert_ne!(kind("a", r#"path="/x/y""#).1, kind("a", r#"path="/x_y""#).1);
        let long = "x".repeat(200);
        assert_ne!(kind("a", &long).1, kind("a", &long[1..]).1);
        assert_eq!(kind(&long, "a").0.len(), MAX_LEN, "of a name that is cut the labels are in the hash alone");
    }

    #[test]
    fn names_that_lose_letters_stay_apart() {
        let (one, two) = (kind(Format::Metric, "вход".as_bytes()), kind(Format::Metric, "выход".as_bytes()));
        assert_ne!(one, two);
        let long = [b'a'; 200];
        assert_ne!(kind(Format::Metric, &long[..199]), kind(Format::Metric, &long));
    }

    proptest! {
        #[test]
        fn topics_are_well_formed(name in proptest::collection::vec(any::<u8>(), 0..200), format in 2..6usize) {
            let format = [Format::Text, Format::Json, Format::Metric, Format::Vector, Format::Note, Format::Note][format];
            let kind = kind(format, &name);
            prop_assert!(kind.len() <= MAX_LEN && !kind.is_empty());
            prop_assert!(kind.split('.').count() <= SEGMENTS && kind.split('.').all(|segment| !segment.is_empty()), "{}", kind);
            prop_assert!(kind.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-')));
        }
    }
}
