//! Sensors that panic: told, started again, and reading on.

use crate::rig::{Rig, build, now_ns, wait_until};
use ng_model::intake::{IngestHandle, SourceStatus};
use ng_model::settings::Values;
use ng_sensors::{Journald, SENSORS, Sensor, Stdin};
use ng_wire::{SettingValue, TroubleKind};
use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The clock that sensors read: the first look of every thread panics, in the midst of what the sensor does.
fn failing_once() -> i64 {
    static FAILED: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let first = FAILED.lock().unwrap().get_or_insert_default().insert(name.clone());
    assert!(!first, "the clock of {name} fails");
    now_ns()
}

/// Each sensor of the table with something to read.
fn sensor(name: &str, folder: &Path) -> Box<dyn Sensor> {
    match name {
        "files" => {
            fs::write(folder.join("a.log"), "1\n2\n").unwrap();
            let paths = vec![format!("{}/*.log", folder.display())];
            build("files", &[("paths", SettingValue::List(paths)), ("rescan_s", SettingValue::Float(0.05))])
        }
        "stdin" => {
            let (reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(b"1\n").unwrap();
            // The second of the two is read on after the failure, so that the pipe must not end before.
            std::thread::spawn(move || writer.write_all(&b"line\n".repeat(100_000)));
            Box::new(Stdin::new(reader.into()))
        }
        "journald" => {
            let program = folder.join("journalctl");
            let entries =
                r#"for n in 1 2 3; do echo "{\"__CURSOR\":\"s$n\",\"MESSAGE\":\"$n\"}"; done; exec sleep 1000"#;
            fs::write(folder.join("new"), format!("#!/bin/sh\n{entries}\n")).unwrap();
            fs::set_permissions(folder.join("new"), fs::Permissions::from_mode(0o755)).unwrap();
            // Written under another name first: a file that is open for writing in a child of another test cannot be run.
            let copied = std::process::Command::new("cp").arg("-p").arg(folder.join("new")).arg(&program).status();
            assert!(copied.unwrap().success());
            let row = SENSORS.iter().find(|row| row.name == name).unwrap();
            Box::new(Journald::new(program, &Values::defaults(row.settings)))
        }
        _ => build(name, &[("interval_s", SettingValue::Float(0.2))]),
    }
}

#[test]
fn every_sensor_that_panics_is_told_and_started_again() {
    for row in SENSORS {
        let (name, folder) = (row.name, tempfile::tempdir().unwrap());
        let mut rig = Rig::with_clock(sensor(name, folder.path()), 64, failing_once);
        let told = |rig: &Rig, kind: &str| rig.notes().into_iter().find(|note| note["type"] == kind);
        rig.until("the failure is told", |rig| rig.source(name).is_some() && told(rig, "source.failed").is_some());
        let note = told(&rig, "source.failed").unwrap();
        assert_eq!(note["level"], "error");
        assert_eq!(note["sensor"], name);
        assert_eq!(note["source"], name);
        assert_eq!(note["panic"], format!("the clock of sensor-{name} fails"));
        let place = note["place"].as_str().unwrap();
        assert!(place.contains("supervised.rs:"), "{place}");
        let trouble = rig.source(name).unwrap().trouble().unwrap();
        assert_eq!(trouble.kind, TroubleKind::Failed);
        let reason =
            format!("sensor {name} failed: the clock of sensor-{name} fails (at {place}); it is started again in 1 s");
        assert_eq!(trouble.reason, reason);
        assert_eq!(note["message"], reason);
        assert_eq!(rig.error(name), reason);

        rig.until("it is started again", |rig| told(rig, "source.restarted").is_some());
        assert_eq!(told(&rig, "source.restarted").unwrap()["sensor"], name);
        assert_eq!(rig.source(name).unwrap().trouble(), None);
        let read = |rig: &Rig| rig.readings.iter().any(|reading| !reading.raw.starts_with(br#"{"level""#));
        rig.until("it reads", read);
        let failures = rig.notes().iter().filter(|note| note["type"] == "source.failed").count();
        assert_eq!(failures, 1, "{name}");
        rig.stop();
    }
}

/// Panics whenever it runs.
struct Broken(Arc<SourceStatus>);

impl Sensor for Broken {
    fn source(&self) -> &Arc<SourceStatus> {
        &self.0
    }

    fn run(&mut self, _: &IngestHandle) {
        panic!("broken")
    }
}

#[test]
fn the_waits_of_a_sensor_that_fails_again_grow() {
    let mut rig = Rig::new(Box::new(Broken(SourceStatus::new("broken", "broken", 0))));
    let waits = |rig: &Rig| -> Vec<u64> {
        let notes = rig.notes();
        notes.iter().filter_map(|note| note["restart_s"].as_u64()).collect()
    };
    rig.until("it has failed three times", |rig| waits(rig).len() == 3);
    assert_eq!(waits(&rig), [1, 2, 4]);
    // In the midst of a wait.
    rig.stop();
}

static CLOCK_FAILS: AtomicBool = AtomicBool::new(false);

fn failing_on_demand() -> i64 {
    assert!(!CLOCK_FAILS.swap(false, Ordering::SeqCst), "the clock fails");
    now_ns()
}

#[test]
fn files_are_read_on_where_they_were_and_what_was_lost_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, "1\n2\n").unwrap();
    let paths = SettingValue::List(vec![path.to_str().unwrap().into()]);
    let mut rig = Rig::with_clock(build("files", &[("paths", paths)]), 64, failing_on_demand);
    rig.until("the file is read", |rig| rig.lines().len() == 2);
    CLOCK_FAILS.store(true, Ordering::SeqCst);
    wait_until("the sensor has failed", || !CLOCK_FAILS.load(Ordering::SeqCst));
    rig.until("it is told", |rig| rig.notes().len() == 1);
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"3\n4\n").unwrap();
    rig.until("it reads on", |rig| rig.lines().len() == 4);
    rig.stop();
    assert_eq!(rig.texts(), ["1", "2", "3", "4"]);
    let lost: u64 = rig.sources.iter().map(|source| source.lost.load(Ordering::Relaxed)).sum();
    assert_eq!(lost, 0);
}
