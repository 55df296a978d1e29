//! The tables of the configuration, put together from the tables of their owners.

use ng_core::guard;
use ng_core::registry::MODULES;
use ng_journal::store;
use ng_model::settings::{Accepts, Row};
use ng_sensors::{READING, SENSORS};

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
pub(super) const FREE: [&str; 10] = [
    "alerts",
    "filters",
    "keys",
    "profiles",
    "profile_certificates",
    "profile_colours",
    "profile_tokens",
    "reading.abbreviations",
    "sources",
    "reading.levels",
];

static RING: &[Row] = &[Row {
    key: "capacity",
    accepts: Accepts::Int(100_000, 1_024, 100_000_000),
    unit: "records",
    summary: "Most recent records that stay in memory for looking back, filtering and searching. Samples are not among them: \
              half as many of those stay besides.",
}];

static READING_KEYS: &[Row] = &[
    Row {
        key: "time",
        accepts: Accepts::List(&[]),
        unit: "",
        summary: "Keys under which JSON and key=value lines state their time, tried before those that are known, in any case; a dot goes into a nested object.",
    },
    Row { key: "level", accepts: Accepts::List(&[]), unit: "", summary: "Keys of the level, like those of the time." },
    Row {
        key: "message",
        accepts: Accepts::List(&[]),
        unit: "",
        summary: "Keys of the message, like those of the time.",
    },
];

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
        summary: "Filter of the Events screen at the start, when this host is watched; @quiet leaves out routine metric samples and heartbeats.",
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
    Row {
        key: "ignore_lints",
        accepts: Accepts::List(&[]),
        unit: "",
        summary: "Ids of warnings above the events that are not shown; the key ! lists them with their ids.",
    },
    Row {
        key: "link",
        accepts: Accepts::Choice(&["auto", "thin", "stock"]),
        unit: "",
        summary: "How what is drawn gets to the terminal: thin sends what changed, stock whole regions; auto is thin where that works.",
    },
];

static SERVER: &[Row] = &[
    Row {
        key: "socket",
        accepts: Accepts::Text(""),
        unit: "",
        summary: "Path of the Unix socket; empty is engine.sock in the folder neurograph of $XDG_RUNTIME_DIR, none is no socket.",
    },
    Row {
        key: "listen",
        accepts: Accepts::List(&["127.0.0.1:8000"]),
        unit: "",
        summary: "Addresses for HTTP and WebSocket; one that other hosts reach needs a certificate or insecure.",
    },
    Row {
        key: "insecure",
        accepts: Accepts::Bool(false),
        unit: "",
        summary: "Plain HTTP is allowed on addresses that other hosts reach.",
    },
    Row {
        key: "tls_certificate",
        accepts: Accepts::Text(""),
        unit: "",
        summary: "PEM file of the certificate chain; with it every address is encrypted.",
    },
    Row { key: "tls_key", accepts: Accepts::Text(""), unit: "", summary: "PEM file of the private key." },
    Row {
        key: "anonymous",
        accepts: Accepts::Choice(&["local", "never", "always"]),
        unit: "",
        summary: "Who may connect without credentials, to read metrics and status: clients on this host, nobody, everybody.",
    },
    Row {
        key: "hosts",
        accepts: Accepts::List(&[]),
        unit: "",
        summary: "Names under which clients reach the server, besides its addresses and localhost.",
    },
    Row {
        key: "origins",
        accepts: Accepts::List(&[]),
        unit: "",
        summary: "Origins of web pages that may connect, such as https://example.org; others are refused.",
    },
    Row {
        key: "connections",
        accepts: Accepts::Int(1024, 1, 1_000_000),
        unit: "connections",
        summary: "Most connections over TCP at a time.",
    },
    Row {
        key: "connections_per_address",
        accepts: Accepts::Int(64, 1, 1_000_000),
        unit: "connections",
        summary: "Most connections of one address at a time; all loopback addresses are one, and so is a /64 of IPv6.",
    },
    Row {
        key: "socket_connections",
        accepts: Accepts::Int(256, 1, 1_000_000),
        unit: "connections",
        summary: "Most connections over the Unix socket at a time; TCP cannot take them.",
    },
    Row {
        key: "handshakes",
        accepts: Accepts::Int(256, 1, 1_000_000),
        unit: "connections",
        summary: "Most connections at a time that have not yet sent a request, over TCP and over the Unix socket each.",
    },
    Row {
        key: "body_wait_s",
        accepts: Accepts::Int(10, 1, 3600),
        unit: "s",
        summary: "Time without a byte of a body that was begun, after which its request is refused.",
    },
    Row {
        key: "body_least_rate",
        accepts: Accepts::Int(1024, 1, 1 << 30),
        unit: "B/s",
        summary: "A body that comes more slowly than this for body_wait_s is refused, and an answer that is taken more slowly for answer_wait_s is cut off.",
    },
    Row {
        key: "answer_wait_s",
        accepts: Accepts::Int(30, 1, 3600),
        unit: "s",
        summary: "Time for which a client may take nothing of an answer before its connection is closed.",
    },
    Row {
        key: "bodies_bytes",
        accepts: Accepts::Int(256 << 20, 1 << 20, 1 << 40),
        unit: "B",
        summary: "Most bytes of bodies of requests, unpacked ones and unfinished messages too, that are held at a time.",
    },
    Row {
        key: "bodies_bytes_anonymous",
        accepts: Accepts::Int(4 << 20, 64 << 10, 1 << 40),
        unit: "B",
        summary: "Most of these for requests without credentials; less than bodies_bytes.",
    },
    Row {
        key: "answers_bytes",
        accepts: Accepts::Int(128 << 20, 32 << 20, 1 << 40),
        unit: "B",
        summary: "Most bytes of answers that are held at a time until clients have taken them; a quarter without credentials.",
    },
    Row {
        key: "failed_credentials",
        accepts: Accepts::Int(5, 1, 1_000_000),
        unit: "failures",
        summary: "Wrong passwords and credentials of one address within a minute, after which it is refused.",
    },
    Row {
        key: "behind_soft_bytes",
        accepts: Accepts::Int(8 << 20, 64 << 10, 1 << 30),
        unit: "B",
        summary: "A WebSocket client that is behind by more for ten seconds is disconnected.",
    },
    Row {
        key: "behind_hard_bytes",
        accepts: Accepts::Int(32 << 20, 64 << 10, 1 << 31),
        unit: "B",
        summary: "A WebSocket client that is behind by more is disconnected at once.",
    },
    Row {
        key: "ping_s",
        accepts: Accepts::Int(20, 1, 3600),
        unit: "s",
        summary: "Time between two pings to a WebSocket client; after two without an answer it is disconnected.",
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
    let mut all = vec![
        table("ring", "Records in memory.", RING),
        table("history", "Events on disk, of an engine that `serve` runs.", store::SETTINGS),
        table("console", "The console.", CONSOLE),
        table("reading", "How lines are read, whatever their source.", READING),
        table("server", "The server that `serve` runs.", SERVER),
        table("reading.keys", "Where lines with keys state what every event has.", READING_KEYS),
    ];
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
