//! An echo server with the limits and the closing behaviour of ours, for the conformance tests.
//!
//! `echo PORT [PING_MS]` listens on the loopback address, on a free port for 0, and says where on its standard output.
//! `PING_MS` is the time between two control pings in milliseconds, 20 000 if it is left out.

use std::io::Write;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::protocol::Message;

use ng_server::bodies::Budget;
use ng_server::ws::socket::{Limits, Socket, accept, close_code_for, close_with, finish, open};

/// A client has this long to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A peer that answers neither of this many pings in a row is dropped.
const MISSED_PINGS: u32 = 2;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a whole number"));
    let port = u16::try_from(arguments.next().unwrap_or(0)).expect("a port");
    let ping_every = Duration::from_millis(arguments.next().unwrap_or(20_000));

    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;

    let app = Router::new().fallback(move |request| serve(request, ping_every));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(async move {
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        });
    }
}

/// Echoes on every path that asks for a WebSocket, and greets on the others.
async fn serve(mut request: Request, ping_every: Duration) -> Response {
    if !request.headers().contains_key("upgrade") {
        return Response::new(Body::from("echo"));
    }
    match accept(&mut request) {
        Err(refused) => refused,
        Ok((response, upgrade)) => {
            tokio::spawn(async move {
                let charge = Budget::of_bodies(usize::MAX, usize::MAX).charge(false);
                // Room for the echo of the largest message, which is written whole.
                let limits = Limits { max_write_buffer: (1 << 20) + (32 << 10), ..Limits::default() };
                if let Some(socket) = open(upgrade, &limits, charge).await {
                    echo(socket, &limits, ping_every).await;
                }
            });
            response
        }
    }
}

async fn echo(mut socket: Socket, limits: &Limits, ping_every: Duration) {
    let mut pings = interval(ping_every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.tick().await;
    let mut unanswered = 0;
    loop {
        let answer = tokio::select! {
            read = socket.next() => match read {
                None | Some(Ok(Message::Close(_))) => return finish(socket, limits).await,
                Some(Err(error)) => return match close_code_for(&error) {
                    Some((code, reason)) => close_with(socket, code, reason, limits).await,
                    None => finish(socket, limits).await,
                },
                Some(Ok(message)) => {
                    unanswered = 0;
                    if !(message.is_text() || message.is_binary()) {
                        continue;
                    }
                    message
                }
            },
            _ = pings.tick() => {
                if unanswered == MISSED_PINGS {
                    return close_with(socket, 1008, "PING_TIMEOUT", limits).await;
                }
                unanswered += 1;
                Message::Ping(Default::default())
            }
        };
        match timeout(ping_every * MISSED_PINGS, socket.send(answer)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let (code, reason) = close_code_for(&error).unwrap_or((1011, "INTERNAL"));
                return close_with(socket, code, reason, limits).await;
            }
            Err(_) => return close_with(socket, 1013, "SLOW_CONSUMER", limits).await,
        }
    }
}
