//! The journal through a script in the place of `journalctl`.

use crate::rig::{Rig, wait_until};
use ng_model::settings::Values;
use ng_sensors::{Journald, SENSORS};
use ng_wire::Format;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// A sensor that runs a shell script; `$DIR` in it is the directory of the test.
fn journald(script: &str) -> (Rig, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("journalctl");
    let script = format!("#!/bin/sh\nDIR='{}'\n{script}\n", directory.path().display());
    // Written under another name first: a file that is open for writing in a child of another test cannot be run.
    fs::write(directory.path().join("new"), script).unwrap();
    fs::set_permissions(directory.path().join("new"), fs::Permissions::from_mode(0o755)).unwrap();
    let copied = std::process::Command::new("cp").arg("-p").arg(directory.path().join("new")).arg(&program).status();
    assert!(copied.unwrap().success());
    let sensor = SENSORS.iter().find(|sensor| sensor.name == "journald").unwrap();
    let rig = Rig::new(Box::new(Journald::new(program, &Values::defaults(sensor.settings))));
    (rig, directory)
}

fn alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn entries_are_resumed_behind_the_last_cursor_when_the_child_dies() {
    // Every run appends its arguments, shows two entries and the start of a third, and is killed.
    let (mut rig, directory) = journald(
        r#"echo "$*" >> "$DIR/runs"
last=0; for arg; do case $arg in --after-cursor=s*) last=${arg##*=s};; esac; done
for n in $((last + 1)) $((last + 2)); do
  echo "{\"__CURSOR\":\"s$n\",\"MESSAGE\":[104,105],\"PRIORITY\":\"6\"}"
done
printf '{"__CURSOR":"s99","MESS'
kill -9 $$"#,
    );
    rig.until("two restarts have brought entries", |rig| rig.lines().len() >= 6);
    assert!(rig.error("journald").ends_with(" in 1 s"), "{}", rig.error("journald"));
    assert!(rig.error("journald").contains("signal: 9"), "{}", rig.error("journald"));
    rig.stop();
    let expect: Vec<String> =
        (1..=6).map(|n| format!(r#"{{"__CURSOR":"s{n}","MESSAGE":[104,105],"PRIORITY":"6"}}"#)).collect();
    assert_eq!(rig.texts()[..6], expect);
    assert!(rig.readings.iter().all(|reading| reading.format == Format::Journal));
    let runs = fs::read_to_string(directory.path().join("runs")).unwrap();
    let runs: Vec<_> = runs.lines().take(3).collect();
    let base = "--follow --output=json --no-pager --all";
    assert_eq!(runs[0], format!("{base} --lines=10"));
    assert_eq!(runs[1], format!("{base} --no-tail --after-cursor=s2"));
    assert_eq!(runs[2], format!("{base} --no-tail --after-cursor=s4"));
}

#[test]
fn a_child_that_ends_at_once_is_told_and_started_again() {
    for (status, says) in [(0, "journalctl ended without an entry;"), (1, "journalctl ended (exit status: 1)")] {
        let script = format!(
            r#"echo x >> "$DIR/runs"
            if [ $(wc -l < "$DIR/runs") = 3 ]; then echo '{{"__CURSOR":"s1","MESSAGE":"here"}}'; exec sleep 1000; fi
            echo "No journal files were found." >&2; exit {status}"#
        );
        let (mut rig, directory) = journald(&script);
        rig.until("it is in trouble", |rig| !rig.trouble("journald").is_empty());
        let trouble = rig.trouble("journald");
        assert!(trouble.starts_with(&format!("Unreadable: {says}")), "{trouble}");
        assert!(trouble.ends_with("No journal files were found."), "{trouble}");
        let error = rig.error("journald");
        assert!(error.ends_with("restart 1 in 1 s") || error.ends_with("restart 2 in 2 s"), "{error}");
        rig.until("there is an entry", |rig| rig.lines().len() == 1);
        rig.until("it is over", |rig| rig.trouble("journald").is_empty());
        assert!(!rig.ended("journald"));
        rig.stop();
        assert_eq!(fs::read_to_string(directory.path().join("runs")).unwrap(), "x\nx\nx\n");
    }
}

#[test]
fn a_missing_program_is_reported_once() {
    let sensor = SENSORS.iter().find(|sensor| sensor.name == "journald").unwrap();
    let mut rig = Rig::new(Box::new(Journald::new("no-such-journalctl", &Values::defaults(sensor.settings))));
    rig.until("it has ended", |rig| rig.ended("journald"));
    assert!(rig.error("journald").starts_with("no-such-journalctl not found;"));
}

#[test]
fn a_silent_child_is_explained_and_does_not_outlive_the_sensor() {
    let (mut rig, directory) = journald(r#"echo "not allowed" >&2; echo $$ > "$DIR/pid"; exec sleep 1000"#);
    rig.until("the silence is reported", |rig| rig.error("journald") == "the journal shows no entries: not allowed");
    let pid = fs::read_to_string(directory.path().join("pid")).unwrap();
    assert!(alive(&pid));
    rig.stop();
    wait_until("the child is gone", || !alive(&pid));
}

#[test]
fn a_child_that_floods_both_ways_neither_hangs_nor_loses() {
    let (mut rig, _directory) = journald(
        r#"i=0; while [ $i -lt 3000 ]; do i=$((i + 1))
echo "{\"__CURSOR\":\"s$i\"}"; echo "complaint number $i, long enough to fill the pipe of standard error" >&2; done
sleep 1000"#,
    );
    rig.until("all entries have come", |rig| rig.lines().len() >= 3000);
    rig.stop();
    let expect: Vec<String> = (1..=3000).map(|n| format!(r#"{{"__CURSOR":"s{n}"}}"#)).collect();
    assert_eq!(rig.texts(), expect);
}

#[test]
fn a_child_that_shows_nothing_more_and_complains_without_end_is_ended() {
    let (mut rig, directory) = journald(r#"echo $$ > "$DIR/pid"; echo '{"__CURSOR":"s1"}'; exec >&-; exec yes no >&2"#);
    rig.until("its end is reported", |rig| rig.error("journald").contains("signal: 9"));
    let pid = fs::read_to_string(directory.path().join("pid")).unwrap();
    rig.stop();
    wait_until("the child is gone", || !alive(&pid));
}
