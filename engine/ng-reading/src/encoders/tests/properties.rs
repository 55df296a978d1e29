//! What holds for every input.

use super::{NOW, encoded};
use crate::encoders::{Clock, ENCODERS, message_text, path, stream_kind, unescape};
use crate::recogniser::{Recogniser, reparse};
use jiff::tz::Offset;
use ng_model::event::{Key, Parsed, Reading, Text};
use ng_model::symbols::Sym;
use ng_model::zone::Zone;
use ng_wire::Format;
use proptest::prelude::*;

/// Bytes put together from what the encoders look for.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => proptest::sample::select(vec![
            "2026-11-22", "T", "10:00:00", ".123", ",", "Z", "+01:00", " ", "Nov 22 10:00:00", "<34>", "1 ", "[", "]", "{", "}",
            "\"", "\\", ":", "=", "key=", "level=warn", "msg=\"x y\"", "ERROR", "info:", "[error]", " - ", "|", "5ms", "12",
            "-3.5e2", "nan", "\"message\":", "\"MESSAGE\":", "\"__REALTIME_TIMESTAMP\":\"1795348800000000\"", "\"type\":", "null",
            "[1,2,3,4,5,6,7,8]", "name", "\\u00e9", "10/Oct/2000:13:55:36 -0700", "E1122 ", "1795348800", "03-17 16:13:38.811 ",
            "I, [", "081109 203518", "\x1b[0m", "\x1b", "\r", "\u{e9}", "\n", "NaN", "{\"a\":{\"b\":[", "web-1  | ", "stdout F ",
            "2026-11-22T10:00:00Z stderr P ", "[pod/web-1/app] ", "<34>1 - web app 1 ID [x@1 a=\"b\"] ", "Nov 22 10:00:00 web app[1]: ",
            "\"level\":", "\"time\":{\"$date\":", "ERR", "E/Cart: ", "[E]",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn check(raw: &[u8], format: Format, received_ns: i64, clock: &Clock) -> Result<(), TestCaseError> {
    let reading = Reading { source: Sym::default(), received_ns, written_ns: received_ns, format, raw };
    let mut parsed = Parsed::default();
    let index = Recogniser::new(clock.clone()).encode(&reading, &mut parsed);
    prop_assert_eq!(ENCODERS[index as usize].format, parsed.format);
    let inside = |text: Text| text.span.start as usize + text.span.len as usize <= raw.len();
    prop_assert!(inside(parsed.message) && inside(parsed.name) && inside(parsed.labels));
    let key = |key: Key| if let Key::Text(text) = key { inside(text) } else { true };
    prop_assert!(parsed.fields.iter().all(|field| key(field.key) && inside(field.value)));
    prop_assert!(parsed.containers.iter().all(|container| inside(container.key)));
    prop_assert!(parsed.fields.iter().all(|field| usize::from(field.container) <= parsed.containers.len()));
    prop_assert!(parsed.fields.len() <= 512 && parsed.containers.len() <= 512);
    prop_assert!(raw.is_empty() || !parsed.message.span.is_empty());

    let mut again = Parsed { vector: [7.0; 8], ..parsed.clone() };
    reparse(parsed.format, 0, raw, received_ns, &mut again);
    prop_assert_eq!(parsed.time_ns.is_some(), again.time_ns.is_some());
    again.time_ns = parsed.time_ns;
    // Debug text, because NaN differs from itself.
    prop_assert_eq!(format!("{parsed:?}"), format!("{again:?}"));

    let mut kind = String::new();
    stream_kind(&parsed, raw, &mut kind);
    prop_assert!(!kind.is_empty());
    for field in &parsed.fields {
        let path = path(raw, &parsed, field);
        // Keys with escapes or without letters are not asked for.
        if !matches!(field.key, Key::Text(key) if key.escaped || key.span.is_empty())
            && parsed.containers.is_empty()
            && path.as_bytes() == field.key.of(raw)
        {
            prop_assert!(parsed.field(raw, &path).is_some(), "{}", path);
        }
    }
    for text in parsed.fields.iter().map(|field| field.value).chain([parsed.message]) {
        unescape(raw, text);
        message_text(parsed.format, raw, text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_input_is_an_event(raw in lines(), format in 0..6usize, received_ns in any::<i64>(), offset_s in -93_599..93_600i32) {
        check(&raw, Format::ALL[format], received_ns, &Clock::of(Zone::new(Offset::from_seconds(offset_s).unwrap().to_time_zone())))?;
    }

    #[test]
    fn even_noise_is_an_event(raw in proptest::collection::vec(any::<u8>(), 0..300), format in 0..6usize) {
        check(&raw, Format::ALL[format], NOW, &Clock::utc())?;
    }

    #[test]
    fn a_value_is_read_as_it_was_printed(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
        let (encoder, parsed) = encoded(Format::Metric, format!("any name={value:?}").as_bytes());
        prop_assert_eq!(encoder, "numeric");
        prop_assert_eq!(parsed.value.to_bits(), value.to_bits());
    }
}

#[test]
fn prefixes_of_lines_are_events() {
    let line = b"<34>1 2026-11-22T10:00:00.123456+01:00 host app - - [id@1 a=\"b\\\"c\"] ERROR: key=5ms {\"a\":[1,{}]}";
    for end in 0..line.len() {
        for start in 0..end {
            check(&line[start..end], Format::Text, NOW, &Clock::utc()).unwrap();
        }
    }
}

#[test]
fn long_lines_are_events() {
    for piece in [
        "x",
        "a=\"",
        "=",
        "[",
        "{\"a\":",
        " ",
        "\\",
        "a=1 ",
        "1,",
        "\x1b[",
        "ERROR ",
        "[x] ",
        "{\"a\":{\"a\":",
        "{\"a\":[",
        "web-1 | ",
        "=\x1b[m",
        "a\x1b[m=",
        "\n",
        "x-1 \x1b[m",
    ] {
        check(piece.repeat((1 << 20) / piece.len()).as_bytes(), Format::Text, NOW, &Clock::utc()).unwrap();
    }
}
