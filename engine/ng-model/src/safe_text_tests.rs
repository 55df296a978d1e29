//! What comes out of the sanitiser, payload by payload and by property.

use super::*;
use proptest::prelude::*;

fn check(input: impl AsRef<[u8]>, expect: &str) {
    assert_eq!(safe_text(input.as_ref(), 8192), expect, "{:?}", String::from_utf8_lossy(input.as_ref()));
}

#[test]
fn terminal_sequences_become_visible() {
    check("\x1b[2J\x1b[31mred", "^[[2J^[[31mred");
    check("\x1b]52;c;cHduZWQ=\x07", "^[]52;c;cHduZWQ=^G");
    check("\x1b]0;title\x1b\\", "^[]0;title^[\\");
    check("\x1bP1$r\x1b\\", "^[P1$r^[\\");
    check("\u{9b}2J\u{9d}0;t\u{9c}", "<9b>2J<9d>0;t<9c>");
    check(b"\x9b2J", "\u{fffd}2J");
    check("over\rwrite\x08\x00\x7f", "over^Mwrite^H^@^?");
    check("a\nb\tc", "a^Jb    c");
}

#[test]
fn what_hides_or_reorders_text_becomes_visible() {
    check("a\u{202e}b\u{2066}c\u{61c}", "a<202e>b<2066>c<61c>");
    check("\u{2028}\u{2029}\u{feff}", "<2028><2029><feff>");
    check("x\u{200b}y\u{200c}z\u{2060}\u{ad}", "x<200b>y<200c>z<2060><ad>");
    check("t\u{e0041}\u{e007f}", "t<e0041><e007f>");
    check("\u{e000}\u{f0000}\u{fffe}\u{1ffff}\u{fdd0}", "<e000><f0000><fffe><1ffff><fdd0>");
    check("\u{3164}\u{ffa0}\u{34f}", "<3164><ffa0><34f>");
}

#[test]
fn readable_text_stays() {
    for text in [
        "plain [bold] text",
        "Привет, мир",
        "naïve café",
        "日本語",
        "مرحبا",
        "❤\u{fe0f}",
        "👩\u{200d}🔬",
        "👩🏽\u{200d}🚀",
        "e\u{301}",
        "नमस्ते",
    ] {
        check(text, text);
    }
    assert!(matches!(safe_text("Привет".as_bytes(), 64), Cow::Borrowed(_)));
    assert!(matches!(safe_text(b"plain", 64), Cow::Borrowed(_)));
}

#[test]
fn joiners_and_selectors_stand_alone_as_numbers() {
    check("a\u{200d}b", "a<200d>b");
    check("👩\u{200d}", "👩<200d>");
    check("a\u{fe0f}\u{200d}👩", "a\u{fe0f}<200d>👩");
    check("❤\u{fe0f}\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥");
    check("\u{fe0f}", "<fe0f>");
    check("a \u{fe0f}", "a <fe0f>");
    check("a\u{fe0f}\u{fe0f}", "a\u{fe0f}<fe0f>");
}

#[test]
fn piled_marks_are_counted() {
    check(format!("z{}!", "\u{301}".repeat(10_000)), "z\u{301}\u{301}\u{301}<+9997 marks>!");
    let broken = [format!("z{}", "\u{301}".repeat(5)).as_bytes(), b"\xffy"].concat();
    check(broken, "z\u{301}\u{301}\u{301}<+2 marks>\u{fffd}y");
    check("\u{301}".repeat(5), "\u{301}\u{301}\u{301}<+2 marks>");
}

#[test]
fn invalid_utf8_is_replaced_as_the_standard_library_does() {
    for bytes in [&b"a\xffb"[..], b"\xf0\x9f\x98", b"\xc3\x28", b"\xed\xa0\x80", b"\xe2\x82\xff\xfe"] {
        check(bytes, &String::from_utf8_lossy(bytes));
    }
}

#[test]
fn long_text_says_how_much_is_missing() {
    assert_eq!(safe_text(b"abcdef", 4), "abcd… +2 bytes");
    assert_eq!(safe_text(b"abcdef", 6), "abcdef");
    assert_eq!(safe_text("яяя".as_bytes(), 3), "я… +4 bytes");
    assert_eq!(safe_text(b"ab\x1b", 3), "ab… +1 bytes");
    assert_eq!(safe_text(b"\xff\xff", 3), "\u{fffd}… +1 bytes");
    assert_eq!(safe_text(b"abc", 0), "… +3 bytes");
    let piled = format!("z{}", "\u{301}".repeat(10));
    assert_eq!(safe_text(piled.as_bytes(), 8), "z\u{301}\u{301}\u{301}… +14 bytes");
    let long = vec![b'x'; 1 << 20];
    assert_eq!(safe_text(&long, 8192).len(), 8192 + "… +1040384 bytes".len());
}

#[test]
fn lines_are_kept_on_request() {
    assert_eq!(safe_multiline(b"a\n\tb\r\n\x1b[m", 64), "a\n\tb^M\n^[[m");
}

/// Characters that must never reach a terminal.
fn is_forbidden(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{e007f}' | '\u{f0000}'..='\u{10ffff}'
    )
}

/// Bytes rich in what the sanitiser looks at.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<char>().prop_map(|character| character.to_string().into_bytes()),
        "[ -~]{0,8}".prop_map(String::into_bytes),
        proptest::sample::select(vec![
            "\u{200d}",
            "\u{fe0f}",
            "\u{301}",
            "\u{489}",
            "👩",
            "🏽",
            "♀",
            "\u{202e}",
            "\x1b[0m",
            "\n",
            "\t",
            "\u{9b}",
            "\u{e0100}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_forbidden_comes_out(bytes in hostile(), limit in 0..400usize) {
        let line = safe_text(&bytes, limit);
        prop_assert!(!line.chars().any(is_forbidden), "{:?}", line);
        let lines = safe_multiline(&bytes, limit);
        prop_assert!(!lines.chars().any(|character| is_forbidden(character) && !matches!(character, '\n' | '\t')), "{:?}", lines);
        prop_assert!(line.len() <= limit + 32 && lines.len() <= limit + 32);
    }

    #[test]
    fn safe_text_is_not_changed_again(bytes in hostile()) {
        let once = safe_text(&bytes, 1 << 16).into_owned();
        prop_assert_eq!(&*safe_text(once.as_bytes(), 1 << 16), &*once);
        let lines = safe_multiline(&bytes, 1 << 16);
        prop_assert_eq!(safe_multiline(lines.as_bytes(), 1 << 16), lines);
    }

    #[test]
    fn the_bytes_left_out_are_counted(text in "[a-zа-я]{0,64}", limit in 0..80usize) {
        let shown = safe_text(text.as_bytes(), limit);
        match shown.split_once("… +") {
            Some((head, rest)) => {
                let missing: usize = rest.strip_suffix(" bytes").unwrap().parse().unwrap();
                prop_assert_eq!(head.len() + missing, text.len());
            }
            None => prop_assert_eq!(&*shown, &*text),
        }
    }
}

#[test]
fn a_limit_may_be_as_large_as_it_gets() {
    assert_eq!(safe_text(b"a\x1b", usize::MAX), "a^[");
}
