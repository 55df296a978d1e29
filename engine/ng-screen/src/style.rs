//! Styles: registered once, then told by number; and the bytes that lead from one to another.

use rustc_hash::FxHashMap;
use std::fmt::Write;

/// The number of a registered style.
pub type StyleId = u16;

/// The style of a terminal that was told nothing.
pub(crate) const PLAIN: StyleId = 0;

/// Styles kept; a theme has some dozens.
const MOST: usize = 4096;

/// What switches each attribute on, by its bit: bold, dim, italic, underline, two kinds of blinking, reverse, concealed,
/// struck out, underlined twice, framed, encircled, overlined.
const ON: [&str; 13] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53"];

/// What switches it off. 22 does so for both intensities, 24 for both kinds of underlining, 25 for both of blinking.
const OFF: [&str; 13] = ["22", "22", "23", "24", "25", "25", "27", "28", "29", "24", "54", "54", "55"];

/// Attributes that a blank cell shows: underlined in either way, reverse, struck out, framed, encircled, overlined.
const SEEN_WHEN_BLANK: u16 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

/// Attributes whose off codes terminals differ about; they go off by a reset.
const RESET_ONLY: u16 = 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

/// How a cell looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    /// Parameters of SGR that set the foreground, such as `38;2;1;2;3`; empty is the terminal's own.
    pub foreground: String,
    /// Parameters of SGR that set the background; empty is the terminal's own.
    pub background: String,
    /// One bit for each attribute, in the order of SGR: bold is 1, dim 2, italic 4, underline 8, reverse 64, strike 256.
    pub attributes: u16,
    /// Where a click leads, with its parameters, as it stands in OSC 8: `id=1;https://…`. Empty is nowhere.
    pub link: String,
}

impl Style {
    /// The style with nothing in it that could end or begin a sequence.
    fn harmless(mut self) -> Style {
        for colour in [&mut self.foreground, &mut self.background] {
            colour.retain(|c| c.is_ascii_digit() || c == ';');
        }
        if self.link.chars().any(|c| c.is_control()) {
            self.link.clear();
        }
        self.attributes &= (1 << ON.len()) - 1;
        self
    }

    /// What of the style a blank cell shows.
    fn of_blank(&self) -> Style {
        if self.attributes & SEEN_WHEN_BLANK != 0 || !self.link.is_empty() {
            return self.clone();
        }
        Style { background: self.background.clone(), ..Style::default() }
    }
}

/// A registered style.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) style: Style,
    /// The style that a blank cell of this one has.
    pub(crate) blank: StyleId,
    /// A blank cell of it can be made by erasing, where erasing takes the background.
    pub(crate) erasable: bool,
}

/// All styles that cells have.
#[derive(Debug)]
pub(crate) struct Styles {
    entries: Vec<Entry>,
    numbers: FxHashMap<Style, StyleId>,
}

impl Styles {
    pub(crate) fn new() -> Styles {
        let mut styles = Styles { entries: Vec::new(), numbers: FxHashMap::default() };
        styles.add(Style::default());
        styles
    }

    /// The number of a style, None when there is no room for it.
    pub(crate) fn register(&mut self, style: Style) -> Option<StyleId> {
        let style = style.harmless();
        if let Some(number) = self.numbers.get(&style) {
            return Some(*number);
        }
        // Two, for that of a blank cell comes with it.
        (self.entries.len() + 2 <= MOST).then(|| self.add(style))
    }

    fn add(&mut self, style: Style) -> StyleId {
        let blank = style.of_blank();
        let of_blank = if blank == style { None } else { self.numbers.get(&blank).copied() };
        let of_blank = if blank != style && of_blank.is_none() { Some(self.add(blank)) } else { of_blank };
        let number = self.entries.len() as StyleId;
        self.numbers.insert(style.clone(), number);
        let erasable = style.attributes & SEEN_WHEN_BLANK == 0 && style.link.is_empty();
        self.entries.push(Entry { style, blank: of_blank.unwrap_or(number), erasable });
        number
    }

    pub(crate) fn get(&self, number: StyleId) -> &Entry {
        self.entries.get(number as usize).unwrap_or(&self.entries[0])
    }

    /// Writes what leads from one style to another: what changes, or all of it after a reset, whichever is shorter.
    pub(crate) fn write_change(&self, from: StyleId, to: StyleId, out: &mut String) {
        let (old, new) = (&self.get(from).style, &self.get(to).style);
        if old.link != new.link {
            let _ = write!(out, "\x1b]8;{}\x1b\\", if new.link.is_empty() { ";" } else { &new.link });
        }
        if (&old.foreground, &old.background, old.attributes) == (&new.foreground, &new.background, new.attributes) {
            return;
        }
        let whole = whole(new);
        let change = change(old, new);
        let _ = match change {
            Some(change) if change.len() <= whole.len() => write!(out, "\x1b[{change}m"),
            _ => write!(out, "\x1b[{whole}m"),
        };
    }
}

/// The parameters that set the style whatever was set before. Empty for the plain one, which is a reset too.
fn whole(style: &Style) -> String {
    let mut codes = String::new();
    let set = (0..ON.len()).filter(|bit| style.attributes & 1 << bit != 0).map(|bit| ON[bit]);
    for code in set.chain([style.foreground.as_str(), style.background.as_str()]).filter(|code| !code.is_empty()) {
        codes.push(';'); // Nothing before it is a 0.
        codes.push_str(code);
    }
    codes
}

/// The parameters of what differs; None where only a reset is safe.
fn change(old: &Style, new: &Style) -> Option<String> {
    let gone = old.attributes & !new.attributes;
    if gone & RESET_ONLY != 0 {
        return None;
    }
    let mut codes: Vec<&str> = Vec::new();
    let mut come = new.attributes & !old.attributes;
    for bit in (0..ON.len()).filter(|bit| gone & 1 << bit != 0) {
        if codes.last() != Some(&OFF[bit]) {
            codes.push(OFF[bit]);
        }
        // An off code takes the other of its pair along.
        come |= (0..ON.len()).filter(|other| OFF[*other] == OFF[bit]).fold(0, |set, other| set | 1 << other)
            & new.attributes;
    }
    codes.extend((0..ON.len()).filter(|bit| come & 1 << bit != 0).map(|bit| ON[bit]));
    if old.foreground != new.foreground {
        codes.push(if new.foreground.is_empty() { "39" } else { &new.foreground });
    }
    if old.background != new.background {
        codes.push(if new.background.is_empty() { "49" } else { &new.background });
    }
    Some(codes.join(";"))
}
