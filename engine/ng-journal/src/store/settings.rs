//! How much history is kept, and where, as a person says it.

use super::journal::Sizes;
use super::retention::Limits;
use ng_model::settings::{Accepts, Row, Values};

/// The settings of history.
pub static SETTINGS: &[Row] = &[
    Row {
        key: "enabled",
        accepts: Accepts::Bool(true),
        unit: "",
        summary: "An engine that serves, or watches its host, keeps its events on disk, so that a restart or a kill loses none that it called durable.",
    },
    Row {
        key: "folder",
        accepts: Accepts::Text(""),
        unit: "",
        summary: "Folder of history; empty is history in the state directory. One process at a time writes there. A console with an engine of its own takes the folder of this name with -console behind it.",
    },
    Row {
        key: "bytes",
        accepts: Accepts::Int(4 << 30, 64 << 20, 1 << 50),
        unit: "B",
        summary: "Most bytes of history; whole files are taken away, the oldest first. A console with an engine of its own keeps 256 MiB where this is not set.",
    },
    Row {
        key: "days",
        accepts: Accepts::Int(30, 1, 36_500),
        unit: "d",
        summary: "Events are kept for so many days at most; by a console with an engine of its own for two where this is not set.",
    },
];

/// Files of a history that has as many bytes as it may: a file goes as a whole, so that it is a small part.
const FILES: u64 = 8;
const DAY_NS: i64 = 86_400_000_000_000;

impl Limits {
    /// As the settings say.
    pub fn of(values: &Values) -> Limits {
        Limits { bytes: values.int("bytes") as u64, age_ns: Limits::of_days(values.int("days")) }
    }

    /// So many days in nanoseconds.
    pub fn of_days(days: i64) -> i64 {
        days * DAY_NS
    }
}

impl Sizes {
    /// Those of a history with such limits.
    pub fn within(limits: &Limits) -> Sizes {
        let sizes = Sizes::default();
        Sizes { file: sizes.file.min(limits.bytes / FILES), ..sizes }
    }
}
