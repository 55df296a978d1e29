//! What is said of words that are operators in other languages, and searched for here.

use super::super::{Filter, hint};
use super::env;

#[test]
fn operators_of_other_languages_are_searched_for_and_told() {
    #[rustfmt::skip]
    let table: &[(&str, usize, &str)] = &[
        ("refused and timeout", 9, "and is searched for; a blank means and: refused timeout"),
        ("refused or timeout", 9, "or is searched for; or is written |: refused | timeout"),
        ("refused && timeout", 9, "&& is searched for; a blank means and: refused timeout"),
        ("ошибка And level>=warn", 8, "And is searched for"),
        ("not refused", 1, "not is searched for; not is written !: refused !timeout"),
        ("a | not (b)", 5, "not is searched for"),
        ("(a) or !b", 5, "or is searched for"),
        ("@bad and source:x", 6, "and is searched for"),
    ];
    for (text, column, expected) in table {
        assert!(Filter::compile(text, &env()).is_ok(), "{text}");
        let found = hint(text).unwrap_or_else(|| panic!("no hint for {text}"));
        assert_eq!(found.column, *column, "{text}");
        assert!(found.message.starts_with(expected), "{text}: {}", found.message);
    }
}

#[test]
fn words_that_can_only_be_searched_for_are_not_told() {
    for text in [
        "",
        "and",
        "refused not",
        "or refused",
        "refused or",
        "a \"and\" b",
        "\"not\" a",
        "android oregon nothing",
        "a | or",
        "text:and b",
        "refused and (",
        "a AND b",
        "{\"message\": \"a and b\"}",
    ] {
        assert_eq!(hint(text), None, "{text}");
    }
}

#[test]
fn the_source_that_a_refused_word_names_is_found_as_it_is_told() {
    assert_eq!(
        Filter::compile("source:http:app", &env()).map(|filter| filter.canonical()),
        Ok("source:http:app".into())
    );
    assert!(Filter::compile("\"http:app\"", &env()).is_ok());
}
