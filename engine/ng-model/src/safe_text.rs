//! Untrusted bytes as text that is safe to show in a terminal.
//!
//! Nothing is deleted: what could move the cursor, change colours, reorder or hide text is replaced by a visible form, so that
//! two different inputs do not look the same without a trace.

use std::borrow::Cow;
use std::fmt::Write;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Combining marks kept on one base character.
const MARKS: usize = 3;
/// A tab in one line; its column is not known, so it has one width.
const TAB: &str = "    ";

/// The bytes as one line: controls in caret form (`^[`, `^M`, LF as `^J`), a tab as four spaces, and invisible, reordering
/// and private characters as `<202e>`; invalid UTF-8 is U+FFFD; of a run of combining marks three are kept and the others
/// counted. At most `max_bytes` bytes, then `… +N bytes` counts the bytes of the input that are left out. Safe text is
/// returned as it is.
pub fn safe_text(bytes: &[u8], max_bytes: usize) -> Cow<'_, str> {
    if bytes.len() <= max_bytes
        && let Ok(text) = std::str::from_utf8(bytes)
        && is_clean(text)
    {
        return Cow::Borrowed(text);
    }
    Cow::Owned(Cleaner::new(max_bytes, false).run(bytes))
}

/// Like [`safe_text`], but line feeds and tabs stay.
pub fn safe_multiline(bytes: &[u8], max_bytes: usize) -> String {
    Cleaner::new(max_bytes, true).run(bytes)
}

/// Nothing in the text needs a second look. Text with marks or joined emoji is not clean in this sense.
fn is_clean(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Whole blocks without an early exit are compared many bytes at a time.
    let is_plain = |block: &[u8]| block.iter().fold(true, |plain, byte| plain & (0x20..0x7f).contains(byte));
    if bytes.chunks(64).all(is_plain) {
        return true;
    }
    text.chars().all(|character| class(character) == Class::Plain)
}

/// What is done with a character.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    /// It is kept.
    Plain,
    /// It is kept, up to [`MARKS`] on one base.
    Mark,
    /// It is kept behind a base, where it chooses how the base looks.
    VariationSelector,
    /// It is kept between two emoji.
    Joiner,
    /// It is shown in caret form.
    Caret,
    /// It is shown by its number.
    Hidden,
}

fn class(character: char) -> Class {
    match character {
        ' '..='~' => Class::Plain,
        '\0'..='\x1f' | '\x7f' => Class::Caret,
        // Letters of Latin, Greek, Cyrillic and the large scripts of East Asia need no table.
        '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{400}'..='\u{482}' | '\u{48a}'..='\u{52f}' => Class::Plain,
        '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => Class::Plain,
        '\u{200d}' => Class::Joiner,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Class::VariationSelector,
        // Fillers and invisible signs whose category is that of a letter, a mark or nothing.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => Class::Hidden,
        '\u{2065}' | '\u{3164}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}' => Class::Hidden,
        // Signs of Arabic, Syriac and Kaithi that are formats by category but are drawn.
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}' => Class::Plain,
        '\u{110bd}' | '\u{110cd}' => Class::Plain,
        // The last two code points of every plane, and one block, are no characters.
        _ if character as u32 & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&character) => Class::Hidden,
        _ => match character.general_category() {
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark => Class::Mark,
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate => Class::Hidden,
            _ => Class::Plain,
        },
    }
}

/// Writes safe text until the limit is reached.
struct Cleaner {
    out: String,
    limit: usize,
    multiline: bool,
    /// Marks on the base that was written last.
    marks: usize,
    /// Marks that were not written.
    surplus: usize,
}

/// The limit is reached.
struct Full;

impl Cleaner {
    fn new(limit: usize, multiline: bool) -> Self {
        Cleaner { out: String::new(), limit, multiline, marks: 0, surplus: 0 }
    }

    fn run(mut self, bytes: &[u8]) -> String {
        self.out.reserve(bytes.len().min(self.limit) + 32);
        // Input bytes that the output accounts for.
        let mut done = 0;
        for chunk in bytes.utf8_chunks() {
            let text = chunk.valid();
            let result = self.text(text, &mut done).and_then(|()| {
                if chunk.invalid().is_empty() {
                    return Ok(());
                }
                self.flush_surplus()?;
                self.write("\u{fffd}")?;
                self.marks = 0;
                done += chunk.invalid().len();
                Ok(())
            });
            if result.is_err() {
                break;
            }
        }
        if self.flush_surplus().is_err() {
            done -= self.surplus_bytes(&bytes[..done]);
        }
        if done < bytes.len() {
            // Writing to a String cannot fail.
            let _ = write!(self.out, "… +{} bytes", bytes.len() - done);
        }
        self.out
    }

    fn text(&mut self, text: &str, done: &mut usize) -> Result<(), Full> {
        let mut rest = text.chars();
        loop {
            let plain = rest.as_str();
            // One byte more than fits tells that it is full.
            let fits = self.limit - self.out.len();
            let head = &plain.as_bytes()[..plain.len().min(fits.saturating_add(1))];
            let len = head.iter().position(|byte| !(0x20..0x7f).contains(byte)).unwrap_or(head.len());
            if len > 0 {
                self.flush_surplus()?;
                let room = len.min(self.limit - self.out.len());
                self.out.push_str(&plain[..room]);
                *done += room;
                self.marks = 0;
                if room < len {
                    return Err(Full);
                }
                rest = plain[len..].chars();
            }
            let Some(character) = rest.next() else { return Ok(()) };
            self.character(character, rest.clone().next())?;
            *done += character.len_utf8();
        }
    }

    fn character(&mut self, character: char, next: Option<char>) -> Result<(), Full> {
        let class = class(character);
        if class == Class::Mark && self.marks >= MARKS {
            self.surplus += 1;
            return Ok(());
        }
        self.flush_surplus()?;
        let is_mark = match class {
            Class::Mark => true,
            Class::VariationSelector => self.marks == 0 && self.out.ends_with(is_base),
            _ => false,
        };
        let keeps = match class {
            Class::Plain => true,
            Class::Joiner => self.joins() && next.is_some_and(is_emoji),
            Class::Caret => self.multiline && matches!(character, '\n' | '\t'),
            _ => is_mark,
        };
        if keeps {
            self.write(character.encode_utf8(&mut [0; 4]))?;
        } else if class == Class::Caret && character == '\t' {
            self.write(TAB)?;
        } else if class == Class::Caret {
            // The caret form of a control is the character 64 places on; DEL wraps to the question mark.
            self.write(&format!("^{}", char::from(character as u8 ^ 0x40)))?;
        } else {
            self.write(&format!("<{:02x}>", character as u32))?;
        }
        self.marks = if is_mark { self.marks + 1 } else { 0 };
        Ok(())
    }

    /// The output ends in an emoji, perhaps with a variation selector.
    fn joins(&self) -> bool {
        let mut last = self.out.chars().rev();
        match last.next() {
            Some('\u{fe0f}') => last.next().is_some_and(is_emoji),
            Some(character) => is_emoji(character),
            None => false,
        }
    }

    /// Writes how many marks were not written.
    fn flush_surplus(&mut self) -> Result<(), Full> {
        if self.surplus > 0 {
            self.write(&format!("<+{} marks>", self.surplus))?;
            self.surplus = 0;
            self.marks = 0;
        }
        Ok(())
    }

    /// Length of the marks that end `shown` and were neither written nor counted.
    fn surplus_bytes(&self, shown: &[u8]) -> usize {
        let text = shown.utf8_chunks().last().map_or("", |chunk| chunk.valid());
        text.chars().rev().take(self.surplus).map(char::len_utf8).sum()
    }

    fn write(&mut self, text: &str) -> Result<(), Full> {
        if self.out.len() + text.len() > self.limit {
            return Err(Full);
        }
        self.out.push_str(text);
        Ok(())
    }
}

/// A character on which a variation selector may act.
fn is_base(character: char) -> bool {
    !character.is_whitespace() && class(character) == Class::Plain
}

/// Pictures that are joined into one: the emoji blocks, and the signs they are joined with (such as ♀, ⚕, ➡).
fn is_emoji(character: char) -> bool {
    matches!(character, '\u{1f300}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2190}'..='\u{21ff}' | '\u{2b00}'..='\u{2bff}')
}

#[cfg(test)]
#[path = "safe_text_tests.rs"]
mod tests;
