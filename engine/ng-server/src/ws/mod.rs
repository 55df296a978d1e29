//! WebSockets: the upgrade, and the choice of the dialect by sub-protocol.
//!
//! # Layout
//!
//! `socket.rs` is a WebSocket by the book, `metered.rs` counts what is unfinished in it, `line.rs` one with the limits of a client, `stream.rs` the records that are told
//! over it; `native.rs` speaks the engine's own protocol and CloudEvents, `seed.rs` the dialect of the seed. What only the
//! latter needs: `requests.rs` reads what is asked, `subscriptions.rs` has the channels of a client, `buckets.rs` its
//! limits, `reconnection.rs` the tokens to come back with, `binary.rs` the binary messages.

mod binary;
mod buckets;
mod line;
pub mod metered;
mod native;
mod reconnection;
mod requests;
mod seed;
pub mod socket;
mod stream;
mod subscriptions;

pub use reconnection::{ReconnectionTokens, Restored};

use crate::connection_limits::AnonymousPermit;
use crate::error::ApiError;
use crate::forms::Form;
use crate::hub::{Hub, Phase};
use crate::listen::Held;
use crate::request;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::response::{IntoResponse, Response};
use socket::Limits;
use std::sync::Arc;

/// Sub-protocols, the one we like best first. Without one a client speaks the dialect of the seed.
const PROTOCOLS: [&str; 3] = ["ng.v1.msgpack", "ng.v1.json", "cloudevents.json"];

/// `GET /ws`.
pub async fn upgrade(State(hub): State<Arc<Hub>>, mut http: Request) -> Response {
    if matches!(*hub.phase().borrow(), Phase::Stopping | Phase::Restarting) {
        return ApiError::not_ready("the server is stopping").into_response();
    }
    let Some(request) = request::current() else {
        return ApiError::internal("the request has no context").into_response();
    };
    let protocol = chosen(&http);
    let held = http.extensions().get::<Held>().cloned();
    let stranger = http.extensions().get::<Arc<AnonymousPermit>>().cloned();
    let restored = http.extensions().get::<Restored>().cloned();
    let charge = hub.bodies.charge(request.identity.user.is_none());
    let (mut response, upgrade) = match socket::accept(&mut http) {
        Ok(accepted) => accepted,
        Err(refusal) => return refusal,
    };
    if let Some(protocol) = protocol {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    tokio::spawn(async move {
        let Some(socket) = socket::open(upgrade, &Limits::default(), charge).await else { return };
        match protocol {
            Some("ng.v1.json") => native::serve(hub, request, socket, native::Encoding::Json).await,
            Some("ng.v1.msgpack") => native::serve(hub, request, socket, native::Encoding::MessagePack).await,
            Some("cloudevents.json") => native::serve_form(hub, request, socket, Form::CloudEvents).await,
            _ => seed::serve(hub, request, socket, restored).await,
        }
        // The place of the connection is free only now.
        drop((held, stranger));
    });
    response
}

/// The sub-protocol that we like best of those that the client offers.
fn chosen(http: &Request<Body>) -> Option<&'static str> {
    let offered = http.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|names| names.to_str().ok());
    let offered: Vec<&str> = offered.flat_map(|names| names.split(',')).map(str::trim).collect();
    PROTOCOLS.into_iter().find(|name| offered.contains(name))
}
