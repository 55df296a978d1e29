//! The places that connections take. Those of the Unix socket are its own, so that nobody who comes over TCP can keep the
//! owner out.

use crate::error::ApiError;
use crate::request::{Peer, host_of};
use crate::settings::ServerSettings;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All places.
pub(crate) struct ConnectionLimits {
    tcp: Way,
    unix: Way,
    of_host: Mutex<HashMap<IpAddr, usize>>,
    most_of_host: usize,
}

/// The places of one way in.
struct Way {
    connections: Pool,
    handshakes: Pool,
}

/// ConnectionLimits with the setting that says how many they are.
struct Pool {
    free: Arc<Semaphore>,
    most: usize,
    key: &'static str,
}

/// A place that is free again when this is dropped.
pub(crate) struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
    host: Option<(Arc<ConnectionLimits>, IpAddr)>,
}

impl Pool {
    fn new(most: usize, key: &'static str) -> Self {
        Pool { free: Arc::new(Semaphore::new(most)), most, key }
    }

    fn take(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.free.clone().try_acquire_owned().map_err(|_| no_place(self.most, self.key))
    }
}

impl ConnectionLimits {
    /// As many as the settings say.
    pub(crate) fn new(settings: &ServerSettings) -> Arc<Self> {
        let way = |most, key| Way {
            connections: Pool::new(most, key),
            handshakes: Pool::new(settings.handshakes, "server.handshakes"),
        };
        Arc::new(ConnectionLimits {
            tcp: way(settings.connections, "server.connections"),
            unix: way(settings.socket_connections, "server.socket_connections"),
            of_host: Mutex::default(),
            most_of_host: settings.connections_per_address,
        })
    }

    /// A place for a connection. Refuses with the limit when there are too many, in all or of its host.
    pub(crate) fn take(self: &Arc<Self>, peer: &Peer) -> Result<ConnectionPermit, ApiError> {
        let permit = self.way(peer).connections.take()?;
        let Peer::Tcp { address, .. } = peer else { return Ok(ConnectionPermit { _permit: permit, host: None }) };
        let host = host_of(*address);
        let mut counts = self.of_host.lock();
        let count = counts.entry(host).or_insert(0);
        if *count >= self.most_of_host {
            return Err(no_place(self.most_of_host, "server.connections_per_address"));
        }
        *count += 1;
        Ok(ConnectionPermit { _permit: permit, host: Some((self.clone(), host)) })
    }

    /// A place for a connection that has not yet sent a request.
    pub(crate) fn handshake(&self, peer: &Peer) -> Result<OwnedSemaphorePermit, ApiError> {
        self.way(peer).handshakes.take()
    }

    /// Waits until every place is free.
    pub(crate) async fn empty(&self) {
        for pool in [&self.tcp.connections, &self.unix.connections] {
            // It is never closed.
            let _ = pool.free.acquire_many(pool.most as u32).await;
        }
    }

    fn way(&self, peer: &Peer) -> &Way {
        match peer {
            Peer::Unix { .. } => &self.unix,
            Peer::Tcp { .. } => &self.tcp,
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Some((places, host)) = &self.host else { return };
        let mut counts = places.of_host.lock();
        if let Some(count) = counts.get_mut(host) {
            *count -= 1;
            if *count == 0 {
                counts.remove(host);
            }
        }
    }
}

fn no_place(most: usize, key: &str) -> ApiError {
    ApiError::not_ready(format!("the engine has no place for another connection (limit {most}: {key})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_node::config::{Config, Layer};

    fn places() -> Arc<ConnectionLimits> {
        let text = "[server]\nconnections = 4\nsocket_connections = 1\nconnections_per_address = 2\nhandshakes = 1\n";
        let layer = Layer::File { name: "test".into(), text: text.into(), table: String::new() };
        ConnectionLimits::new(&ServerSettings::read(&Config::resolve(&[layer]).unwrap()).unwrap())
    }

    fn from(address: &str) -> Peer {
        Peer::Tcp { address: address.parse().unwrap(), tls: false }
    }

    const OWNER: Peer = Peer::Unix { uid: 1 };

    fn refusal(taken: Result<ConnectionPermit, ApiError>) -> String {
        let refused = taken.err().expect("there is no place");
        assert_eq!((refused.status.as_u16(), refused.retry_after), (503, Some(1.0)));
        refused.message.rsplit_once('(').unwrap().1.to_owned()
    }

    #[test]
    fn no_way_in_takes_the_places_of_the_other() {
        let places = places();
        let _held: Vec<ConnectionPermit> =
            (1..=4).map(|last| places.take(&from(&format!("192.0.2.{last}"))).ok().unwrap()).collect();
        assert_eq!(refusal(places.take(&from("192.0.2.9"))), "limit 4: server.connections)");
        let owner = places.take(&OWNER).ok().unwrap();
        assert_eq!(refusal(places.take(&OWNER)), "limit 1: server.socket_connections)");
        drop(owner);
        assert!(places.take(&OWNER).is_ok());
        let _shaking = places.handshake(&from("192.0.2.1")).unwrap();
        assert!(places.handshake(&from("192.0.2.2")).is_err());
        assert!(places.handshake(&OWNER).is_ok());
    }

    #[test]
    fn loopback_is_one_address() {
        let places = places();
        let one = places.take(&from("127.0.0.1")).ok().unwrap();
        let _other = places.take(&from("::1")).ok().unwrap();
        for address in ["127.0.0.9", "::1", "::ffff:127.1.2.3"] {
            assert_eq!(refusal(places.take(&from(address))), "limit 2: server.connections_per_address)");
        }
        assert!(places.take(&from("192.0.2.1")).is_ok());
        drop(one);
        assert!(places.take(&from("127.0.0.9")).is_ok());
        assert_eq!(places.tcp.connections.free.available_permits(), 3, "who was refused holds nothing");
    }
}
