//! REST: one file for each kind of thing, with its handlers and its rows of the table of routes.

pub mod answer;
mod cdna;
mod health;
mod modules;

use crate::routes::Route;

/// The tables of all files, in the order of the OpenAPI document.
pub const TABLES: &[&[Route]] = &[health::ROUTES, modules::ROUTES, cdna::ROUTES];

/// Everything lies below this.
pub const BASE: &str = "/api/v1";
