//! The thread of a sensor: a panic in it is told, and the sensor is started again.

use crate::{Sensor, notes, pace};
use ng_model::intake::{IngestHandle, Shutdown};
use ng_model::supervise::{Panicked, catch};
use ng_wire::TroubleKind;
use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// First wait before a sensor is started again; doubled up to [`LONGEST`] while it does not run well.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// A sensor that ran for so long ran well.
const WELL: Duration = Duration::from_secs(60);

/// Runs a sensor on a thread of its own, which is named after it and ends with it. A panic becomes an event
/// `source.failed` and the trouble of the sensor's source; after a wait the sensor goes on, which is an event too.
pub fn start(sensor: Box<dyn Sensor>, ingest: IngestHandle) -> io::Result<JoinHandle<()>> {
    Builder::new().name(format!("sensor-{}", sensor.source().sensor)).spawn(move || {
        // An error means that the engine is stopping.
        let _: Result<(), Shutdown> = supervise(sensor, &ingest);
    })
}

fn supervise(mut sensor: Box<dyn Sensor>, ingest: &IngestHandle) -> Result<(), Shutdown> {
    let source = sensor.source().clone();
    let name = source.sensor;
    ingest.announce(&source);
    let mut wait = SHORTEST;
    loop {
        let started = Instant::now();
        let Err(panicked) = catch(|| sensor.run(ingest)) else { return Ok(()) };
        if started.elapsed() >= WELL {
            wait = SHORTEST;
        }
        let Panicked { message, place } = &panicked;
        let seconds = wait.as_secs();
        let reason = format!("sensor {name} failed: {panicked}; it is started again in {seconds} s");
        source.fail(ingest.now_ns(), TroubleKind::Failed, reason.as_str());
        source.error(ingest.now_ns(), reason.as_str());
        let more = serde_json::json!({ "sensor": name, "panic": message, "place": place, "restart_s": seconds });
        notes::own(ingest, &source, "source.failed", "error", &reason, more)?;
        pace::wait(ingest, Instant::now() + wait)?;
        wait = (wait * 2).min(LONGEST);
        source.recover();
        let message = format!("sensor {name} is started again");
        notes::own(ingest, &source, "source.restarted", "notice", &message, serde_json::json!({ "sensor": name }))?;
    }
}
