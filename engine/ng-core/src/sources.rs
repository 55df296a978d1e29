//! The sources as the engine sees them: counters, rates, staleness, and the latest host metrics.

use crate::store::Store;
use ng_model::intake::{NEVER, SourceStatus};
use ng_model::record::RecordHeader;
use ng_model::symbols::{Sym, Symbols};
use ng_wire::{Gauge, SourceView, Trouble, TroubleKind, Unit};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

struct Source {
    status: Arc<SourceStatus>,
    sym: Sym,
    readings: u64,
    refused: u64,
    rate: f64,
    readings_at_tick: u64,
    is_frozen: bool,
}

/// All sources that were announced or have spoken.
#[derive(Default)]
pub struct Sources {
    known: Vec<Source>,
    /// Names of sources whose events are scored and not learnt.
    frozen: BTreeSet<String>,
    /// The name under which the rate of a source is a stream.
    rates: Sym,
    gauges: FxHashMap<Sym, (f64, Unit)>,
}

/// The sensor whose values are shown as gauges and charts.
const HOST_SENSOR: &str = "host";

impl Sources {
    /// Makes a source known, so that it is shown before it speaks; returns its index.
    pub fn announce(&mut self, status: &Arc<SourceStatus>, store: &mut Store) -> usize {
        if let Some(index) = self.known.iter().position(|source| Arc::ptr_eq(&source.status, status)) {
            return index;
        }
        let sym = store.intern(&status.name);
        self.rates = store.intern("source.rate");
        let is_frozen = self.frozen.contains(&status.name);
        let source =
            Source { status: status.clone(), sym, readings: 0, refused: 0, rate: 0.0, readings_at_tick: 0, is_frozen };
        self.known.push(source);
        self.known.len() - 1
    }

    /// Counts readings of a batch; returns the index of its source.
    pub fn enter(&mut self, status: &Arc<SourceStatus>, store: &mut Store, readings: u64) -> usize {
        let index = self.announce(status, store);
        self.known[index].readings += readings;
        index
    }

    /// Counts readings that the gateway refused.
    pub fn refuse(&mut self, index: usize, readings: u64) {
        self.known[index].refused += readings;
    }

    /// The name of a source, and whether its values are gauges.
    pub fn identity(&self, index: usize) -> (Sym, bool) {
        let source = &self.known[index];
        (source.sym, source.status.sensor == HOST_SENSOR)
    }

    /// The name of a source; empty when it is not known.
    pub fn name(&self, source: Sym) -> &str {
        self.known.iter().find(|known| known.sym == source).map_or("", |known| &known.status.name)
    }

    /// Nobody will speak under this name any more.
    pub fn has_ended(&self, source: Sym) -> bool {
        let mut named = self.known.iter().filter(|known| known.sym == source);
        named.all(|known| known.status.ended.load(Ordering::Relaxed))
    }

    /// Freezes what is remembered of a source, which need not be known yet, or lets it learn again.
    pub fn set_learning(&mut self, name: &str, learning: bool) {
        if learning {
            self.frozen.remove(name);
        } else {
            self.frozen.insert(name.to_owned());
        }
        for source in self.known.iter_mut().filter(|source| source.status.name == name) {
            source.is_frozen = !learning;
        }
    }

    /// The names of all sources, without order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|source| source.status.name.as_str())
    }

    /// A source of this name was announced or has spoken.
    pub fn is_known(&self, name: &str) -> bool {
        self.known.iter().any(|source| source.status.name == name)
    }

    /// The events of a source are learnt.
    pub fn learns(&self, index: usize) -> bool {
        !self.known[index].is_frozen
    }

    /// The same for a source by its name.
    pub fn learns_from(&self, source: Sym) -> bool {
        self.known.iter().find(|known| known.sym == source).is_none_or(|known| !known.is_frozen)
    }

    /// The name of the stream of the events that a source brings in ten seconds.
    pub fn rates(&self) -> Sym {
        self.rates
    }

    /// Names of the sources that are frozen.
    pub fn frozen(&self) -> &BTreeSet<String> {
        &self.frozen
    }

    /// Remembers the value of a host metric.
    pub fn note_gauge(&mut self, head: &RecordHeader) {
        if head.value.is_finite() {
            self.gauges.insert(head.kind, (head.value, head.unit));
        }
    }

    /// Called once a second with the seconds since the last call.
    pub fn tick(&mut self, elapsed_s: f64) {
        for source in &mut self.known {
            source.rate = (source.readings - source.readings_at_tick) as f64 / elapsed_s;
            source.readings_at_tick = source.readings;
        }
    }

    /// Readings lost by sensors or refused by the gateway, since the start.
    pub fn missing(&self) -> u64 {
        self.known.iter().map(|source| source.refused + source.status.lost.load(Ordering::Relaxed)).sum()
    }

    /// The latest host metrics by name, `metric.` left out.
    pub fn gauges(&self, symbols: &Symbols) -> Vec<Gauge> {
        let gauge = |(sym, (value, unit)): (&Sym, &(f64, Unit))| {
            let name = symbols.name(*sym);
            Gauge { name: name.strip_prefix("metric.").unwrap_or(name).to_owned(), value: *value, unit: *unit }
        };
        let mut gauges: Vec<Gauge> = self.gauges.iter().map(gauge).collect();
        gauges.sort_by(|a, b| a.name.cmp(&b.name));
        gauges
    }

    /// The sources as the screens show them, those that are switched off last.
    pub fn view(&self, now_ns: i64) -> Vec<SourceView> {
        let failed = self.failed_sensors();
        let view = |source: &Source| {
            let status = &source.status;
            let of_sensor = || failed.iter().find(|(sensor, _)| *sensor == status.sensor && status.enabled);
            let last_ok = Some(status.last_ok_ns.load(Ordering::Relaxed)).filter(|&ns| ns != NEVER);
            let ended = status.ended.load(Ordering::Relaxed);
            let quiet = status.stale_after_ns > 0 && last_ok.is_none_or(|ns| now_ns - ns > status.stale_after_ns);
            SourceView {
                name: status.name.clone(),
                sensor: status.sensor.to_owned(),
                enabled: status.enabled,
                ended,
                readings: source.readings,
                rate: source.rate,
                lost: status.lost.load(Ordering::Relaxed),
                refused: source.refused,
                last_ok_ns: last_ok,
                last_error: status.last_error(),
                stale: quiet && !ended,
                trouble: status.trouble().or_else(|| of_sensor().map(|(_, trouble)| trouble.clone())),
            }
        };
        let mut views: Vec<SourceView> = self.known.iter().map(view).collect();
        views.sort_by_key(|view| !view.enabled);
        views
    }

    /// Sensors that failed and do not run again yet: none of their sources is read.
    fn failed_sensors(&self) -> Vec<(&'static str, Trouble)> {
        let failed = |source: &Source| {
            let trouble = source.status.trouble().filter(|trouble| trouble.kind == TroubleKind::Failed)?;
            Some((source.status.sensor, trouble))
        };
        self.known.iter().filter_map(failed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_of_the_sources_of_a_sensor_that_failed_is_read() {
        let (mut sources, mut store) = (Sources::default(), Store::new(1024));
        let statuses = [("files", "files"), ("file:/a", "files"), ("host", "host")]
            .map(|(name, sensor)| SourceStatus::new(name, sensor, 0));
        for status in &statuses {
            sources.announce(status, &mut store);
        }
        let troubles = |sources: &Sources| sources.view(9).into_iter().map(|view| view.trouble).collect::<Vec<_>>();
        let trouble = |kind, reason: &str| Some(Trouble { kind, since_ns: 7, reason: reason.into() });
        statuses[0].fail(7, TroubleKind::Failed, "files failed");
        let failed = trouble(TroubleKind::Failed, "files failed");
        assert_eq!(troubles(&sources), [failed.clone(), failed, None]);
        statuses[0].fail(8, TroubleKind::Failed, "files failed again");
        assert_eq!(
            troubles(&sources)[1],
            trouble(TroubleKind::Failed, "files failed again"),
            "since the first of them"
        );
        statuses[0].recover();
        statuses[1].fail(7, TroubleKind::Waiting, "waiting for /a");
        assert_eq!(troubles(&sources), [None, trouble(TroubleKind::Waiting, "waiting for /a"), None]);
    }
}
