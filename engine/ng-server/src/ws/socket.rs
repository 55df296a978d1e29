//! The parts of a WebSocket session that RFC 6455 leaves to the server: the handshake, the limits, and an end whose
//! close frame arrives.
//!
//! A session reads with `socket.next()`. What comes last decides how it ends:
//!
//! | `next()` says | end with |
//! |---|---|
//! | `Some(Ok(Message::Close(_)))` or `None` | [`finish`] |
//! | `Some(Err(error))`, and [`close_code_for`] has a code | [`close_with`] |
//! | `Some(Err(error))` without a code: the peer is gone | [`finish`] |

use super::metered::Metered;
use crate::bodies::Charge;
use crate::error::ApiError;
use crate::settings::{FRAME_BYTES, MESSAGE_BYTES, READ_BUFFER_BYTES, WRITE_BUFFER_BYTES};
use axum::body::Body;
use axum::http::header::SEC_WEBSOCKET_VERSION;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

/// A WebSocket over an upgraded HTTP connection, whatever that runs over.
pub type Socket = WebSocketStream<Metered<TokioIo<Upgraded>>>;

/// What one connection may cost. Sizes are in bytes and count payloads without their frame headers.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest frame that is read; one byte more closes with 1009 as soon as its header is there.
    pub frame: usize,
    /// The largest message that is read, all its fragments together; one byte more closes with 1009.
    pub message: usize,
    /// Taken for every connection as long as it lives, and read at once at most.
    pub read_buffer: usize,
    /// Gathered before it is written, unless a flush comes first.
    pub write_buffer: usize,
    /// The most that waits for a peer that does not read. A message that does not fit is refused, not cut, so this has
    /// to exceed `write_buffer` by the largest message that is sent. A connection keeps what its buffers have grown to.
    pub max_write_buffer: usize,
    /// How long the end of a session waits for the peer, from the moment the close frame is due.
    pub close_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame: FRAME_BYTES,
            message: MESSAGE_BYTES,
            read_buffer: READ_BUFFER_BYTES,
            write_buffer: 16 << 10,
            max_write_buffer: WRITE_BUFFER_BYTES,
            close_wait: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// The same limits as the protocol library wants them.
    pub fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .max_frame_size(Some(self.frame))
            .max_message_size(Some(self.message))
            .read_buffer_size(self.read_buffer)
            .write_buffer_size(self.write_buffer)
            .max_write_buffer_size(self.max_write_buffer)
    }
}

/// Answers a request for an upgrade.
///
/// On success the response says 101 and the future yields the connection after the response was returned to the HTTP
/// server; give it to [`open`]. A sub-protocol is not chosen here: set the header of the response for it.
///
/// # Errors
///
/// The response that refuses a request that asks for no WebSocket of version 13: 400, or 426 with the version.
#[expect(clippy::result_large_err, reason = "both sides are a response, which goes out at once")]
pub fn accept<B>(request: &mut Request<B>) -> Result<(Response<Body>, OnUpgrade), Response<Body>> {
    let response = create_response_with_body(request, Body::empty).map_err(|error| refusal(&error))?;
    Ok((response, hyper::upgrade::on(request)))
}

fn refusal(error: &Error) -> Response<Body> {
    let mut response = ApiError::bad_request(format!("expected a WebSocket: {error}")).into_response();
    if matches!(error, Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader)) {
        *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
        response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

/// The socket of an accepted request, whose unfinished messages are counted; `None` if the peer left before the upgrade.
pub async fn open(upgrade: OnUpgrade, limits: &Limits, charge: Charge) -> Option<Socket> {
    let upgraded = Metered::new(TokioIo::new(upgrade.await.ok()?), charge);
    Some(WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(limits.config())).await)
}

/// The close code and the reason that a failed read or write calls for.
///
/// `None` when nobody is left to be told: the peer ended the connection, with a close frame or without.
pub fn close_code_for(error: &Error) -> Option<(u16, &'static str)> {
    match error {
        Error::Io(error) if error.kind() == ErrorKind::QuotaExceeded => Some((1013, "NO_ROOM")),
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_) | Error::Tls(_) => None,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => None,
        Error::Protocol(_) => Some((1002, "PROTOCOL_ERROR")),
        Error::Utf8(_) => Some((1007, "BAD_UTF8")),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some((1009, "TOO_LARGE")),
        Error::WriteBufferFull(_) => Some((1013, "SLOW_CONSUMER")),
        _ => Some((1011, "INTERNAL")),
    }
}

/// Closes with a code and a reason of at most 123 bytes, and ends the connection after at most `limits.close_wait`.
///
/// Works after a failed read too. A peer that closed first gets its own close frame back instead, as the RFC wants it.
pub async fn close_with<S>(mut socket: WebSocketStream<S>, code: u16, reason: &'static str, limits: &Limits)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = timeout(limits.close_wait, async {
        say_close(&mut socket, code, reason).await;
        end(&mut socket).await;
    })
    .await;
}

/// Sends a close frame, and returns when the system has taken it, or cannot.
pub async fn say_close<S>(socket: &mut WebSocketStream<S>, code: u16, reason: &'static str)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
    // A close frame that finds a full buffer is lost, so what waits goes first.
    let _ = socket.flush().await;
    let _ = socket.send(Message::Close(Some(frame))).await;
}

/// Ends the connection of a peer that closed or left, after at most `limits.close_wait`.
pub async fn finish<S>(mut socket: WebSocketStream<S>, limits: &Limits)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = timeout(limits.close_wait, end(&mut socket)).await;
}

/// Sends what is left, and reads until the peer has ended its side.
///
/// Dropping a TCP socket that has unread bytes resets the connection, and a reset makes the peer's kernel throw away
/// what it had received: the close frame. So the bytes that follow it are read and forgotten.
async fn end<S>(socket: &mut WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = socket.flush().await;
    // Ends with the peer's close frame; at once when a read had failed before, since then frames make no sense any more.
    while let Some(Ok(_)) = socket.next().await {}
    let stream = socket.get_mut();
    if stream.shutdown().await.is_ok() {
        // On the heap, since an array would take its room in the task of every session from the start.
        let mut forgotten = vec![0; 4096];
        while matches!(stream.read(&mut forgotten).await, Ok(1..)) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::error::UrlError;

    #[test]
    fn every_error_has_the_code_that_the_rfc_names() {
        let io = std::io::ErrorKind::ConnectionReset;
        let table = [
            (Error::Protocol(ProtocolError::UnmaskedFrameFromClient), Some(1002)),
            (Error::Protocol(ProtocolError::NonZeroReservedBits), Some(1002)),
            (Error::Protocol(ProtocolError::InvalidCloseSequence), Some(1002)),
            (Error::Utf8(String::new()), Some(1007)),
            (Error::Capacity(CapacityError::MessageTooLong { size: 2, max_size: 1 }), Some(1009)),
            (Error::WriteBufferFull(Box::new(Message::Ping(Default::default()))), Some(1013)),
            (Error::Url(UrlError::NoHostName), Some(1011)),
            (Error::Protocol(ProtocolError::ResetWithoutClosingHandshake), None),
            (Error::ConnectionClosed, None),
            (Error::AlreadyClosed, None),
            (Error::Io(io.into()), None),
            (Error::Io(ErrorKind::QuotaExceeded.into()), Some(1013)),
        ];
        for (error, code) in table {
            assert_eq!(close_code_for(&error).map(|(code, _)| code), code, "{error}");
        }
    }

    #[test]
    fn a_refusal_names_the_version() {
        let request = |version: &str| {
            Request::builder()
                .header("connection", "Upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
                .header("sec-websocket-version", version)
                .body(())
                .expect("a request")
        };
        let refused = accept(&mut request("8")).expect_err("an old version");
        assert_eq!(refused.status(), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(refused.headers()[SEC_WEBSOCKET_VERSION], "13");
        let (response, _) = accept(&mut request("13")).expect("the right version");
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
