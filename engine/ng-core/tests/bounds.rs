//! Input made to break bounds: memory stays within its limit, and what is given up is counted.
#![expect(unsafe_code, reason = "an allocator that counts can be written in no other way")]

use ng_core::engine::{Engine, EngineParts};
use ng_core::guard::{Guard, Policy};
use ng_core::registry::MODULES;
use ng_core::store::Store;
use ng_detect::Kernel;
use ng_filter::Env;
use ng_model::event::Reading;
use ng_model::settings::Values;
use ng_model::zone::Zone;
use ng_reading::encoders::Vocabulary;
use ng_wire::{Format, Gauge};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Bytes that this thread holds, and the most that it held.
struct Counting;

thread_local!(static HELD: Cell<(i64, i64)> = const { Cell::new((0, 0)) });

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on unchanged to the allocator of the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it moves, both are there.
        count(size as i64);
        count(-(layout.size() as i64));
        unsafe { System.realloc(place, layout, size) }
    }
}

fn count(bytes: i64) {
    // The count of a thread that is ending is gone.
    let _ = HELD.try_with(|held| {
        let (now, most) = held.get();
        held.set((now + bytes, most.max(now + bytes)));
    });
}

const MIB: i64 = 1 << 20;

/// Numbers without a library: the same in every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 24
    }

    fn word(&mut self, out: &mut Vec<u8>) {
        let number = self.next();
        out.extend((0..8).map(|place| b'a' + (number >> (4 * place) & 15) as u8));
    }
}

/// Feeds readings to a fresh engine. Returns the gauges and the most bytes that the engine held at once.
fn feed(count: usize, mut write: impl FnMut(usize, &mut Vec<u8>)) -> (Vec<Gauge>, i64) {
    let values = MODULES.iter().map(|module| Values::defaults(module.settings)).collect();
    let guard = Guard::new(&Policy::defaults(), &Env::default()).unwrap();
    let mut raw = Vec::with_capacity(1 << 16);
    let before = HELD.get().0;
    HELD.set((before, before));
    let parts = EngineParts {
        values,
        guard,
        alerts: Vec::new(),
        zones: Zone::UTC.into(),
        vocabulary: Vocabulary::default(),
        formats: ng_reading::formats::Formats::built_in(),
        kernel: Kernel::Auto,
    };
    let (mut engine, mut store) = (Engine::new(parts), Store::new(2048));
    let source = store.intern("source");
    for number in 0..count {
        raw.clear();
        write(number, &mut raw);
        let reading = Reading {
            source,
            received_ns: number as i64 * 1_000_000,
            written_ns: number as i64 * 1_000_000,
            format: Format::Text,
            raw: &raw,
        };
        engine.step(&mut store, &reading, None);
    }
    let most = HELD.get().1 - before;
    let mut gauges = Vec::new();
    engine.patterns().gauges(&mut gauges);
    engine.links().gauges(&mut gauges);
    engine.detect().gauges(&mut gauges);
    (gauges, most)
}

fn gauge(gauges: &[Gauge], name: &str) -> f64 {
    gauges.iter().find(|gauge| gauge.name == name).unwrap_or_else(|| panic!("no gauge {name}")).value
}

#[test]
fn vectors_without_structure() {
    let mut noise = Noise(1);
    let mut write = |_, raw: &mut Vec<u8>| {
        raw.extend_from_slice(b"anywhere=[");
        for dim in 0..8 {
            raw.extend_from_slice(format!("{}{}", if dim > 0 { "," } else { "" }, noise.next() % 10_000).as_bytes());
        }
        raw.push(b']');
    };
    let (gauges, most) = feed(20_000, &mut write);
    assert_eq!(gauge(&gauges, "streams"), 1.0);
    assert!(most < 8 * MIB, "{most} bytes");
    // As many again do not need more.
    let (_, longer) = feed(40_000, &mut write);
    assert!(longer < most + MIB / 4, "{most} bytes, then {longer}");
}

#[test]
fn a_new_template_with_every_line() {
    let mut noise = Noise(2);
    let (gauges, most) = feed(150_000, |_, raw| {
        for place in 0..8 {
            if place > 0 {
                raw.push(b' ');
            }
            noise.word(raw);
        }
    });
    assert_eq!(gauge(&gauges, "patterns"), 20_000.0);
    assert!(gauge(&gauges, "patterns.dropped") >= 100_000.0, "{gauges:?}");
    assert_eq!(gauge(&gauges, "tokens"), 1_000_000.0);
    assert!(gauge(&gauges, "tokens.refused") > 0.0);
    assert!(gauge(&gauges, "links") <= 65_536.0 && gauge(&gauges, "links.dropped") > 0.0);
    assert!(most < 192 * MIB, "{most} bytes");
}

#[test]
fn a_million_fields() {
    let mut noise = Noise(3);
    let (gauges, most) = feed(20_000, |_, raw| {
        raw.push(b'{');
        for place in 0..50 {
            raw.extend_from_slice(if place > 0 { b",\"" } else { b"\"" });
            noise.word(raw);
            raw.extend_from_slice(format!("\":{}", noise.next() % 100).as_bytes());
        }
        raw.push(b'}');
    });
    assert!(gauge(&gauges, "fields") <= 4096.0);
    assert!(gauge(&gauges, "shapes.dropped") > 19_000.0, "{gauges:?}");
    assert!(gauge(&gauges, "numbers.refused") > 900_000.0, "{gauges:?}");
    assert!(most < 96 * MIB, "{most} bytes");
}

#[test]
fn bytes_without_meaning() {
    let mut noise = Noise(4);
    let (gauges, most) = feed(60_000, |_, raw| {
        for _ in 0..noise.next() % 120 {
            raw.push(noise.next() as u8);
        }
    });
    assert!(gauge(&gauges, "patterns") <= 20_000.0);
    assert!(most < 96 * MIB, "{most} bytes");
}
