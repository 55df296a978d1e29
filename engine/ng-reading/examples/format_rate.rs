//! How fast lines are read with declared formats: of sources that have one, and of sources that have none.
//!
//! ```sh
//! cargo run --release -p ng-reading --example format_rate
//! ```
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]

use ng_model::event::{Parsed, Reading};
use ng_model::symbols::Sym;
use ng_reading::encoders::Clock;
use ng_reading::formats::Formats;
use ng_reading::recogniser::Recogniser;
use ng_wire::Format;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// 2026-11-22T12:00:00Z.
const NOW: i64 = 1_795_348_800_000_000_000;
/// How long each figure is measured.
const LONG: Duration = Duration::from_millis(400);
/// Each figure is the best of so many.
const TIMES: usize = 5;

fn main() {
    let started = Instant::now();
    let formats = Formats::built_in();
    println!(
        "{} formats are read and walked in {:.1} ms",
        formats.iter().count(),
        started.elapsed().as_secs_f64() * 1e3
    );
    let lines: &[(&str, &str)] = &[
        (
            "access log",
            "198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] \"GET /cart?id=7 HTTP/1.1\" 200 1532 \"https://shop.example/\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
        ),
        (
            "HAProxy",
            "198.51.100.7:33317 [22/Nov/2026:10:00:00.123] public shop/web-1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 \"GET /cart HTTP/1.1\"",
        ),
        (
            "PostgreSQL",
            "2026-11-22 11:00:00.250 CET [412] shop@orders ERROR:  duplicate key value violates unique constraint \"orders_pkey\"",
        ),
        ("Redis", "2233:M 22 Nov 2026 10:00:00.250 # Server initialized"),
        ("log4j", "2026-11-22 10:00:00,250 [http-7] ERROR com.example.Cart - payment failed order=4711"),
        ("none: ISO stamp", "2026-11-22T10:00:00.250Z INFO cart opened for the customer of today user=ann"),
        ("none: prose", "the quick brown fox jumps over the lazy dog and is not seen again until the evening"),
        (
            "none: JSON",
            "{\"time\":\"2026-11-22T10:00:00Z\",\"level\":\"info\",\"msg\":\"cart opened\",\"user\":\"ann\"}",
        ),
    ];
    println!("{:<18}{:>12}{:>12}{:>14}", "", "without, ns", "with, ns", "with, lines/s");
    for (name, line) in lines {
        let mut best = [f64::MAX; 2];
        for _ in 0..TIMES {
            let bare = Recogniser::new(Clock::utc());
            let recognisers = [bare.clone(), bare.trying(formats.clone())];
            for (best, recogniser) in best.iter_mut().zip(&recognisers) {
                *best = best.min(measure(recogniser, line.as_bytes()));
            }
        }
        println!("{name:<18}{:>12.0}{:>12.0}{:>14.0}", best[0], best[1], 1e9 / best[1]);
    }
}

/// Nanoseconds a line.
fn measure(recogniser: &Recogniser, line: &[u8]) -> f64 {
    let mut parsed = Parsed::default();
    let mut count = 0u32;
    let started = Instant::now();
    while started.elapsed() < LONG {
        for _ in 0..1024 {
            let reading = Reading {
                source: Sym(1),
                received_ns: NOW,
                written_ns: NOW,
                format: Format::Text,
                raw: black_box(line),
            };
            black_box(recogniser.encode(&reading, &mut parsed));
            count += 1;
        }
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}
