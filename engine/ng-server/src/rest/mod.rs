//! REST: one file for each kind of thing, with its handlers and its rows of the table of routes.

pub mod answer;
mod auth;
mod health;
mod keys;
mod modules;
mod websocket;

pub(crate) use modules::module;

use crate::routes::Route;

/// The tables of all files, in the order of the OpenAPI document.
pub const TABLES: &[&[Route]] = &[health::ROUTES, modules::ROUTES, auth::ROUTES, keys::ROUTES, websocket::ROUTES];

/// Everything lies below this.
pub const BASE: &str = "/api/v1";
