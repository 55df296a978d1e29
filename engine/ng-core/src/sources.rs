//! The sources as the engine sees them: counters, rates, staleness, and the latest host metrics.
//!
//! # Layout
//!
//! `sources/shown.rs` makes the rows that the screens show.

mod shown;

use crate::store::Store;
use ng_model::intake::SourceStatus;
use ng_model::record::RecordHeader;
use ng_model::symbols::{Sym, Symbols};
use ng_wire::{Gauge, Unit};
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
    /// Ticks since it ended; 0 while it runs.
    ended_ticks: u64,
}

/// What is kept of several sources.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    sources: u64,
    readings: u64,
    rate: f64,
    refused: u64,
    lost: u64,
}

/// Most sources that have ended and are remembered. Files are rotated and come anew for as long as an engine runs.
const MAX_ENDED: usize = 128;

/// All sources that were announced or have spoken.
#[derive(Default)]
pub struct Sources {
    known: Vec<Source>,
    /// Those that ended and are known no more.
    forgotten: Sum,
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
        self.known.push(Source {
            status: status.clone(),
            sym,
            readings: 0,
            refused: 0,
            rate: 0.0,
            readings_at_tick: 0,
            is_frozen,
            ended_ticks: 0,
        });
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
            let ended = source.status.ended.load(Ordering::Relaxed) && source.status.enabled;
            source.ended_ticks = if ended { source.ended_ticks + 1 } else { 0 };
        }
        self.forget();
    }

    /// Forgets the sources that ended first, beyond those that may be remembered. What runs or is frozen is not forgotten;
    /// what comes again afterwards is met as for the first time.
    fn forget(&mut self) {
        let has_ended = |source: &Source| source.ended_ticks > 0 && !source.is_frozen;
        let surplus = self.known.iter().filter(|source| has_ended(source)).count().saturating_sub(MAX_ENDED);
        if surplus == 0 {
            return;
        }
        let mut ended: Vec<(u64, usize)> = self
            .known
            .iter()
            .enumerate()
            .filter(|(_, one)| has_ended(one))
            .map(|(at, one)| (one.ended_ticks, at))
            .collect();
        ended.sort_by_key(|&(ticks, at)| (std::cmp::Reverse(ticks), at));
        let mut gone: Vec<usize> = ended.into_iter().take(surplus).map(|(_, at)| at).collect();
        gone.sort_unstable();
        for &at in &gone {
            let source = &self.known[at];
            // Whoever comes again counts from nothing, so that nothing is counted twice.
            let lost = source.status.lost.swap(0, Ordering::Relaxed);
            self.forgotten.add(source, lost);
        }
        let mut at = 0;
        self.known.retain(|_| {
            at += 1;
            gone.binary_search(&(at - 1)).is_err()
        });
    }

    /// Readings lost by sensors or refused by the gateway, since the start.
    pub fn missing(&self) -> u64 {
        let missing = |source: &Source| source.refused + source.status.lost.load(Ordering::Relaxed);
        self.known.iter().map(missing).sum::<u64>() + self.forgotten.refused + self.forgotten.lost
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
}

impl Sum {
    fn add(&mut self, source: &Source, lost: u64) {
        self.sources += 1;
        self.readings += source.readings;
        self.rate += source.rate;
        self.refused += source.refused;
        self.lost += lost;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_wire::{SourceView, Trouble, TroubleKind};

    fn ended(name: String) -> Arc<SourceStatus> {
        let status = SourceStatus::new(name, "files", 0);
        status.ended.store(true, Ordering::Relaxed);
        status
    }

    /// The row that stands for several sources.
    fn row<'a>(views: &'a [SourceView], name: &str) -> &'a SourceView {
        views.iter().find(|view| view.name == name && view.stands_for.is_some()).expect(name)
    }

    #[test]
    fn sources_that_ended_are_forgotten_and_their_counts_are_not() {
        let (mut sources, mut store) = (Sources::default(), Store::new(1024));
        let running = SourceStatus::new("file:/runs", "files", 0);
        sources.enter(&running, &mut store, 5);
        sources.set_learning("file:/frozen", false);
        sources.enter(&ended("file:/frozen".into()), &mut store, 7);
        let mut first = None;
        for number in 0..7000 {
            let status = ended(format!("file:/var/log/app/{number}.log"));
            status.lost.store(1, Ordering::Relaxed);
            let index = sources.enter(&status, &mut store, 2);
            sources.refuse(index, 1);
            first.get_or_insert(status);
            if number % 100 == 99 {
                sources.tick(1.0);
            }
        }
        let views = sources.view(9);
        assert_eq!(views.len(), 2 + MAX_ENDED + 1);
        assert_eq!(views.iter().map(|view| view.readings).sum::<u64>(), 12 + 14_000);
        let forgotten = row(&views, "sources that ended");
        let expect = (Some(6872), 2 * 6872, 6872, 6872, true);
        let SourceView { stands_for, readings, lost, refused, ended, .. } = *forgotten;
        assert_eq!((stands_for, readings, lost, refused, ended), expect);
        for name in ["file:/runs", "file:/frozen", "file:/var/log/app/6999.log"] {
            assert!(sources.is_known(name), "{name}");
        }
        assert_eq!(sources.missing(), 14_000);
        let first = first.unwrap();
        first.ended.store(false, Ordering::Relaxed);
        sources.enter(&first, &mut store, 3);
        sources.tick(1.0);
        assert_eq!(sources.missing(), 14_000, "what it lost before is not counted twice");
        assert_eq!(sources.view(9).iter().map(|view| view.readings).sum::<u64>(), 12 + 14_003);
    }

    #[test]
    fn what_is_shown_of_the_sources_is_bounded_and_says_what_is_left_out() {
        let (mut sources, mut store) = (Sources::default(), Store::new(1024));
        let reason = "x".repeat(100_000);
        for number in 0..4096 {
            let status = SourceStatus::new(format!("file:/{number}/{}", "n".repeat(4000)), "files", 0);
            status.error(7, reason.as_str());
            if number == 4000 {
                status.fail(7, TroubleKind::Waiting, reason.as_str());
            }
            sources.enter(&status, &mut store, 1);
        }
        let views = sources.view(9);
        let bytes = serde_json::to_vec(&views).unwrap().len();
        assert!(bytes < 512 << 10, "{bytes} bytes");
        let others = row(&views, "sources not shown");
        assert_eq!(others.stands_for.unwrap() + views.len() as u64 - 1, 4096);
        assert_eq!(views.iter().map(|view| view.readings).sum::<u64>(), 4096);
        assert!(views.iter().any(|view| view.trouble.is_some()), "those in trouble are shown first");
    }

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
