//! Lines before which a container runtime or a multiplexer has written something.

use super::{check, events};

#[test]
fn a_trace_whose_every_line_has_the_stamp_of_a_runtime_is_one_event() {
    let text = "\
2026-11-22T13:02:03.101234567Z starting\n\
2026-11-22T13:02:04.101234567Z ERROR checkout failed\n\
2026-11-22T13:02:04.101234568Z java.lang.IllegalStateException: stock is negative\n\
2026-11-22T13:02:04.10123457Z 	at shop.Cart.take(Cart.java:88)\n\
2026-11-22T13:02:05.101234567Z nothing else\n";
    let expect = [
        "2026-11-22T13:02:03.101234567Z starting",
        "2026-11-22T13:02:04.101234567Z ERROR checkout failed\njava.lang.IllegalStateException: stock is negative\n\tat shop.Cart.take(Cart.java:88)",
        "2026-11-22T13:02:05.101234567Z nothing else",
    ];
    assert_eq!(events(text), expect);
    let own = "\
2026-11-22T13:02:03.101234567Z 2026-11-22 13:02:03.101 UTC [7] ERROR:  no such column\n\
2026-11-22T13:02:03.101234568Z and of these there is more\n\
2026-11-22T13:02:04.101234567Z 2026-11-22 13:02:04.101 UTC [7] LOG:  done\n";
    assert_eq!(events(own)[0].lines().nth(1), Some("and of these there is more"));
    assert_eq!(events(own).len(), 2);
    // A program that states such times itself does so once for an event.
    check(
        "
+2026-11-22T13:02:03.101234567Z INFO started
+2026-11-22T13:02:04.101234567Z ERROR failed
 of this there is more
 	at shop.Cart.take(Cart.java:88)
+2026-11-22T13:02:05.101234567Z INFO done",
    );
}

#[test]
fn a_trace_behind_a_name_and_a_stamp_is_one_event() {
    for name in ["[pod/web-1/app] ", "web-1  | ", "web.1.x2k9p@node    | "] {
        let lines = [
            "2026-11-22T13:02:03.123456789Z ERROR failed",
            "2026-11-22T13:02:03.123456790Z Traceback (most recent call last):",
            "2026-11-22T13:02:03.123456791Z   File \"/a.py\", line 3, in f",
            "2026-11-22T13:02:03.123456792Z ValueError: bad",
            "2026-11-22T13:02:04.123456789Z INFO on",
        ];
        let text: String = lines.iter().map(|line| format!("{name}{line}\n")).collect();
        let found = events(&text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].ends_with("\nTraceback (most recent call last):\n  File \"/a.py\", line 3, in f\nValueError: bad")
        );
    }
}

#[test]
fn lines_of_containers_are_joined_behind_what_stands_before_them() {
    let cri = |text: &str| format!("2026-11-22T13:02:03.1Z stderr F {text}\n");
    let lines = [
        "2026-11-22 13:02:04 ERROR failed",
        "java.lang.Error: x",
        "\tat shop.Cart.take(Cart.java:88)",
        "2026-11-22 13:02:05 next",
    ];
    let text: String = lines.iter().map(|line| cri(line)).collect();
    let whole = |lines: &[&str]| cri(&lines.join("\n")).trim_end().to_owned();
    assert_eq!(events(&text), [whole(&lines[..3]), whole(&lines[3..])]);
    let docker: String = lines
        .iter()
        .map(|line| serde_json::json!({"log": format!("{line}\n"), "stream": "stderr", "time": "2026-11-22T13:02:03.1Z"}))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(events(&docker), [whole(&lines[..3]), whole(&lines[3..])]);
    // A blank line inside a trace is one behind its heading too.
    let go = ["panic: x", "", "goroutine 1 [running]:", "main.main()", "", "next"];
    let text: String = go.iter().map(|line| cri(line)).collect();
    assert_eq!(events(&text), [whole(&go[..4]), whole(&go[5..])]);
    let text: String = lines.iter().map(|line| cri(line)).collect();
    // Another stream or container is another event.
    let other = text.replacen("stderr", "stdout", 1);
    assert_eq!(events(&other).len(), 3);
    let compose = "web-1  | ERROR failed\nweb-1  | java.lang.Error: x\ndb-1   | \tat x.y(z)\nweb-1  | {\nweb-1  |  \"a\":1\nweb-1  | }\n";
    assert_eq!(
        events(compose),
        ["web-1  | ERROR failed\njava.lang.Error: x", "db-1   | \tat x.y(z)", "web-1  | {\n \"a\":1\n}"]
    );
}
