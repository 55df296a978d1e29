//! The places that connections take. Those of the Unix socket are its own, so that nobody who comes over TCP can keep the
//! owner out. Over TCP a quarter, of an address and in all, is kept from requests without credentials and their WebSockets,
//! so that those who have none cannot keep out who has. Whoever connects takes a place of any kind until its request is there.

use crate::error::ApiError;
use crate::request::{Peer, host_of};
use crate::settings::ServerSettings;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What part of the places is kept for those with credentials: one of so many.
const KEPT: usize = 4;

/// All places.
pub(crate) struct ConnectionLimits {
    tcp: Way,
    unix: Way,
    counts: Mutex<Counts>,
    most_of_host: usize,
}

/// What is taken over TCP.
#[derive(Default)]
struct Counts {
    of_host: HashMap<IpAddr, OfHost>,
    anonymous: usize,
}

/// What is taken of one host; there is none who has nothing.
#[derive(Default)]
struct OfHost {
    connections: usize,
    anonymous: usize,
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

/// The place of a request without credentials, or of its WebSocket; free again when this is dropped.
pub(crate) struct AnonymousPermit {
    places: Arc<ConnectionLimits>,
    host: IpAddr,
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
    /// As many as the settings say, over TCP at most this many.
    pub(crate) fn new(settings: &ServerSettings, over_tcp: usize) -> Arc<Self> {
        let way = |most, key| Way {
            connections: Pool::new(most, key),
            handshakes: Pool::new(settings.handshakes, "server.handshakes"),
        };
        Arc::new(ConnectionLimits {
            tcp: way(settings.connections.min(over_tcp), "server.connections"),
            unix: way(settings.socket_connections, "server.socket_connections"),
            counts: Mutex::default(),
            most_of_host: settings.connections_per_address,
        })
    }

    /// A place for a connection. Refuses with the limit when there are too many, in all or of its host.
    pub(crate) fn take(self: &Arc<Self>, peer: &Peer) -> Result<ConnectionPermit, ApiError> {
        let permit = self.way(peer).connections.take()?;
        let Peer::Tcp { address, .. } = peer else { return Ok(ConnectionPermit { _permit: permit, host: None }) };
        let host = host_of(*address);
        let mut counts = self.counts.lock();
        if counts.of_host.get(&host).is_some_and(|count| count.connections >= self.most_of_host) {
            return Err(no_place(self.most_of_host, "server.connections_per_address"));
        }
        counts.of_host.entry(host).or_default().connections += 1;
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

impl ConnectionPermit {
    /// A place for a request without credentials on this connection. Whoever comes over the Unix socket needs none.
    pub(crate) fn without_credentials(&self) -> Result<Option<AnonymousPermit>, ApiError> {
        let Some((places, host)) = &self.host else { return Ok(None) };
        let mut counts = places.counts.lock();
        let few = |most: usize| most - most / KEPT;
        let (of_host, of_all) = (few(places.most_of_host), few(places.tcp.connections.most));
        if counts.anonymous >= of_all {
            return Err(no_place_without_credentials(of_all, "server.connections"));
        }
        if counts.of_host.get(host).is_some_and(|count| count.anonymous >= of_host) {
            return Err(no_place_without_credentials(of_host, "server.connections_per_address"));
        }
        counts.anonymous += 1;
        counts.of_host.entry(*host).or_default().anonymous += 1;
        Ok(Some(AnonymousPermit { places: places.clone(), host: *host }))
    }
}

impl Counts {
    fn give_back(&mut self, host: &IpAddr, less: impl FnOnce(&mut OfHost)) {
        if let Some(count) = self.of_host.get_mut(host) {
            less(count);
            if count.connections + count.anonymous == 0 {
                self.of_host.remove(host);
            }
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Some((places, host)) = &self.host else { return };
        places.counts.lock().give_back(host, |count| count.connections -= 1);
    }
}

impl Drop for AnonymousPermit {
    fn drop(&mut self) {
        let mut counts = self.places.counts.lock();
        counts.anonymous -= 1;
        counts.give_back(&self.host, |count| count.anonymous -= 1);
    }
}

fn no_place_without_credentials(most: usize, key: &str) -> ApiError {
    let what = "the engine has no place for another request without credentials";
    ApiError::not_ready(format!("{what} (limit {most}, a quarter of {key} is kept)"))
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
        ConnectionLimits::new(&ServerSettings::read(&Config::resolve(&[layer]).unwrap()).unwrap(), 4)
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
    fn a_quarter_is_kept_for_those_with_credentials() {
        let text = "[server]\nconnections = 8\nconnections_per_address = 4\n";
        let layer = Layer::File { name: "test".into(), text: text.into(), table: String::new() };
        let places = ConnectionLimits::new(&ServerSettings::read(&Config::resolve(&[layer]).unwrap()).unwrap(), 8);
        let asks = |address: &str| {
            let connection = places.take(&from(address)).ok().unwrap();
            connection.without_credentials().map(|permit| (connection, permit.unwrap())).map_err(|error| error.message)
        };
        let mut held: Vec<_> = (0..3).map(|_| asks("127.0.0.1").unwrap()).collect();
        let refused = asks("::1").err().unwrap();
        assert!(refused.ends_with("(limit 3, a quarter of server.connections_per_address is kept)"), "{refused}");
        assert!(places.take(&from("127.0.0.1")).is_ok(), "who shows credentials has a place");
        held.extend((0..3).map(|_| asks("192.0.2.1").unwrap()));
        let refused = asks("192.0.2.2").err().unwrap();
        assert!(refused.ends_with("(limit 6, a quarter of server.connections is kept)"), "{refused}");
        assert!(places.take(&OWNER).ok().unwrap().without_credentials().unwrap().is_none());
        held.clear();
        assert!(places.counts.lock().of_host.is_empty() && asks("192.0.2.2").is_ok());
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
