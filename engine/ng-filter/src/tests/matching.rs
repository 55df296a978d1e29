//! What each form of the language matches.

use super::{Env, Filter, Format, NOW, Sample, check};
use ng_reading::formats::{self, Formats};

const ALL: &str = "ssh disk cpu ping api flood note gap";

#[test]
fn words() {
    check("", ALL);
    check("  ", ALL);
    check("failed", "ssh");
    check("FAILED", "");
    check("Failed", "ssh");
    check("password root", "ssh");
    check("\"password for\"", "ssh");
    check("\"for password\"", "");
    check("ошибка", "disk");
    check("ОШИБКА", "");
    check("i/o", "disk");
    check("10.0.0.7", "ssh");
    check("and", "");
    check("or", "ssh gap");
    check("12", "gap");
    check("text:failed,lost", "ssh gap");
    check("text!=failed", ALL);
    check("text=\"12 records lost\"", "gap");
}

#[test]
fn a_word_is_looked_for_in_the_whole_event_and_text_in_its_message() {
    check("\"again=1\"", "flood");
    check("text:\"again=1\"", "");
    check("text:again", "flood");
    check("~/^again$/", "flood");
    check("~/^again=/", "flood");
    check("text:~/^again=/", "");
    check("!\"again=1\" level:debug", "");
}

#[test]
fn escaped_messages_are_unescaped() {
    check("\"say \\\"hi\\\"\"", "api");
    check("~/say .hi. now/", "api");
}

#[test]
fn words_with_colons_that_are_no_fields() {
    check("http://x", "");
    check("12:30:45", "");
    check("C:\\x", "");
    check("std::fmt", "");
    check("10.0.0.7:80", "");
    check("sda:\\n", "");
    check("a->b", "");
    check("<info>", "");
}

#[test]
fn connectives() {
    check("!failed", "disk cpu ping api flood note gap");
    check("failed | lost", "ssh gap");
    check("failed|lost", "ssh gap");
    check("again level:debug | lost", "flood gap");
    check("(failed | lost) type:log.text", "ssh");
    check("!(failed | lost) level>=notice", "disk note");
    check("!!failed", "ssh");
    check("! failed level>=warn", "disk");
}

#[test]
fn regular_expressions() {
    check("~/^failed/", "");
    check("~/^failed/i", "ssh");
    check("~/I\\/O/", "disk");
    check("~/1 2 \\x20 r/x", "gap");
    check("type:~/cpu|ping/", "cpu ping");
    check("source:~/^h/,~/sys/i", "ssh cpu ping api");
    check("attr.ip:~/^10\\./", "ssh");
}

#[test]
fn levels() {
    check("level>=warn", "ssh disk");
    check("level>warn", "disk");
    check("level<info", "flood");
    check("level<=debug", "flood");
    check("level:warn,error", "ssh disk");
    check("level=WARNING", "ssh");
    check("level!=info,notice", "ssh disk flood");
    check("priority:160", "ssh");
    check("priority>=120 priority<=200", "ssh disk note");
}

#[test]
fn types_and_sources() {
    check("type:metric.**", "cpu ping");
    check("type:metric", "");
    check("type:metric.*", "ping");
    check("type:*.ping,*.gap", "ping gap");
    check("type=log.text", "ssh disk flood");
    check("type!=log.text,engine.module", "cpu ping api gap");
    check("type:log.**", "ssh disk api flood");
    check("source:syslog", "ssh");
    check("source:*LOG", "ssh");
    check("source:std*", "disk flood");
    check("source=Host", "");
    check("source=host", "cpu ping");
}

#[test]
fn choices() {
    check("verdict:reject", "flood");
    check("verdict:flag,reject", "api flood");
    check("verdict!=admit", "api flood");
    check("rule:rate_limit", "api flood");
    check("rule:stale_clock", "api");
    check("rule!=stale_clock", "flood");
    check("format:metric,note", "cpu ping note");
    check("encoder:text", "ssh disk");
    check("encoder!=json", "ssh disk");
    check("encoder:json", "");
}

#[test]
fn scores_are_missing_unless_scored() {
    check("novelty>0.9", "ssh");
    check("novelty>=0.9", "ssh disk");
    check("novelty=0.9", "disk");
    check("novelty!=0.9", "ssh");
    check("novelty<=10", "ssh disk");
    check("!novelty<=10", "cpu ping api flood note gap");
    check("anomaly>=0.99", "ssh");
    check("anomaly<0.5", "disk");
    check("surprise:8", "ssh");
    check("alert>=3.6", "ssh");
    check("pattern:142", "ssh disk");
    check("pattern!=1,2", "ssh disk");
    check("pattern>0", "ssh disk");
}

#[test]
fn flags_and_presence() {
    check("is:novel", "ssh");
    check("is:alert", "ssh");
    check("is:error", "disk");
    check("is:learning", "disk");
    check("is:skipped", "cpu");
    check("is:gap,novel", "ssh gap");
    check("has:value", "cpu ping");
    check("has:pattern", "ssh disk");
    check("has:novelty", "ssh disk");
    check("has:rule", "api flood");
    check("has:attr.ip", "ssh");
    check("has:module", "note");
    check("has:type has:time has:text", ALL);
    check("!has:encoder level>info", "note");
}

#[test]
fn values_with_units() {
    check("value<5ms", "ping");
    check("value>=4000us", "ping");
    check("value>4ms", "");
    check("value>90%", "cpu");
    check("value<1kB", "");
    check("value<1", "ping");
    check("value>0", "cpu ping");
    check("value!=4ms", "");
    check("value:93.5,4ms", "cpu ping");
}

#[test]
fn attributes() {
    check("attr.user=root", "ssh note");
    check("attr.user:ROO", "");
    check("attr.user:roo", "ssh note");
    check("attr.user:r*t", "ssh note");
    check("attr.user=r*t", "");
    check("attr.user!=root", "");
    check("attr.user!=admin", "ssh note");
    check("attr.port>50000", "ssh");
    check("attr.port<50000", "");
    check("attr.took>5ms", "ssh");
    check("attr.took>5kB", "");
    check("attr.user>1", "");
    check("!attr.none>1 failed", "ssh");
    check("attr.\"user\"=root", "ssh note");
    check("module:guardian", "note");
    check("module:guard*,x", "note");
    check("module:guard", "");
}

#[test]
fn times() {
    check("age<2m", "ssh cpu ping api flood note");
    check("age>=1h", "disk gap");
    check("since:10m", "ssh cpu ping api flood note");
    check("until:10m", "disk gap");
    check("since:11:00", "ssh disk cpu ping api flood note");
    check("since:12:30", "ssh disk cpu ping api flood note");
    check("since:2026-11-21T06:00", ALL);
    check("since:2026-11-22 level>=warn", "ssh disk");
    check("until:2026-11-21T06:00:00Z", "gap");
    check("time>2026-11-21T06:00:00Z time<11:30", "disk");
    check("seq>1005", "note gap");
    check("seq:1000,1007", "ssh gap");
}

#[test]
fn saved_filters() {
    check("@bad", "ssh disk");
    check("!@bad type:log.**", "api flood");
    check("@root", "ssh");
    check("@json | lost", "disk gap");
}

/// Whether a filter lets a JSON object through.
fn lets_through(text: &str, raw: &str) -> bool {
    let sample = Sample::new("object", "log.json", "stdin", raw, |head| head.format = Format::Json);
    Filter::compile(text, &Env::default()).unwrap().matches(&sample.stored(), NOW)
}

#[test]
fn attributes_are_named_by_their_paths() {
    let raw =
        r#"{"req":{"id":"r1"},"res":{"id":"s1","status":500},"tags":["a","b"],"items":[{"n":1}],"log.level":"warn"}"#;
    for (text, expect) in [
        ("attr.req.id=r1", true),
        ("attr.res.id=s1", true),
        ("attr.res.id=r1", false),
        ("attr.id=r1", false),
        ("has:attr.id", false),
        ("attr.res.status>=500", true),
        ("attr.status>=500", true),
        ("attr.res.status>500", false),
        ("attr.tags[1]=b", true),
        ("has:attr.tags[2]", false),
        ("attr.items[0].n=1", true),
        ("attr.log.level=warn", true),
    ] {
        assert_eq!(lets_through(text, raw), expect, "{text}");
    }
}

#[test]
fn big_whole_numbers_are_compared_exactly() {
    let raw = r#"{"id":9007199254740993}"#;
    for (text, expect) in [
        ("attr.id>9007199254740992", true),
        ("attr.id>=9007199254740993", true),
        ("attr.id<9007199254740994", true),
        ("attr.id>9007199254740993", false),
        ("attr.id=9007199254740993", true),
        ("attr.id=9007199254740992", false),
    ] {
        assert_eq!(lets_through(text, raw), expect, "{text}");
    }
}

#[test]
fn a_declared_format_knows_the_unit_of_a_number() {
    let line = r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 2500000 "-" "x" 0.250"#;
    // Formats have numbers once they are read.
    let known = Formats::built_in().named("access_log").is_some();
    let sample =
        Sample::new("access", "log.text", "stdin", line, |head| head.declared = formats::number_of("access_log"));
    for (text, expect) in [
        ("attr.request_time>200ms", true),
        ("attr.request_time>1s", false),
        ("attr.request_time>0.2", true),
        ("attr.bytes>2MB", true),
        ("attr.bytes>2MiB", true),
        ("attr.bytes>3MB", false),
        ("attr.bytes>1s", false),
    ] {
        let passes = Filter::compile(text, &Env::default()).unwrap().matches(&sample.stored(), NOW);
        assert_eq!(passes, expect && known, "{text}");
    }
}
