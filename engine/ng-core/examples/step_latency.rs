//! Latency of single events through the whole pipeline, by kind of stream: `step_latency RATE EVENTS`.
//!
//! Event n is due at n / RATE seconds whatever became of the ones before it (open loop), so that a slow event is charged
//! with those that it holds up: `p50_us`, `p99_us` are from due to done. `step_p50_us`, `step_p99_us` are from begun to
//! done. `nothing` is the same loop around nothing: what the clock and this machine add. The first quarter is warm-up.
//! Prints one JSON object. `bench/run.py` calls it.

#![expect(clippy::print_stdout, reason = "the result goes to standard output")]

use ng_core::engine::{Engine, EngineParts};
use ng_core::event_loop::mono_ns;
use ng_core::guard::{Guard, Policy};
use ng_core::registry::MODULES;
use ng_core::store::Store;
use ng_detect::Kernel;
use ng_filter::Env;
use ng_model::event::Reading;
use ng_model::settings::Values;
use ng_model::zone::Zone;
use ng_reading::encoders::Vocabulary;
use ng_wire::Format;
use std::error::Error;
use std::hint::{black_box, spin_loop};

/// Readings of a stream that come again and again; the hostile ones are all different until then.
const DIFFERENT: usize = 50_000;

/// Writes the reading with this number.
type Line = fn(usize, &mut Noise) -> String;

const STREAMS: [(&str, Line); 8] = [
    ("text", text),
    ("metric", |i, noise| format!("load={:.4}", 50.0 + 10.0 * (i as f64 / 45.0).sin() + noise.uniform())),
    ("json", json),
    ("vector", |i, noise| vector(|_| (i as f64 / 90.0).sin() + 0.1 * noise.uniform())),
    ("uniform vectors", |_, noise| vector(|_| noise.uniform())),
    ("a new template each", |_, noise| format!("{} {} {}", noise.word(), noise.word(), noise.word())),
    ("new fields", |_, noise| {
        format!(r#"{{"{}":{},"{}":1,"{}":2}}"#, noise.word(), noise.below(100), noise.word(), noise.word())
    }),
    ("random bytes", |_, noise| (0..noise.below(80)).map(|_| char::from(noise.below(128) as u8)).collect()),
];

/// Numbers without a library: the same in every run.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.uniform() * limit as f64) as u64
    }

    fn word(&mut self) -> String {
        (0..8).map(|_| char::from(b'a' + self.below(26) as u8)).collect()
    }
}

fn text(i: usize, noise: &mut Noise) -> String {
    let (block, host) = (noise.below(1 << 40), noise.below(256));
    match noise.below(100) {
        0..45 => format!("INFO receiver: receiving block blk_{block} from /10.0.0.{host}"),
        45..80 => {
            format!("INFO receiver: received block blk_{block} of size {} from /10.0.0.{host}", noise.below(1 << 26))
        }
        80..96 => format!("INFO index: map updated, 10.0.0.{host} is added to blk_{block}"),
        96..99 => format!("WARN sender: sending blk_{block} is slow: {} ms", noise.below(9000)),
        _ => format!("ERROR sender: event {i} of blk_{block} failed: connection refused"),
    }
}

fn json(_: usize, noise: &mut Noise) -> String {
    let (level, status) = if noise.below(50) == 0 { ("error", 500) } else { ("info", 200) };
    let (ms, path) = (noise.below(400), noise.below(9));
    format!(r#"{{"level":"{level}","msg":"served","status":{status},"ms":{ms},"path":"/p{path}"}}"#)
}

fn vector(mut at: impl FnMut(usize) -> f64) -> String {
    let values: Vec<String> = (0..8).map(|dim| format!("{:.4}", at(dim))).collect();
    format!("place=[{}]", values.join(","))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, rate, events] = arguments.as_slice() else { return Err("usage: step_latency RATE EVENTS".into()) };
    let (apart_ns, events) = (1e9 / rate.parse::<f64>()?, events.parse::<usize>()?);
    let mut result = serde_json::Map::new();
    result.insert(
        "nothing".into(),
        open_loop(events, apart_ns, |i| {
            black_box(i);
        }),
    );
    for (name, line) in STREAMS {
        let mut noise = Noise(7);
        let lines: Vec<String> = (0..events.min(DIFFERENT)).map(|i| line(i, &mut noise)).collect();
        let values = MODULES.iter().map(|module| Values::defaults(module.settings)).collect();
        let guard = Guard::new(&Policy::defaults(), &Env::default()).map_err(|error| error.to_string())?;
        let parts = EngineParts {
            values,
            guard,
            alerts: Vec::new(),
            zones: Zone::UTC.into(),
            vocabulary: Vocabulary::default(),
            formats: ng_reading::formats::Formats::built_in(),
            kernel: Kernel::Auto,
        };
        let (mut engine, mut store) = (Engine::new(parts), Store::new(100_000));
        let source = store.intern("source");
        let measured = open_loop(events, apart_ns, |i| {
            let raw = lines[i % lines.len()].as_bytes();
            let reading = Reading {
                source,
                received_ns: i as i64 * 5_000,
                written_ns: i as i64 * 5_000,
                format: Format::Text,
                raw,
            };
            engine.step(&mut store, &reading, None);
        });
        result.insert(name.into(), measured);
    }
    println!("{}", serde_json::Value::Object(result));
    Ok(())
}

fn open_loop(events: usize, apart_ns: f64, mut step: impl FnMut(usize)) -> serde_json::Value {
    let warm = events / 4;
    (0..warm).for_each(&mut step);
    let (mut from_due, mut from_begun) = (Vec::with_capacity(events), Vec::with_capacity(events));
    let start = mono_ns();
    for i in 0..events - warm {
        let due = start + (i as f64 * apart_ns) as u64;
        let mut begun = mono_ns();
        while begun < due {
            spin_loop();
            begun = mono_ns();
        }
        step(warm + i);
        let done = mono_ns();
        from_due.push(done - due);
        from_begun.push(done - begun);
    }
    let at = |values: &mut Vec<u64>, share: f64| {
        values.sort_unstable();
        values[((values.len() - 1) as f64 * share) as usize] as f64 / 1e3
    };
    serde_json::json!({
        "p50_us": at(&mut from_due, 0.5),
        "p99_us": at(&mut from_due, 0.99),
        "step_p50_us": at(&mut from_begun, 0.5),
        "step_p99_us": at(&mut from_begun, 0.99),
    })
}
