//! A sign of life at a fixed interval: when it is missing, the way from a sensor to the screen is broken.

use crate::{ReadingRules, Sensor, SensorType, pace};
use ng_model::intake::{IngestHandle, Shutdown, SourceStatus};
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_wire::Format;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) static SENSOR: SensorType = SensorType {
    name: "heartbeat",
    summary: "A sign of life of the engine at a fixed interval.",
    settings: &[
        Row { key: "enabled", accepts: Accepts::Bool(true), unit: "", summary: "Whether the heartbeat is sent." },
        Row {
            key: "interval_s",
            accepts: Accepts::Float(10.0, 0.1, 3600.0),
            unit: "s",
            summary: "Time between two heartbeats.",
        },
    ],
    build,
};

struct Heartbeat {
    source: Arc<SourceStatus>,
    started: Instant,
    interval: Duration,
}

fn build(values: &Values, _: &ReadingRules) -> Result<Box<dyn Sensor>, SettingError> {
    let interval = Duration::from_secs_f64(values.float("interval_s"));
    let source = SourceStatus::new("heartbeat", SENSOR.name, 3 * interval.as_nanos() as i64);
    Ok(Box::new(Heartbeat { source, started: Instant::now(), interval }))
}

impl Sensor for Heartbeat {
    fn source(&self) -> &Arc<SourceStatus> {
        &self.source
    }

    fn run(&mut self, ingest: &IngestHandle) {
        // An error means that the engine is stopping, which is how every sensor ends.
        let _: Result<(), Shutdown> = self.beat(ingest);
    }
}

impl Heartbeat {
    fn beat(&self, ingest: &IngestHandle) -> Result<(), Shutdown> {
        let mut builder = ingest.fill(&self.source);
        let mut last = Instant::now();
        loop {
            let uptime = self.started.elapsed().as_secs();
            let note =
                format!(r#"{{"type":"system.heartbeat","level":"debug","message":"alive","uptime_s":{uptime}}}"#);
            builder.push(Format::Note, note.as_bytes())?;
            builder.try_send()?;
            last = pace::next_beat(last, self.interval);
            pace::wait(ingest, last)?;
        }
    }
}
