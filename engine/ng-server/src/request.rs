//! What is known of a request besides its content: who asks, from where, and under which number.

use crate::auth::Identity;
use crate::clock;
use serde_json::{Value, json};
use std::net::IpAddr;

/// Where a connection comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A process of this host, over the Unix socket.
    Unix {
        /// The user it runs as.
        uid: u32,
    },
    /// Another connection.
    Tcp {
        /// Its address.
        address: IpAddr,
        /// It is encrypted.
        tls: bool,
    },
}

impl Peer {
    /// As it is shown and counted by.
    pub fn name(&self) -> String {
        match self {
            Peer::Unix { uid } => format!("unix:{uid}"),
            Peer::Tcp { address, .. } => address.to_string(),
        }
    }

    /// The connection cannot come from another host.
    pub fn is_local(&self) -> bool {
        match self {
            Peer::Unix { .. } => true,
            Peer::Tcp { address, .. } => address.is_loopback(),
        }
    }
}

/// The request that this task answers.
#[derive(Clone, Debug)]
pub struct Request {
    /// Given by the client in `X-Correlation-ID`, or made here; returned in the same header.
    pub correlation_id: String,
    /// Who asks.
    pub identity: Identity,
    /// From where.
    pub peer: Peer,
}

tokio::task_local! {
    /// Set around the handler of every request.
    pub(crate) static REQUEST: Request;
}

/// The request that this task answers; none outside a handler.
pub fn current() -> Option<Request> {
    REQUEST.try_with(Clone::clone).ok()
}

/// The `meta` object of an answer.
pub fn meta() -> Value {
    let id = REQUEST.try_with(|request| request.correlation_id.clone()).unwrap_or_default();
    json!({ "request_id": id, "timestamp": clock::now_iso(), "version": env!("CARGO_PKG_VERSION") })
}
