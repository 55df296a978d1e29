//! The metrics that Prometheus reads: a table of families, and what is counted of every request.
//!
//! A family is one line in [`FAMILIES`]. Labels take their values from tables of the engine, never from what a client sent.

use crate::hub::{Hub, Views};
use crate::meters::Counter as Meter;
use crate::process;
use crate::rest::status;
use ng_wire::{AlertState, HistoryView, RingView, Totals};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The media type of the text format.
pub(crate) const TEXT: &str = prometheus_text::CONTENT_TYPE;
/// The media type of OpenMetrics.
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper bounds of the histogram of durations, seconds.
const SECONDS: [f64; 15] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// All families in one of the two formats.
pub(crate) fn write(hub: &Arc<Hub>, open_metrics: bool) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    let http = &hub.meters.http;
    let requests = "Requests answered, by route and status.";
    registry.register("neurograph_http_requests", requests, http.requests.clone());
    let durations = "Time from a request to its answer, by route.";
    registry.register("neurograph_http_request_duration_seconds", durations, http.durations.clone());
    let under_way = "Requests that are not answered yet, by route.";
    registry.register("neurograph_http_requests_in_progress", under_way, http.under_way.clone());
    registry.register_collector(Box::new(Scrape::of(hub)));
    let mut written = String::with_capacity(16 << 10);
    match open_metrics {
        true => text::encode(&mut written, &registry)?,
        false => prometheus_text::encode(&mut written, &registry)?,
    }
    Ok(written)
}

/// What is counted of requests.
#[derive(Clone, Debug)]
pub struct Http {
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram, fn() -> Histogram>,
    under_way: Family<Asked, Gauge>,
}

impl Default for Http {
    fn default() -> Self {
        Http {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            under_way: Family::default(),
        }
    }
}

/// Labels of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    path: String,
}

/// Labels of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    path: String,
    status_code: u16,
}

/// A request that is counted as under way until this is dropped.
pub(crate) struct UnderWay<'a> {
    http: &'a Http,
    asked: Asked,
    since: Instant,
}

impl Http {
    /// Counts a request. `route`: the path as it stands in the table of routes; none when nothing is served there.
    pub(crate) fn begin(&self, method: &axum::http::Method, route: Option<&str>) -> UnderWay<'_> {
        const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
        let method = METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other");
        let asked = Asked { method, path: route.unwrap_or("unmatched").to_owned() };
        self.under_way.get_or_create(&asked).inc();
        UnderWay { http: self, asked, since: Instant::now() }
    }
}

impl UnderWay<'_> {
    /// Counts the answer.
    pub(crate) fn end(self, status: u16) {
        self.http.durations.get_or_create(&self.asked).observe(self.since.elapsed().as_secs_f64());
        let Asked { method, path } = self.asked.clone();
        self.http.requests.get_or_create(&Answered { method, path, status_code: status }).inc();
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.http.under_way.get_or_create(&self.asked).dec();
    }
}

/// The state of everything at one moment.
struct Scrape {
    hub: Arc<Hub>,
    views: Views,
    totals: Totals,
    ring: RingView,
    held: usize,
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

impl Scrape {
    fn of(hub: &Arc<Hub>) -> Self {
        Scrape {
            hub: hub.clone(),
            views: hub.views(),
            totals: status::totals(hub),
            ring: status::ring(hub),
            held: hub.store.lock().len(),
        }
    }

    fn history(&self) -> Option<&HistoryView> {
        self.views.metrics.as_ref().and_then(|metrics| metrics.history.as_ref())
    }

    fn gauge(&self, module: &str, name: &str) -> f64 {
        status::gauge(&self.views, module, name)
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for family in FAMILIES {
            let metric = encoder.encode_descriptor(family.name, family.help, None, family.kind)?;
            let mut out = Out { metric, kind: family.kind, written: Ok(()) };
            (family.read)(self, &mut out);
            out.written?;
        }
        Ok(())
    }
}

/// Takes the values of a family.
struct Out<'a> {
    metric: MetricEncoder<'a>,
    kind: MetricType,
    written: fmt::Result,
}

impl Out<'_> {
    /// The value of a family without labels.
    fn one(&mut self, value: f64) {
        let written = write_value(&mut self.metric, self.kind, value);
        self.written = self.written.and(written);
    }

    fn meter(&mut self, meter: &Meter) {
        self.one(meter.get() as f64);
    }

    fn labelled(&mut self, labels: &[(&str, &str)], value: f64) {
        let written =
            self.metric.encode_family(&labels).and_then(|mut metric| write_value(&mut metric, self.kind, value));
        self.written = self.written.and(written);
    }

    /// A number of history, where it is kept.
    fn history(&mut self, scrape: &Scrape, number: impl Fn(&HistoryView) -> f64) {
        if let Some(history) = scrape.history() {
            self.one(number(history));
        }
    }

    /// The percentiles of a latency, as far as they were measured.
    fn latency(&mut self, label: (&str, &str), microseconds: [Option<f64>; 3]) {
        for (percentile, value) in ["50", "95", "99"].into_iter().zip(microseconds) {
            if let Some(value) = value {
                self.labelled(&[label, ("percentile", percentile)], value / 1e6);
            }
        }
    }
}

fn write_value(metric: &mut MetricEncoder<'_>, kind: MetricType, value: f64) -> fmt::Result {
    match kind {
        MetricType::Counter => metric.encode_counter::<NoLabelSet, f64, f64>(&value, None),
        _ => metric.encode_gauge(&value),
    }
}

/// One row of the table.
struct Row {
    /// Name; that of a counter without `_total`.
    name: &'static str,
    /// One sentence.
    help: &'static str,
    kind: MetricType,
    read: fn(&Scrape, &mut Out<'_>),
}

const fn counter(name: &'static str, help: &'static str, read: fn(&Scrape, &mut Out<'_>)) -> Row {
    Row { name, help, kind: MetricType::Counter, read }
}

const fn gauge(name: &'static str, help: &'static str, read: fn(&Scrape, &mut Out<'_>)) -> Row {
    Row { name, help, kind: MetricType::Gauge, read }
}

/// Every family besides those of requests.
const FAMILIES: &[Row] = &[
    gauge("neurograph_uptime_seconds", "Time since the server started.", |scrape, out| {
        out.one(scrape.hub.started.elapsed().as_secs_f64());
    }),
    counter("neurograph_events", "Records made.", |scrape, out| out.one(scrape.totals.records as f64)),
    counter("neurograph_events_severe", "Records of level warn, and of level error or worse.", |scrape, out| {
        out.labelled(&[("level", "warn")], scrape.totals.warnings as f64);
        out.labelled(&[("level", "error")], scrape.totals.errors as f64);
    }),
    counter("neurograph_events_novel", "First records of their kind.", |scrape, out| {
        out.one(scrape.totals.novel as f64);
    }),
    counter("neurograph_events_anomalous", "Records that raised an alert of the detectors.", |scrape, out| {
        out.one(scrape.totals.alerts as f64);
    }),
    counter("neurograph_events_flagged", "Records that Guardian flagged.", |scrape, out| {
        out.one(scrape.totals.flagged as f64);
    }),
    counter("neurograph_events_rejected", "Records that Guardian rejected.", |scrape, out| {
        out.one(scrape.totals.rejected as f64);
    }),
    gauge("neurograph_events_per_second", "Records made in the last second.", |scrape, out| {
        out.one(scrape.views.metrics.as_ref().map_or(0.0, |metrics| metrics.events_per_s));
    }),
    counter("neurograph_missing", "Readings and records dropped, lost or refused anywhere.", |scrape, out| {
        out.one(scrape.views.metrics.as_ref().map_or(0.0, |metrics| metrics.dropped as f64));
    }),
    gauge("neurograph_module_enabled", "The module is on.", |scrape, out| {
        for module in scrape.views.modules.iter() {
            out.labelled(&[("module", &module.id)], f64::from(u8::from(module.enabled)));
        }
    }),
    counter("neurograph_module_operations", "Operations of a module.", |scrape, out| {
        for module in scrape.views.modules.iter() {
            out.labelled(&[("module", &module.id)], module.operations as f64);
        }
    }),
    counter("neurograph_module_errors", "Errors of a module.", |scrape, out| {
        for module in scrape.views.modules.iter() {
            out.labelled(&[("module", &module.id)], module.errors as f64);
        }
    }),
    gauge("neurograph_module_latency_seconds", "Latency of a module in the last minute.", |scrape, out| {
        for module in scrape.views.modules.iter() {
            out.latency(("module", &module.id), [module.p50_us, module.p95_us, module.p99_us]);
        }
    }),
    gauge(
        "neurograph_stage_latency_seconds",
        "Latency of a stage of the pipeline in the last minute.",
        |scrape, out| {
            for stage in scrape.views.metrics.iter().flat_map(|metrics| &metrics.stages) {
                out.latency(("stage", &stage.name), [stage.p50_us, stage.p95_us, stage.p99_us]);
            }
        },
    ),
    gauge("neurograph_tokens_active", "Patterns that are known.", |scrape, out| {
        out.one(scrape.gauge("token_manager", "patterns"));
    }),
    gauge("neurograph_connections_active", "Transitions between patterns that are known.", |scrape, out| {
        out.one(scrape.gauge("connection_manager", "links"));
    }),
    counter("neurograph_guardian_objections", "Events that a rule of Guardian objected to.", |scrape, out| {
        for rule in scrape.views.guardian.iter().flat_map(|guardian| &guardian.rules) {
            out.labelled(&[("rule", &rule.name)], rule.hits as f64);
        }
    }),
    counter("neurograph_guardian_rejections", "Events that a rule of Guardian rejected.", |scrape, out| {
        for rule in scrape.views.guardian.iter().flat_map(|guardian| &guardian.rules) {
            out.labelled(&[("rule", &rule.name)], rule.rejects as f64);
        }
    }),
    counter("neurograph_alert_rule_fired", "Times that an alert rule fired.", |scrape, out| {
        for alert in scrape.views.alerts.iter() {
            out.labelled(&[("rule", &alert.name)], alert.fired as f64);
        }
    }),
    gauge("neurograph_alert_rule_firing", "The alert rule is firing.", |scrape, out| {
        for alert in scrape.views.alerts.iter() {
            let firing = alert.state == AlertState::Firing;
            out.labelled(&[("rule", &alert.name)], f64::from(u8::from(firing)));
        }
    }),
    counter(
        "neurograph_alert_rule_held_back",
        "What an alert rule did not tell while another fired.",
        |scrape, out| {
            for alert in scrape.views.alerts.iter() {
                out.labelled(&[("rule", &alert.name)], alert.held_back as f64);
            }
        },
    ),
    counter("neurograph_incidents", "Incidents that were told.", |scrape, out| {
        out.one(scrape.views.incidents.as_ref().map_or(0.0, |view| view.told as f64));
    }),
    gauge("neurograph_incidents_open", "Incidents that go on.", |scrape, out| {
        let incidents = scrape.views.incidents.iter().flat_map(|view| &view.incidents);
        out.one(incidents.filter(|incident| !incident.is_over).count() as f64);
    }),
    gauge("neurograph_silences", "Silences that hold.", |scrape, out| {
        out.one(scrape.views.incidents.as_ref().map_or(0.0, |view| view.silences.len() as f64));
    }),
    counter("neurograph_signals_delivered", "Records delivered to subscriptions.", |scrape, out| {
        out.one(scrape.gauge("signal_system", "delivered"));
    }),
    counter("neurograph_signals_dropped", "Records dropped because a subscription was full.", |scrape, out| {
        out.one(scrape.gauge("signal_system", "dropped"));
    }),
    gauge("neurograph_queue_length", "Items that wait in a queue.", |scrape, out| {
        for queue in scrape.views.metrics.iter().flat_map(|metrics| &metrics.queues) {
            out.labelled(&[("queue", &queue.name)], queue.len as f64);
        }
    }),
    gauge("neurograph_ring_records", "Records in the ring.", |scrape, out| {
        out.one(scrape.held as f64);
    }),
    gauge(
        "neurograph_ring_capacity_records",
        "Most records that the ring holds, samples not counted.",
        |scrape, out| {
            out.one(scrape.ring.capacity as f64);
        },
    ),
    gauge("neurograph_ring_samples", "Samples among the records in the ring.", |scrape, out| {
        out.one(scrape.ring.samples as f64);
    }),
    counter(
        "neurograph_ring_samples_thinned",
        "Samples that left the ring before older records did.",
        |scrape, out| {
            out.one(scrape.ring.thinned as f64);
        },
    ),
    gauge("neurograph_ring_bytes", "Memory of the ring.", |scrape, out| out.one(scrape.ring.bytes as f64)),
    gauge("neurograph_history_events", "Events on disk.", |scrape, out| {
        out.history(scrape, |history| history.events as f64);
    }),
    gauge("neurograph_history_bytes", "Bytes of history on disk.", |scrape, out| {
        out.history(scrape, |history| history.bytes as f64);
    }),
    gauge("neurograph_history_behind_events", "Events that are in memory alone so far.", |scrape, out| {
        out.history(scrape, |history| history.behind as f64);
    }),
    counter(
        "neurograph_history_lost_events",
        "Events that left memory before they could be written to history.",
        |scrape, out| out.history(scrape, |history| history.lost as f64),
    ),
    gauge("neurograph_history_unreadable_events", "Events on disk that cannot be read.", |scrape, out| {
        out.history(scrape, |history| history.unreadable as f64);
    }),
    gauge("neurograph_history_in_trouble", "History cannot be written at present.", |scrape, out| {
        out.history(scrape, |history| f64::from(u8::from(history.trouble.is_some())));
    }),
    gauge("neurograph_history_commit_seconds", "Time of a commit in the last minute.", |scrape, out| {
        let times = scrape.history().map(|history| [("50", history.commit_p50_ms), ("99", history.commit_p99_ms)]);
        for (percentile, ms) in times.into_iter().flatten() {
            ms.iter().for_each(|ms| out.labelled(&[("percentile", percentile)], ms / 1e3));
        }
    }),
    counter("neurograph_source_readings", "Readings of a source.", |scrape, out| {
        for source in scrape.views.metrics.iter().flat_map(|metrics| &metrics.sources) {
            out.labelled(&[("source", &source.name), ("sensor", &source.sensor)], source.readings as f64);
        }
    }),
    counter("neurograph_source_lost", "Readings that a sensor lost before the engine.", |scrape, out| {
        for source in scrape.views.metrics.iter().flat_map(|metrics| &metrics.sources) {
            out.labelled(&[("source", &source.name), ("sensor", &source.sensor)], source.lost as f64);
        }
    }),
    counter("neurograph_source_refused", "Readings refused while the module gateway was off.", |scrape, out| {
        for source in scrape.views.metrics.iter().flat_map(|metrics| &metrics.sources) {
            out.labelled(&[("source", &source.name), ("sensor", &source.sensor)], source.refused as f64);
        }
    }),
    counter("neurograph_ingest_accepted", "Events that ingest took in.", |scrape, out| {
        out.meter(&scrape.hub.meters.ingested);
    }),
    counter("neurograph_ingest_duplicates", "Events that ingest had taken in before.", |scrape, out| {
        out.meter(&scrape.hub.meters.ingest_duplicates);
    }),
    counter("neurograph_ingest_refused", "Lines sent to ingest that were no events.", |scrape, out| {
        out.meter(&scrape.hub.meters.ingest_refused);
    }),
    counter("neurograph_listener_accepted", "Connections accepted.", |scrape, out| {
        out.meter(&scrape.hub.meters.accepted);
    }),
    counter("neurograph_listener_turned_away", "Connections turned away: there were too many.", |scrape, out| {
        out.meter(&scrape.hub.meters.turned_away);
    }),
    counter("neurograph_auth_bad_credentials", "Credentials that were not valid.", |scrape, out| {
        out.meter(&scrape.hub.meters.bad_credentials);
    }),
    gauge("neurograph_ws_connections_active", "WebSocket clients that are connected.", |scrape, out| {
        out.one(scrape.hub.clients.count() as f64);
    }),
    counter("neurograph_ws_connections", "WebSocket clients that ever connected.", |scrape, out| {
        out.one(scrape.hub.clients.ever.load(Ordering::Relaxed) as f64);
    }),
    counter("neurograph_ws_messages_sent", "Messages sent to WebSocket clients.", |scrape, out| {
        out.meter(&scrape.hub.meters.messages_out);
    }),
    counter("neurograph_ws_messages_received", "Messages received from WebSocket clients.", |scrape, out| {
        out.meter(&scrape.hub.meters.messages_in);
    }),
    counter("neurograph_ws_sent_bytes", "Bytes of the messages sent.", |scrape, out| {
        out.meter(&scrape.hub.meters.bytes_out);
    }),
    counter("neurograph_ws_received_bytes", "Bytes of the messages received.", |scrape, out| {
        out.meter(&scrape.hub.meters.bytes_in);
    }),
    counter("neurograph_ws_errors", "Messages of WebSocket clients that were refused.", |scrape, out| {
        out.meter(&scrape.hub.meters.errors);
    }),
    counter("neurograph_ws_rate_limited", "Messages refused because they came too fast.", |scrape, out| {
        out.meter(&scrape.hub.meters.rate_limited);
    }),
    counter("neurograph_ws_slow_consumers", "WebSocket clients disconnected as too slow.", |scrape, out| {
        out.meter(&scrape.hub.meters.slow);
    }),
    gauge("neurograph_feeds_active", "Feeds of records that have readers.", |scrape, out| {
        out.one(scrape.hub.feeds.count() as f64);
    }),
    gauge("neurograph_feed_bytes", "Bytes that wait for the readers of feeds.", |scrape, out| {
        out.one(scrape.hub.feeds.total() as f64);
    }),
    counter("neurograph_feed_records", "Records written into feeds.", |scrape, out| {
        out.one(scrape.hub.feeds.written.load(Ordering::Relaxed) as f64);
    }),
    gauge("process_resident_memory_bytes", "Memory of the process that is resident.", |_, out| {
        out.one(process::resident_bytes() as f64);
    }),
    gauge("process_open_fds", "Open files and sockets of the process.", |_, out| {
        out.one(process::open_files() as f64);
    }),
    counter("process_cpu_seconds", "Time of the process on a processor.", |_, out| {
        out.one(process::cpu_time().as_secs_f64());
    }),
];
