//! The bytes are fed to a terminal emulator, and its screen is compared with what was put.

use crate::style::PLAIN;
use crate::{Part, Screen, Style};
use proptest::prelude::*;
use std::num::NonZero;
use vt100::{Color, Parser};

/// Texts with the cells that they take; of the last ones terminals think differently.
const SETTLED: &[(&str, u8)] =
    &[("a", 1), ("b", 1), ("ab c", 0), ("    ", 0), (" ", 1), ("é", 1), ("┃", 1), ("漢", 2), ("글", 2), ("я", 1)];
const UNSETTLED: &[(&str, u8)] =
    &[("👩‍👩‍👧", 2), ("e\u{301}", 1), ("⚠\u{fe0f}", 2), ("⚠", 1), ("😀", 2), ("א", 1), ("ש", 1), ("क्षि", 2)];

#[derive(Clone, Debug)]
enum Step {
    Put {
        row: usize,
        column: usize,
        parts: Vec<(usize, usize)>,
    },
    /// Rows move, and the rows that are put say so.
    Scroll {
        top: usize,
        bottom: usize,
        lines: isize,
    },
    /// A word about scrolling that is not true.
    Lie {
        top: usize,
        bottom: usize,
        lines: isize,
    },
    Resize {
        columns: usize,
        rows: usize,
    },
    Invalidate,
    Heal,
    Flush,
    Piece {
        limit: usize,
    },
    Cursor {
        row: usize,
        column: usize,
    },
}

fn style(number: usize) -> Style {
    let colours = ["", "31", "38;2;10;20;30", "38;5;99"];
    let grounds = ["", "44", "48;2;1;2;3"];
    let attributes = [0, 1, 2, 4, 8, 64, 6, 9, 256];
    Style {
        foreground: colours[number % 4].into(),
        background: grounds[number / 4 % 3].into(),
        attributes: attributes[number / 12 % 9],
        link: if number % 11 == 10 { "id=1;https://example.org".into() } else { String::new() },
    }
}

fn steps(alphabet: usize) -> impl Strategy<Value = Vec<Step>> {
    let region = || (0..12usize, 0..12usize, -6..7isize).prop_map(|(a, b, lines)| (a.min(b), a.max(b), lines));
    let step = prop_oneof![
        6 => (0..12usize, 0..30usize, prop::collection::vec((0..alphabet, 0..108usize), 1..12))
            .prop_map(|(row, column, parts)| Step::Put { row, column, parts }),
        2 => region().prop_map(|(top, bottom, lines)| Step::Scroll { top, bottom, lines }),
        1 => region().prop_map(|(top, bottom, lines)| Step::Lie { top, bottom, lines }),
        1 => (4..30usize, 3..12usize).prop_map(|(columns, rows)| Step::Resize { columns, rows }),
        1 => Just(Step::Invalidate),
        1 => Just(Step::Heal),
        4 => Just(Step::Flush),
        2 => (1..400usize).prop_map(|limit| Step::Piece { limit }),
        1 => (0..12usize, 0..30usize).prop_map(|(row, column)| Step::Cursor { row, column }),
    ];
    prop::collection::vec(step, 1..40)
}

fn cells(count: usize) -> NonZero<u16> {
    NonZero::new(count as u16).expect("a terminal has a size")
}

/// A column, and what stands there: texts of the alphabet with their styles.
type Text = (usize, Vec<(usize, usize)>);

/// A screen with the terminal that it writes to.
struct Pair {
    screen: Screen,
    terminal: Parser,
    alphabet: Vec<(&'static str, u8)>,
    /// What was put into each row, as it is put again when it scrolls.
    rows: Vec<Vec<Text>>,
    chunk: usize,
    /// Columns that the terminal has besides: it takes some clusters for wider, and knows no way not to wrap.
    margin: usize,
}

impl Pair {
    fn new(alphabet: Vec<(&'static str, u8)>, chunk: usize, erases_colour: bool) -> Pair {
        let margin = if alphabet.len() > SETTLED.len() { 16 } else { 0 };
        let mut pair = Pair {
            screen: Screen::new(24, 10, erases_colour),
            terminal: Parser::new(cells(10), cells(24 + margin), 0),
            alphabet,
            rows: vec![Vec::new(); 12],
            chunk,
            margin,
        };
        pair.terminal.process(b"\x1b[?7l");
        pair
    }

    fn put(&mut self, row: usize, column: usize, parts: &[(usize, usize)]) {
        let (texts, styles): (Vec<_>, Vec<_>) =
            parts.iter().map(|(text, number)| (self.alphabet[*text % self.alphabet.len()], style(*number))).unzip();
        let numbers: Vec<u16> = styles.iter().map(|style| self.screen.register(style)).collect();
        let parts: Vec<Part<'_>> =
            texts.iter().zip(numbers).map(|((text, width), style)| Part { text, style, width: *width }).collect();
        let prepared = self.screen.prepare(&parts);
        assert!(self.screen.put(row, column, &prepared));
    }

    fn flush(&mut self) -> usize {
        self.flush_up_to(None)
    }

    fn flush_up_to(&mut self, limit: Option<usize>) -> usize {
        let (scroll, rest) = self.screen.flush(self.chunk.is_multiple_of(2), limit);
        let bytes = scroll + &rest;
        for piece in bytes.as_bytes().chunks(self.chunk) {
            self.terminal.process(piece);
        }
        bytes.len()
    }

    fn take(&mut self, step: &Step) {
        let (columns, rows) = self.screen.size();
        match step {
            Step::Put { row, column, parts } => {
                self.put(*row, *column, parts);
                self.rows[*row].push((*column, parts.clone()));
            }
            Step::Scroll { top, bottom, lines } => {
                let (top, bottom) = (*top, (*bottom).min(rows - 1));
                if top < bottom {
                    let region = &mut self.rows[top..=bottom];
                    let by = lines.unsigned_abs() % region.len();
                    if *lines > 0 {
                        region.rotate_left(by)
                    } else {
                        region.rotate_right(by)
                    }
                    for row in top..=bottom {
                        self.put(row, 0, &vec![(3, 0); columns / 4 + 1]);
                        for (column, parts) in self.rows[row].clone() {
                            self.put(row, column, &parts);
                        }
                    }
                    self.screen.scrolled(top, bottom, *lines);
                }
            }
            Step::Lie { top, bottom, lines } => self.screen.scrolled(*top, *bottom, *lines),
            Step::Resize { columns, rows } => {
                self.screen.resize(*columns, *rows);
                self.terminal.screen_mut().set_size(cells(*rows), cells(*columns + self.margin));
            }
            Step::Invalidate => {
                self.terminal.process(b"\x1b[3;3Hgarbage\x1b[31m\x1b[K\x1b[m");
                self.screen.invalidate();
            }
            Step::Heal => self.screen.heal(),
            Step::Flush => {
                self.flush();
            }
            Step::Piece { limit } => {
                self.flush_up_to(Some(*limit));
            }
            Step::Cursor { row, column } => self.screen.set_cursor(Some((*row, *column))),
        }
    }

    /// The first cell that is wrong. Cells beside one whose width is not settled are the terminal's own affair.
    fn wrong(&self) -> Option<String> {
        let (_, rows) = self.screen.size();
        for y in 0..rows {
            let row = self.screen.target_row(y);
            let unsettled = |x: usize| {
                row.get(x)
                    .and_then(Option::as_ref)
                    .is_some_and(|(text, _, _)| UNSETTLED.iter().any(|(odd, _)| odd == text))
            };
            for (x, cell) in row.iter().enumerate() {
                let near = (x.saturating_sub(3)..x + 3).any(unsettled);
                if let Some((text, width, style)) = cell
                    && !near
                    && let Some(seen) = self.terminal.screen().cell(y as u16, x as u16)
                    && let Some(what) = differs(seen, text, *width, style)
                {
                    return Some(format!("row {y} column {x}: {what}, wanted {text:?} {style:?}"));
                }
            }
        }
        None
    }
}

/// What of a cell on the terminal is not as wanted.
fn differs(seen: &vt100::Cell, text: &str, width: usize, style: &Style) -> Option<String> {
    let contents = if seen.has_contents() { seen.contents() } else { " " };
    if width == 0 {
        return (!seen.is_wide_continuation()).then(|| "no right half".into());
    }
    if contents != text {
        return Some(format!("{contents:?}"));
    }
    let has = |bit: u16| style.attributes & bit != 0;
    let blank = text == " ";
    let grounds = (seen.bgcolor(), seen.underline(), seen.inverse());
    if grounds != (colour(&style.background), has(8), has(64)) {
        return Some(format!("{grounds:?}"));
    }
    let (intensities, fore) = ((seen.bold(), seen.dim(), seen.italic()), seen.fgcolor());
    let wanted = (has(1), has(2), has(4));
    (!blank && (intensities, fore) != (wanted, colour(&style.foreground))).then(|| format!("{intensities:?} {fore:?}"))
}

fn colour(parameters: &str) -> Color {
    let numbers: Vec<u8> = parameters.split(';').filter_map(|number| number.parse().ok()).collect();
    match numbers[..] {
        [_, 2, r, g, b] => Color::Rgb(r, g, b),
        [_, 5, index] => Color::Idx(index),
        [code] => Color::Idx(code % 10),
        _ => Color::Default,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_terminal_shows_what_was_put(steps in steps(SETTLED.len()), chunk in 1..64usize, erases_colour: bool) {
        let mut pair = Pair::new(SETTLED.to_vec(), chunk, erases_colour);
        for step in &steps {
            pair.take(step);
            if matches!(step, Step::Flush) {
                prop_assert_eq!(pair.wrong(), None);
            }
        }
        pair.flush();
        prop_assert_eq!(pair.wrong(), None);
        prop_assert_eq!(pair.flush(), 0, "nothing is sent when nothing changed");
    }

    #[test]
    fn unsettled_characters_spoil_nothing_but_their_neighbours(steps in steps(18), chunk in 1..64usize) {
        let mut pair = Pair::new([SETTLED, UNSETTLED].concat(), chunk, true);
        for step in &steps {
            pair.take(step);
        }
        pair.flush();
        prop_assert_eq!(pair.wrong(), None);
    }

    #[test]
    fn what_others_wrote_heals(steps in steps(SETTLED.len()), row in 1..10usize, column in 1..24usize) {
        let mut pair = Pair::new(SETTLED.to_vec(), 64, true);
        for step in steps.iter().filter(|step| !matches!(step, Step::Resize { .. })) {
            pair.take(step);
        }
        pair.flush();
        let before = pair.screen.checksum();
        pair.terminal.process(format!("\x1b[{row};{column}H\x1b[7mwall: 漢 message\x1b[m\x1b[K").as_bytes());
        for _ in 0..10 {
            pair.screen.heal();
            pair.flush();
        }
        prop_assert_eq!(pair.wrong(), None);
        prop_assert_eq!(pair.screen.checksum(), before);
    }
}

#[test]
fn a_tail_that_scrolls_costs_little_more_than_its_new_rows() {
    let mut screen = Screen::new(80, 24, true);
    let plain = screen.register(&Style { background: "48;2;1;2;3".into(), ..Style::default() });
    let rows = |screen: &mut Screen, from: usize| {
        for y in 2..22 {
            let text = format!("{:<80}", format!("{} is the {}th word", "xyz".repeat((from + y) % 7 + 3), from + y));
            let prepared = screen.prepare(&[Part { text: &text, style: plain, width: 0 }]);
            screen.put(y, 0, &prepared);
        }
    };
    rows(&mut screen, 100);
    let first = screen.flush(false, None).1.len();
    rows(&mut screen, 102);
    screen.scrolled(2, 21, 2);
    let (scroll, rest) = screen.flush(false, None);
    assert_eq!(scroll, "\x1b[3;22r\x1b[3H\x1b[2M\x1b[r");
    assert!(rest.len() < 2 * 42 + 40, "{rest:?}");
    assert!(first > 400);
}

#[test]
fn a_region_is_moved_only_where_that_pays() {
    let mut screen = Screen::new(80, 24, true);
    let prepared = screen.prepare(&[Part { text: "the same in every row", style: 0, width: 0 }]);
    (0..24).for_each(|y| assert!(screen.put(y, 0, &prepared)));
    screen.flush(false, None);
    screen.scrolled(0, 23, 3);
    assert_eq!(screen.flush(false, None), (String::new(), String::new()));
}

#[test]
fn tables_are_bounded() {
    let mut screen = Screen::new(10, 2, true);
    for number in 0..20_000u32 {
        let style = Style { foreground: format!("38;5;{number}"), ..Style::default() };
        let style = screen.register(&style);
        let text = format!(
            "e{}{}",
            char::from_u32(0x300 + number % 100).unwrap(),
            char::from_u32(0x300 + number / 100).unwrap()
        );
        let parts = [Part { text: &text, style, width: 1 }];
        let prepared = screen.prepare(&parts);
        if !screen.put(0, 0, &prepared) {
            let style = screen.register(&Style { foreground: format!("38;5;{number}"), ..Style::default() });
            let prepared = screen.prepare(&[Part { style, ..parts[0] }]);
            assert!(screen.put(0, 0, &prepared));
        }
        screen.flush(false, None);
        let row = screen.target_row(0);
        assert_eq!(row[0].as_ref().map(|cell| cell.0.clone()), Some(text));
    }
    assert!(screen.generation() > 2);
}

#[test]
fn nothing_in_a_text_or_a_style_steers_the_terminal() {
    let mut screen = Screen::new(40, 2, true);
    let style = Style { foreground: "31m\x1b[2J".into(), link: ";\x1b\\\x1b]0;x".into(), ..Style::default() };
    let style = screen.register(&style);
    let parts = [Part { text: "a\x1b[2Jb\u{9b}c", style, width: 0 }, Part { text: "e\u{301}\x1b", style, width: 1 }];
    let prepared = screen.prepare(&parts);
    screen.put(0, 0, &prepared);
    let bytes = screen.flush(false, None).1;
    assert!(!bytes.contains("[2J\u{1b}") && !bytes.contains('\u{9b}') && !bytes.contains("\x1b]0"), "{bytes:?}");
    assert!(bytes.contains("a [2Jb c"), "{bytes:?}");
}

#[test]
fn by_rows_the_upper_rows_come_first() {
    let order = |by_rows: bool| {
        let mut screen = Screen::new(20, 4, true);
        let (first, second) = (screen.register(&style(1)), screen.register(&style(2)));
        for (row, texts) in [["one", "two"], ["six", "ten"]].into_iter().enumerate() {
            let parts =
                [Part { text: texts[0], style: first, width: 0 }, Part { text: texts[1], style: second, width: 0 }];
            let prepared = screen.prepare(&parts);
            screen.put(row, 0, &prepared);
        }
        let bytes = screen.flush(by_rows, None).1;
        (bytes.find("two") < bytes.find("six"), bytes.len())
    };
    let (rows, styles) = (order(true), order(false));
    assert_eq!((rows.0, styles.0), (true, false));
    assert!(styles.1 < rows.1, "{styles:?} {rows:?}");
}

#[test]
fn a_long_frame_goes_in_pieces_by_rows() {
    let mut screen = Screen::new(30, 10, true);
    for row in 0..10 {
        let part = [Part { text: "something to be written", style: PLAIN, width: 0 }];
        let prepared = screen.prepare(&part);
        screen.put(row, 0, &prepared);
    }
    let mut pieces = Vec::new();
    loop {
        let (scroll, rest) = screen.flush(false, Some(60));
        assert!(scroll.is_empty());
        pieces.push(rest.matches("something").count());
        if screen.is_complete() {
            break;
        }
    }
    assert_eq!(pieces, [3, 3, 3, 1]);
    assert_eq!(screen.flush(false, Some(1)), (String::new(), String::new()));
    assert!(screen.is_complete());
}
