//! Which words state a level, and which are prose.

use super::*;

fn check(line: &str, expect: Option<(Level, Option<&str>)>) {
    check_behind(line, false, expect);
}

/// `stamped` = the line is what stands behind a timestamp.
fn check_behind(line: &str, stamped: bool, expect: Option<(Level, Option<&str>)>) {
    let found = in_line(&Vocabulary::default(), line.as_bytes(), 0, stamped, false);
    let found = found.map(|found| (found.level, found.message.map(|at| &line[at..])));
    assert_eq!(found, expect, "{line:?}");
}

#[test]
fn levels_in_lines() {
    use Level::*;
    for (line, level, message) in [
        ("line 10 ERROR: bad", Error, None),
        ("INFO started", Info, Some(" started")),
        ("WRN low", Warn, Some(" low")),
        ("[error] no route", Error, Some(" no route")),
        ("[E] no route", Error, Some(" no route")),
        ("[WARN ]: low", Warn, Some(" low")),
        ("[core:error] x", Error, Some(" x")),
        ("[INFO/main] x", Info, Some(" x")),
        ("[main][ERROR] x", Error, Some(" x")),
        ("[I 10:00:00.123 app] x", Info, Some(" x")),
        ("WARNING:root:disk", Warn, Some("root:disk")),
        ("warning: unused", Warn, Some(" unused")),
        ("fail: Shop.Cart[0]", Error, Some(" Shop.Cart[0]")),
        ("<Warning>: gone", Warn, Some(" gone")),
        ("E/Cart: gone", Error, Some("Cart: gone")),
        ("W/Cart ( 123): low", Warn, Some("Cart ( 123): low")),
        ("SEVERE|cart|gone", Error, Some("|cart|gone")),
        ("ERROR,cart,gone", Error, Some("cart,gone")),
        ("[main] ERROR c.e.App - boom", Error, Some(" c.e.App - boom")),
        ("17 INFO dfs.Node: up", Info, Some(" dfs.Node: up")),
        ("web-1 ERROR boom", Error, None),
        ("main ERROR boom", Error, None),
        ("my app - error - boom", Error, None),
        ("app.db - WARNING - slow", Warn, None),
        ("host app[1]: ERROR: bad", Error, None),
        ("kernel: WARN low", Warn, None),
        ("\x1b[32mINFO\x1b[0m up", Info, Some("\x1b[0m up")),
        ("\x1b[31merror\x1b[39m gone", Error, Some("\x1b[39m gone")),
        ("7 RAS KERNEL FATAL stop", Fatal, None),
        ("ERRO[0003] boom", Error, Some(" boom")),
        ("FATA[0000] gone", Fatal, Some(" gone")),
        ("DEBU[1200] x", Debug, Some(" x")),
        ("ERROR+4 boom", Error, Some(" boom")),
        ("INFO-2 boom", Info, Some(" boom")),
        ("[Server thread/ERROR]: boom", Error, Some(" boom")),
        ("[    12.345] (EE) no screens", Error, Some(" no screens")),
        ("(WW) no mouse", Warn, Some(" no mouse")),
        ("PHP Fatal error:  no cart", Fatal, Some("PHP Fatal error:  no cart")),
        ("PHP Notice:  no cart", Notice, Some("PHP Notice:  no cart")),
        ("router1 %LINK-3-UPDOWN: down", Error, None),
    ] {
        check(line, Some((level, message)));
    }
    check_behind("info\tmain.go:7\tup", true, Some((Info, Some("\tmain.go:7\tup"))));
    check_behind("W NETWORK  [conn1] slow", true, Some((Warn, Some(" NETWORK  [conn1] slow"))));
    for (line, level, message) in [
        ("|ERROR|MyApp.Program|boom", Error, Some("MyApp.Program|boom")),
        ("|0|INFO|MyApp|boom", Info, Some("MyApp|boom")),
        ("|main|WARN|boom", Warn, None),
        ("|Trace|boom", Trace, Some("boom")),
        ("|notice|boom", Notice, Some("boom")),
        ("| error | boom", Error, Some(" boom")),
        (" |ERROR| boom", Error, Some(" boom")),
        (" | error | boom", Error, Some(" boom")),
        ("|W|cart|boom", Warn, Some("cart|boom")),
        (";ERROR;x", Error, Some("x")),
        (",ERROR,x", Error, Some("x")),
        (",\"Error\",\"x\"", Error, Some("\"x\"")),
        (" E! [inputs.cpu] x", Error, Some(" [inputs.cpu] x")),
        (" I! up", Info, Some(" up")),
        (": %SYS-5-CONFIG_I: Configured", Notice, Some("%SYS-5-CONFIG_I: Configured")),
        (": %ASA-4-106023: Deny", Warn, Some("%ASA-4-106023: Deny")),
        (": %FMANFP-CEF-2-FAIL: x", Fatal, Some("%FMANFP-CEF-2-FAIL: x")),
        (" [ 77 ] {a7} <Error> x", Error, None),
        (" [77] <Warning> x", Warn, Some(" x")),
        (" host NetworkManager[77]: <warn>  [1795352523.1] x", Warn, None),
        (" ERROR[77][C-7] file.c: x", Error, Some("[C-7] file.c: x")),
    ] {
        check_behind(line, true, Some((level, message)));
    }
    check("E! of all letters", None);
    check_behind("ERROR, disk full", true, Some((Error, Some(" disk full"))));
}

#[test]
fn prose_states_no_level() {
    for line in [
        "an error occurred while failing",
        "failed to open",
        "Error reading file",
        "set log level to DEBUG",
        "the information: none",
        "<error> tag",
        "SUMMARY: 0 ERROR, 0 FATAL",
        "0 ERROR, 0 FATAL",
        "0 ERROR 0 FATAL",
        "Tests: 12 run, 0 fail: ok",
        "ALERT MANAGER STARTED",
        "LOG LEVEL SET TO DEBUG",
        "Log level: DEBUG from now on",
        "TEST SUITE PASSED, NO ERROR",
        "SELECT * FROM ERROR WHERE ID = 7",
        "select * from ERROR where id = 7",
        "no ERRORS found",
        "an ERROR came",
        "queue [error] has 0 messages",
        "I/O error",
        "I/O: lost",
        "[A] the first point",
        "|the|error|was|here",
        ",user,error,x",
        ", error, they said",
        "|a|b|c|ERROR|x",
        "%LINK-9-UPDOWN: x",
        "%d-3-files: x",
        "100% done",
        "PHP is a language",
        "a (II) b",
        "x <warn> y",
        "ERRORS[3] of them",
        "error[3] of them",
        "one two three four five six seven eight ERROR",
        "error",
    ] {
        check(line, None);
        check_behind(line, true, None);
    }
}
