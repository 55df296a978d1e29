//! The dotted topic of an event.

use ng_model::event::Parsed;
use ng_wire::Format;

/// Most segments of a topic.
const SEGMENTS: usize = 8;
/// Longest topic, in bytes.
const MAX_LEN: usize = 96;

/// Writes the topic of an event to `out`, which is emptied first: `metric.<name>`, `vector.<name>`, `log.text`, `log.json`,
/// `log.journal`, or the type that a JSON object or a note states. Names are folded to `[a-z0-9_.-]`, at most 8 segments and 96 bytes; a name
/// that loses letters by it ends in a hash, so that two names do not fall together.
pub fn stream_kind(parsed: &Parsed, raw: &[u8], out: &mut String) {
    out.clear();
    let name = parsed.name.span.of(raw);
    let (prefix, nameless) = match parsed.format {
        Format::Text => return out.push_str("log.text"),
        Format::Json if name.is_empty() => return out.push_str("log.json"),
        Format::Journal => return out.push_str("log.journal"),
        Format::Metric => ("metric", "metric.value"),
        Format::Vector => ("vector", "vector"),
        Format::Json | Format::Note => ("", "note"),
    };
    out.push_str(prefix);
    let lossy = append(name, out);
    if out.len() == prefix.len() && !lossy {
        out.clear();
        out.push_str(nameless);
    } else if lossy {
        out.truncate(MAX_LEN - 9);
        if !out.is_empty() && !out.ends_with(['.', '-', '_']) {
            out.push('-');
        }
        let hash = fnv1a(name);
        for shift in (0..8).rev() {
            out.push(char::from_digit((hash >> (shift * 4)) & 15, 16).unwrap_or('0'));
        }
    }
}

/// Adds the folded name behind a dot. True when letters were lost.
fn append(name: &[u8], out: &mut String) -> bool {
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
        lossy |= !byte.is_ascii();
        match byte.to_ascii_lowercase() {
            byte @ (b'a'..=b'z' | b'0'..=b'9' | b'-') => out.push(byte.into()),
            // A run of other characters is one underscore.
            _ if out.ends_with('_') => {}
            _ => out.push('_'),
        }
    }
    lossy
}

/// 32-bit FNV-1a: short, and the same in every process.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
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
