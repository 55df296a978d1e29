//! What an alert rule asks of the events that match.

/// What must hold of the matching events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// There is one.
    Each,
    /// At least so many within a sliding window; `count > n` is read as `count >= n + 1`.
    Count {
        /// From 1 on.
        least: u64,
        /// Length of the window.
        window_ns: i64,
    },
    /// There are so many times as many within a sliding window as there usually are.
    Rate {
        /// How many times as many.
        times: f64,
        /// Exactly so many are enough.
        or_equal: bool,
        /// Length of the window.
        window_ns: i64,
    },
    /// There was none for so long.
    Absent {
        /// The time.
        after_ns: i64,
    },
}

/// What the detectors have to have said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Nothing in particular.
    Any,
    /// It is the first of its kind: `is:novel`.
    New,
    /// It is an anomaly: `is:alert`.
    Anomalies,
}

/// What parts the events of a rule into groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// All of them are one group.
    Nothing,
    /// The number of their pattern.
    Pattern,
    /// The name of their source.
    Source,
    /// The text of an attribute; events without it are a group of their own.
    Attr(Box<str>),
}
