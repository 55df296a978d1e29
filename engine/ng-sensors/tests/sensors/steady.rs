//! The sensors that speak at fixed intervals.

use crate::rig::Rig;
use ng_wire::{Format, SettingValue};

#[test]
fn the_heart_beats() {
    let mut rig = Rig::build("heartbeat", &[("interval_s", SettingValue::Float(0.1))]);
    rig.until("three beats have come", |rig| rig.readings.len() >= 3);
    rig.stop();
    let note = &rig.notes()[0];
    assert_eq!(note["type"], "system.heartbeat");
    assert_eq!(note["level"], "debug");
    assert_eq!(note["message"], "alive");
    assert_eq!(note["uptime_s"], 0);
    assert_eq!(rig.sources[0].stale_after_ns, 300_000_000);
}

#[test]
fn the_host_is_measured() {
    let mut rig = Rig::build("host", &[("interval_s", SettingValue::Float(0.2))]);
    rig.until("rates have come", |rig| rig.texts().iter().any(|text| text.starts_with("cpu.total=")));
    rig.stop();
    assert!(rig.readings.iter().all(|reading| reading.format == Format::Metric && reading.source == "host"));
    let texts = rig.texts();
    let has = |start: &str, end: &str| texts.iter().any(|text| text.starts_with(start) && text.ends_with(end));
    for (start, end) in [("memory.used=", " %"), ("memory.available=", " B"), ("forks=", " /s"), ("load.1=", "")] {
        assert!(has(start, end), "{start}…{end} in {texts:?}");
    }
    assert_eq!(rig.error("host"), "");
    assert_eq!(rig.sources[0].stale_after_ns, 600_000_000);
}
