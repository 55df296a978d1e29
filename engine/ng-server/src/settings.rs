//! The table `server` of the configuration, as the server uses it.

use crate::bodies::Pace;
use ng_node::NodeError;
use ng_node::config::Config;
use ng_wire::{Limits, SettingValue};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Longest message of a WebSocket, bytes.
pub const MESSAGE_BYTES: usize = 1 << 20;
/// Longest frame of a WebSocket, bytes.
pub const FRAME_BYTES: usize = 256 << 10;
/// Most bytes that wait in the write buffer of a WebSocket.
pub const WRITE_BUFFER_BYTES: usize = 1 << 20;
/// Read buffer of a WebSocket, bytes; it is allocated for every connection.
pub const READ_BUFFER_BYTES: usize = 4 << 10;
/// Longest body of a request, bytes.
pub const BODY_BYTES: usize = 4 << 20;
/// Longest body after unpacking, bytes.
pub const UNPACKED_BYTES: usize = 20 << 20;
/// Longest body of a request without credentials, bytes: a name and its password are shorter.
pub const ANONYMOUS_BODY_BYTES: usize = 4 << 10;
/// Time in which the head of a request must be complete.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for which a client may be behind by more than the soft limit.
pub const BEHIND_FOR: Duration = Duration::from_secs(10);

/// Who may connect without credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymous {
    /// Nobody.
    Never,
    /// Clients on this host.
    Local,
    /// Everybody.
    Always,
}

/// The settings, checked.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Path of the Unix socket; none = no Unix socket.
    pub socket: Option<PathBuf>,
    /// Addresses to listen on.
    pub listen: Vec<SocketAddr>,
    /// Plain HTTP on addresses that other hosts reach is allowed.
    pub insecure: bool,
    /// Certificate chain and private key, PEM files.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Who may connect without credentials.
    pub anonymous: Anonymous,
    /// Names under which the server is reached, besides its addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Origins of web pages that may connect, besides the server's own.
    pub origins: Vec<String>,
    /// Most connections over TCP.
    pub connections: usize,
    /// Most connections of one address.
    pub connections_per_address: usize,
    /// Most connections over the Unix socket.
    pub socket_connections: usize,
    /// Most connections that have not yet sent a whole request, over TCP and over the Unix socket each.
    pub handshakes: usize,
    /// How fast a body has to come.
    pub pace: Pace,
    /// How fast an answer has to be taken.
    pub answer_pace: Pace,
    /// Most bytes of bodies that are held.
    pub bodies_bytes: usize,
    /// Most of these without credentials.
    pub bodies_bytes_anonymous: usize,
    /// Most bytes of answers that are held.
    pub answers_bytes: usize,
    /// Failures that an address has within a minute.
    pub failed_credentials: usize,
    /// Limits that WebSocket clients are told.
    pub limits: Limits,
}

impl ServerSettings {
    /// Reads the table. Refuses values that mean nothing together.
    pub fn read(config: &Config) -> Result<Self, NodeError> {
        let text = |key: &str| match config.get(&format!("server.{key}")) {
            Some(SettingValue::Text(text)) => text.clone(),
            other => unreachable!("server.{key} is {other:?}"),
        };
        let list = |key: &str| match config.get(&format!("server.{key}")) {
            Some(SettingValue::List(list)) => list.clone(),
            other => unreachable!("server.{key} is {other:?}"),
        };
        let number = |key: &str| match config.get(&format!("server.{key}")) {
            Some(SettingValue::Int(number)) => *number as usize,
            other => unreachable!("server.{key} is {other:?}"),
        };
        let seconds = |key: &str| Duration::from_secs(number(key) as u64);
        let refuse = |key: &str, what: String| {
            NodeError::config(
                "NG-2107",
                config.origin(&format!("server.{key}")).to_string(),
                format!("server.{key}: {what}"),
            )
        };
        let address = |text: &String| {
            text.parse()
                .map_err(|_| refuse("listen", format!("expected ADDRESS:PORT such as 127.0.0.1:8000, found {text}")))
        };
        let listen: Vec<SocketAddr> = list("listen").iter().map(address).collect::<Result<_, _>>()?;
        let tls = match (text("tls_certificate"), text("tls_key")) {
            (certificate, key) if certificate.is_empty() && key.is_empty() => None,
            (certificate, key) if !certificate.is_empty() && !key.is_empty() => Some((certificate.into(), key.into())),
            _ => return Err(refuse("tls_key", "a certificate and its key go together".into())),
        };
        let insecure = config.get("server.insecure") == Some(&SettingValue::Bool(true));
        if let Some(open) = listen.iter().find(|address| !address.ip().is_loopback())
            && tls.is_none()
            && !insecure
        {
            let what =
                format!("{open} can be reached from other hosts; give tls_certificate and tls_key, or insecure = true");
            return Err(refuse("listen", what));
        }
        if number("bodies_bytes_anonymous") >= number("bodies_bytes") {
            let what =
                "expected less than server.bodies_bytes, so that something is left for requests with credentials";
            return Err(refuse("bodies_bytes_anonymous", what.into()));
        }
        Ok(ServerSettings {
            socket: socket_path(&text("socket")),
            listen,
            insecure,
            tls,
            anonymous: match text("anonymous").as_str() {
                "never" => Anonymous::Never,
                "always" => Anonymous::Always,
                _ => Anonymous::Local,
            },
            hosts: list("hosts"),
            origins: list("origins"),
            connections: number("connections"),
            connections_per_address: number("connections_per_address"),
            socket_connections: number("socket_connections"),
            handshakes: number("handshakes"),
            pace: Pace { wait: seconds("body_wait_s"), bytes_per_s: number("body_least_rate") as u64 },
            answer_pace: Pace { wait: seconds("answer_wait_s"), bytes_per_s: number("body_least_rate") as u64 },
            answers_bytes: number("answers_bytes"),
            bodies_bytes: number("bodies_bytes"),
            bodies_bytes_anonymous: number("bodies_bytes_anonymous"),
            failed_credentials: number("failed_credentials"),
            limits: Limits {
                message_bytes: MESSAGE_BYTES as u64,
                frame_bytes: FRAME_BYTES as u64,
                behind_soft_bytes: number("behind_soft_bytes") as u64,
                behind_hard_bytes: number("behind_hard_bytes") as u64,
                ping_s: number("ping_s") as u64,
            },
        })
    }
}

/// The path of the socket: `none` has none, an empty text means `$XDG_RUNTIME_DIR/neurograph/engine.sock`, or the same
/// below `/tmp` with the user's number where that variable is not set.
pub fn socket_path(text: &str) -> Option<PathBuf> {
    match text {
        "none" => None,
        "" => {
            let folder = match std::env::var_os("XDG_RUNTIME_DIR") {
                Some(folder) if !folder.is_empty() => PathBuf::from(folder).join("neurograph"),
                _ => std::env::temp_dir().join(format!("neurograph-{}", rustix::process::getuid().as_raw())),
            };
            Some(folder.join("engine.sock"))
        }
        path => Some(path.into()),
    }
}
