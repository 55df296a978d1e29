//! HTTP and WebSocket over a running engine: a thin face, the same for consoles, scripts, the seed's clients, Prometheus.
//!
//! # Layout
//!
//! `server` starts and stops everything as `settings` say, and `supervise` starts again what failed. `listen` accepts
//! connections, with `tls`, and on the Unix socket that `socket_file` makes. They get a place by `connection_limits`, for
//! which there are `descriptors`, or a word by `refusing`; `write_timeout` closes those that take too little.
//!
//! `middleware` stands around every request and makes its `request`; `bodies` bounds what it carries, `unread` takes what
//! a handler left of it, `answers` counts what is not yet taken. `routes` is the table of what is served, `rest` and `ws` serve it, `openapi` describes it; `error`
//! is how it is refused. `json` reads what strangers send.
//!
//! `hub` is what they share; `feed` streams records, in the `forms` that clients ask for, and `rate_window` slows it for
//! one of them; `clients` are those that read. `channels` are what can be read, and `channel_news` makes the events of all
//! but the records. `ingest` takes events in. `auth` says who may do what, and `auth_watch` tells when others have changed
//! that.
//!
//! `meters` and `process` measure, and `prometheus` tells it. `bucket`, `clock` and `random` are tools of all of them.

#![forbid(unsafe_code)]

mod answers;
pub mod auth;
mod auth_watch;
pub mod bodies;
mod bucket;
pub mod channel_news;
pub mod channels;
pub mod clients;
pub mod clock;
mod connection_limits;
mod descriptors;
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
