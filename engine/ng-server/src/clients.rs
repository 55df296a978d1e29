//! Who is connected over a WebSocket.

use crate::auth::Identity;
use crate::channels::Channel;
use crate::clock;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use tokio::sync::broadcast;

/// One client.
#[derive(Debug)]
pub struct Client {
    /// Its name, a UUID that is new for each connection.
    pub id: String,
    /// Who it is.
    pub identity: Identity,
    /// Its address, as [`Peer::name`](crate::request::Peer::name) gives it.
    pub address: String,
    /// What it speaks: `seed`, `ng.v1.json`, `ng.v1.msgpack` or `cloudevents.json`.
    pub dialect: &'static str,
    /// When it came, nanoseconds since 1970, UTC.
    pub since_ns: i64,
    /// When it was last heard of, nanoseconds since 1970, UTC.
    pub heard_ns: AtomicI64,
    /// It takes binary messages on the channels it reads.
    pub binary: AtomicBool,
    /// Messages sent to it.
    pub sent: AtomicU64,
    /// Messages received from it.
    pub received: AtomicU64,
    /// Records told to it.
    pub records: AtomicU64,
    /// Bytes that wait for it.
    pub behind: AtomicU64,
    /// The channels, or the filter, that it reads.
    pub reads: Mutex<Vec<String>>,
}

impl Client {
    /// A message of it has come.
    pub fn heard(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
        self.heard_ns.store(clock::now_ns(), Ordering::Relaxed);
    }

    /// It reads this channel in the dialect of the seed.
    pub fn subscribes(&self, channel: Channel) -> bool {
        self.dialect == "seed" && self.reads.lock().iter().any(|name| name == channel.name())
    }
}

/// Someone came or went.
#[derive(Clone, Debug)]
pub struct Movement {
    /// Who.
    pub client: Arc<Client>,
    /// It came.
    pub came: bool,
    /// Clients that are connected now.
    pub total: usize,
}

/// All clients.
pub struct Clients {
    present: Mutex<BTreeMap<String, Arc<Client>>>,
    movements: broadcast::Sender<Movement>,
    /// Clients that ever connected.
    pub ever: AtomicU64,
}

impl Default for Clients {
    fn default() -> Self {
        Clients { present: Mutex::default(), movements: broadcast::channel(256).0, ever: AtomicU64::new(0) }
    }
}

/// A client for as long as it is connected.
pub struct Presence<'a> {
    clients: &'a Clients,
    /// The client.
    pub client: Arc<Client>,
}

impl Clients {
    /// Adds a client, until the presence is dropped.
    pub fn enter(&self, identity: Identity, address: String, dialect: &'static str) -> Presence<'_> {
        let since_ns = clock::now_ns();
        let client = Arc::new(Client {
            id: crate::random::uuid(),
            identity,
            address,
            dialect,
            since_ns,
            heard_ns: AtomicI64::new(since_ns),
            binary: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            records: AtomicU64::new(0),
            behind: AtomicU64::new(0),
            reads: Mutex::default(),
        });
        let total = {
            let mut present = self.present.lock();
            present.insert(client.id.clone(), client.clone());
            present.len()
        };
        self.ever.fetch_add(1, Ordering::Relaxed);
        // Nobody may be there to hear it.
        let _ = self.movements.send(Movement { client: client.clone(), came: true, total });
        Presence { clients: self, client }
    }

    /// Everybody, in no particular order.
    pub fn list(&self) -> Vec<Arc<Client>> {
        self.present.lock().values().cloned().collect()
    }

    /// Those that read a channel in the dialect of the seed.
    pub fn subscribers(&self, channel: Channel) -> Vec<Arc<Client>> {
        self.list().into_iter().filter(|client| client.subscribes(channel)).collect()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.present.lock().len()
    }

    /// Who comes and goes from here on.
    pub fn movements(&self) -> broadcast::Receiver<Movement> {
        self.movements.subscribe()
    }
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        let total = {
            let mut present = self.clients.present.lock();
            present.remove(&self.client.id);
            present.len()
        };
        // Nobody may be there to hear it.
        let _ = self.clients.movements.send(Movement { client: self.client.clone(), came: false, total });
    }
}
