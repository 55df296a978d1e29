//! What a stack trace says: the exception that was told, its message, and where in the application it came from.

use crate::trace_shape::{Shape, class, shape};
use memchr::{memchr, memmem, memrchr};
use ng_model::event::{Field, Key, Parsed, Span, Text};
use ng_wire::Level;
use std::ops::Range;

/// Frames of these are not the application's.
const LIBRARIES: [&[u8]; 24] = [
    b"/gems/",
    b"/lib/python",
    b"/node_modules/",
    b"/rustc/",
    b"/site-packages/",
    b"/vendor/",
    b"Microsoft.",
    b"System.",
    b"__rust",
    b"alloc::",
    b"com.sun.",
    b"core::",
    b"jakarta.",
    b"java.",
    b"javax.",
    b"jdk.",
    b"kotlin.",
    b"node:",
    b"org.apache.",
    b"org.hibernate.",
    b"org.springframework.",
    b"runtime.",
    b"rust_begin_unwind",
    b"std::",
];

/// Reads the lines of an event that has several. The exception is the one that the trace begins with, in Python the one that
/// it ends with; what caused it stands in the text. Where no level is stated it is an error.
pub(crate) fn read(raw: &[u8], parsed: &mut Parsed) {
    let lead = raw.iter().take_while(|byte| **byte == b'\n').count();
    let Some(first_end) = memchr(b'\n', &raw[lead..]).map(|end| lead + end) else { return };
    let head = &raw[lead..first_end];
    let mut trace = StackTrace { head: Some((head, lead)), ..StackTrace::default() };
    let mut start = lead;
    for line in raw[lead..].split(|byte| *byte == b'\n') {
        let place = start..start + line.trim_ascii_end().len();
        trace.line(raw, place, start > first_end);
        start += line.len() + 1;
    }
    if !trace.is_one {
        return;
    }
    let Some(Exception { class, message }) = trace.exception else { return };
    // What looks like the level of the line is the class: `Error: boom` tells that, and not `boom`.
    if class.end <= first_end && parsed.message.span.start as usize > class.start {
        let (start, end) = (class.start, (parsed.message.span.start + parsed.message.span.len) as usize);
        if end >= message.end && parsed.message.span.start as usize <= message.start {
            parsed.message.span = Span::new(start, end);
        }
    }
    // A trace that stands alone states no level, and is one that nobody caught.
    parsed.level = parsed.level.or(Some(Level::Error));
    put("exception", class, raw, parsed);
    put("exception.message", message, raw, parsed);
    put("frame", trace.frame.or(trace.any_frame).unwrap_or_default(), raw, parsed);
}

fn put(name: &'static str, place: Range<usize>, raw: &[u8], parsed: &mut Parsed) {
    if place.is_empty() {
        return;
    }
    let span = Span::new(place.start, place.end);
    // A class of PHP within JSON has two backslashes for one.
    let value = Text { span, escaped: memmem::find(&raw[place.clone()], br"\\").is_some() };
    let holds = |field: &&mut Field| {
        let (from, len) = (field.value.span.start as usize, field.value.span.len as usize);
        let is_inside = from <= place.start && place.end <= from + len;
        field.container == 0 && field.key.of(raw) == name.as_bytes() && is_inside
    };
    match parsed.fields.iter_mut().find(holds) {
        Some(field) => field.value = value,
        None => parsed.fields.push(Field::new(Key::Name(name), value, f64::NAN)),
    }
}

#[derive(Clone, Debug)]
struct Exception {
    class: Range<usize>,
    /// Empty when it has none.
    message: Range<usize>,
}

/// What has been read.
#[derive(Debug, Default)]
struct StackTrace<'r> {
    /// The first line, which may name the exception behind a message, and its place; until it was looked at.
    head: Option<(&'r [u8], usize)>,
    /// There is more than a line that names an exception.
    is_one: bool,
    exception: Option<Exception>,
    /// A line of its own that names the plain `Error` of JavaScript, which is one when frames follow.
    plain: Option<Exception>,
    /// The topmost frame of the application.
    frame: Option<Range<usize>>,
    any_frame: Option<Range<usize>>,
    /// In a traceback of Python, whose frames come in the order of the calls.
    python: bool,
    /// Calls of Go follow.
    go: bool,
    /// The message is the next line.
    awaits_message: bool,
}

impl StackTrace<'_> {
    fn line(&mut self, raw: &[u8], place: Range<usize>, follows: bool) {
        let line = &raw[place.clone()];
        let text = line.trim_ascii_start();
        if text.is_empty() {
            return;
        }
        let start = place.end - text.len();
        if std::mem::take(&mut self.awaits_message)
            && let Some(exception) = &mut self.exception
        {
            exception.message = start..place.end;
            return;
        }
        match shape(line) {
            Shape::Traceback => {
                (self.is_one, self.python) = (true, true);
                (self.frame, self.any_frame) = (None, None);
            }
            Shape::Goroutine => (self.is_one, self.go) = (true, true),
            Shape::ThreadPanicked => self.panicked(text, start),
            Shape::Uncaught => {
                self.is_one |= follows;
                self.exception = self.exception.take().or_else(|| uncaught(text, start));
                if text.ends_with(b")") {
                    // Ruby has the topmost frame on this line.
                    self.keep_frame(text, start..start + memmem::find(text, b": ").unwrap_or(0));
                }
            }
            Shape::Exception if !self.python => {
                self.is_one |= follows;
                self.exception = self.exception.take().or_else(|| Some(named(text, start)));
            }
            Shape::Part => self.part(text, start, follows),
            Shape::Exception | Shape::Plain => {
                let indented = text.len() < line.len();
                if self.python && !indented {
                    self.exception = Some(named(text, start)).filter(|found| !found.class.is_empty());
                    self.python = false;
                } else if !indented && text.starts_with(b"Error: ") {
                    self.plain.get_or_insert_with(|| named(text, start));
                } else if self.go && !indented && text.ends_with(b")") {
                    self.keep_frame(text, start..place.end);
                }
            }
        }
    }

    fn part(&mut self, text: &[u8], start: usize, follows: bool) {
        let end = start + text.len();
        self.is_one |= follows;
        if let (None, true, Some((head, start))) = (&self.exception, follows, self.head.take()) {
            self.exception = inside_line(head, start);
        }
        if follows && text.starts_with(b"at ") {
            self.exception = self.exception.take().or_else(|| self.plain.take());
        }
        if let Some(cause) = text.strip_prefix(b"Caused by: ") {
            self.exception = self.exception.take().or_else(|| Some(named(cause, end - cause.len())));
        } else if let Some(frame) = text.strip_prefix(b"at ") {
            self.keep_frame(frame, end - frame.len()..end);
        } else if text.starts_with(b"File \"") {
            // The frame that raised comes last.
            (self.python, self.any_frame) = (true, None);
            if self.frame.is_none() || !is_of_library(text) {
                self.frame = None;
                self.keep_frame(text, start..end);
            }
        } else if let Some(frame) = text.strip_prefix(b"from ") {
            self.keep_frame(frame, end - frame.len()..end);
        } else if text[0] == b'#' || text[0].is_ascii_digit() {
            let number = text.iter().take_while(|byte| b"#0123456789: ".contains(byte)).count();
            self.keep_frame(&text[number..], start + number..end);
        } else if memmem::find(text, b":in ").is_some() {
            self.keep_frame(text, start..end);
        }
    }

    fn keep_frame(&mut self, frame: &[u8], place: Range<usize>) {
        if self.frame.is_none() && !is_of_library(frame) && !frame.starts_with(b"{main}") {
            self.frame = Some(place.clone());
        }
        self.any_frame.get_or_insert(place);
    }

    /// `thread 'main' panicked at src/main.rs:5:10:`, or with the message in quotes before the place.
    fn panicked(&mut self, text: &[u8], start: usize) {
        let Some(at) = memmem::find(text, b"panicked at ") else { return };
        let rest = start + at + "panicked at ".len();
        let quoted = text[at + "panicked at ".len()..].first() == Some(&b'\'');
        let end = if quoted { start + memrchr(b'\'', text).unwrap_or(text.len()) } else { rest };
        self.is_one = true;
        self.exception = Some(Exception {
            class: start + at..start + at + "panicked".len(),
            message: (rest + usize::from(quoted)).min(end)..end,
        });
        self.awaits_message = !quoted && text.ends_with(b":");
        if self.awaits_message {
            self.keep_frame(&text[rest - start..], rest..start + text.len() - 1);
        }
    }
}

/// The class at the start of a text that lies at a place, and what follows its colon.
fn named(text: &[u8], start: usize) -> Exception {
    let class = class(text).len();
    let behind = text[class..].strip_prefix(b":").unwrap_or_default().trim_ascii_start();
    let end = start + text.len();
    Exception { class: start..start + class, message: end - behind.len()..end }
}

/// The exception of a line that says that it was not caught.
fn uncaught(text: &[u8], start: usize) -> Option<Exception> {
    let end = start + text.len();
    if let Some(rest) = text.strip_prefix(b"panic: ").or_else(|| text.strip_prefix(b"fatal error: ")) {
        let word = text.len() - rest.len() - 2;
        return Some(Exception { class: start..start + word, message: end - rest.len()..end });
    }
    if let (Some(open), true) = (memrchr(b'(', text), text.ends_with(b")")) {
        let message = memmem::find(text, b"': ").map_or(open, |quote| quote + 3);
        let class = start + open + 1..end - 1;
        return Some(Exception {
            class,
            message: start + message.min(open)..start + text[..open].trim_ascii_end().len(),
        });
    }
    inside_line(text, start)
}

/// The first word of a line that is the name of an exception, and what follows it; the plain `Error` of JavaScript is one where
/// no other is. Laravel has the class in a field: `"[object] (StockError(code: 0): none at /app/cart.php:3)`.
fn inside_line(line: &[u8], start: usize) -> Option<Exception> {
    if let Some(object) = memmem::find(line, OBJECT) {
        let at = object + OBJECT.len();
        let class = class(&line[at..]).len();
        if class > 0 && line[at + class..].starts_with(b"(code: ") {
            return Some(of_object(line, start, at, class));
        }
    }
    let (mut at, mut plain) = (0, None);
    for word in line.split(|byte| *byte == b' ') {
        let rest = &line[at..];
        if shape(rest) == Shape::Exception {
            return Some(named(rest.trim_ascii_end(), start + at));
        }
        if word == b"Error:" || rest == b"Error" {
            plain.get_or_insert(at);
        }
        at += word.len() + 1;
    }
    plain.map(|at| named(line[at..].trim_ascii_end(), start + at))
}

/// What Monolog writes before the class of an exception.
const OBJECT: &[u8] = b"[object] (";

/// The exception whose class begins at `at`, with the message up to the place where it was made.
fn of_object(line: &[u8], start: usize, at: usize, class: usize) -> Exception {
    let behind = at + class;
    let from = memmem::find(&line[behind..], b"): ").map_or(line.len(), |code| behind + code + 3);
    let place = memmem::rfind(&line[from..], b" at ").map(|place| from + place);
    let end = place.filter(|place| line[place + 4..].contains(&b'/') || line[place + 4..].contains(&b'\\'));
    Exception { class: start + at..start + behind, message: start + from..start + end.unwrap_or(line.len()) }
}

fn is_of_library(frame: &[u8]) -> bool {
    // The name of a package begins the frame, or what stands in its brackets; that of a folder stands anywhere.
    let fits = |name: &[u8], at: usize| name[0] == b'/' || at == 0 || frame[at - 1] == b'(';
    LIBRARIES.iter().any(|name| memmem::find_iter(frame, name).any(|at| fits(name, at)))
}
