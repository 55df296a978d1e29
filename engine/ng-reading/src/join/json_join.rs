//! JSON that is spread over lines is collected until it closes; of several values on a line, or in an array, each is an event.

use super::json_scan::{JsonScan, NotJson, Step};
use super::wrapper::Wrapper;
use super::{Chunk, Join};
use crate::item::Item;

/// A JSON text that is being collected.
#[derive(Debug)]
pub(super) struct Collected {
    scan: JsonScan,
    lines: usize,
    /// A value has been handed on.
    any: bool,
    wrapper: Wrapper,
}

/// What a text has to do with JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonStart {
    /// It is an event as any other.
    No,
    /// It is one whole object.
    Whole,
    /// It has several values, or goes on in the next line.
    Collect,
}

impl Collected {
    pub(super) fn new(wrapper: Wrapper) -> Self {
        Collected { scan: JsonScan::new(), lines: 0, any: false, wrapper }
    }
}

/// Looks at the first line of an event. Only where `bare`, with nothing before the text, is it divided.
pub(super) fn start(text: &[u8], bare: bool) -> JsonStart {
    let text = text.trim_ascii();
    match text.first() {
        Some(b'{') => {}
        // An array of anything but objects is for its reader.
        Some(b'[') if bare && matches!(text[1..].trim_ascii_start().first(), None | Some(b'{')) => {}
        _ => return JsonStart::No,
    }
    let closed = text.ends_with(b"}");
    // Most lines are whole objects, and are not looked through here.
    if closed && text[0] == b'{' && (!bare || !has_border(text)) {
        return JsonStart::Whole;
    }
    let (mut scan, mut at, mut values) = (JsonScan::new(), 0, 0);
    loop {
        match scan.step(text, at) {
            Ok(Step::Begins(place)) => at = place + 1,
            Ok(Step::Ends(end)) => (at, values) = (end, values + 1),
            Ok(Step::LineEnd) => break,
            Err(NotJson) => return JsonStart::No,
        }
    }
    match text[0] == b'{' && values == 1 && !scan.is_open() {
        true => JsonStart::Whole,
        false if bare || scan.is_inside() && values == 0 => JsonStart::Collect,
        false => JsonStart::No,
    }
}

/// `}{`, `} {` or `},{` is in the text.
fn has_border(text: &[u8]) -> bool {
    memchr::memchr_iter(b'{', &text[1..]).any(|at| {
        // `at` counts from the second byte, so that it is the place before the bracket.
        let before = text[..=at].trim_ascii_end();
        before.strip_suffix(b",").unwrap_or(before).trim_ascii_end().ends_with(b"}")
    })
}

impl Join {
    /// Takes a line of the text that is being collected.
    pub(super) fn json_line<E>(
        &mut self,
        chunk: &mut Chunk<'_>,
        line: &[u8],
        sink: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(mut json) = self.json.take() else { return Ok(()) };
        if !json.wrapper.is_none() {
            return self.wrapped_json_line(json, chunk, line, sink);
        }
        // What is before `from` was handed on, or is nothing but commas and the brackets of the array.
        let (mut at, mut from) = (0, 0);
        loop {
            match json.scan.step(line, at) {
                Ok(Step::Begins(place)) => (from, at) = (place, place + 1),
                Ok(Step::Ends(end)) => {
                    self.hold(&line[from..end]);
                    self.hand_on_held(sink)?;
                    (json.any, json.lines, from, at) = (true, 0, end, end);
                }
                Ok(Step::LineEnd) => break,
                Err(NotJson) => {
                    self.json = Some(json);
                    self.json_close(sink)?;
                    return self.line(chunk, &line[from..], sink);
                }
            }
        }
        if json.scan.is_inside() {
            self.hold(&line[from..]);
            json.lines += 1;
            self.bound(&mut json, sink)?;
        }
        self.json = json.scan.is_open().then_some(json);
        Ok(())
    }

    /// The same where every line has something before its text: that of the first is kept, and nothing is divided.
    fn wrapped_json_line<E>(
        &mut self,
        mut json: Collected,
        chunk: &mut Chunk<'_>,
        line: &[u8],
        sink: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let first = json.lines == 0;
        let wrapper = Wrapper::of(line);
        let text = &line[wrapper.text..];
        let mut at = 0;
        let same = first || wrapper.is_like(line, &json.wrapper, &self.held);
        let goes_on = same
            && loop {
                match json.scan.step(text, at) {
                    Ok(Step::Begins(place)) => at = place + 1,
                    Ok(Step::Ends(end)) => at = end,
                    Ok(Step::LineEnd) => break true,
                    Err(NotJson) => break false,
                }
            };
        if !goes_on {
            self.hand_on_held(sink)?;
            return self.line(chunk, line, sink);
        }
        self.hold(if first { line } else { text });
        json.lines += 1;
        if !json.scan.is_open() {
            return self.hand_on_held(sink);
        }
        self.bound(&mut json, sink)?;
        self.json = Some(json);
        Ok(())
    }

    /// The rest of a text that does not close is an event as well, and so is the bracket of an array that held nothing.
    pub(super) fn json_close<E>(&mut self, sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        let Some(json) = self.json.take() else { return Ok(()) };
        if !self.held.is_empty() {
            return self.hand_on_held(sink);
        }
        if json.any { Ok(()) } else { sink(Item::Event(b"[")) }
    }

    fn hold(&mut self, text: &[u8]) {
        if !self.held.is_empty() {
            self.held.push(b'\n');
        }
        self.held.extend_from_slice(text);
    }

    /// Hands on what is held when that has become too big; what follows is collected further.
    fn bound<E>(&mut self, json: &mut Collected, sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        if json.lines < self.bounds.lines && self.held.len() < self.bounds.bytes {
            return Ok(());
        }
        let ended = Item::Ended { lines: json.lines, bytes: self.held.len() };
        (json.lines, json.any) = (0, true);
        self.hand_on_held(sink)?;
        sink(ended)
    }
}
