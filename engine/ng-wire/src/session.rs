//! The opening of a connection on the engine's own protocol: what the client asks for, and what it is told.

use serde::{Deserialize, Serialize};

/// The version of the protocol that this crate describes.
pub const PROTO: u32 = 1;

/// What a client may do, from the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Admin,
    /// Reads everything but the list of connections, steers modules and rules, and sends events.
    Developer,
    /// Reads metrics, status, modules and Guardian.
    Viewer,
    /// Reads metrics, status and signals, and sends events.
    Bot,
    /// Reads metrics and status; who came without credentials.
    Anonymous,
}

/// How long the engine keeps what it accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// As long as the process, within the ring.
    Memory,
    /// On disk, within the limits of history.
    Disk,
}

/// The first frame of a client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Version of the protocol, [`PROTO`].
    pub proto: u32,
    /// The first record wanted; records from here on that are still held come first, and what is not is a gap. Absent =
    /// from the next one on. Beyond the next one = from the oldest one held.
    #[serde(default)]
    pub resume_from: Option<u64>,
    /// The run that `resume_from` belongs to. When the engine has started anew and given the same numbers again, the
    /// numbers of another run mean nothing, and the records come from the oldest one held.
    #[serde(default)]
    pub run: Option<String>,
    /// Only records that pass this filter; absent or empty = all.
    #[serde(default)]
    pub filter: Option<String>,
    /// Most records a second; what is above is left out and told as a gap. Absent = no limit.
    #[serde(default)]
    pub max_rate: Option<u32>,
    /// Records carry their eight features and the shares of the channels.
    #[serde(default)]
    pub vectors: bool,
    /// Records come in the compact form `packed`; only with MessagePack.
    #[serde(default)]
    pub packed: bool,
    /// No records at all, only views, notices and answers.
    #[serde(default)]
    pub views_only: bool,
}

/// The first frame of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Welcome {
    /// Version of the protocol.
    pub proto: u32,
    /// Version of the engine.
    pub version: String,
    /// Name of the engine's host.
    pub host: String,
    /// Name of this run of the engine; another one means that it was started anew.
    pub run: String,
    /// `seq` of the oldest record held.
    pub first_seq: u64,
    /// `seq` of the next record.
    pub next_seq: u64,
    /// The engine's clock, nanoseconds since 1970, UTC.
    pub server_time: i64,
    /// Who the client is; absent for one without credentials.
    pub user: Option<String>,
    /// What it may do.
    pub role: Role,
    /// The rights behind the role, such as `steer` or `read:signals`.
    pub rights: Vec<String>,
    /// How long accepted events are kept.
    pub durability: Durability,
    /// The limits of this connection.
    pub limits: Limits,
}

/// The limits of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// Longest message accepted, bytes.
    pub message_bytes: u64,
    /// Longest frame accepted, bytes.
    pub frame_bytes: u64,
    /// A client that is this far behind for ten seconds is disconnected, bytes.
    pub behind_soft_bytes: u64,
    /// A client that is this far behind is disconnected at once, bytes.
    pub behind_hard_bytes: u64,
    /// Seconds between two pings of the engine.
    pub ping_s: u64,
}
