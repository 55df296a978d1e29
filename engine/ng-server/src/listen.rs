//! The listeners: Unix socket, TCP, TLS; how many may connect, and for how long a request may take to arrive.

use crate::connection_limits::{AnonymousPermit, ConnectionLimits, ConnectionPermit};
use crate::error::ApiError;
use crate::hub::{Hub, Phase, ended};
use crate::refusing::{Refusing, refuse};
use crate::request::Peer;
use crate::settings::{HEAD_TIMEOUT, ServerSettings};
use crate::socket_file::{self, SocketFile};
use crate::write_timeout::{Impatient, Patient};
use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ng_node::NodeError;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
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
    /// No more than this many are served over TCP.
    pub(crate) async fn serve(self, hub: Arc<Hub>, router: Router, over_tcp: usize) {
        let places = ConnectionLimits::new(&hub.settings, over_tcp);
        let door =
            Door { hub: hub.clone(), router, places: places.clone(), refusing: Refusing::default(), tls: self.tls };
        let mut tasks = tokio::task::JoinSet::new();
        if let Some((listener, file)) = self.unix {
            tasks.spawn(accept_unix(listener, door.clone()));
            let mut phase = hub.phase();
            tasks.spawn(async move {
                ended(&mut phase).await;
                drop(file);
            });
        }
        for listener in self.tcp {
            tasks.spawn(accept_tcp(listener, door.clone()));
        }
        while tasks.join_next().await.is_some() {}
        let _ = tokio::time::timeout(DRAIN, places.empty()).await;
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

/// What every connection needs to be served.
#[derive(Clone)]
struct Door {
    hub: Arc<Hub>,
    router: Router,
    places: Arc<ConnectionLimits>,
    refusing: Refusing,
    tls: Option<TlsAcceptor>,
}

async fn accept_unix(listener: UnixListener, door: Door) {
    let mut phase = door.hub.phase();
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
        door.clone().let_in(stream, Peer::Unix { uid: credentials.uid() });
    }
}

async fn accept_tcp(listener: TcpListener, door: Door) {
    let mut phase = door.hub.phase();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ended(&mut phase) => return,
        };
        let Ok((stream, address)) = accepted else {
            breathe().await;
            continue;
        };
        // Frames are written whole, so waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        let peer = Peer::Tcp { address: address.ip().to_canonical(), tls: door.tls.is_some() };
        door.clone().let_in(stream, peer);
    }
}

impl Door {
    /// Serves a connection, or tells it that there is no place.
    fn let_in<S>(self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + AsFd + Unpin + Send + 'static,
    {
        let (stream, patient) = Impatient::new(stream, self.hub.settings.answer_pace);
        match self.places.take(&peer) {
            Ok(place) => {
                self.hub.meters.accepted.one();
                tokio::spawn(self.unwrapped(stream, patient, peer, place));
            }
            Err(why) => {
                self.hub.meters.turned_away.one();
                let Some(turn) = self.refusing.place() else { return };
                tokio::spawn(async move {
                    let _turn = turn;
                    match self.tls_of(&peer) {
                        None => refuse(stream, why).await,
                        Some(tls) => {
                            if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
                                refuse(stream, why).await;
                            }
                        }
                    }
                });
            }
        }
    }

    /// Serves a connection after its TLS handshake, if it needs one.
    async fn unwrapped<S>(self, stream: S, patient: Patient, peer: Peer, place: ConnectionPermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(tls) = self.tls_of(&peer) else { return connection(stream, patient, peer, self, place).await };
        if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
            connection(stream, patient, peer, self, place).await;
        }
    }

    fn tls_of(&self, peer: &Peer) -> Option<&TlsAcceptor> {
        self.tls.as_ref().filter(|_| matches!(peer, Peer::Tcp { .. }))
    }
}

/// A pause after a failed accept: the process has no descriptor left, and trying at once again would only burn time.
async fn breathe() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Serves one connection until it is closed, or the server ends.
async fn connection<S>(stream: S, patient: Patient, peer: Peer, door: Door, place: ConnectionPermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Door { hub, router, places, refusing, .. } = door;
    // Whoever has not yet sent a request holds one of few places; too many of them are turned away.
    let handshake = match places.handshake(&peer) {
        Ok(handshake) => handshake,
        Err(why) => {
            hub.meters.turned_away.one();
            if let Some(_turn) = refusing.place() {
                drop(place);
                refuse(stream, why).await;
            }
            return;
        }
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
            let (answer, patient) = (router.clone().oneshot(request.map(Body::new)), patient.clone());
            async move {
                let answer = answer.await;
                if answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::SWITCHING_PROTOCOLS) {
                    patient.wait_forever();
                }
                answer
            }
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
pub(crate) struct Held(Arc<ConnectionPermit>);

impl Held {
    /// A place for a request without credentials on this connection.
    pub(crate) fn without_credentials(&self) -> Result<Option<AnonymousPermit>, ApiError> {
        self.0.without_credentials()
    }
}
