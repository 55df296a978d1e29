//! WebSockets: the upgrade, and the choice of the dialect by sub-protocol.
//!
//! # Layout
//!
//! `line.rs` is one socket with its limits, `stream.rs` the records that are told over it; `native.rs` speaks the engine's
//! own protocol and CloudEvents, `seed.rs` the dialect of the seed. What only the latter needs: `requests.rs` reads
//! what is asked, `subscriptions.rs` has the channels of a client, `buckets.rs` its limits, `tokens.rs` the tokens to come
//! back with, `binary.rs` the binary messages.

mod binary;
mod buckets;
mod line;
mod native;
mod requests;
mod seed;
mod stream;
mod subscriptions;
mod tokens;

pub use tokens::{Restored, Tokens};

use crate::error::ApiError;
use crate::forms::Form;
use crate::hub::{Hub, Phase};
use crate::request;
use crate::settings::{FRAME_BYTES, MESSAGE_BYTES, READ_BUFFER_BYTES, WRITE_BUFFER_BYTES};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Sub-protocols, the one we like best first. Without one a client speaks the dialect of the seed.
const PROTOCOLS: [&str; 3] = ["ng.v1.msgpack", "ng.v1.json", "cloudevents.json"];

/// `GET /ws`.
pub async fn upgrade(
    State(hub): State<Arc<Hub>>,
    restored: Option<Extension<Restored>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            return ApiError::new(rejection.status(), "BAD_REQUEST", format!("expected a WebSocket: {rejection}"))
                .into_response();
        }
    };
    if matches!(*hub.phase().borrow(), Phase::Stopping | Phase::Restarting) {
        return ApiError::not_ready("the server is stopping").into_response();
    }
    let Some(request) = request::current() else {
        return ApiError::internal("the request has no context").into_response();
    };
    let upgrade = upgrade
        .protocols(PROTOCOLS)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(FRAME_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES);
    let protocol = upgrade.selected_protocol().and_then(|name| name.to_str().ok()).map(str::to_owned);
    upgrade.on_upgrade(move |socket| async move {
        match protocol.as_deref() {
            Some("ng.v1.json") => native::serve(hub, request, socket, native::Encoding::Json).await,
            Some("ng.v1.msgpack") => native::serve(hub, request, socket, native::Encoding::MessagePack).await,
            Some("cloudevents.json") => native::serve_form(hub, request, socket, Form::CloudEvents).await,
            _ => seed::serve(hub, request, socket, restored.map(|Extension(restored)| restored)).await,
        }
    })
}
