//! Waiting that does not miss the stop.

use ng_model::intake::{IngestHandle, Shutdown};
use std::time::{Duration, Instant};

/// Longest time between two looks at the stop.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

/// Waits until `until`, or less when the engine stops.
pub(crate) fn wait(ingest: &IngestHandle, until: Instant) -> Result<(), Shutdown> {
    loop {
        if ingest.stopped() {
            return Err(Shutdown);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(LOOK));
    }
}

/// The beat after `last`; beats that have been missed are skipped, not made up for.
pub(crate) fn next_beat(last: Instant, interval: Duration) -> Instant {
    let now = Instant::now();
    let planned = last + interval;
    if planned > now { planned } else { now + interval }
}
