//! The tables of the configuration, put together from the tables of their owners.

use ng_core::guard;
use ng_core::registry::MODULES;
use ng_core::settings::{Accepts, Row};
use ng_sensors::SENSORS;

/// One table of the configuration.
pub(super) struct Section {
    /// Dotted path, such as `sensors.host`.
    pub(super) path: String,
    /// One sentence for the reference.
    pub(super) summary: &'static str,
    /// Its keys.
    pub(super) rows: Vec<Row>,
}

/// Tables whose names the person chooses; every value is a text.
pub(super) const FREE: [&str; 3] = ["alerts", "filters", "keys"];

static RING: &[Row] = &[Row {
    key: "capacity",
    accepts: Accepts::Int(100_000, 1_024, 100_000_000),
    unit: "records",
    summary: "Most recent records that stay in memory for looking back, filtering and searching.",
}];

static CONSOLE: &[Row] = &[
    Row {
        key: "theme",
        accepts: Accepts::Text(""),
        unit: "",
        summary: "Name of the theme; empty chooses one that suits the terminal.",
    },
    Row {
        key: "filter",
        accepts: Accepts::Filter("@quiet"),
        unit: "",
        summary: "Filter of the Events screen at the start, when this host is watched; @quiet leaves out routine metric samples.",
    },
    Row {
        key: "glyphs",
        accepts: Accepts::Choice(&["auto", "braille", "block", "ascii"]),
        unit: "",
        summary: "Characters of bars and charts; auto looks at the terminal and the locale.",
    },
    Row {
        key: "time_format",
        accepts: Accepts::Choice(&["clock", "iso", "relative", "delta"]),
        unit: "",
        summary: "How the Events screen shows times.",
    },
];

static ENABLED: Row = Row {
    key: "enabled",
    accepts: Accepts::Bool(true),
    unit: "",
    summary: "The module is on; a flag set on the console wins over this.",
};

/// Every table, in the order of the reference.
pub(super) fn sections() -> Vec<Section> {
    let table = |path: &str, summary, rows: &[Row]| Section { path: path.into(), summary, rows: rows.to_vec() };
    let mut all = vec![table("ring", "Records in memory.", RING), table("console", "The console.", CONSOLE)];
    for sensor in SENSORS {
        all.push(table(&format!("sensors.{}", sensor.name), sensor.summary, sensor.settings));
    }
    for rule in guard::RULES {
        all.push(table(&format!("guardian.{}", rule.name), rule.summary, rule.rows()));
    }
    for module in &MODULES {
        let mut rows = module.settings.to_vec();
        if module.off.is_some() {
            rows.insert(0, ENABLED);
        }
        if !rows.is_empty() {
            all.push(table(&format!("modules.{}", module.id), module.summary, &rows));
        }
    }
    all
}
