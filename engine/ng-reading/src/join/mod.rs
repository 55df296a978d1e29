//! Which lines are one event.
//!
//! A line goes on with the event before it when it is indented, when only the middle of a stack trace looks like that, or
//! when it has no stamp where the events of its source have one. In a source without stamps lines stay events of their own,
//! but for stack traces, which are known by their shape, and for JSON, which is collected until it closes.
//!
//! # Layout
//!
//! `trace.rs` knows where in a stack trace an event is; `stamps.rs` remembers how the events of the source begin; `wrapper.rs` finds the text behind what a container runtime writes before each line;
//! `java_logging.rs` knows events of `java.util.logging`; `json_scan.rs` finds where JSON values begin and end, `json_join.rs` collects them.

mod java_logging;
mod json_join;
mod json_scan;
mod stamps;
mod trace;
mod wrapper;

#[cfg(test)]
mod tests;

use crate::container;
use crate::encoders::heading;
use crate::item::Item;
use crate::trace_shape::{Shape, shape};
use json_join::{Collected, JsonStart};
use stamps::Stamps;
use std::ops::Range;
use trace::Trace;
use wrapper::Wrapper;

/// Memory kept between two long events.
const SPARE: usize = 64 * 1024;

/// Puts lines together. What it keeps is one event, within its bounds.
#[derive(Debug)]
pub(crate) struct Join {
    bounds: Bounds,
    stamps: Stamps,
    open: Option<Open>,
    /// The bytes of the open event where they are not in the chunk; of a JSON value that is being collected.
    held: Vec<u8>,
    json: Option<Collected>,
    blank_lines: u64,
}

/// How big an event may become.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
}

/// What was read at once, with the place in it of the open event; empty when that is held elsewhere.
///
/// An event that lies in one piece in the chunk is handed on from there, without a copy.
#[derive(Debug)]
pub(crate) struct Chunk<'a> {
    bytes: &'a [u8],
    open: Range<usize>,
}

/// The event that the next line may go on with.
#[derive(Clone, Debug)]
struct Open {
    lines: usize,
    /// Blank lines behind it, which belong to it when it goes on.
    blanks: usize,
    stamped: bool,
    /// It begins with a stamp or a level; unknown until it is asked for.
    headed: Option<bool>,
    /// Where in a stack trace it is; unknown until it is asked for.
    trace: Option<Trace>,
    wrapper: Wrapper,
    /// It is a whole JSON object, and nothing goes on with it.
    whole: bool,
}

impl<'a> Chunk<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Chunk { bytes, open: 0..0 }
    }

    /// Where in the chunk a line lies; none when it lies elsewhere.
    fn place(&self, line: &[u8]) -> Option<Range<usize>> {
        let start = (line.as_ptr() as usize).wrapping_sub(self.bytes.as_ptr() as usize);
        let end = start.checked_add(line.len())?;
        (end <= self.bytes.len()).then_some(start..end)
    }
}

impl Join {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Join { bounds, stamps: Stamps::default(), open: None, held: Vec::new(), json: None, blank_lines: 0 }
    }

    /// Nothing is kept that has not been handed on.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_none() && self.json.is_none()
    }

    /// Blank lines that belonged to no event.
    pub(crate) fn blank_lines(&self) -> u64 {
        self.blank_lines
    }

    /// Takes the next line.
    pub(crate) fn line<E>(
        &mut self,
        chunk: &mut Chunk<'_>,
        line: &[u8],
        sink: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if is_blank(line) {
            self.blank();
            return Ok(());
        }
        if self.json.is_some() {
            return self.json_line(chunk, line, sink);
        }
        // Most lines are known by their stamp; behind that of a runtime anything may stand.
        if self.stamps.begins_alike(line) && container::behind_stamp(line).is_none() {
            self.close(chunk, sink)?;
            self.begin(chunk, line, Open { stamped: true, headed: Some(true), ..Open::new(Wrapper::none()) });
            return Ok(());
        }
        let wrapper = Wrapper::of(line);
        let text = &line[wrapper.text..];
        if is_blank(text) {
            self.blank();
            return Ok(());
        }
        let shape = shape(text);
        if self.goes_on(chunk, line, &wrapper, shape) {
            return self.append(chunk, text, shape, sink);
        }
        self.close(chunk, sink)?;
        let whole = match json_join::start(text, wrapper.is_none()) {
            JsonStart::No => false,
            JsonStart::Whole => true,
            JsonStart::Collect => {
                self.json = Some(Collected::new(wrapper));
                return self.json_line(chunk, line, sink);
            }
        };
        let stamped = !whole && self.stamps.is_stamped(text);
        if !whole {
            let (text, stamped) = if wrapper.is_stamp() { (&line[wrapper.name..], true) } else { (text, stamped) };
            self.stamps.note(text, stamped);
        }
        let trace = Some(Trace::None.after(text, shape));
        self.begin(chunk, line, Open { stamped, headed: stamped.then_some(true), trace, whole, ..Open::new(wrapper) });
        Ok(())
    }

    /// Hands on what is kept.
    pub(crate) fn close<E>(
        &mut self,
        chunk: &mut Chunk<'_>,
        sink: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(open) = self.open.take() {
            self.blank_lines += open.blanks as u64;
            if !chunk.open.is_empty() {
                let place = std::mem::take(&mut chunk.open);
                return sink(Item::Event(&chunk.bytes[place]));
            }
            return self.hand_on_held(sink);
        }
        self.json_close(sink)
    }

    /// The chunk is over: what of it is still open is kept.
    pub(crate) fn leave(&mut self, chunk: &mut Chunk<'_>) {
        if !chunk.open.is_empty() {
            self.held.clear();
            self.held.extend_from_slice(&chunk.bytes[std::mem::take(&mut chunk.open)]);
        }
    }

    /// A blank line: it belongs to the open event if that goes on.
    fn blank(&mut self) {
        match &mut self.open {
            Some(open) => open.blanks += 1,
            None => self.blank_lines += 1,
        }
    }

    fn hand_on_held<E>(&mut self, sink: &mut impl FnMut(Item<'_>) -> Result<(), E>) -> Result<(), E> {
        let result = sink(Item::Event(&self.held));
        self.held.clear();
        self.held.shrink_to(SPARE);
        result
    }

    fn begin(&mut self, chunk: &mut Chunk<'_>, line: &[u8], open: Open) {
        self.open = Some(open);
        match chunk.place(line) {
            Some(place) => chunk.open = place,
            None => {
                self.held.clear();
                self.held.extend_from_slice(line);
            }
        }
    }

    /// The line goes on with the open event.
    fn goes_on(&mut self, chunk: &Chunk<'_>, line: &[u8], wrapper: &Wrapper, shape: Shape) -> bool {
        let Some(open) = &mut self.open else { return false };
        let event = if chunk.open.is_empty() { &self.held[..] } else { &chunk.bytes[chunk.open.clone()] };
        if open.whole || !wrapper.is_like(line, &open.wrapper, event) {
            return false;
        }
        let stamped = open.stamped || open.wrapper.is_stamp() && !wrapper.is_stamp();
        let head = &event[open.wrapper.text..];
        let line = &line[wrapper.text..];
        let indented = matches!(line.first(), Some(b' ' | b'\t'));
        let mut headed = || *open.headed.get_or_insert_with(|| heading::has_level(head));
        if indented && headed() {
            return true;
        }
        let near = open.blanks == 0;
        if near && open.lines == 1 && java_logging::is_second_line(head, line) {
            return true;
        }
        let trace = *open.trace.get_or_insert_with(|| Trace::of(head));
        match shape {
            Shape::Part => near || stamped || trace.has_begun(),
            Shape::Traceback => stamped || trace.chains() || near && headed(),
            Shape::Exception => stamped || near && (trace == Trace::Python || headed()),
            Shape::Goroutine => stamped || trace.has_begun(),
            Shape::Uncaught | Shape::ThreadPanicked => false,
            Shape::Plain => {
                trace.takes(line, indented, near)
                    || stamped
                        && (is_loose(line)
                            || self.stamps.always()
                                && !heading::begins_event(line)
                                && !self.stamps.has_first_word(line)
                                && !self.stamps.is_stamped(line))
            }
        }
    }

    /// Adds a line to the open event, or ends that at a bound and begins the next with the line.
    fn append<E>(
        &mut self,
        chunk: &mut Chunk<'_>,
        line: &[u8],
        shape: Shape,
        sink: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(mut open) = self.open.clone() else { return Ok(()) };
        let event = if chunk.open.is_empty() { &self.held[..] } else { &chunk.bytes[chunk.open.clone()] };
        let trace = open.trace.unwrap_or_else(|| Trace::of(&event[open.wrapper.text..])).after(line, shape);
        let (lines, bytes) = (open.lines + open.blanks + 1, event.len() + open.blanks + 1 + line.len());
        if lines > self.bounds.lines || bytes > self.bounds.bytes {
            let ended = Item::Ended { lines: open.lines, bytes: event.len() };
            self.close(chunk, sink)?;
            sink(ended)?;
            // What follows is not read as lines of its own because of that.
            self.begin(chunk, line, Open { headed: Some(true), trace: Some(trace), ..Open::new(Wrapper::none()) });
            return Ok(());
        }
        let next = chunk.open.end + 1 + open.blanks;
        match chunk.place(line) {
            Some(place) if !chunk.open.is_empty() && place.start == next => chunk.open.end = place.end,
            _ => {
                self.leave(chunk);
                self.held.extend(std::iter::repeat_n(b'\n', 1 + open.blanks));
                self.held.extend_from_slice(line);
            }
        }
        (open.lines, open.blanks, open.trace) = (lines, 0, Some(trace));
        self.open = Some(open);
        Ok(())
    }
}

impl Open {
    fn new(wrapper: Wrapper) -> Self {
        Open { lines: 1, blanks: 0, stamped: false, headed: None, trace: None, wrapper, whole: false }
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.first().is_none_or(u8::is_ascii_whitespace) && line.trim_ascii().is_empty()
}

/// What goes on with an event that has a stamp even where others have none: closing brackets alone, `... `, `at `, the
/// bars of a table or of a marked piece of source, and the line of a slow query of MySQL that has a number like a stamp.
fn is_loose(line: &[u8]) -> bool {
    let starts = [&b"..."[..], b"at ", b"| ", b"^", b"SET timestamp="].iter().any(|start| line.starts_with(start));
    starts || line.iter().all(|byte| b"}]),; \t".contains(byte))
}
