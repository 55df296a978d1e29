//! Records for the tests of the store: arbitrary heads, and a stream that looks like a busy machine's log.

use ng_model::event::{Span, Text};
use ng_model::record::{Detection, RecordHeader, TellingField, Verdict};
use ng_model::symbols::Sym;
use ng_wire::{Finding, Format, Level, Outcome, Scoring, Unit};
use proptest::prelude::*;

/// A plain record with this number.
pub(super) fn head(seq: u64) -> RecordHeader {
    RecordHeader {
        seq,
        time_ns: seq as i64 * 1000,
        received_ns: seq as i64 * 1000,
        value: f64::NAN,
        kind: Sym(0),
        source: Sym(0),
        level: Level::Info,
        format: Format::Text,
        declared: 0,
        unit: Unit::None,
        message: Text::default(),
        verdict: Verdict::default(),
        detection: Detection::default(),
    }
}

/// A plain record whose message is the whole of `raw`.
pub(super) fn line(seq: u64, raw: &str) -> RecordHeader {
    RecordHeader { message: Text { span: Span::new(0, raw.len()), escaped: false }, ..head(seq) }
}

/// Any head at all, every bit of its numbers included.
pub(super) fn any_head() -> impl Strategy<Value = RecordHeader> {
    let numbers = (any::<[i64; 2]>(), any::<[u64; 3]>(), any::<[u32; 6]>());
    let enums =
        (0..Level::ALL.len(), 0..Format::ALL.len(), 0..Unit::ALL.len(), 0..Outcome::ALL.len(), 0..Scoring::ALL.len());
    let bytes = (any::<[u8; 3]>(), any::<[bool; 3]>(), any::<u64>());
    let floats = (any::<[u32; 8]>(), any::<[u32; 4]>(), any::<[u32; 3]>());
    (numbers, enums, bytes, floats).prop_map(|((times, wide, narrow), enums, (bytes, flags, nearest), floats)| {
        RecordHeader {
            seq: 0,
            time_ns: times[0],
            received_ns: times[1],
            value: f64::from_bits(wide[0]),
            kind: Sym(narrow[0]),
            source: Sym(narrow[1]),
            level: Level::ALL[enums.0],
            format: Format::ALL[enums.1],
            declared: narrow[5] as u16,
            unit: Unit::ALL[enums.2],
            message: Text { span: Span { start: narrow[2], len: narrow[3] }, escaped: flags[0] },
            verdict: Verdict {
                outcome: Outcome::ALL[enums.3],
                rule: bytes[0],
                clause: bytes[1],
                objections: narrow[4],
                observed: f64::from_bits(wide[1]),
                limit: f64::from_bits(wide[2]),
            },
            detection: Detection {
                state: Scoring::ALL[enums.4],
                encoder: bytes[2],
                is_novel: flags[1],
                is_alert: flags[2],
                vector: floats.0.map(f32::from_bits),
                channels: floats.1.map(f32::from_bits),
                novelty: f32::from_bits(floats.2[0]),
                event_surprise: f32::from_bits(floats.2[1]),
                surprise: f32::from_bits(floats.2[1] ^ u32::from(flags[2])),
                strength: f32::from_bits(floats.2[2]),
                pattern: narrow[5],
                nearest,
                telling: flags[0].then(|| TellingField { place: narrow[5] as u16, finding: Finding::ALL[enums.3] }),
                usual: flags[1].then(|| [wide[1], wide[2]].map(f64::from_bits)),
                shares: flags[2].then(|| [floats.2[0], floats.2[2]].map(f32::from_bits)),
            },
        }
    })
}

/// Equal bit for bit; `==` would not do for NaN.
pub(super) fn same(a: &RecordHeader, b: &RecordHeader) -> bool {
    let bits = |head: &RecordHeader| {
        let detection = &head.detection;
        (
            [head.value, head.verdict.observed, head.verdict.limit].map(f64::to_bits),
            detection.vector.map(f32::to_bits),
            detection.channels.map(f32::to_bits),
            [detection.novelty, detection.event_surprise, detection.surprise, detection.strength].map(f32::to_bits),
            detection.usual.map(|usual| usual.map(f64::to_bits)),
            detection.shares.map(|shares| shares.map(f32::to_bits)),
        )
    };
    let rest = |head: &RecordHeader| RecordHeader {
        value: 0.0,
        verdict: Verdict { observed: 0.0, limit: 0.0, ..head.verdict },
        detection: Detection {
            vector: [0.0; 8],
            channels: [0.0; 4],
            novelty: 0.0,
            event_surprise: 0.0,
            usual: None,
            shares: None,
            surprise: 0.0,
            strength: 0.0,
            ..head.detection
        },
        ..*head
    };
    bits(a) == bits(b) && rest(a) == rest(b)
}

/// A stream of log lines of about 120 bytes from 5 sources and 16 templates, scored as a text encoder scores them.
pub(super) struct Traffic {
    state: u64,
    seq: u64,
}

impl Traffic {
    pub(super) fn new() -> Self {
        Traffic { state: 0x9E37_79B9_7F4A_7C15, seq: 0 }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    fn chance(&mut self) -> f32 {
        self.draw(1 << 24) as f32 / (1 << 24) as f32
    }

    /// Writes the next line into `raw` and returns its head.
    pub(super) fn next(&mut self, raw: &mut Vec<u8>) -> RecordHeader {
        use std::io::Write;
        raw.clear();
        let (seq, source, pattern) = (self.seq, self.draw(5), self.draw(16));
        self.seq += 1;
        let received_ns = 1_760_000_000_000_000_000 + (seq / 256) as i64 * 2_560_000;
        let time_ns = received_ns - self.draw(3_000) as i64 * 1_000_000;
        let (second, milli) = (time_ns / 1_000_000_000 % 86_400, time_ns / 1_000_000 % 1000);
        let _ = write!(
            raw,
            "2025-10-09T{:02}:{:02}:{:02}.{milli:03}Z host-{source} ",
            second / 3600,
            second / 60 % 60,
            second % 60
        );
        let start = raw.len();
        let (a, b, c, d) = (self.draw(65_536), self.draw(1 << 31), self.draw(100_000), self.draw(256));
        let path = ["orders", "users", "sessions", "invoices"][self.draw(4) as usize];
        let _ = match pattern % 8 {
            0 => write!(
                raw,
                "nginx: 10.{d}.{}.7 GET /api/v2/{path}/{b} 200 {c} bytes in {} ms upstream 10.0.3.{d}:8080",
                a % 256,
                a % 900
            ),
            1 => write!(
                raw,
                "sshd[{a}]: Accepted publickey for deploy from 10.4.{d}.{} port {c} ssh2 SHA256:{b:08x}{a:04x}",
                a % 256
            ),
            2 => write!(
                raw,
                "kernel: [{c}.{a:06}] eth0: link quality {d} rx errors {a} dropped {b} overruns 0 frame 0 carrier 1"
            ),
            3 => write!(
                raw,
                "app[{a}]: request id={b:08x}{c:08x} user={c} path=/{path} cache=miss took={a}us rows={d} ok=true"
            ),
            4 => write!(
                raw,
                "postgres[{a}]: duration: {c}.{d} ms  statement: SELECT id, name FROM {path} WHERE owner = {b} LIMIT 50"
            ),
            5 => write!(
                raw,
                "systemd[1]: session-{c}.scope: Consumed {a}ms CPU time, {b} bytes read from disk, {d} bytes written"
            ),
            6 => write!(
                raw,
                "worker-{d}: finished job {b:x} of queue {path} in {a} ms, {c} items, next run scheduled in {d} seconds"
            ),
            _ => write!(
                raw,
                "gateway: token {b:08x}{a:04x}{c:05x} refreshed for client {c}, scope {path}:read, expires in 3600 s"
            ),
        };
        let mut vector: [f32; 8] = std::array::from_fn(|_| self.chance() * 4.0);
        // Template rarity, severity and the digit ratio take few values; the other five are as good as random.
        vector[0] = (pattern as f32 + 2.0).log2();
        vector[3] = 0.25;
        vector[7] = self.draw(40) as f32 / 100.0;
        let channels = [vector[0] * 0.5, self.chance(), 0.0, self.chance() * 2.0];
        RecordHeader {
            time_ns,
            received_ns,
            source: Sym(source as u32),
            kind: Sym(9),
            level: if pattern == 5 { Level::Warn } else { Level::Info },
            message: Text { span: Span::new(start, raw.len()), escaped: false },
            detection: Detection {
                state: Scoring::Scored,
                encoder: 0,
                vector,
                channels,
                novelty: channels[3],
                surprise: channels.iter().sum(),
                strength: if self.draw(50) == 0 { self.chance() * 3.0 } else { 0.0 },
                pattern: pattern as u32,
                nearest: seq.saturating_sub(1 + self.draw(4096)),
                ..Detection::default()
            },
            ..head(seq)
        }
    }
}
