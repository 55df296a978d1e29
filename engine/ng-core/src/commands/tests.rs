//! The table of commands, beside the golden frames that every variant of [`Command`] has.

use super::*;
use std::collections::BTreeSet;
use std::path::Path;

/// One command of each kind, with its name on the wire.
fn examples() -> Vec<(String, Command)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/examples");
    let mut examples = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("request-") {
            let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let name = json["command"].as_object().unwrap().keys().next().unwrap().clone();
            examples.push((name, serde_json::from_value::<Request>(json).unwrap().command));
        }
    }
    examples
}

#[test]
fn every_command_has_one_row_of_its_name() {
    let mut seen = BTreeSet::new();
    for (name, command) in examples() {
        let rows: Vec<_> = COMMANDS.iter().filter(|row| (row.steps)(&command).is_some()).map(|row| row.name).collect();
        assert_eq!(rows, [name.as_str()], "{command:?} has no row in COMMANDS, or several");
        seen.insert(name);
    }
    let listed: BTreeSet<String> = COMMANDS.iter().map(|row| row.name.to_owned()).collect();
    assert_eq!(listed, seen, "each row is of a command that has an example");
}

#[test]
fn going_back_to_what_is_configured_needs_more_than_steering() {
    for (name, command) in examples() {
        assert_eq!(right(&command), CommandRight::Steer, "{name}");
    }
    assert_eq!(right(&Command::RollBack { version: 0 }), CommandRight::Reset);
}
