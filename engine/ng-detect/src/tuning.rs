//! The settings of the detectors, read once from their validated values.

use super::floor::Floor;
use super::kernel::DIMS;
use ng_model::settings::{Accepts, Row, Values};

/// Settings of the module `intuition_engine`.
pub static SETTINGS: &[Row] = &[
    Row {
        key: "alert_threshold",
        accepts: Accepts::Float(3.6, 2.0, 10.0),
        unit: "",
        summary: "Strength that raises an alert: 3.0 sensitive, 3.9 quiet, 4.5 strict, 6.0 for paging.",
    },
    Row {
        key: "novel_threshold",
        accepts: Accepts::Float(3.0, 0.5, 10.0),
        unit: "",
        summary: "Novelty from which a metric or vector is novel; 3.0 = farther from memory than anything seen.",
    },
    Row {
        key: "profile",
        accepts: Accepts::Choice(&["full", "lite", "auto"]),
        unit: "",
        summary: "Lite remembers a quarter of the vectors and half of the history: twice as fast, less exact. Auto takes it while the engine is behind.",
    },
    Row {
        key: "warm_up",
        accepts: Accepts::Int(750, 0, 1_000_000),
        unit: "",
        summary: "Events of a stream before it alerts as easily as ever; before that metrics do so from stronger evidence, the others not at all.",
    },
    Row {
        key: "max_streams",
        accepts: Accepts::Int(1024, 1, 65_536),
        unit: "",
        summary: "Metric and vector streams and rates of sources that have a detector; the one not seen for longest gives way.",
    },
    Row {
        key: "memory",
        accepts: Accepts::Int(512, 1, 1_048_576),
        unit: "MiB",
        summary: "Memory of all detectors together; beyond it the streams not seen for longest give way.",
    },
    Row {
        key: "leak",
        accepts: Accepts::Float(0.5, 0.05, 12.0),
        unit: "",
        summary: "How much of a channel's surprise is gone at the next event.",
    },
    Row {
        key: "floor_percent",
        accepts: Accepts::Float(5.0, 0.0, 100.0),
        unit: "%",
        summary: "Points that a per cent has to be away from the usual before it may raise an alert.",
    },
    Row {
        key: "floor_share",
        accepts: Accepts::Float(0.02, 0.0, 1.0),
        unit: "",
        summary: "Share of its usual value that another metric has to be away from the usual.",
    },
    Row {
        key: "floor_count",
        accepts: Accepts::Float(1.0, 0.0, 1e9),
        unit: "",
        summary: "What a count has to be away from the usual, if that is more than its share.",
    },
    Row {
        key: "floor_byte_rate",
        accepts: Accepts::Float(65536.0, 0.0, 1e12),
        unit: "B/s",
        summary: "What a rate of bytes has to be away from the usual, if that is more than its share.",
    },
    Row {
        key: "session_key",
        accepts: Accepts::Pattern("auto"),
        unit: "",
        summary: "What names the session of a line or object: a regular expression such as blk_-?\\d+, of which the first group counts if it has one; auto = what is found in each source; empty = no sessions.",
    },
    Row {
        key: "session_timeout_s",
        accepts: Accepts::Float(600.0, 0.001, 1e7),
        unit: "s",
        summary: "A session ends when the times of its source have gone on by this without it.",
    },
    Row {
        key: "max_sessions",
        accepts: Accepts::Int(8192, 16, 65_536),
        unit: "",
        summary: "Sessions of a source that are held; beyond it the one that was silent for longest gives way.",
    },
];

/// Remembered numbers of a channel in the lite profile.
pub(super) const LITE_HISTORY: usize = 4096;

/// The settings of both modules in the form the detectors use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Strength of an alert.
    pub alert_threshold: f64,
    /// Novelty of a novel metric or vector.
    pub novel_threshold: f64,
    /// Events without alerts at the start of a stream.
    pub warm_up: u64,
    /// Fall of a channel from one event to the next.
    pub leak: f64,
    /// What a metric has to move by.
    pub floor: Floor,
    /// Detectors of metric and vector streams.
    pub max_streams: usize,
    /// Bytes of all detectors together.
    pub memory: u64,
    /// The profile follows the load.
    pub auto: bool,
    /// Remembered vectors.
    pub window: usize,
    /// Remembered numbers of a channel.
    pub history: usize,
    /// Neighbours of text and JSON events.
    pub k: usize,
    /// The constitution's weights of the eight dimensions, for text, JSON and plain vectors.
    pub weights: [f32; DIMS],
}

impl Tuning {
    /// Reads the values of `intuition_engine` and `grid`. `crowded` decides the profile where it follows the load.
    pub fn new(intuition: &Values, grid: &Values, weights: [f32; DIMS], crowded: bool) -> Self {
        let window = grid.int("window") as usize;
        let auto = intuition.text("profile") == "auto";
        let lite = intuition.text("profile") == "lite" || (auto && crowded);
        Tuning {
            alert_threshold: intuition.float("alert_threshold"),
            novel_threshold: intuition.float("novel_threshold"),
            warm_up: intuition.int("warm_up") as u64,
            leak: intuition.float("leak"),
            floor: Floor {
                percent: intuition.float("floor_percent"),
                share: intuition.float("floor_share"),
                count: intuition.float("floor_count"),
                byte_rate: intuition.float("floor_byte_rate"),
            },
            max_streams: intuition.int("max_streams") as usize,
            memory: intuition.int("memory") as u64 * 1024 * 1024,
            auto,
            window: if lite { window / 4 } else { window },
            history: if lite { LITE_HISTORY } else { 8192 },
            k: grid.int("k") as usize,
            weights,
        }
    }
}

/// How much stronger the first alerts of a stream have to be; less and less until its warm-up is over.
const STRICTER: f64 = 4.0;

impl Tuning {
    /// The strength from which a stream alerts that has had so many events: none before `first`, then one that falls to
    /// `threshold` until the warm-up is over.
    pub fn threshold(&self, threshold: f64, seen: u64, first: u64) -> f64 {
        if seen >= self.warm_up {
            return threshold;
        }
        if seen < first {
            return f64::INFINITY;
        }
        threshold + STRICTER * (self.warm_up - seen) as f64 / (self.warm_up - first) as f64
    }
}

/// Bytes of a remembered vector with its place, of a number in a ranked history (twice, in blocks that are at least half
/// full), and of everything else of a stream.
const VECTOR: u64 = 64;
const NUMBER: u64 = 24;
const REST: u64 = 16 * 1024;

impl Tuning {
    /// About the bytes of a stream that has seen so many events and has so many memories of vectors and ranked histories.
    /// Its bound is that of a stream that has seen everything.
    pub fn bytes(&self, seen: u64, memories: u64, histories: u64) -> u64 {
        REST + memories * VECTOR * seen.min(self.window as u64) + histories * NUMBER * seen.min(self.history as u64)
    }
}
