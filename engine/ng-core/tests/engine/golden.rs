//! Chosen readings and what becomes of them, as data: `cases/*.jsonl`.
//!
//! A line is a reading (`in`, with `format`, `source` and `times` if they are not text, `test` and 1), a command
//! (`do`), or time that passes (`wait`, in seconds). What stands under `expect` is looked for in the record of the
//! reading, or of the event that the command left behind: objects may hold more, everything else must be equal.

use crate::bench::Bench;
use ng_wire::{Command, Format};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/cases");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    files.sort();
    files
}

/// What of `expect` is not in `found`.
fn missing(expect: &Value, found: &Value, path: &str) -> Vec<String> {
    match (expect, found) {
        (Value::Object(expect), Value::Object(found)) => expect
            .iter()
            .flat_map(|(key, value)| missing(value, found.get(key).unwrap_or(&Value::Null), &format!("{path}/{key}")))
            .collect(),
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => Vec::new(),
        _ if expect == found => Vec::new(),
        _ => vec![format!("{path}: expected {expect}, found {found}")],
    }
}

fn run(bench: &mut Bench, line: &Value) -> Vec<String> {
    if let Some(seconds) = line.get("wait") {
        bench.wait(seconds.as_u64().unwrap());
        return Vec::new();
    }
    if let Some(command) = line.get("do") {
        let command: Command = serde_json::from_value(command.clone()).unwrap();
        bench.command(command);
    } else {
        let raw = line["in"].as_str().expect("a reading, a command or a wait");
        let format: Format =
            line.get("format").map_or(Format::Text, |name| serde_json::from_value(name.clone()).unwrap());
        let times = line.get("times").and_then(Value::as_u64).unwrap_or(1) as usize;
        let source = line.get("source").and_then(Value::as_str).unwrap_or("test");
        bench.push(source, format, &vec![raw; times]);
    }
    let Some(expect) = line.get("expect") else { return Vec::new() };
    let record = serde_json::to_value(bench.last()).unwrap();
    missing(expect, &record, "")
}

#[test]
fn readings_become_what_the_cases_say() {
    let mut faults = Vec::new();
    let mut expectations = 0;
    for path in cases() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut bench = Bench::new();
        for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            let line: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}:{}: {error}", number + 1));
            expectations += usize::from(line.get("expect").is_some());
            faults.extend(run(&mut bench, &line).into_iter().map(|fault| format!("{name}:{}{fault}", number + 1)));
        }
    }
    assert!(expectations > 30, "only {expectations} expectations were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_expectation_is_found() {
    let found = serde_json::json!({ "a": { "b": 1, "c": [1, 2] }, "d": null });
    let cases = [
        (serde_json::json!({ "a": { "b": 1.0 } }), 0),
        (serde_json::json!({ "a": { "c": [1, 2] }, "d": null }), 0),
        (serde_json::json!({ "a": { "b": 2, "c": [1] } }), 2),
        (serde_json::json!({ "a": { "x": false } }), 1),
        (serde_json::json!({ "a": 1 }), 1),
    ];
    for (expect, faults) in cases {
        assert_eq!(missing(&expect, &found, "").len(), faults, "{expect}");
    }
}
