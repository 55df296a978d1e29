//! Sources that do I/O: host metrics, followed files, standard input, the journal of systemd, a heartbeat.
//!
//! A sensor is one file and one line in [`SENSORS`]. It runs on a thread of its own, announces its sources, and fills
//! batches of raw readings through the engine's [`IngestHandle`]; what the bytes mean is found out by the encoders.
//!
//! # Layout
//!
//! `host`, `files`, `stdin`, `journald` and `heartbeat` are the sensors. `notes` writes the events by which a sensor speaks of
//! itself, `pace` waits without missing the stop, `supervise` starts the threads and what failed on them.

#![forbid(unsafe_code)]

mod files;
mod heartbeat;
mod host;
mod journald;
mod notes;
mod pace;
mod stdin;
mod supervise;

pub use journald::Journald;
pub use stdin::Stdin;
pub use supervise::start;

use ng_model::intake::{IngestHandle, SourceStatus};
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_reading::recogniser::Recogniser;
use ng_reading::source_reader::Limits;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A source of readings, ready to run.
pub trait Sensor: Send {
    /// The source that speaks for the sensor as a whole; always the same.
    fn source(&self) -> &Arc<SourceStatus>;

    /// Reads until `ingest.stopped()`, which it looks at every 100 ms or more often, or until its source has ended.
    ///
    /// After a panic it is called again. What it needs to go on where it was, it keeps in itself.
    ///
    /// While it waits for room in the engine's queue it sees the stop only through the queue being drained or closed.
    fn run(&mut self, ingest: &IngestHandle);
}

/// A sensor, or which setting means nothing.
pub type Built = Result<Box<dyn Sensor>, SettingError>;

/// One row of the table of sensors.
#[derive(Debug)]
pub struct SensorType {
    /// Name of its table in the configuration.
    pub name: &'static str,
    /// One sentence: what it reads.
    pub summary: &'static str,
    /// What can be set; the first row is always `enabled`.
    pub settings: &'static [Row],
    /// Makes a sensor. Refuses values that pass their rows but mean nothing, such as a malformed glob.
    pub build: fn(&Values, &ReadingRules) -> Built,
}

/// How lines are read, whatever the sensor.
#[derive(Clone, Debug)]
pub struct ReadingRules {
    /// But for the length of a line, which is a setting of each sensor.
    pub limits: Limits,
    /// Finds the times of events as the engine does, and has seen none yet.
    pub recogniser: Recogniser,
    /// What was read before, by an engine that kept it.
    pub known: KnownLines,
}

/// The last lines that are known of each source, by its name, joined by line ends: reading goes on behind them.
pub type KnownLines = BTreeMap<String, Arc<[u8]>>;

/// How every sensor reads lines.
pub static READING: &[Row] = &[Row {
    key: "colours",
    accepts: Accepts::Choice(&["strip", "keep"]),
    unit: "",
    summary: "Colours that programs write for terminals are left out of lines, or kept.",
}];

/// The limits that the settings of [`READING`] state.
pub fn limits(reading: &Values) -> Limits {
    Limits { keep_colours: reading.text("colours") == "keep", ..Limits::default() }
}

/// Every sensor.
pub static SENSORS: &[&SensorType] =
    &[&host::SENSOR, &files::SENSOR, &stdin::SENSOR, &journald::SENSOR, &heartbeat::SENSOR];

#[cfg(test)]
mod tests {
    use super::*;
    use ng_reading::encoders::Clock;

    #[test]
    fn every_sensor_can_be_switched_and_built_from_its_defaults() {
        let recogniser = Recogniser::new(Clock::utc());
        let rules = ReadingRules { limits: Limits::default(), recogniser, known: KnownLines::default() };
        for sensor in SENSORS {
            let first = sensor.settings[0];
            assert_eq!(first.key, "enabled", "{}", sensor.name);
            let wanted = sensor.name != "stdin";
            assert!(matches!(first.accepts, Accepts::Bool(on) if on == wanted), "{}", sensor.name);
            assert!((sensor.build)(&Values::defaults(sensor.settings), &rules).is_ok(), "{}", sensor.name);
            for row in sensor.settings {
                assert!(row.accept(&row.default()).is_ok(), "{}.{}", sensor.name, row.key);
                assert!(row.summary.ends_with('.'), "{}.{}", sensor.name, row.key);
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = SENSORS.iter().map(|sensor| sensor.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SENSORS.len());
    }
}
