//! Properties over generated trees, texts and JSON.

use super::super::ast::{At, Compare, Expr, Literal, Op, Value};
use super::super::parse::parse;
use super::super::{Env, Filter, fields, units};
use super::{NOW, env, samples};
use jiff::tz::Offset;
use ng_model::zone::Zone;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn literal() -> impl Strategy<Value = Literal> {
    let regex = ("[a-z./\\[ |)]{0,6}", "i?m?s?x?");
    let regex = regex.prop_map(|(pattern, flags)| Literal::Regex { pattern, flags });
    let text = prop_oneof![any::<String>(), "[a-z0-9*:=!<>~@,.\\\\\"() |{]{0,8}"].prop_map(Literal::Text);
    prop_oneof![3 => text, 1 => regex]
}

fn leaf() -> impl Strategy<Value = Expr> {
    let value = || literal().prop_map(|literal| Value { literal, at: At(0) });
    let search = value().prop_filter_map("an empty text cannot be searched for", |value| {
        (value.literal != Literal::Text(String::new())).then_some(Expr::Search(value))
    });
    let names: Vec<&'static str> = fields().map(|row| row.name).collect();
    let attribute = prop_oneof!["[a-z.]{1,5}", any::<String>()]
        .prop_filter("an attribute has a name", |key| !key.is_empty())
        .prop_map(|key| format!("attr.{key}"));
    let field = prop_oneof![select(names).prop_map(String::from), attribute];
    let op = select(vec![Op::Like, Op::Equal, Op::Differ, Op::Above, Op::AtLeast, Op::Below, Op::AtMost]);
    let compare = (field, op, vec(value(), 1..3)).prop_map(|(field, op, mut values)| {
        // Only `:` takes a regular expression.
        for value in &mut values {
            if let (false, Literal::Regex { pattern, .. }) = (op == Op::Like, &value.literal) {
                value.literal = Literal::Text(pattern.clone());
            }
        }
        Expr::Compare(Compare { field, op, values, at: At(0) })
    });
    let saved = "[a-z_0-9.-]{1,6}".prop_map(|name| Expr::Saved { name, at: At(0) });
    prop_oneof![3 => search, 3 => compare, 1 => saved]
}

pub(super) fn expr() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Expr::all),
            vec(inner.clone(), 1..4).prop_map(Expr::any),
            inner.prop_map(Expr::negated),
        ]
    })
}

/// Text that is nearly a filter: most of it gets past the lexer.
fn nearly() -> impl Strategy<Value = String> {
    let pieces: Vec<&'static str> = vec![
        " ", " ", "(", ")", "|", "!", "\"", "~/", "/", "@bad", "@", ",", "a", "Я", "*", "**", ".", "\\", "level",
        "value", "attr.x", "since", "type", "has", "is", "age", ":", "=", "!=", ">=", "<", "warn", "novel", "12:30",
        "5ms", "0",
    ];
    vec(select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let keys = select(vec![
        "$and",
        "$or",
        "$not",
        "$eq",
        "$ne",
        "$gt",
        "$gte",
        "$lt",
        "$lte",
        "$in",
        "$nin",
        "$contains",
        "$exists",
        "$regex",
        "$wildcard",
        "$x",
        "level",
        "priority",
        "event_type",
        "is_novel",
        "text",
        "value",
        "since",
        "user",
        "",
    ]);
    let key = prop_oneof![9 => keys.prop_map(String::from), 1 => any::<String>()];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z*?!.\\[\\]\\\\-]{0,8}".prop_map(Value::from),
        select(vec!["warn", "error", "log.text", "5ms", "10m"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key.clone(), inner), 0..4).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Whatever compiles runs on every event, highlights within bounds, and has a canonical form that means the same.
fn exercise(text: &str) -> Result<bool, TestCaseError> {
    let filter = match Filter::compile(text, &env()) {
        Ok(filter) => filter,
        Err(error) => {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{error}");
            return Ok(false);
        }
    };
    let again = Filter::compile(&filter.canonical(), &env());
    prop_assert!(again.is_ok(), "canonical form {}: {:?}", filter.canonical(), again);
    let again = again.unwrap();
    prop_assert_eq!(again.canonical(), filter.canonical());
    for sample in samples() {
        prop_assert_eq!(filter.matches(&sample.stored(), NOW), again.matches(&sample.stored(), NOW));
    }
    let mut end = 0;
    for (from, to) in filter.highlights(text) {
        prop_assert!(end <= from && from < to && text.get(from..to).is_some());
        end = to;
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_tree_is_parsed_into_the_same_tree(expr in expr()) {
        let text = expr.to_string();
        let parsed = parse(&text);
        prop_assert!(parsed.is_ok(), "{}: {:?}", text, parsed);
        let parsed = parsed.unwrap();
        prop_assert_eq!(&parsed, &expr, "{}", text);
        prop_assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn any_text_is_harmless(text in any::<String>()) {
        exercise(&text)?;
    }

    #[test]
    fn any_text_of_the_language_is_harmless(text in nearly()) {
        exercise(&text)?;
    }

    #[test]
    fn any_printed_tree_is_harmless(expr in expr()) {
        exercise(&expr.to_string())?;
    }

    #[test]
    fn any_json_is_harmless(json in json()) {
        exercise(&json.to_string())?;
    }

    #[test]
    fn any_moment_is_harmless(text in "[0-9:T.Z+ hm-]{0,24}", now in any::<i64>(), offset in -93_599..93_600i32) {
        let zone = Zone::new(Offset::from_seconds(offset).unwrap().to_time_zone());
        units::moment(&text, now, &zone);
        let env = Env { now_ns: now, zone, ..Env::default() };
        let _ = Filter::compile(&format!("since:\"{text}\" | value>\"{text}\""), &env);
    }
}

/// The generators would prove nothing if hardly any of their texts compiled.
#[test]
fn generated_texts_often_compile() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut share = |strategy: BoxedStrategy<String>| {
        let mut sample = || strategy.new_tree(&mut runner).unwrap().current();
        (0..1000).filter(|_| exercise(&sample()).unwrap()).count()
    };
    let shares = [share(nearly().boxed()), share(json().prop_map(|json| json.to_string()).boxed())];
    assert!(shares.iter().all(|share| *share >= 50), "{shares:?} of 1000");
}
