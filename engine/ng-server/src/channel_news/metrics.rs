//! The event `system_metrics`: the keys of the seed, and those of its web page.
//!
//! | key | source; null = not measured |
//! |---|---|
//! | `cpu_percent`, `memory_percent` | gauges `cpu.total` and `memory.used` of the sensor `host`, while it is read |
//! | `disk_percent` | the fullest filesystem, of the same sensor |
//! | `memory_mb` | memory of this process that is resident |
//! | `events_per_sec` | records of the last second |
//! | `total_tokens`, `tokens` | patterns that the module `token_manager` knows |
//! | `total_connections`, `connections` | links between patterns that `connection_manager` knows |
//! | `total_channels` | channels that can be subscribed to |
//! | `total_subscriptions` | channels that clients of this dialect read, over all clients |
//! | `buffered_events` | records that wait for the readers of subscriptions |
//! | `queries_per_hour` | requests over HTTP, the upgrades to WebSockets among them, in the last hour or since the start |
//! | `avg_latency_us` | median time of an event in the pipeline, over the last minute |
//! | `fast_path_percent`, `cache_hit_percent` | always null: the engine takes every event the same way, and has no cache |

use crate::channels::{CHANNELS, Channel};
use crate::forms::event::Event;
use crate::hub::Hub;
use ng_wire::{Gauge, MetricsView, ModuleView};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Shortest time between two events; views also come after every command.
const SHORTEST: Duration = Duration::from_millis(500);
const MINUTE: Duration = Duration::from_secs(60);

/// Requests of the last hour.
#[derive(Default)]
pub(super) struct Load {
    last: Option<Instant>,
    /// The number of requests at the beginning of each minute.
    minutes: VecDeque<(Instant, u64)>,
    requests: u64,
}

impl Load {
    /// Enough time has passed since the last event.
    pub(super) fn is_due(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= SHORTEST);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }

    /// Notes the number of requests since the start.
    pub(super) fn note(&mut self, requests: u64) {
        self.note_at(Instant::now(), requests);
    }

    fn note_at(&mut self, now: Instant, requests: u64) {
        self.requests = requests;
        if self.minutes.back().is_none_or(|(at, _)| now.duration_since(*at) >= MINUTE) {
            // Before the first minute there were none.
            let known = if self.minutes.is_empty() { 0 } else { requests };
            self.minutes.push_back((now, known));
        }
        while self.minutes.front().is_some_and(|(at, _)| now.duration_since(*at) > 60 * MINUTE) {
            self.minutes.pop_front();
        }
    }

    fn of_the_hour(&self) -> u64 {
        self.requests - self.minutes.front().map_or(0, |(_, requests)| *requests)
    }
}

/// The event.
pub(super) fn event(hub: &Hub, view: &MetricsView, load: &Load) -> Event {
    let views = hub.views();
    // A gauge of a sensor that is no longer read would be told for ever.
    let measured = view.sources.iter().any(|source| source.sensor == "host" && source.enabled && !source.stale);
    let host = |name: &str| value(&view.gauges, name).filter(|_| measured);
    let disks = view.gauges.iter().filter(|gauge| gauge.name.starts_with("disk.") && gauge.name.ends_with(".used"));
    let disk = disks.map(|gauge| gauge.value).reduce(f64::max).filter(|_| measured);
    let tokens = count(&views.modules, "token_manager", "patterns");
    let connections = count(&views.modules, "connection_manager", "links");
    let clients = hub.clients.list();
    let subscriptions: usize =
        clients.iter().filter(|client| client.dialect == "seed").map(|client| client.reads.lock().len()).sum();
    let latency = view.stages.iter().find(|stage| stage.name == "total").and_then(|stage| stage.p50_us);
    let cpu = host("cpu.total");
    let data = json!({
        "cpu_percent": cpu,
        "memory_mb": resident_mb(),
        "events_per_sec": view.events_per_s,
        "total_tokens": tokens,
        "total_connections": connections,
        "total_channels": CHANNELS.len(),
        "total_subscriptions": subscriptions,
        "buffered_events": view.subscriptions.iter().map(|subscription| subscription.len).sum::<u64>(),
        "tokens": tokens,
        "connections": connections,
        "queries_per_hour": load.of_the_hour(),
        "avg_latency_us": latency,
        "fast_path_percent": Value::Null,
        "cache_hit_percent": Value::Null,
        "memory_percent": host("memory.used"),
        "disk_percent": disk,
        "clients": clients.len(),
        "dropped": view.dropped,
        "uptime_seconds": view.uptime_s,
    });
    Event::new(Channel::Metrics, view.time_ns, "system_metrics", data)
}

fn value(gauges: &[Gauge], name: &str) -> Option<f64> {
    gauges.iter().find(|gauge| gauge.name == name).map(|gauge| gauge.value)
}

fn count(modules: &[ModuleView], id: &str, gauge: &str) -> Option<u64> {
    let module = modules.iter().find(|module| module.id == id)?;
    value(&module.gauges, gauge).map(|value| value as u64)
}

/// Memory of this process that is resident, MiB.
fn resident_mb() -> Option<f64> {
    resident_kib(&std::fs::read_to_string("/proc/self/status").ok()?).map(|kib| kib / 1024.0)
}

fn resident_kib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_over_an_hour() {
        let (start, mut load) = (Instant::now(), Load::default());
        load.note_at(start, 5);
        assert_eq!(load.of_the_hour(), 5, "those before the first look were made in this hour");
        for minute in 1..=59 {
            load.note_at(start + minute * MINUTE, 5 + u64::from(minute));
        }
        assert_eq!(load.of_the_hour(), 64);
        load.note_at(start + 61 * MINUTE, 70);
        assert_eq!(load.of_the_hour(), 64, "the first minute has passed");
        assert!(load.minutes.len() <= 61);
    }

    #[test]
    fn resident_memory_is_read() {
        assert_eq!(resident_kib("Name:\tx\nVmRSS:\t   2048 kB\nRssAnon: 1 kB\n"), Some(2048.0));
        assert_eq!(resident_kib("Name:\tx\n"), None);
        assert!(resident_mb().is_some_and(|mb| mb > 0.1));
    }
}
