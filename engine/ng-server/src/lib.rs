//! HTTP and WebSocket over a running engine: a thin face, the same for consoles, scripts, the seed's clients, Prometheus.
//!
//! # Layout
//!
//! `server` starts and stops everything; `listen` accepts connections, on the Unix socket that `socket_file` makes too, which
//! get `places` or a word by `refusing`; `write_timeout` closes those that take nothing. `guard` stands around every request,
//! `bodies` bounds what it carries, `routes` is the table of what is served, `rest` and `ws` serve it, `openapi` describes
//! it, `prometheus` counts it. `hub` is what they share; `feed` streams records, in the `forms` that clients ask for;
//! `channel_news` makes the events of the other channels. `ingest` takes events in. `auth` says who may do what, and
//! `auth_watch` tells when others have changed that.

#![forbid(unsafe_code)]

pub mod auth;
mod auth_watch;
pub mod bodies;
mod bucket;
pub mod channel_news;
pub mod channels;
pub mod clients;
pub mod clock;
mod connection_limits;
pub mod error;
pub mod feed;
pub mod forms;
pub mod hub;
pub mod ingest;
pub mod json;
mod listen;
pub mod meters;
mod middleware;
mod openapi;
mod process;
mod prometheus;
pub mod random;
mod rate_window;
mod refusing;
pub mod request;
pub mod rest;
pub mod routes;
mod server;
pub mod settings;
mod socket_file;
pub mod supervise;
mod tls;
mod unread;
mod write_timeout;
pub mod ws;

pub use server::{Server, ServerOptions};
