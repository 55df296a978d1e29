//! The way in for events that come over the network.

use crate::error::ApiError;
use ng_core::intake::{Outlet, Receipt, SourceStatus, TakenIn, Unsent};
use ng_wire::Format;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Time for which an event waits while the engine is behind.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most sources; events of later ones come under the name of the sensor.
const SOURCES: usize = 1024;
/// Name of the sensor in the list of sources.
const SENSOR: &str = "http";

/// What became of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Records made.
    pub records: u64,
    /// Of these, rejected by Guardian.
    pub rejected: u64,
    /// `seq` of the last record made; none when there is none.
    pub last_seq: Option<u64>,
}

/// The way in.
pub struct Ingest {
    outlet: Outlet,
    sources: Mutex<BTreeMap<String, Arc<SourceStatus>>>,
}

impl Ingest {
    /// A way in through an outlet of the engine.
    pub fn new(outlet: Outlet) -> Self {
        Ingest { outlet, sources: Mutex::default() }
    }

    /// Hands events to the engine and waits until they are in the ring. When the engine is behind for too long, or stops,
    /// what was taken until then is returned with the refusal.
    pub async fn submit(&self, source: &str, events: Vec<(Format, Vec<u8>)>) -> (Taken, Result<(), ApiError>) {
        let mut taken = Taken::default();
        let mut events = events.into_iter().peekable();
        while events.peek().is_some() {
            let mut filling = self.outlet.fill(&self.source(source));
            while let Some((format, raw)) = events.peek() {
                if !filling.add(*format, raw) {
                    break;
                }
                events.next();
            }
            let (tell, told) = tokio::sync::oneshot::channel();
            // The client may have gone; its events are taken in all the same.
            let receipt = Receipt::new(move |taken: TakenIn| {
                let _ = tell.send(taken);
            });
            let sent = tokio::task::spawn_blocking(move || filling.submit(receipt, PATIENCE)).await;
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(Unsent::Busy)) => {
                    return (taken, Err(ApiError::rate_limited("the engine is behind; send the rest later", 1.0)));
                }
                Ok(Err(Unsent::Stopped)) | Err(_) => {
                    return (taken, Err(ApiError::not_ready("the engine is stopping")));
                }
            }
            match told.await {
                Ok(batch) if batch.records > 0 => {
                    taken.records += batch.records;
                    taken.rejected += batch.rejected;
                    taken.last_seq = Some(batch.first_seq + batch.records - 1);
                }
                Ok(_) => {
                    let what = "the module gateway is switched off, so no event is taken in";
                    return (taken, Err(ApiError::of_command(ng_wire::ErrorCode::Conflict, what.into())));
                }
                Err(_) => return (taken, Err(ApiError::not_ready("the engine is stopping"))),
            }
        }
        (taken, Ok(()))
    }

    fn source(&self, name: &str) -> Arc<SourceStatus> {
        let mut sources = self.sources.lock();
        let name = if sources.len() < SOURCES || sources.contains_key(name) { name } else { SENSOR };
        if let Some(known) = sources.get(name) {
            return known.clone();
        }
        let status = SourceStatus::new(name, SENSOR, 0);
        self.outlet.announce(&status);
        sources.insert(name.to_owned(), status.clone());
        status
    }
}
