//! What is read of stack traces.

use super::{encoded, text_of};
use ng_wire::{Format, Level};

#[track_caller]
fn check(raw: &str, exception: &str, message: &str, frame: &str) {
    let (encoder, parsed) = encoded(Format::Text, raw.as_bytes());
    assert_eq!(encoder, "text");
    let field = |name: &str| {
        parsed.field(raw.as_bytes(), name).map(|field| text_of(raw.as_bytes(), field.value)).unwrap_or_default()
    };
    let found = [field("exception"), field("exception.message"), field("frame")];
    assert_eq!(found, [exception, message, frame], "{raw}");
}

#[test]
fn java_names_the_outermost() {
    let trace = "2026-11-22 13:02:03 ERROR Cart - payment failed order=7
java.lang.IllegalStateException: stock is negative
\tat java.base/java.util.Objects.check(Objects.java:7)
\tat org.springframework.web.Filter.run(Filter.java:3)
\tat shop.Cart.take(Cart.java:88)
\tat shop.Main.main(Main.java:5)
Caused by: java.sql.SQLTimeoutException: no answer
\tat shop.Db.ask(Db.java:1)
\t... 14 more";
    check(trace, "java.lang.IllegalStateException", "stock is negative", "shop.Cart.take(Cart.java:88)");
    check(
        "Exception in thread \"main\" java.lang.Error: x\n\tat a.B.c(B.java:1)",
        "java.lang.Error",
        "x",
        "a.B.c(B.java:1)",
    );
    check(
        "ERROR boom java.lang.Error: nope\n\tat shop.Cart.take(Cart.java:88)\nCaused by: java.io.IOException: disk",
        "java.lang.Error",
        "nope",
        "shop.Cart.take(Cart.java:88)",
    );
    check("ERROR failed: shop.StockException\n\tat a.B.c(B.java:1)", "shop.StockException", "", "a.B.c(B.java:1)");
}

#[test]
fn python_names_the_last() {
    let trace = "2026-11-22 13:02:03 ERROR cart failed
Traceback (most recent call last):
  File \"/app/cart.py\", line 3, in take
    x()
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"/app/main.py\", line 9, in main
    run()
  File \"/app/shop.py\", line 88, in run
    requests.get()
  File \"/usr/lib/python3.11/site-packages/requests/api.py\", line 1, in get
    raise
shop.errors.StockError: none left: 0";
    check(trace, "shop.errors.StockError", "none left: 0", "File \"/app/shop.py\", line 88, in run");
    check(
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nKeyboardInterrupt",
        "KeyboardInterrupt",
        "",
        "File \"a.py\", line 1, in <module>",
    );
}

#[test]
fn other_languages() {
    check(
        "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nruntime.panic(0x1)\nmain.take(...)\n\t/app/main.go:7 +0x1d\nexit status 2",
        "panic",
        "runtime error: index out of range [5] with length 3",
        "main.take(...)",
    );
    check(
        "TypeError: x is undefined\n    at Module._compile (node:internal/modules:1:2)\n    at take (/app/index.js:5:9)",
        "TypeError",
        "x is undefined",
        "take (/app/index.js:5:9)",
    );
    check(
        "Unhandled exception. System.InvalidOperationException: no stock\n ---> System.IO.IOException: x\n   at System.Linq.First()\n   at Shop.Cart.Take() in /src/Cart.cs:line 88",
        "System.InvalidOperationException",
        "no stock",
        "Shop.Cart.Take() in /src/Cart.cs:line 88",
    );
    check(
        "/app/cart.rb:5:in `take': no stock (RuntimeError)\n\tfrom /app/main.rb:1:in `<main>'",
        "RuntimeError",
        "no stock",
        "/app/cart.rb:5:in `take'",
    );
    check(
        "thread 'main' panicked at src/main.rs:5:10:\nno stock\nstack backtrace:\n   0: rust_begin_unwind\n   1: core::panicking::panic_fmt\n   2: shop::take",
        "panicked",
        "no stock",
        "src/main.rs:5:10",
    );
    check(
        "PHP Fatal error:  Uncaught StockException: none in /app/cart.php:3\nStack trace:\n#0 /app/vendor/x.php(1): a()\n#1 /app/cart.php(7): take()\n#2 {main}\n  thrown in /app/cart.php on line 3",
        "StockException",
        "none in /app/cart.php:3",
        "/app/cart.php(7): take()",
    );
}

#[test]
fn the_plain_error_of_javascript() {
    let frames = "    at f (/app/x.js:3:9)\n    at node:internal/main:1:2";
    for (line, text) in [
        ("Error: boom", "Error: boom"),
        ("2026-11-22T13:02:03Z ERROR Error: boom", "Error: boom"),
        ("2026-11-22T13:02:03Z ERROR pay failed Error: boom", "pay failed Error: boom"),
    ] {
        let raw = format!("{line}\n{frames}");
        check(&raw, "Error", "boom", "f (/app/x.js:3:9)");
        let (_, parsed) = encoded(Format::Text, raw.as_bytes());
        assert_eq!((text_of(raw.as_bytes(), parsed.message), parsed.level), (text, Some(Level::Error)), "{line}");
    }
    check(
        &format!("/app/x.js:3\n    throw new Error()\n    ^\n\nError: boom\n{frames}"),
        "Error",
        "boom",
        "f (/app/x.js:3:9)",
    );
    check("Error: boom", "", "", "");
    check(
        "TypeError: x is not a function\n    at f (/app/x.js:3:9)",
        "TypeError",
        "x is not a function",
        "f (/app/x.js:3:9)",
    );
}

#[test]
fn laravel_has_the_class_in_a_field() {
    let trace = "[2026-11-22 13:02:03] production.ERROR: no stock {\"userId\":7,\"exception\":\"[object] (App\\\\StockException(code: 0): none at noon at /app/Cart.php:7)
[stacktrace]
#0 /app/vendor/laravel/Router.php(1): run()
#1 /app/Shop.php(88): take()
#2 {main}
\"}";
    check(trace, "App\\\\StockException", "none at noon", "/app/Shop.php(88): take()");
    check(
        "[2026-11-22 13:02:03] local.ERROR: x {\"exception\":\"[object] (RuntimeException(code: 0): x at /app/a.php:1)\n[stacktrace]\n#0 /app/a.php(1): f()",
        "RuntimeException",
        "x",
        "/app/a.php(1): f()",
    );
}

#[test]
fn a_trace_that_stands_alone_is_an_error() {
    let level = |raw: &str| encoded(Format::Text, raw.as_bytes()).1.level;
    assert_eq!(level("Exception in thread \"main\" java.lang.Error: x\n\tat a.B.c(B.java:1)"), Some(Level::Error));
    assert_eq!(
        level("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 1"),
        Some(Level::Error)
    );
    assert_eq!(level("2026-11-22 13:02:03 WARN x\njava.lang.Error: x\n\tat a.B.c(B.java:1)"), Some(Level::Warn));
    assert_eq!(level("2026-11-22 13:02:03 INFO one\n  two"), Some(Level::Info));
}

#[test]
fn what_has_no_trace_has_no_exception() {
    check("2026-11-22 13:02:03 INFO one\n  two\n  three", "", "", "");
    check("2026-11-22 13:02:03 ERROR java.lang.Error: x", "", "", "");
}
