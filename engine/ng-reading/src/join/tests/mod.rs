//! Which lines of which texts are one event.

mod reports;
mod wrapped;

use crate::source_reader::{Item, Limits, SourceReader};
use proptest::prelude::*;
use std::convert::Infallible;

/// The events of a text, which comes in chunks of `step` bytes. Other items are shown in angle brackets.
pub(crate) fn read(text: &[u8], step: usize, limits: Limits) -> Vec<String> {
    let mut found = Vec::new();
    let mut sink = |item: Item<'_>| -> Result<(), Infallible> {
        found.push(match item {
            Item::Event(event) => String::from_utf8_lossy(event).into_owned(),
            Item::Cut { kept, length } => format!("<cut {} of {length}>", kept.len()),
            Item::Hole(nuls) => format!("<hole {nuls}>"),
            Item::Ended { lines, bytes } => format!("<ended {lines} {bytes}>"),
            Item::Broken(problem) => format!("<broken {problem}>"),
        });
        Ok(())
    };
    let mut reader = SourceReader::new(limits);
    for chunk in text.chunks(step) {
        let Ok(()) = reader.feed(chunk, &mut sink);
    }
    let Ok(()) = reader.finish(&mut sink);
    assert!(!reader.is_waiting());
    found
}

fn events(text: &str) -> Vec<String> {
    read(text.as_bytes(), 1 << 20, Limits::default())
}

/// The text is these events; in the table a line of each begins with `+`, and what follows it belongs to it. Whatever the
/// chunks, and with CR LF as with LF.
#[track_caller]
fn check(table: &str) {
    let mut expect: Vec<String> = Vec::new();
    let mut text = String::new();
    for line in table.trim_matches('\n').split('\n') {
        let (mark, line) = line.split_at(line.len().min(1));
        match mark {
            "+" => expect.push(line.into()),
            _ => {
                let event = expect.last_mut().expect("the first line begins an event");
                event.push('\n');
                event.push_str(line);
            }
        }
        text.push_str(line);
        text.push('\n');
    }
    // Blank lines at the end of an event are not part of it.
    let expect: Vec<&str> = expect.iter().map(|event| event.trim_end_matches('\n')).collect();
    for step in [1, 7, 64, 1 << 20] {
        assert_eq!(read(text.as_bytes(), step, Limits::default()), expect, "by {step}");
    }
    assert_eq!(events(&text.replace('\n', "\r\n")), expect, "with CR");
}

#[test]
fn a_slow_query_of_mysql_is_one_event() {
    check(
        "
+# Time: 2026-11-22T13:02:03.123456Z
 # User@Host: root[root] @ localhost []  Id:     7
 # Query_time: 1.234567  Lock_time: 0.000123 Rows_sent: 1  Rows_examined: 20000
 SET timestamp=1795352523;
 SELECT * FROM x;
+# Time: 2026-11-22T13:02:04.123456Z
 # User@Host: root[root] @ localhost []  Id:     7
 # Query_time: 1.234567  Lock_time: 0.000123 Rows_sent: 1  Rows_examined: 20000
 SET timestamp=1795352524;
 SELECT 1;",
    );
}

#[test]
fn events_of_java_util_logging_have_two_lines() {
    check(
        "
+Nov 22, 2026 1:02:03 PM shop.Cart take
 SEVERE: nobody there
 java.lang.IllegalStateException: no session
 	at shop.Cart.take(Cart.java:88)
+Nov 22, 2026 1:02:04 PM shop.Cart <init>
 INFO: read
+Nov 22, 2026 1:02:05 PM shop.Cart <init>
 WARNING: late",
    );
}

#[test]
fn a_trace_belongs_to_the_line_that_logged_it() {
    check(
        "
+2026-11-22 13:02:03,101 INFO  [main] shop.Boot - service started
+2026-11-22 13:02:04,102 ERROR [worker-1] shop.Cart - checkout failed
 java.lang.IllegalStateException: stock is negative
 	at shop.Cart.take(Cart.java:88)
 Caused by: java.sql.SQLTimeoutException: no answer
 	... 14 more
+2026-11-22 13:02:05,103 INFO  [main] shop.Boot - request done",
    );
    check(
        "
+2026-11-22 13:02:04 ERROR shop failed
 Traceback (most recent call last):
   File \"/app/cart.py\", line 88, in take
     stock.take(1)
 KeyError: 'stock'
 
 During handling of the above exception, another exception occurred:
 
 Traceback (most recent call last):
   File \"/app/cart.py\", line 90, in take
     raise OutOfStock
 shop.OutOfStock: none
 
+2026-11-22 13:02:05 INFO shop goes on",
    );
    check(
        "
+2026/11/22 13:02:03 http: panic serving 10.0.0.1:5: boom
 goroutine 18 [running]:
 net/http.(*conn).serve.func1()
 	/usr/lib/go/src/net/http/server.go:1854 +0xbf
 panic({0x6a1f60, 0x7a3f48})
 	/usr/lib/go/src/runtime/panic.go:890 +0x263
 created by net/http.(*Server).Serve
 	/usr/lib/go/src/net/http/server.go:3089 +0x5ed
+2026/11/22 13:02:04 next",
    );
    check(
        "
+[22-Nov-2026 13:02:03 UTC] PHP Fatal error:  Uncaught Exception: x in /app/cart.php:3
 Stack trace:
 #0 /app/cart.php(7): take()
 #1 {main}
   thrown in /app/cart.php on line 3
+[22-Nov-2026 13:02:04 UTC] next",
    );
}

#[test]
fn a_trace_in_a_source_without_stamps_is_known_by_its_shape() {
    check(
        "
+starting
+Traceback (most recent call last):
   File \"/app/cart.py\", line 88, in <module>
     main()
 ValueError: bad
+going on
+Exception in thread \"main\" java.lang.IllegalStateException: stock is negative
 	at shop.Cart.take(Cart.java:88)
 	at shop.Main.main(Main.java:5)
+going on
+panic: runtime error: index out of range [5] with length 3
 
 goroutine 1 [running]:
 main.main()
 	/app/main.go:10 +0x1d
 exit status 2
+thread 'main' panicked at src/main.rs:5:10:
 called `Option::unwrap()` on a `None` value
 note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
+going on
+Error: boom
     at Object.<anonymous> (/app/index.js:5:9)
     at Module._compile (node:internal/modules/cjs/loader:1105:14)
+Unhandled exception. System.InvalidOperationException: no stock
  ---> System.IO.IOException: disk
    at Shop.Cart.Take() in /src/Cart.cs:line 88
    --- End of inner exception stack trace ---
    at Shop.Program.Main()
+app.rb:5:in `take': no stock (RuntimeError)
 	from app.rb:10:in `<main>'
+going on",
    );
    check(
        "
+ERROR:root:checkout failed
 Traceback (most recent call last):
   File \"/app/cart.py\", line 88, in take
     stock.take(1)
 KeyError: 'stock'
+INFO:root:next
+[ERROR] checkout failed
 java.lang.IllegalStateException: stock is negative
 	at shop.Cart.take(Cart.java:88)
+[INFO] next
+info: Microsoft.Hosting.Lifetime[0]
       Application started.
+fail: Shop.Cart[0]
       no stock",
    );
}

#[test]
fn ordinary_lines_stay_events() {
    check(
        "
+plain line one
+  indented, its own event in a file without times
+plain line three
+phases = (
+	  Percentage = \"69.01998901367188\";
+12345 items, 1234567890123456 bytes",
    );
    check(
        "
+  PID TTY          TIME CMD
+    1 pts/0    00:00:00 bash
+   22 pts/0    00:00:00 ps
+Filesystem     1K-blocks    Used Available Use% Mounted on
+/dev/vda1       10218772 4283200   5394744  45% /
+key:
+  - a: 1
+    b: 2
+--- a/x
++++ b/x
+@@ -1,2 +1,2 @@
+-old
++new",
    );
    check(
        "
+Nov 30 23:59:59 host app: one
+Dec  1 00:00:00 host app: two
+Dec 10 00:00:00 host app: three
+17/06/09 20:10:40 INFO spark
+081109 203518 143 INFO dfs: hdfs
+[2026-11-22 13:02:03] four
+1795352523 five",
    );
    // Notations of several kinds in one source, and lines that state a level of their own.
    check(
        "
+2026-11-22T13:02:03Z one
+[E] no memory
+level=info msg=two
+{\"level\":\"error\",\"msg\":\"three\"}
+22.Nov.2026 13:02:03 a notation that is not known
+ERROR: four",
    );
}

#[test]
fn where_events_begin_with_a_number_a_line_that_does_begins_one() {
    check(
        "
+460773 node-199 unix.hw state_change.unavailable 1145552100 1 the unit is down
+2568643 node-70 action start 1074119817 1 add a member
+2570772 node-124 action start 1074123150 1 add a member",
    );
}

#[test]
fn without_a_stamp_where_all_have_one_a_line_goes_on() {
    check(
        "
+2026-11-22 13:02:03 ERROR query failed
 SELECT *
   FROM cart
 WHERE id = 7
+2026-11-22 13:02:04 INFO df says
 Filesystem     1K-blocks    Used
 /dev/vda1       10218772 4283200
 
 total 1
+2026-11-22 13:02:05 INFO {
   \"a\": 1
 }
+2026-11-22 13:02:06 INFO answer:
 {
   \"a\": 1
 }
+2026-11-22 13:02:07 next",
    );
    // Once an event had none, twenty must have one before that holds again; what only goes on does so all the same.
    check(
        "
+banner
+2026-11-22 13:02:03 INFO one
+no stamp
+2026-11-22 13:02:04 INFO two
   indented
 }
+no stamp",
    );
}

#[test]
fn json_is_collected_until_it_closes() {
    check(
        "
+{
   \"level\": \"error\",
   \"msg\": \"}{\",
   \"ctx\": {
     \"user\": \"ann\"
   }
 }
+{
   \"level\": \"info\"
 }
+next",
    );
    let check = |text: &str, expect: &[&str]| {
        for step in [1, 5, 1 << 20] {
            assert_eq!(read(text.as_bytes(), step, Limits::default()), expect, "{text} by {step}");
        }
    };
    check("[\n  {\"a\":1},\n  {\"b\":\n2}\n]\nnext\n", &["{\"a\":1}", "{\"b\":\n2}", "next"]);
    check("[{\"a\":1},{\"b\":2}]\n", &["{\"a\":1}", "{\"b\":2}"]);
    check("{\"a\":1}{\"b\":2} {\"c\":\n3}\n", &["{\"a\":1}", "{\"b\":2}", "{\"c\":\n3}"]);
    check("{\"a\":1},\n{\"a\":\"}{\"}\n", &["{\"a\":1},", "{\"a\":\"}{\"}"]);
    check("[1,2,3,4,5,6,7,8]\n[1,\n2]\n", &["[1,2,3,4,5,6,7,8]", "[1,", "2]"]);
    // What turns out to be something else.
    check("{\n listen 80;\n}\n", &["{", " listen 80;", "}"]);
    check("[\nplain\n[\n", &["[", "plain", "["]);
    check("{\"a\":\n{\"level\":\"error\"}\n", &["{\"a\":\n{\"level\":\"error\"}"]);
    check("{\n\"a\":1,\n2026-11-22 x\n{\"b\":1}\n", &["{\n\"a\":1,", "2026-11-22 x", "{\"b\":1}"]);
    check("[{\"a\":1},\n{\"b\":2} x\ny\n", &["{\"a\":1}", "{\"b\":2}", " x", "y"]);
    check("{broken}\n[INFO] x\n[main] y\n", &["{broken}", "[INFO] x", "[main] y"]);
}

#[test]
fn an_event_is_ended_at_its_bounds() {
    let limits = Limits { event_lines: 3, event_bytes: 60, ..Limits::default() };
    let text = format!("2026-11-22 13:02:03 x\n{}2026-11-22 13:02:03 y\n", "\ta\n".repeat(4));
    let expect = ["2026-11-22 13:02:03 x\n\ta\n\ta", "<ended 3 27>", "\ta\n\ta", "2026-11-22 13:02:03 y"];
    assert_eq!(read(text.as_bytes(), 5, limits), expect);
    let text = format!("2026-11-22 13:02:03 x\n\t{}\n\tb\n", "a".repeat(60));
    assert_eq!(read(text.as_bytes(), 5, limits)[1], "<ended 1 21>");
    let json = format!("{{\"a\":[\n{}1]}}\nnext\n", "1,\n".repeat(4));
    assert_eq!(read(json.as_bytes(), 5, limits), ["{\"a\":[\n1,\n1,", "<ended 3 12>", "1,\n1,\n1]}", "next"]);
}

#[test]
fn blank_lines_are_no_events() {
    let mut reader = SourceReader::new(Limits::default());
    let mut found = Vec::new();
    let mut sink = |item: Item<'_>| -> Result<(), Infallible> {
        found.push(format!("{item:?}"));
        Ok(())
    };
    let Ok(()) = reader.feed(b"\n  \na\n\n\nb\n\t\n", &mut sink);
    let Ok(()) = reader.finish(&mut sink);
    assert_eq!(found.len(), 2);
    assert_eq!(reader.blank_lines(), 5);
}

#[test]
fn what_is_quiet_is_handed_on() {
    let mut reader = SourceReader::new(Limits::default());
    let mut found = Vec::new();
    let mut sink = |item: Item<'_>| -> Result<(), Infallible> {
        found.extend(match item {
            Item::Event(event) => Some(String::from_utf8_lossy(event).into_owned()),
            _ => None,
        });
        Ok(())
    };
    let Ok(()) = reader.feed(b"2026-11-22 13:02:03 x\n\tat a.b(c)\n2026-11-22 13:02:03 par", &mut sink);
    assert!(reader.is_waiting());
    let Ok(()) = reader.settle(&mut sink);
    assert!(!reader.is_waiting());
    let Ok(()) = reader.feed(b"tial\n", &mut sink);
    let Ok(()) = reader.settle(&mut sink);
    assert_eq!(found, ["2026-11-22 13:02:03 x\n\tat a.b(c)", "2026-11-22 13:02:03 par", "tial"]);
}

#[test]
fn colours_are_left_out_before_anything_else_looks() {
    let text = "\x1b[2m2026-11-22 13:02:03\x1b[0m \x1b[31mERROR\x1b[0m x\n\x1b[31m\tat a.b(c)\x1b[0m\n\x1b[1m{\x1b[0m\n\"a\":1}\n";
    let expect = ["2026-11-22 13:02:03 ERROR x\n\tat a.b(c)\n{\n\"a\":1}"];
    for step in [1, 9, 1 << 20] {
        assert_eq!(read(text.as_bytes(), step, Limits::default()), expect, "by {step}");
    }
    let kept = Limits { keep_colours: true, ..Limits::default() };
    assert!(read(text.as_bytes(), 9, kept)[0].starts_with("\x1b[2m2026-11-22"));
}

/// Lines of every kind that the rules know.
fn line() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "2026-11-22 13:02:03 INFO one",
        "2026-11-22T13:02:03.1Z stderr F two",
        "2026-11-22T13:02:03.1Z stdout P three",
        "2026-11-22T13:02:03.1Z stderr F \tat a.b(c)",
        "ERROR: four",
        "java.lang.Error: x",
        "\tat a.b(c)",
        "Traceback (most recent call last):",
        "  File \"x\", line 1, in y",
        "goroutine 1 [running]:",
        "main.main()",
        "thread 'main' panicked at a:1:",
        "{",
        "  \"a\": 1,",
        "}",
        "[",
        "{\"a\":1}{\"b\":2}",
        "{\"log\":\"x\\n\",\"stream\":\"stderr\",\"time\":\"T\"}",
        "{\"log\":\"half\",\"stream\":\"stderr\",\"time\":\"T\"}",
        "web-1  | x",
        "web-1  | \tat a.b(c)",
        "\x1b[31mred\x1b[0m",
        "",
        "   ",
        "\0",
    ]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => ".{0,12}"]
}

proptest! {
    #[test]
    fn events_do_not_depend_on_how_the_bytes_come(
        lines in prop::collection::vec((line(), prop::sample::select(vec!["\n", "\n", "\r\n"])), 0..40),
        steps in prop::collection::vec(1usize..200, 1..8),
        bounds in prop_oneof![Just((512, 1 << 18)), Just((3, 80))],
    ) {
        let text: String = lines.iter().map(|(line, end)| format!("{line}{end}")).collect();
        let limits = Limits { event_lines: bounds.0, event_bytes: bounds.1, line_bytes: 64, ..Limits::default() };
        let whole = read(text.as_bytes(), 1 << 20, limits);
        for step in steps {
            prop_assert_eq!(read(text.as_bytes(), step, limits), whole.clone(), "by {}", step);
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(prop_oneof![
        Just(b'\n'), Just(b'{'), Just(b'['), Just(b'"'), Just(0x1b), Just(b' '), Just(0), any::<u8>()
    ], 0..400), step in 1usize..50) {
        let whole = read(&bytes, 1 << 20, Limits::default());
        prop_assert_eq!(read(&bytes, step, Limits::default()), whole);
    }
}
