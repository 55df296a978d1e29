//! What the server counts of itself.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Meters {
    /// Requests answered.
    pub requests: Counter,
    /// Of these with a status of 400 or above.
    pub refused: Counter,
    /// Connections accepted.
    pub accepted: Counter,
    /// Connections turned away because there were too many.
    pub turned_away: Counter,
    /// Messages sent to WebSocket clients.
    pub messages_out: Counter,
    /// Bytes of these.
    pub bytes_out: Counter,
    /// Messages received from WebSocket clients.
    pub messages_in: Counter,
    /// Bytes of these.
    pub bytes_in: Counter,
    /// Messages of WebSocket clients that were refused.
    pub errors: Counter,
    /// Messages refused because they came too fast.
    pub rate_limited: Counter,
    /// Clients disconnected because they were too slow.
    pub slow: Counter,
    /// Events of channels that clients missed because they were too slow.
    pub missed: Counter,
    /// Events accepted by ingest.
    pub ingested: Counter,
    /// Events that ingest left out because it had taken them in before.
    pub ingest_duplicates: Counter,
    /// Events refused by ingest.
    pub ingest_refused: Counter,
    /// Credentials that were not valid.
    pub bad_credentials: Counter,
    /// Requests by route.
    pub http: crate::prometheus::Http,
}

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn one(&self) {
        self.add(1);
    }

    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
