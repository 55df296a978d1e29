//! What is decoded, whatever the pieces it comes in.

use super::*;
use ::bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use liblzma::write::XzEncoder;
use proptest::prelude::*;
use std::convert::Infallible;
use std::io::Write;

/// The text of a source, with `<…>` for what is said of its end.
fn decode(bytes: &[u8], step: usize) -> (Vec<u8>, Decoder) {
    let mut text = Vec::new();
    let mut sink = |decoded: Result<&[u8], &str>| -> Result<(), Infallible> {
        match decoded {
            Ok(bytes) => text.extend_from_slice(bytes),
            Err(problem) => write!(text, "<{problem}>").unwrap(),
        }
        Ok(())
    };
    let mut decoder = Decoder::default();
    for piece in bytes.chunks(step) {
        let Ok(()) = decoder.feed(piece, &mut sink);
    }
    let Ok(()) = decoder.finish(&mut sink);
    (text, decoder)
}

/// The text of a source, as far as it can be read.
fn readable(bytes: &[u8], step: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut sink = |decoded: Result<&[u8], &str>| -> Result<(), Infallible> {
        text.extend_from_slice(decoded.unwrap_or_default());
        Ok(())
    };
    let mut decoder = Decoder::default();
    for piece in bytes.chunks(step) {
        let Ok(()) = decoder.feed(piece, &mut sink);
    }
    let Ok(()) = decoder.finish(&mut sink);
    text
}

#[track_caller]
fn check(bytes: &[u8], expect: &[u8]) {
    for step in [1, 2, 3, 10, 1000, 1 << 20] {
        let (text, decoder) = decode(bytes, step);
        assert_eq!(text.escape_ascii().to_string(), expect.escape_ascii().to_string(), "by {step}");
        assert!(!decoder.is_waiting());
    }
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn packed(text: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut bzip2 = BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    let mut xz = XzEncoder::new(Vec::new(), 1);
    let mut zstd = ::zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    zstd.include_checksum(true).unwrap();
    for writer in [&mut gzip as &mut dyn Write, &mut bzip2, &mut xz, &mut zstd] {
        writer.write_all(text).unwrap();
    }
    [
        ("gzip", gzip.finish().unwrap()),
        ("bzip2", bzip2.finish().unwrap()),
        ("xz", xz.finish().unwrap()),
        ("zstd", zstd.finish().unwrap()),
    ]
}

#[test]
fn text_is_handed_on_as_it_is() {
    for text in
        [&b""[..], b"a", b"a\nb", b"\xff\nb\0\0c", b"BZh9 is a word\n", b"PK\n", b"\xef\xbbx\n", b"\xff\n", b"a\0b\n"]
    {
        check(text, text);
    }
    let long = b"x".repeat(10_000);
    check(&long, &long);
    check(&[0; 9000], &[0; 9000]);
}

#[test]
fn a_mark_is_no_part_of_the_text() {
    check(b"\xef\xbb\xbf{\"a\":1}\n", b"{\"a\":1}\n");
    check(b"\xef\xbb\xbf", b"");
    check(b"\xff\xfe", b"");
}

#[test]
fn utf16_with_and_without_a_mark() {
    let text = "2026-11-22 ошибка 😀 диск\r\nnext\n";
    for big in [false, true] {
        check(&utf16(&format!("\u{feff}{text}"), big), text.as_bytes());
        check(&utf16(text, big), text.as_bytes());
    }
    check(&[&utf16("\u{feff}a", false)[..], b"\x3d\xd8b\0", b"\x3d\xd8"].concat(), "a\u{fffd}b\u{fffd}".as_bytes());
    check(&[&utf16("\u{feff}a", true)[..], b"\0"].concat(), "a\u{fffd}".as_bytes());
    assert_eq!(Encoding::of(&utf16("ab\n", false)).wide(), Some(false));
    assert_eq!(Encoding::of(&utf16("ab\n", true)).wide(), Some(true));
    assert_eq!(Encoding::of(b"ab\n").wide(), None);
}

#[test]
fn what_is_compressed_is_unpacked() {
    let text: Vec<u8> = (0..3000).flat_map(|line| format!("line {line}\n").into_bytes()).collect();
    for (name, bytes) in packed(&text) {
        assert_eq!(format!("{:?}", Encoding::of(&bytes)), name);
        assert!(Encoding::of(&bytes).is_packed());
        check(&bytes, &text);
        // As `cat a.gz b.gz` gives it, and as programs do that begin anew in the same file.
        check(
            &[&bytes[..], &packed(b"more\n").iter().find(|(other, _)| *other == name).unwrap().1].concat(),
            &[&text[..], b"more\n"].concat(),
        );
    }
}

#[test]
fn what_is_unpacked_is_decoded_and_not_unpacked_again() {
    for (_, bytes) in packed(&utf16("\u{feff}ошибка\n", false)) {
        check(&bytes, "ошибка\n".as_bytes());
    }
    for (_, inner) in packed(b"text\n") {
        for (_, outer) in packed(&inner) {
            check(&outer, &inner);
        }
    }
}

#[test]
fn entries_that_journald_exports_become_json() {
    let entry = b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795352523123456\nMESSAGE=a \"b\" \\ c=\td\n_PID=\n\n";
    let json =
        br#"{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1795352523123456","MESSAGE":"a \"b\" \\ c=\td","_PID":""}"#;
    check(entry, &[&json[..], b"\n"].concat());
    assert!(Encoding::of(entry).is_packed(), "its end alone says nothing");
    let long = b"__CURSOR=x\nMESSAGE\n\x0a\0\0\0\0\0\0\0one\ntwo\n\n\0\nEMPTY\n\0\0\0\0\0\0\0\0\nPRIORITY=3\n\n\n__CURSOR=y\nMESSAGE=\xff";
    let lines: &[u8] = b"{\"__CURSOR\":\"x\",\"MESSAGE\":\"one\\ntwo\\n\\n\\u0000\",\"EMPTY\":\"\",\"PRIORITY\":\"3\"}\n{\"__CURSOR\":\"y\",\"MESSAGE\":\"\xff\"}\n";
    check(long, lines);
    for (_, bytes) in packed(long) {
        check(&bytes, lines);
    }
    let entry = |cursor: char| format!("__CURSOR={cursor}\nMESSAGE=m\n\n").into_bytes();
    let json = |cursor: char| format!("{{\"__CURSOR\":\"{cursor}\",\"MESSAGE\":\"m\"}}\n").into_bytes();
    // An entry that was cut before another, and one whose length is too small: what follows is read again.
    for damaged in [&b"__CURSOR=b\nMESS\n__CURSOR=c\n\n"[..], b"__CURSOR=b\nM\n\x01\0\0\0\0\0\0\0abc\n\n"] {
        let (text, _) = decode(&[&entry('a')[..], damaged, &entry('d')].concat(), 3);
        assert!(text.starts_with(&json('a')) && text.ends_with(&json('d')), "{}", text.escape_ascii());
    }
    for length in 1..long.len() {
        let (text, _) = decode(&long[..length], 7);
        assert!(length < 9 || text.ends_with(b"\"}\n"), "{length}: {}", text.escape_ascii());
    }
}

#[test]
fn what_was_readable_before_a_fault_is_handed_on() {
    // Incompressible, so that half of the bytes are half of the text.
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let text: Vec<u8> = (0..600_000).map(|_| noise()).collect();
    for (name, bytes) in packed(&text) {
        let (half, _) = decode(&bytes[..bytes.len() / 2], 1000);
        let said = format!("<the {name} data end too early>");
        assert!(half.ends_with(said.as_bytes()), "{name}: {}", half[half.len() - 60..].escape_ascii());
        let kept = half.len() - said.len();
        assert!(kept > 30_000 && text.starts_with(&half[..kept]), "{name}: {kept}");
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 2..bytes.len() / 2 + 100].fill(0);
        let (text, _) = decode(&damaged, 1000);
        let end = String::from_utf8_lossy(&text[text.len() - 100..]).into_owned();
        assert!(end.contains(&format!("<the {name} data are damaged: ")) && end.ends_with('>'), "{name}: {end}");
    }
}

#[test]
fn other_ways_of_packing_are_named() {
    for (bytes, name) in [
        (&b"PK\x03\x04rest"[..], "a zip archive"),
        (b"\x04\x22\x4d\x18\x64", "packed with lz4"),
        (b"\x1f\x9d\x90\0", "packed with compress"),
    ] {
        let (text, _) = decode(bytes, 1);
        assert!(text.starts_with(format!("<it is {name}").as_bytes()), "{}", text.escape_ascii());
    }
}

#[test]
fn a_bomb_is_unpacked_in_pieces() {
    let text = vec![b'0'; 64 << 20];
    for (name, bytes) in packed(&text) {
        let (mut total, mut most, mut decoder) = (0, 0, Decoder::default());
        for piece in bytes.chunks(PORTION) {
            let mut before = 0;
            let Ok(()) = decoder.feed(piece, &mut |decoded| -> Result<(), Infallible> {
                before += decoded.unwrap().len();
                most = most.max(decoded.unwrap().len());
                Ok(())
            });
            total += before;
        }
        assert_eq!(total, text.len(), "{name}");
        assert!(most <= OUT + HEAD, "{name}: {most} bytes at a time");
    }
}

proptest! {
    #[test]
    fn what_was_packed_or_written_wide_is_read_back(text in "(?s).{0,200}", step in 1usize..100) {
        for (_, bytes) in packed(text.as_bytes()) {
            // It may look like a text in another encoding.
            prop_assert_eq!(decode(&bytes, step).0, decode(text.as_bytes(), 1 << 20).0);
        }
        for big in [false, true] {
            prop_assert_eq!(&decode(&utf16(&format!("\u{feff}{text}"), big), step).0, text.as_bytes());
        }
    }

    #[test]
    fn any_bytes_are_decoded(bytes in prop::collection::vec(any::<u8>(), 0..200), step in 1usize..50) {
        for start in [&b""[..], b"\xff\xfe", b"__CURSOR=", b"__CURSOR=a\nMESSAGE\n\x02\0\0\0\0\0\0"] {
            let bytes = [start, &bytes].concat();
            prop_assert_eq!(decode(&bytes, step).0, decode(&bytes, 1 << 20).0);
        }
        // How much can be read before the damage depends on how much is unpacked at once; what is read does not.
        for start in [&b"\x1f\x8b\x08"[..], b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh91AY&SY"] {
            let bytes = [start, &bytes].concat();
            let [one, other] = [step, 1 << 20].map(|step| readable(&bytes, step));
            prop_assert!(one.starts_with(&other) || other.starts_with(&one));
        }
    }
}
