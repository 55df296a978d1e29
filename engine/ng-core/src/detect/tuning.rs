//! The settings of the detectors, read once from their validated values.

use super::kernel::DIMS;
use crate::settings::{Accepts, Row, Values};

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
        accepts: Accepts::Choice(&["full", "lite"]),
        unit: "",
        summary: "Lite remembers a quarter of the vectors and half of the history: twice as fast, less exact.",
    },
    Row {
        key: "warm_up",
        accepts: Accepts::Int(750, 0, 1_000_000),
        unit: "",
        summary: "Events of a stream before it may raise an alert.",
    },
    Row {
        key: "max_streams",
        accepts: Accepts::Int(256, 1, 65_536),
        unit: "",
        summary: "Metric and vector streams that have a detector; the one not seen for longest gives way.",
    },
    Row {
        key: "leak",
        accepts: Accepts::Float(0.5, 0.05, 12.0),
        unit: "",
        summary: "How much of a channel's surprise is gone at the next event.",
    },
    Row {
        key: "session_key",
        accepts: Accepts::Pattern(""),
        unit: "",
        summary: "Regular expression for what names the session of a line or object, such as blk_-?\\d+; its first group if it has one. Empty = no sessions.",
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
    /// Detectors of metric and vector streams.
    pub max_streams: usize,
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
    /// Reads the values of `intuition_engine` and `grid`.
    pub fn new(intuition: &Values, grid: &Values, weights: [f32; DIMS]) -> Self {
        let window = grid.int("window") as usize;
        let lite = intuition.text("profile") == "lite";
        Tuning {
            alert_threshold: intuition.float("alert_threshold"),
            novel_threshold: intuition.float("novel_threshold"),
            warm_up: intuition.int("warm_up") as u64,
            leak: intuition.float("leak"),
            max_streams: intuition.int("max_streams") as usize,
            window: if lite { window / 4 } else { window },
            history: if lite { 4096 } else { 8192 },
            k: grid.int("k") as usize,
            weights,
        }
    }
}
