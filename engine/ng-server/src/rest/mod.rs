//! REST: one file for each kind of thing, with its handlers and its rows of the table of routes.

pub mod answer;
mod auth;
pub(crate) mod body;
mod cdna;
mod document;
mod events;
mod feedback;
mod guardian;
mod health;
mod histogram;
mod incidents;
mod ingest;
mod keys;
mod metrics;
mod modules;
pub(crate) mod status;
mod views;
mod websocket;

pub(crate) use modules::module;

use crate::routes::Route;

/// The tables of all files, in the order of the OpenAPI document.
pub const TABLES: &[&[Route]] = &[
    health::ROUTES,
    status::ROUTES,
    modules::ROUTES,
    guardian::ROUTES,
    cdna::ROUTES,
    feedback::ROUTES,
    incidents::ROUTES,
    views::ROUTES,
    events::ROUTES,
    histogram::ROUTES,
    ingest::ROUTES,
    metrics::ROUTES,
    auth::ROUTES,
    keys::ROUTES,
    websocket::ROUTES,
    document::ROUTES,
];

/// Everything lies below this.
pub const BASE: &str = "/api/v1";
