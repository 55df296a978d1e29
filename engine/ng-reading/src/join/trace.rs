//! Where in a stack trace an event is, as far as it decides which lines may follow.

use crate::trace_shape::{Shape, ends_traceback, is_go_call, shape};

/// What has been read of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// No trace so far.
    None,
    /// The line that names the exception.
    Named,
    /// Frames that are indented or known by their form.
    Frames,
    /// A traceback of Python, whose exception is still to come.
    Python,
    /// A traceback with its exception, to which another may be chained.
    PythonEnded,
    /// Calls of a goroutine, which stand without indentation.
    Go,
    /// `thread 'main' panicked at src/main.rs:5:10:`, whose message is the next line.
    Rust,
}

impl Trace {
    /// Where the lines of a text lead.
    pub(super) fn of(text: &[u8]) -> Trace {
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.fold(Trace::None, |trace, line| trace.after(line, shape(line)))
    }

    /// Where the next line leads, which has this shape.
    pub(super) fn after(self, line: &[u8], shape: Shape) -> Trace {
        match (self, shape) {
            (_, Shape::Traceback) => Trace::Python,
            (Trace::Python, Shape::Exception | Shape::Plain) if !matches!(line[0], b' ' | b'\t') => Trace::PythonEnded,
            (Trace::None, Shape::Part) if line.trim_ascii_start().starts_with(b"File \"") => Trace::Python,
            (Trace::Python | Trace::PythonEnded, _) => self,
            (_, Shape::Goroutine) => Trace::Go,
            (Trace::Go, _) => self,
            (_, Shape::ThreadPanicked) if line.ends_with(b":") => Trace::Rust,
            (_, Shape::ThreadPanicked | Shape::Part) => Trace::Frames,
            (Trace::Rust, _) => Trace::Frames,
            (Trace::None, Shape::Exception | Shape::Uncaught) => Trace::Named,
            (trace, Shape::Exception | Shape::Uncaught | Shape::Plain) => trace,
        }
    }

    pub(super) fn has_begun(self) -> bool {
        self != Trace::None
    }

    /// Another traceback may follow, behind blank lines.
    pub(super) fn chains(self) -> bool {
        self == Trace::PythonEnded
    }

    /// A line that says nothing of itself belongs to the trace; `near` = no blank line stands before it.
    pub(super) fn takes(self, line: &[u8], indented: bool, near: bool) -> bool {
        match self {
            Trace::None => false,
            Trace::Named => indented && near,
            Trace::Frames | Trace::PythonEnded => indented,
            Trace::Python => indented || near && ends_traceback(line),
            Trace::Go => indented || near && is_go_call(line),
            Trace::Rust => near,
        }
    }
}
