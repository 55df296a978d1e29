//! The description of this interface.

use super::answer;
use crate::openapi;
use crate::routes::{App, Route};
use axum::response::Response;
use axum::routing::get;
use schemars::{Schema, SchemaGenerator, json_schema};

pub(super) const ROUTES: &[Route] =
    &[Route::read("/api/v1/openapi.json", None, "This document.", any_object, || get::<_, _, App>(document))];

fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "description": "A document of OpenAPI 3.1." })
}

async fn document() -> Response {
    answer::bare(openapi::document())
}
