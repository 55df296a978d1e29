//! What is known of a request besides its content: who asks, from where, and under which number.

use crate::auth::Identity;
use crate::clock;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// The address that stands for all those that one host may choose from: every loopback address is the same host, and a host
/// with IPv6 has a whole network of 2⁶⁴ addresses to come from.
pub(crate) fn host_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
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
    let id = REQUEST.try_with(|request| request.correlation_id.clone()).unwrap_or_else(|_| crate::random::uuid());
    json!({ "request_id": id, "timestamp": clock::now_iso(), "version": env!("CARGO_PKG_VERSION") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_host_may_choose_from_is_one_address() {
        for (address, host) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.255.3.9", "127.0.0.1"),
            ("::1", "127.0.0.1"),
            ("::ffff:127.0.0.9", "127.0.0.1"),
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8::1", "2001:db8::"),
            ("2001:db8::ffff:0:0:1", "2001:db8::"),
            ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ] {
            assert_eq!(host_of(address.parse().unwrap()).to_string(), host, "{address}");
        }
    }
}
