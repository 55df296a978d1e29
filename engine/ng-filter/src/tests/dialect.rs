//! The JSON dialect is the same predicate.

use super::{check, compiled};

#[test]
fn matching() {
    check("{}", "ssh disk cpu ping api flood note gap");
    check(r#"{"priority": {"$gte": 150, "$lte": 250}}"#, "ssh disk");
    check(r#"{"priority": {"$gte": 150, "$lte": 250}, "event_type": {"$wildcard": "log.*"}}"#, "ssh disk");
    check(r#"{"event_type": {"$wildcard": "metric*l"}}"#, "cpu");
    check(r#"{"event_type": {"$wildcard": "[a-l]??.[!j]*"}}"#, "ssh disk flood");
    check(r#"{"event_type": "log.text"}"#, "ssh disk flood");
    check(r#"{"event_type": {"$in": ["log.text", "stream.gap"]}}"#, "ssh disk flood gap");
    check(r#"{"event_type": {"$nin": ["log.text", "stream.gap"]}}"#, "cpu ping api note");
    check(r#"{"$or": [{"level": "warn"}, {"level": {"$eq": "error"}}]}"#, "ssh disk");
    check(r#"{"$and": [{"level": {"$gte": "warn"}}, {"$not": {"source": "stdin"}}]}"#, "ssh");
    check(r#"{"level": {"$not": {"$in": ["info", "debug"]}}}"#, "ssh disk note");
    check(r#"{"$not": {"level": "info", "source": "host"}}"#, "ssh disk api flood note gap");
    check(r#"{"message": {"$contains": "Failed"}}"#, "ssh");
    check(r#"{"text": {"$contains": "failed"}}"#, "");
    check(r#"{"text": {"$contains": "I/O"}}"#, "disk");
    check(r#"{"text": {"$regex": "^\\d+ rec"}}"#, "gap");
    check(r#"{"source": {"$regex": "^file:/var\\/"}}"#, "ssh");
    check(r#"{"text": "12 records lost"}"#, "gap");
    check(r#"{"is_novel": true}"#, "ssh");
    check(r#"{"is_novel": {"$ne": true}, "is_alert": false, "source": "stdin"}"#, "disk flood");
    check(r#"{"anomaly_score": {"$gte": 0.99}}"#, "ssh");
    check(r#"{"novelty": {"$gt": 1e0}}"#, "ssh");
    check(r#"{"novelty": {"$exists": true}}"#, "ssh disk");
    check(r#"{"user": "root"}"#, "ssh note");
    check(r#"{"attr.user": "root", "port": 52144}"#, "ssh");
    check(r#"{"port": {"$gt": 50000}}"#, "ssh");
    check(r#"{"user": {"$ne": "admin"}}"#, "ssh note");
    check(r#"{"user": {"$not": {"$eq": "root"}}, "level": {"$ne": "info"}}"#, "disk flood");
    check(r#"{"ip": {"$exists": true}}"#, "ssh");
    check(r#"{"ip": {"$exists": false}, "is_novel": true}"#, "");
    check(r#"{"ip": null, "level": "warn"}"#, "");
    check(r#"{"ip": {"$ne": null}}"#, "ssh");
    check(r#"{"value": {"$lt": "5ms"}}"#, "ping");
    check(r#"{"verdict": {"$in": ["flag", "reject"]}}"#, "api flood");
    check(r#"{"timestamp": {"$gte": 1795345200}, "level": "error"}"#, "disk");
    check(r#"{"timestamp": {"$gt": 1795345200.5}, "level": "error"}"#, "");
}

#[test]
fn canonical_form_is_the_text_language() {
    let check = |text: &str, expect: &str| assert_eq!(compiled(text).canonical(), expect, "{text}");
    check(r#"{"priority": {"$gte": 150, "$lte": 250}}"#, "priority>=150 priority<=250");
    check(r#"{"event_type": {"$wildcard": "signal.*"}}"#, "type:~/^signal\\..*$/s");
    check(r#"{"text": {"$contains": "a/b (c)"}}"#, "text:~/a\\/b \\(c\\)/");
    check(r#"{"a b": "x,y"}"#, "attr.\"a b\"=\"x,y\"");
    check(r#"{"a b": null}"#, "!has:\"attr.a b\"");
    check(
        r#"{"$or": [{"a": 1, "b": 2}, {"$not": {"a": true, "b": "~/x"}}]}"#,
        "attr.a=1 attr.b=2 | !(attr.a=true attr.b=\"~/x\")",
    );
    check(r#"{"a": {"$wildcard": "[]x][!-a][b"}}"#, "attr.a:~/^[\\]x][^-a]\\[b$/s");
}
