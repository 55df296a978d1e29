//! A sign of life at a fixed interval: when it is missing, the way from a sensor to the screen is broken.

use crate::{Sensor, SensorType, pace};
use ng_model::intake::{Outlet, SourceStatus, Stopped};
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_wire::Format;
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
    interval: Duration,
}

fn build(values: &Values) -> Result<Box<dyn Sensor>, SettingError> {
    Ok(Box::new(Heartbeat { interval: Duration::from_secs_f64(values.float("interval_s")) }))
}

impl Sensor for Heartbeat {
    fn run(self: Box<Self>, outlet: Outlet) {
        // An error means that the engine is stopping, which is how every sensor ends.
        let _: Result<(), Stopped> = beat(&outlet, self.interval);
    }
}

fn beat(outlet: &Outlet, interval: Duration) -> Result<(), Stopped> {
    let source = SourceStatus::new("heartbeat", SENSOR.name, 3 * interval.as_nanos() as i64);
    outlet.announce(&source);
    let mut filling = outlet.fill(&source);
    let start = Instant::now();
    let mut last = start;
    loop {
        let uptime = start.elapsed().as_secs();
        let note = format!(r#"{{"type":"system.heartbeat","level":"debug","message":"alive","uptime_s":{uptime}}}"#);
        filling.push(Format::Note, note.as_bytes())?;
        filling.offer()?;
        last = pace::next_beat(last, interval);
        pace::wait(outlet, last)?;
    }
}
