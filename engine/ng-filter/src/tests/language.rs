//! Canonical form, highlights, and the limits that keep any filter harmless.

use super::super::{Env, Filter};
use super::{compiled, env};
use std::collections::BTreeMap;

#[test]
fn canonical_form() {
    let check = |text: &str, expect: &str| {
        assert_eq!(compiled(text).canonical(), expect, "{text}");
        assert_eq!(compiled(expect).canonical(), expect, "{expect}");
    };
    check("", "");
    check("  a   b ", "a b");
    check("a|b c", "a | b c");
    check("(a|b) c", "(a | b) c");
    check("((a) (b))", "a b");
    check("! ( a b )", "!(a b)");
    check("!(a)", "!a");
    check("\"a\"", "a");
    check("\"a b\"", "\"a b\"");
    check("http://x", "\"http://x\"");
    check("\"@a\" \"~/b\" \"{c\"", "\"@a\" \"~/b\" \"{c\"");
    check(r#""say \"x\" C:\y""#, r#""say \"x\" C:\\y""#);
    check("~/a b\\/c/smi", "~/a b\\/c/ims");
    check("level:\"warn\",error", "level:warn,error");
    check("attr.\"a b\"=\"c,d\"", "attr.\"a b\"=\"c,d\"");
    check("attr.url:http://x", "attr.url:http://x");
    check("since:\"2026-11-22 12:00\"", "since:\"2026-11-22 12:00\"");
    check("@bad x", "@bad x");
    check("text:\"\"", "text:\"\"");
}

#[test]
fn highlights_of_words_and_expressions() {
    let check = |text: &str, over: &str, expect: &[&str]| {
        let hits = compiled(text).highlights(over);
        let parts: Vec<&str> = hits.iter().map(|(start, end)| &over[*start..*end]).collect();
        assert_eq!(parts, expect, "{text}");
    };
    check("error", "Error: an ERROR", &["Error", "ERROR"]);
    check("err level>=warn rror", "Error", &["Error"]);
    check("!error", "error", &[]);
    check("!(!error x)", "x error", &["error"]);
    check("a | ~/[0-9]+/", "a 12 b", &["a", "12"]);
    check("диск", "Ошибка ДИСКА", &["ДИСК"]);
    check("source:host text:up", "host up", &["up"]);
    check("~/x*/", "abc", &[]);
    check("~/(?-u:\\xd0)/", "Ошибка", &[]);
    check("@bad lost", "lost", &["lost"]);
    check("", "anything", &[]);
}

#[test]
fn everything_is_only_the_empty_filter() {
    assert!(Filter::default().is_everything());
    assert!(compiled(" ").is_everything());
    assert!(compiled("{}").is_everything());
    assert!(!compiled("a").is_everything());
    assert_eq!(compiled(" a ").text(), " a ");
}

#[test]
fn depth_and_length_are_bounded() {
    let error = |text: String| Filter::compile(&text, &env()).unwrap_err();
    compiled(&format!("{}a{}", "(".repeat(64), ")".repeat(64)));
    compiled(&format!("{}a", "!".repeat(64)));
    assert_eq!(error(format!("{}a{}", "(".repeat(65), ")".repeat(65))).column, 65);
    assert_eq!(error("!".repeat(4096)).column, 65);
    assert_eq!(error("(".repeat(4096)).column, 65);
    compiled(&"я".repeat(1000));
    assert_eq!(error("a".repeat(4097)).column, 4097);
    assert!(error("/:".repeat(2048)).message.contains("canonical form exceeds"), "it needs quotes");
    compiled(&"a ".repeat(2048));
    assert!(error("~/\\w{1000}/".into()).message.contains("too large"));
    assert!(error("~/a/ ".repeat(65)).message.contains("more than 64 regular expressions"));
    assert!(error(r#"{"$not":"#.repeat(65) + "{}" + &"}".repeat(65)).message.contains("nested levels"));
    error("{\"a\":".repeat(600));
}

#[test]
fn saved_filters_cannot_explode() {
    // Each filter uses the one before twice: 2^40 uses if they were all expanded.
    for innermost in ["a", ""] {
        let mut saved = BTreeMap::from([("f0".to_string(), innermost.to_string())]);
        for n in 1..=40 {
            saved.insert(format!("f{n}"), format!("@f{0} | @f{0}", n - 1));
        }
        let error = Filter::compile("@f40", &Env { saved, ..Env::default() }).unwrap_err();
        assert!(error.message.contains("more than 4096 values"), "{error}");
    }

    let mut saved = BTreeMap::from([("f0".to_string(), "a".to_string())]);
    for n in 1..=1000 {
        saved.insert(format!("f{n}"), format!("!{}@f{}{}", "(x|".repeat(60), n - 1, ")".repeat(60)));
    }
    let error = Filter::compile("@f1000", &Env { saved, ..Env::default() }).unwrap_err();
    assert!(error.message.contains("nested too deeply"), "{error}");
}

#[test]
fn a_filter_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Filter>();
}
