//! What the lines of stack traces look like, in the languages that people have.

/// What a line is within a stack trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing that a trace has alone.
    Plain,
    /// It names an exception: `java.lang.IllegalStateException: stock is negative`, `KeyError: 'x'`.
    Exception,
    /// It says that an exception ended the program, and begins an event wherever it stands: `panic: …`.
    Uncaught,
    /// `Traceback (most recent call last):`, which stands before the exception.
    Traceback,
    /// `goroutine 1 [running]:`, behind which calls stand without indentation.
    Goroutine,
    /// `thread 'main' panicked at …`, behind which the message stands.
    ThreadPanicked,
    /// A frame, a cause, or what else stands in traces alone; it belongs to what comes before it.
    Part,
}

/// What a line that is not blank is.
pub(crate) fn shape(line: &[u8]) -> Shape {
    let text = line.trim_ascii_start();
    let indented = text.len() < line.len();
    let part = match text.first() {
        Some(b'a') => indented && text.starts_with(b"at ") || text.starts_with(b"at ") && is_call(&text[3..]),
        Some(b'.') => is_elision(text),
        Some(b'C') => text.starts_with(b"Caused by: "),
        Some(b'S') => {
            text.starts_with(b"Suppressed: ") || matches!(text, b"Stack trace:" | b"Stacktrace:" | b"StackTrace:")
        }
        Some(b'F') => text.starts_with(b"File \"") && contains(text, b", line "),
        Some(b'D') => text.starts_with(b"During handling of the above exception"),
        Some(b'T') if text.starts_with(b"The above exception was the direct cause") => true,
        Some(b'T') if text.starts_with(b"Traceback (most recent call last)") => return Shape::Traceback,
        Some(b'f') => indented && text.starts_with(b"from ") && ruby(&text[5..]).is_some(),
        Some(b'#') => is_numbered(text),
        Some(b'-') => text.starts_with(b"---> ") || text.starts_with(b"--- End of "),
        Some(b'[') => matches!(text, b"[stacktrace]" | b"[previous exception]") || text.starts_with(b"[signal SIG"),
        Some(b'c') => text.starts_with(b"created by ") && contains(text, b"."),
        Some(b'e') => is_exit_status(text),
        Some(b'n') => {
            text.starts_with(b"note: run with `RUST_BACKTRACE=") || text.starts_with(b"note: Some details are")
        }
        Some(b's') => text == b"stack backtrace:",
        Some(b't') if text.starts_with(b"thread '") && contains(text, b"panicked at ") => return Shape::ThreadPanicked,
        Some(b't') => indented && text.starts_with(b"thrown in "),
        Some(b'g') if text.starts_with(b"goroutine ") && text.ends_with(b":") => return Shape::Goroutine,
        Some(b'|' | b'+') => is_exception_group(text),
        Some(b'0'..=b'9') => indented && is_rust_frame(text),
        _ => false,
    };
    match (part, ruby(text)) {
        (true, _) | (false, Some(Ruby::Frame)) => return Shape::Part,
        (false, Some(Ruby::Uncaught)) if !indented => return Shape::Uncaught,
        _ => {}
    }
    match indented || !text.first().is_some_and(u8::is_ascii_alphabetic) {
        true => Shape::Plain,
        false if UNCAUGHT.iter().any(|start| text.starts_with(start)) => Shape::Uncaught,
        false if is_exception(text) => Shape::Exception,
        false => Shape::Plain,
    }
}

/// How programs say that an exception was not caught.
const UNCAUGHT: [&[u8]; 7] = [
    b"panic: ",
    b"fatal error: ",
    b"Exception in thread ",
    b"Unhandled exception",
    b"Uncaught ",
    b"PHP Fatal error: ",
    b"Fatal error: Uncaught ",
];

/// A line that begins with the name of an exception.
fn is_exception(text: &[u8]) -> bool {
    let class = class(text);
    let named = [&b"Exception"[..], b"Error", b"Throwable", b"Interrupt", b"Exit", b"Failure", b"Warning"];
    let ends = |end: &&[u8]| class.ends_with(end) && class.len() > end.len();
    matches!(text.get(class.len()), None | Some(b':')) && named.iter().any(ends)
}

/// The dotted name at the start, such as `java.lang.IllegalStateException`.
pub(crate) fn class(text: &[u8]) -> &[u8] {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b'\\');
    // `::` of Ruby and C++ belongs to the name.
    let mut end = 0;
    loop {
        end += text[end..].iter().take_while(is_name).count();
        match text.get(end..end + 3) {
            Some([b':', b':', next]) if next.is_ascii_alphabetic() => end += 2,
            _ => return &text[..end],
        }
    }
}

/// The line that ends a traceback of Python: a name, with or without a colon behind it.
pub(crate) fn ends_traceback(line: &[u8]) -> bool {
    let class = class(line);
    class.first().is_some_and(u8::is_ascii_alphabetic) && matches!(line.get(class.len()), None | Some(b':'))
}

/// `main.main()`, `net/http.(*conn).serve(0xc000)`: a call as Go prints it.
pub(crate) fn is_go_call(line: &[u8]) -> bool {
    let name = line.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
    line.first().is_some_and(u8::is_ascii_alphabetic) && line.ends_with(b")") && contains(&line[..name], b"(")
        || line.starts_with(b"created by ")
}

/// `... 14 more`, `... 3 common frames omitted`, `...additional frames elided...`.
fn is_elision(text: &[u8]) -> bool {
    text.strip_prefix(b"...").is_some_and(|rest| {
        let rest = rest.trim_ascii_start();
        rest.first().is_some_and(u8::is_ascii_digit) || rest.starts_with(b"additional frames")
    })
}

/// `shop.Cart.take(Cart.java:88)` behind an `at ` without indentation.
fn is_call(text: &[u8]) -> bool {
    let name = text.iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'(').count();
    name > 0 && text.get(name) == Some(&b'(') && text.ends_with(b")")
}

/// What Ruby writes.
enum Ruby {
    /// `app/cart.rb:5:in 'take'`.
    Frame,
    /// ``app/cart.rb:5:in `take': no stock (RuntimeError)``.
    Uncaught,
}

fn ruby(text: &[u8]) -> Option<Ruby> {
    // The place ends at the first blank.
    let at = memchr::memchr(b' ', &text[..text.len().min(512)])?.checked_sub(3)?;
    if !text[at..].starts_with(b":in") {
        return None;
    }
    let digits = text[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let quoted = matches!(text.get(at + 4), Some(b'`' | b'\''));
    let placed = digits > 0 && quoted && text[..at - digits].ends_with(b":");
    match (placed, text.ends_with(b"'")) {
        (false, _) => None,
        (true, true) => Some(Ruby::Frame),
        (true, false) => contains(&text[at..], b"': ").then_some(Ruby::Uncaught),
    }
}

/// `#0 /app/cart.php(7): take()`, `#1 {main}`, `#0  0x00007f in main ()`.
fn is_numbered(text: &[u8]) -> bool {
    let digits = text[1..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text[1 + digits..].trim_ascii_start();
    digits > 0
        && text.get(1 + digits) == Some(&b' ')
        && (rest.starts_with(b"{main}") || rest.starts_with(b"0x") || contains(rest, b"(") && rest.ends_with(b")"))
}

/// `12: core::panicking::panic_fmt`.
fn is_rust_frame(text: &[u8]) -> bool {
    let digits = text.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    text[digits..].starts_with(b": ") && contains(text, b"::")
}

/// The tree of an exception group of Python: `  | ValueError: 1`, `  +-+---------------- 1 ----------------`.
fn is_exception_group(text: &[u8]) -> bool {
    text.starts_with(b"+ Exception Group Traceback") || text.starts_with(b"+-+---") || text.starts_with(b"+-------")
}

fn is_exit_status(text: &[u8]) -> bool {
    text.strip_prefix(b"exit status ").is_some_and(|code| !code.is_empty() && code.iter().all(u8::is_ascii_digit))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    // A trace says what it is near the start of its lines.
    memchr::memmem::find(&text[..text.len().min(4096)], part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_traces() {
        let check = |line: &str, expect: Shape| assert_eq!(shape(line.as_bytes()), expect, "{line}");
        for line in [
            "\tat shop.Cart.take(Cart.java:88)",
            "at shop.Cart.take(Cart.java:88)",
            "    at Object.<anonymous> (/app/index.js:5:9)",
            "   at Shop.Cart.Take() in /src/Cart.cs:line 88",
            "Caused by: java.sql.SQLTimeoutException: no answer",
            "\tSuppressed: java.io.IOException: x",
            "\t... 14 more",
            "  File \"/app/cart.py\", line 88, in take",
            "During handling of the above exception, another exception occurred:",
            "The above exception was the direct cause of the following exception:",
            "\tfrom app.rb:10:in `<main>'",
            "app/controllers/cart.rb:5:in 'show'",
            "#0 /app/cart.php(7): take()",
            "#1 {main}",
            "Stack trace:",
            "  thrown in /app/cart.php on line 3",
            " ---> System.IO.IOException: x",
            "   --- End of inner exception stack trace ---",
            "   3: core::panicking::panic_fmt",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
            "stack backtrace:",
            "exit status 2",
            "[signal SIGSEGV: segmentation violation code=0x1]",
        ] {
            check(line, Shape::Part);
        }
        for line in [
            "java.lang.IllegalStateException: stock is negative",
            "java.lang.NullPointerException",
            "ValueError: bad",
            "shop.errors.StockError: x",
            "ActiveRecord::RecordNotFoundError: x",
        ] {
            check(line, Shape::Exception);
        }
        for line in [
            "Exception in thread \"main\" java.lang.Error: x",
            "panic: runtime error: index out of range [5] with length 3",
            "Unhandled exception. System.InvalidOperationException: x",
            "PHP Fatal error:  Uncaught Exception: x in /app/cart.php:3",
            "app.rb:5:in `take': no stock (RuntimeError)",
        ] {
            check(line, Shape::Uncaught);
        }
        check("Traceback (most recent call last):", Shape::Traceback);
        check("goroutine 1 [running]:", Shape::Goroutine);
        check("thread 'main' panicked at src/main.rs:5:10:", Shape::ThreadPanicked);
        for line in [
            "at noon the job starts",
            "plain line one",
            "  indented, its own event in a file without times",
            "Error: disk full",
            "Exceptions are rare",
            "# a comment",
            "#1 priority: nothing (yet)!",
            "...",
            "...and so on",
            "from here on",
            "Files were moved",
            "goroutines are cheap",
            "12: twelve",
            "warning: unused variable",
        ] {
            check(line, Shape::Plain);
        }
    }
}
