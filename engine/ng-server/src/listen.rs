//! The listeners: Unix socket, TCP, TLS; how many may connect, and for how long a request may take to arrive.

use crate::hub::{Hub, Phase, ended};
use crate::request::Peer;
use crate::settings::{HEAD_TIMEOUT, ServerSettings};
use crate::socket_file::{self, SocketFile};
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ng_node::NodeError;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::{ServiceExt, service_fn};

/// Time for which connections may go on after the server was told to end.
const DRAIN: Duration = Duration::from_secs(5);

/// Bound sockets, not yet served.
pub(crate) struct Listeners {
    unix: Option<(UnixListener, SocketFile)>,
    tcp: Vec<TcpListener>,
    tls: Option<TlsAcceptor>,
}

impl Listeners {
    /// Binds every address of the settings.
    pub(crate) async fn bind(settings: &ServerSettings) -> Result<Self, NodeError> {
        let tls = settings.tls.as_ref().map(|(chain, key)| crate::tls::acceptor(chain, key)).transpose()?;
        let unix = settings.socket.as_deref().map(bind_unix).transpose()?;
        let mut tcp = Vec::new();
        for address in &settings.listen {
            tcp.push(bind_tcp(*address).map_err(|error| refused(&address.to_string(), &error))?);
        }
        Ok(Listeners { unix, tcp, tls })
    }

    /// The addresses that are listened on, as URLs.
    pub(crate) fn urls(&self) -> Vec<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let unix = self.unix.iter().map(|(_, file)| format!("unix:{}", file.path().display()));
        let tcp = self.tcp.iter().filter_map(|listener| listener.local_addr().ok());
        unix.chain(tcp.map(|address| format!("{scheme}://{address}"))).collect()
    }

    /// Serves until the hub ends, and then until every connection has, at most for a few seconds.
    pub(crate) async fn serve(self, hub: Arc<Hub>, router: Router) {
        let places = Arc::new(Places::new(&hub.settings));
        let mut tasks = tokio::task::JoinSet::new();
        if let Some((listener, file)) = self.unix {
            tasks.spawn(accept_unix(listener, hub.clone(), router.clone(), places.clone()));
            let mut phase = hub.phase();
            tasks.spawn(async move {
                ended(&mut phase).await;
                drop(file);
            });
        }
        for listener in self.tcp {
            tasks.spawn(accept_tcp(listener, self.tls.clone(), hub.clone(), router.clone(), places.clone()));
        }
        while tasks.join_next().await.is_some() {}
        let everyone = places.all.clone().acquire_many_owned(hub.settings.connections as u32);
        let _ = tokio::time::timeout(DRAIN, everyone).await;
    }
}

fn refused(place: &str, error: &std::io::Error) -> NodeError {
    NodeError::failure("NG-3301", place, format!("cannot listen: {error}"))
}

fn bind_tcp(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

fn bind_unix(path: &Path) -> Result<(UnixListener, SocketFile), NodeError> {
    let (listener, file) = socket_file::bind(path)?;
    let listener = UnixListener::from_std(listener).map_err(|error| refused(&path.display().to_string(), &error))?;
    Ok((listener, file))
}

/// The places that connections take.
struct Places {
    all: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    of_address: Mutex<HashMap<IpAddr, usize>>,
    most_of_address: usize,
}

/// A place that is free again when this is dropped.
struct Place {
    _permit: OwnedSemaphorePermit,
    address: Option<(Arc<Places>, IpAddr)>,
}

impl Places {
    fn new(settings: &ServerSettings) -> Self {
        Places {
            all: Arc::new(Semaphore::new(settings.connections)),
            handshakes: Arc::new(Semaphore::new(settings.handshakes)),
            of_address: Mutex::default(),
            most_of_address: settings.connections_per_address,
        }
    }

    /// A place for a connection; none when there are too many, in all or of its address.
    fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let permit = self.all.clone().try_acquire_owned().ok()?;
        let Some(address) = address else { return Some(Place { _permit: permit, address: None }) };
        let mut counts = self.of_address.lock();
        let count = counts.entry(address).or_insert(0);
        if *count >= self.most_of_address {
            return None;
        }
        *count += 1;
        Some(Place { _permit: permit, address: Some((self.clone(), address)) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((places, address)) = &self.address else { return };
        let mut counts = places.of_address.lock();
        if let Some(count) = counts.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(address);
            }
        }
    }
}

async fn accept_unix(listener: UnixListener, hub: Arc<Hub>, router: Router, places: Arc<Places>) {
    let mut phase = hub.phase();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ended(&mut phase) => return,
        };
        let Ok((stream, _)) = accepted else {
            breathe().await;
            continue;
        };
        let Ok(credentials) = stream.peer_cred() else { continue };
        match places.take(None) {
            Some(place) => {
                hub.meters.accepted.one();
                let peer = Peer::Unix { uid: credentials.uid() };
                tokio::spawn(connection(stream, peer, hub.clone(), router.clone(), place, places.clone()));
            }
            None => hub.meters.turned_away.one(),
        }
    }
}

async fn accept_tcp(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    hub: Arc<Hub>,
    router: Router,
    places: Arc<Places>,
) {
    let mut phase = hub.phase();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ended(&mut phase) => return,
        };
        let Ok((stream, address)) = accepted else {
            breathe().await;
            continue;
        };
        let address = address.ip().to_canonical();
        let Some(place) = places.take(Some(address)) else {
            hub.meters.turned_away.one();
            continue;
        };
        hub.meters.accepted.one();
        // Frames are written whole, so waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        let (hub, router, places, tls) = (hub.clone(), router.clone(), places.clone(), tls.clone());
        tokio::spawn(async move {
            let peer = Peer::Tcp { address, tls: tls.is_some() };
            let Some(tls) = tls else { return connection(stream, peer, hub, router, place, places).await };
            if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
                connection(stream, peer, hub, router, place, places).await;
            }
        });
    }
}

/// A pause after a failed accept: the process has no descriptor left, and trying at once again would only burn time.
async fn breathe() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Serves one connection until it is closed, or the server ends.
async fn connection<S>(stream: S, peer: Peer, hub: Arc<Hub>, router: Router, place: Place, places: Arc<Places>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // Whoever has not yet sent a request holds one of few places; too many of them are turned away.
    let Ok(handshake) = places.handshakes.clone().try_acquire_owned() else {
        hub.meters.turned_away.one();
        return;
    };
    let place = Arc::new(place);
    let handshake = Arc::new(Mutex::new(Some(handshake)));
    let asked = Arc::new(AtomicBool::new(false));
    let mut phase = hub.phase();
    let service = service_fn({
        let (place, asked) = (place.clone(), asked.clone());
        move |mut request: hyper::Request<Incoming>| {
            if !asked.swap(true, Ordering::Relaxed) {
                handshake.lock().take();
            }
            request.extensions_mut().insert(peer.clone());
            // A WebSocket goes on after this connection has been handed over, and keeps the place.
            request.extensions_mut().insert(Held(place.clone()));
            router.clone().oneshot(request.map(Body::new))
        }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    tokio::pin!(served);
    tokio::select! {
        // A connection that breaks is the client's affair.
        _ = served.as_mut() => return,
        ended = ended(&mut phase) => debug_assert!(ended != Phase::Running),
    }
    served.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(DRAIN, served).await;
}

/// Keeps the place of a connection for as long as it is held.
#[derive(Clone)]
pub(crate) struct Held(#[expect(dead_code, reason = "it is only held")] Arc<Place>);
