//! Nanoseconds that a record costs in `Routes::deliver`, with many subscriptions: `route_rate SUBSCRIPTIONS RECORDS LINEAR`.
//!
//! A program with many readers is imitated. There are as many hosts, metrics and patterns as a tenth of the subscriptions,
//! and twice as many users; each host sends four metrics and its log. The subscriptions ask for a metric, a group of
//! metrics, a host, the errors of a host, a user, a pattern, or a metric above a threshold; a few have no such key. A record
//! matches a handful of them.
//!
//! A host sends eight records at a time, and hosts follow each other at random. Records are routed in batches of 256, each
//! encoded right before. All RECORDS are routed once to warm up, then timed for some rounds: the figure is the median of
//! the medians over batches. Beside it, the first LINEAR of them are matched against every filter in turn; both must find
//! the same. Prints one JSON object. `bench/run.py` calls it.

#![expect(clippy::print_stdout, reason = "the result goes to standard output")]

use ng_core::route::{Queue, Routes, Wanted};
use ng_filter::{Env, Filter};
use ng_model::event::{Event, Parsed, Reading};
use ng_model::intake::BATCH;
use ng_model::record::{Detection, RecordHeader, Verdict};
use ng_model::symbols::{Sym, Symbols};
use ng_reading::encoders::{self, Clock};
use ng_reading::recogniser::Recogniser;
use ng_wire::Format;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// 2026-01-01T00:00:00Z.
const START_NS: i64 = 1_767_225_600_000_000_000;
const NS_PER_RECORD: i64 = 2_000;
/// Room in each queue; nothing is dropped. They are emptied before each round.
const CAPACITY: usize = usize::MAX;
const ROUNDS: usize = 5;
/// Metrics that a host sends.
const METRICS_OF_A_HOST: usize = 4;
/// Records that a host sends at a time.
const RUN: usize = 8;
/// Those of which no key is known.
const CATCH_ALLS: [&str; 4] = ["", "level>=error", "is:alert", "verdict:reject"];
const MODULES: [&str; 3] = ["guardian", "gateway", "intuition_engine"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, subscriptions, records, linear] = arguments.as_slice() else {
        return Err("usage: route_rate SUBSCRIPTIONS RECORDS LINEAR".into());
    };
    let (subscriptions, records, linear) = (subscriptions.parse()?, records.parse()?, linear.parse()?);
    let town = Town::of(subscriptions);
    let mut noise = Noise(1);
    let mut symbols = Symbols::new();
    let filters = town.filters(subscriptions, &mut noise)?;
    let mut host = 0;
    let mut record = |place: usize| {
        host = if place.is_multiple_of(RUN) { noise.below(town.hosts) } else { host };
        town.record(host, &mut noise, &mut symbols)
    };
    let sent: Vec<Sent> = (0..records).map(&mut record).collect();

    let mut run = Run::new(&filters, symbols);
    let matched = run.route(&sent).matched;
    let rounds: Vec<Measured> = (0..ROUNDS).map(|_| run.route(&sent)).collect();
    let peer = run.linear(&filters, &sent[..sent.len().min(linear)]);
    if matched[..peer.matched.len()] != peer.matched {
        return Err("the index and the linear matcher differ".into());
    }
    let median_of =
        |part: fn(&Measured) -> &[f64]| median(rounds.iter().map(|round| median(part(round).to_vec())).collect());
    let result = serde_json::json!({
        "subscriptions": filters.len(),
        "records": sent.len(),
        "matched_per_record": matched.iter().sum::<u64>() as f64 / sent.len() as f64,
        "deliver_ns": median_of(|round| &round.deliver),
        "flush_ns": median_of(|round| &round.flush),
        "linear_records": peer.matched.len(),
        "linear_ns": median(peer.deliver),
    });
    println!("{result}");
    Ok(())
}

/// What the subscriptions and the records speak of.
struct Town {
    hosts: usize,
    users: usize,
    metrics: usize,
    patterns: usize,
}

/// A record before it is encoded.
struct Sent {
    raw: Vec<u8>,
    format: Format,
    source: Sym,
    pattern: u32,
    kind: Sym,
}

/// What was measured, in nanoseconds per record of each batch, and how many subscriptions each record matched.
#[derive(Default)]
struct Measured {
    deliver: Vec<f64>,
    flush: Vec<f64>,
    matched: Vec<u64>,
}

impl Town {
    fn of(subscriptions: usize) -> Self {
        let tenth = (subscriptions / 10).max(10);
        Town { hosts: tenth, users: tenth * 2, metrics: tenth, patterns: tenth }
    }

    /// Two metrics of one group.
    fn metric(number: usize) -> String {
        format!("group{}.m{number}", number / 2)
    }

    fn host(number: usize) -> String {
        format!("host{number:05}")
    }

    fn filters(&self, count: usize, noise: &mut Noise) -> Result<Vec<Filter>, Box<dyn Error>> {
        let modules = MODULES.iter().map(|name| format!("module:{name}"));
        let fixed = CATCH_ALLS.map(String::from).into_iter().chain(modules);
        let mut texts: Vec<String> = fixed.take(count).collect();
        while texts.len() < count {
            let (host, metric) = (Self::host(noise.below(self.hosts)), Self::metric(noise.below(self.metrics)));
            texts.push(match noise.below(100) {
                0..20 => format!("type:metric.{metric}"),
                20..28 => format!("type:metric.group{}.**", noise.below(self.metrics / 2)),
                28..30 => format!("type:signal.input.{host}.**"),
                30..45 => format!("source:{host}"),
                45..58 => format!("type:log.text source:{host} level>=error"),
                58..73 => format!("attr.user=u{}", noise.below(self.users)),
                73..83 => format!("pattern:{}", noise.below(self.patterns)),
                83..95 => format!("type:metric.{metric} value>{}", 80 + noise.below(20)),
                _ => format!("attr.user=u{0} | attr.by=u{0}", noise.below(self.users)),
            });
        }
        let env = Env { now_ns: START_NS, ..Env::default() };
        let compile = |text: &String| Filter::compile(text, &env).map_err(|error| format!("{text}: {error}").into());
        texts.iter().map(compile).collect()
    }

    /// What a host sends.
    fn record(&self, number: usize, noise: &mut Noise, symbols: &mut Symbols) -> Sent {
        let host = Self::host(number);
        let (format, raw) = match noise.below(100) {
            0..60 => {
                let metric = (number * METRICS_OF_A_HOST + noise.below(METRICS_OF_A_HOST)) % self.metrics;
                (Format::Metric, format!("{}={}", Self::metric(metric), noise.below(1000) as f64 / 10.0))
            }
            60..97 => {
                let level = ["DEBUG", "INFO", "INFO", "INFO", "WARN", "INFO", "INFO", "ERROR"][noise.below(8)];
                let (user, took) = (noise.below(self.users), noise.below(900));
                (Format::Text, format!("{level} request done user=u{user} took={took}ms path=/api/v1/items status=200"))
            }
            97..99 => {
                let json = serde_json::json!({ "type": format!("signal.input.{host}.text"), "message": "said" });
                (Format::Note, json.to_string())
            }
            _ => {
                let module = MODULES[noise.below(MODULES.len())];
                let json = serde_json::json!({ "type": "module.toggle", "module": module, "message": "switched" });
                (Format::Note, json.to_string())
            }
        };
        let (mut parsed, mut kind) = (Parsed::default(), String::new());
        let reading = Reading {
            source: Sym::default(),
            received_ns: START_NS,
            written_ns: START_NS,
            format,
            raw: raw.as_bytes(),
        };
        Recogniser::new(Clock::utc()).encode(&reading, &mut parsed);
        encoders::stream_kind(&parsed, raw.as_bytes(), &mut kind);
        let pattern = noise.below(self.patterns) as u32;
        Sent { source: symbols.intern(&host), kind: symbols.intern(&kind), raw: raw.into_bytes(), format, pattern }
    }
}

struct Run {
    routes: Routes,
    queues: Vec<Arc<Queue>>,
    symbols: Symbols,
    parsed: Vec<Parsed>,
    seq: u64,
}

impl Run {
    fn new(filters: &[Filter], symbols: Symbols) -> Self {
        let mut routes = Routes::default();
        let wanted = |filter: &Filter| Wanted { filter: filter.clone(), ..Wanted::default() };
        let queues = filters.iter().map(|filter| routes.subscribe(wanted(filter), CAPACITY)).collect();
        Run { routes, queues, symbols, parsed: vec![Parsed::default(); BATCH], seq: 0 }
    }

    /// Routes all records.
    fn route(&mut self, sent: &[Sent]) -> Measured {
        let mut measured = Measured::default();
        self.queues.iter().for_each(|queue| drop(queue.take(usize::MAX, Duration::ZERO)));
        for batch in sent.chunks(BATCH) {
            let events = encoded(batch, &self.symbols, &mut self.parsed, &mut self.seq);
            let start = Instant::now();
            for event in &events {
                measured.matched.push(self.routes.deliver(event, event.head.received_ns));
            }
            let delivered = Instant::now();
            self.routes.flush();
            measured.flush.push(per_record(delivered.elapsed(), batch));
            measured.deliver.push(per_record(delivered - start, batch));
        }
        measured
    }

    /// Matches records against every filter in turn, and notes positions as the routes do.
    fn linear(&mut self, filters: &[Filter], sent: &[Sent]) -> Measured {
        let mut measured = Measured::default();
        let mut batches: Vec<Vec<u64>> = vec![Vec::new(); filters.len()];
        for batch in sent.chunks(BATCH) {
            let events = encoded(batch, &self.symbols, &mut self.parsed, &mut self.seq);
            let start = Instant::now();
            for event in &events {
                let mut matched = 0;
                for (filter, batch) in filters.iter().zip(&mut batches) {
                    if filter.matches_event(event, event.head.received_ns) {
                        batch.push(event.head.seq);
                        matched += 1;
                    }
                }
                measured.matched.push(matched);
            }
            measured.deliver.push(per_record(start.elapsed(), batch));
            black_box(&mut batches).iter_mut().for_each(Vec::clear);
        }
        measured
    }
}

/// The events of a batch, as the stages before the routes leave them.
fn encoded<'a>(sent: &'a [Sent], symbols: &'a Symbols, parsed: &'a mut [Parsed], seq: &mut u64) -> Vec<Event<'a>> {
    let event = |(sent, parsed): (&'a Sent, &'a mut Parsed)| {
        *seq += 1;
        let received_ns = START_NS + *seq as i64 * NS_PER_RECORD;
        let reading =
            Reading { source: sent.source, received_ns, written_ns: received_ns, format: sent.format, raw: &sent.raw };
        let encoder = Recogniser::new(Clock::utc()).encode(&reading, parsed);
        let head = RecordHeader {
            seq: *seq,
            time_ns: parsed.time_ns.unwrap_or(received_ns),
            received_ns,
            value: parsed.value,
            kind: sent.kind,
            source: sent.source,
            level: parsed.level.unwrap_or_default(),
            format: parsed.format,
            declared: parsed.declared,
            unit: parsed.unit,
            message: parsed.message,
            verdict: Verdict::default(),
            detection: Detection { pattern: sent.pattern, ..Detection::default() },
        };
        Event { head, encoder, raw: &sent.raw, parsed, symbols }
    };
    sent.iter().zip(parsed).map(event).collect()
}

fn per_record(spent: Duration, batch: &[Sent]) -> f64 {
    spent.as_nanos() as f64 / batch.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Numbers that look random and are the same in every run.
struct Noise(u64);

impl Noise {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}
