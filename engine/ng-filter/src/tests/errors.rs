//! Every way to be wrong names its column and says what was expected.

use super::super::Filter;
use super::env;

#[test]
fn columns_and_expectations() {
    #[rustfmt::skip]
    let table: &[(&str, usize, &str)] = &[
        ("leve:warn", 1, "unknown field leve; did you mean level? To search for the text, put it in quotes"),
        ("a b nvelty>1", 5, "unknown field nvelty; did you mean novelty?"),
        ("username=root", 1, "unknown field username; attributes are written attr.username."),
        ("Level>=warn", 1, "did you mean level?"),
        ("error:", 1, "unknown field error"),
        ("level>=wrn", 8, "expected a level (trace … fatal), found 'wrn'; did you mean warn?"),
        ("ошибка level>=wrn", 15, "expected a level"),
        ("level:warn,eror", 12, "found 'eror'; did you mean error?"),
        ("level>=", 8, "expected a level (trace … fatal) after >="),
        ("level>= warn", 8, "expected a level"),
        ("level:warn,", 12, "expected a level (trace … fatal) after the comma"),
        ("level>=warn,error", 13, "expected one value after level>=, found a list"),
        ("level:~/w/", 7, "expected a level (trace … fatal), found a regular expression"),
        ("novelty > 0.9", 9, "expected a field before >, without spaces"),
        ("novelty>high", 9, "expected a number, found 'high'"),
        ("novelty>5ms", 9, "expected a number, found '5ms'"),
        ("novelty>nan", 9, "expected a number"),
        ("seq>1.5", 5, "expected a whole number, found '1.5'"),
        ("pattern:", 9, "expected a whole number after :"),
        ("value<5parsecs", 7, "expected a number, perhaps with a unit, such as 5ms, 3MiB or 90%, found '5parsecs'"),
        ("age<30", 5, "expected a duration, such as 90s or 1h30m, found '30'"),
        ("age:30s", 1, "age takes >, >=, <, <=, not :"),
        ("since:25:00", 7, "expected a time, such as 12:30, 2026-11-22T12:30 or 10m, found '25:00'"),
        ("since>10m", 1, "since takes :, =, not >"),
        ("since:1m,2m", 10, "expected one value after since:, found a list"),
        ("time:12:30", 1, "time takes >, >=, <, <=, not :"),
        ("until:2026-02-30", 7, "expected a time"),
        ("verdict:rejected", 9, "expected one of admit, flag, reject, found 'rejected'; did you mean reject?"),
        ("verdict>=flag", 1, "verdict takes :, =, !=, not >="),
        ("rule:ratelimit", 6, "did you mean rate_limit?"),
        ("format:xml", 8, "expected one of text, json, metric, vector, journal, note, found 'xml'"),
        ("encoder:txt", 9, "did you mean text?"),
        ("is:new", 4, "expected one of novel, alert, error, learning, skipped, gap, found 'new'"),
        ("is!=novel", 1, "is takes :, =, not !="),
        ("has:atr.ip", 5, "expected the name of a field, such as value or attr.ip, found 'atr.ip'"),
        ("has:attr.", 5, "expected the name of a field"),
        ("has:is", 5, "expected the name of a field"),
        ("type>log", 1, "type takes :, =, !=, not >"),
        ("type:a.**.b", 6, "expected ** only as the last segment of a type"),
        ("attr.=x", 1, "expected the name of an attribute after attr., such as attr.user"),
        ("attr:x", 1, "expected the name of an attribute after attr."),
        ("attr.ms>fast", 9, "expected a number, perhaps with a unit, found 'fast'"),
        ("attr.\"a\"", 9, "expected an operator after the attribute"),
        ("attr.\"a", 6, "this quote is not closed"),
        ("a \"b c", 3, "this quote is not closed"),
        ("\"\"", 1, "expected a text between the quotes"),
        ("a AND b", 3, "a blank means and: refused timeout; put AND between double quotes to search for it"),
        ("a OR b", 3, "or is written |"),
        ("NOT a", 1, "not is written !"),
        ("a 'b c'", 3, "quotes are double here"),
        ("\"a\"b", 4, "expected a space before b"),
        ("a\"b\"", 2, "expected a space before the quote"),
        ("main(x)", 5, "expected a space before ("),
        ("~/a", 1, "expected / at the end of the regular expression"),
        ("~/(a/", 1, "the regular expression is wrong: unclosed group"),
        ("a ~/b/g", 7, "expected a flag out of i, m, s, x after the slash, found g"),
        ("(a", 3, "expected ) for the ( in column 1"),
        ("a)", 2, "this ) has no ("),
        ("a b) c", 4, "this ) has no ("),
        ("()", 2, "expected an expression after (, found )"),
        ("(a|)", 4, "expected an expression after |, found )"),
        ("a |", 4, "expected an expression after |"),
        ("| a", 1, "expected an expression at the start, found |"),
        ("a || b", 4, "expected an expression after |, found |; or is written with one |"),
        ("x http:app", 3, "unknown field http; the source of this name is written source:http:app. To search for the text"),
        ("file:app.log", 1, "the source of this name is written source:file:app.log."),
        ("http:", 1, "unknown field http; attributes are written attr.http."),
        ("!", 2, "expected an expression after !"),
        ("!)", 2, "expected an expression after !, found )"),
        ("!=warn", 1, "expected a field before !=, without spaces"),
        ("level >= warn", 7, "expected a field before >=, without spaces"),
        ("@", 2, "expected the name of a saved filter after @"),
        ("a @bda", 3, "unknown saved filter @bda; did you mean @bad?"),
        ("@zzzzzz", 1, "unknown saved filter @zzzzzz"),
        ("a @loop", 3, "in @loop: column 1: in @ring: column 3: saved filters refer to each other: @loop → @ring → @loop"),
        ("@self", 1, "saved filters refer to each other: @self → @self"),
        ("@broken", 1, "in @broken: column 8: expected a level"),
        ("@bad/x", 5, "expected a space before /"),
        ("{\"a\": }", 7, "this is not JSON: expected value"),
        ("{\"я\": }", 7, "this is not JSON: expected value"),
        ("{\n\"a\" 1}", 7, "this is not JSON: expected `:`"),
        ("{\"a\":1} b", 9, "this is not JSON: trailing characters"),
    ];
    for (text, column, message) in table {
        let error = match Filter::compile(text, &env()) {
            Ok(filter) => panic!("{text}: compiles to {}", filter.canonical()),
            Err(error) => error,
        };
        assert_eq!(error.column, *column, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn the_dialect_names_the_path() {
    #[rustfmt::skip]
    let table: &[(&str, &str)] = &[
        (r#"{"priority": {"$gte": "high"}}"#, "$.priority.$gte: expected a whole number, found 'high'"),
        (r#"{"$or": [{"a": 1}, {"level": "wrn"}]}"#, "$.$or[1].level: expected a level (trace … fatal), found 'wrn'; did you mean warn?"),
        (r#"{"level": {"$gt": "warn", "$gtt": 1}}"#, "$.level.$gtt: unknown operator $gtt; did you mean $gt?"),
        (r#"{"$xor": []}"#, "$.$xor: unknown operator $xor; did you mean $or?"),
        (r#"{"$and": []}"#, "$.$and: expected a list of at least one object"),
        (r#"{"$and": [1]}"#, "$.$and[0]: expected an object"),
        (r#"{"$not": 1}"#, "$.$not: expected an object"),
        (r#"{"$not": {}}"#, "$.$not: expected at least one condition"),
        (r#"{"a": {}}"#, "$.a: expected an operator, such as $eq"),
        (r#"{"a": {"b": 1}}"#, "$.a.b: expected an operator, such as $eq; nested keys are written with a dot"),
        (r#"{"a": [1]}"#, "$.a: expected a text, a number, true or false"),
        (r#"{"a": {"$in": 1}}"#, "$.a.$in: expected a list of at least one value"),
        (r#"{"a": {"$in": [null]}}"#, "$.a.$in: expected a text, a number, true or false"),
        (r#"{"a": {"$exists": 1}}"#, "$.a.$exists: expected true or false"),
        (r#"{"a": {"$gt": "x"}}"#, "$.a.$gt: expected a number, perhaps with a unit, found 'x'"),
        (r#"{"a": {"$gt": null}}"#, "$.a.$gt: expected a text, a number, true or false"),
        (r#"{"": 1}"#, "$.: expected the name of an attribute"),
        (r#"{"level": {"$regex": "w"}}"#, "$.level.$regex: $regex compares texts, which level is not"),
        (r#"{"text": {"$regex": "("}}"#, "$.text.$regex: the regular expression is wrong: unclosed group"),
        (r#"{"text": {"$contains": 1}}"#, "$.text.$contains: expected a text"),
        (r#"{"type": {"$gt": "a"}}"#, "$.type.$gt: type takes :, =, !=, not >"),
        (r#"{"is_novel": 1}"#, "$.is_novel: expected true or false"),
        (r#"{"is_novel": {"$gt": true}}"#, "$.is_novel.$gt: expected $eq or $ne with true or false"),
    ];
    for (text, message) in table {
        let error = Filter::compile(text, &env()).expect_err(text);
        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(error.column, 1, "{text}");
    }
}
