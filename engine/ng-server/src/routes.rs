//! The routes of HTTP: one row each, from which the router and the OpenAPI document are made.

use crate::auth::Right;
use crate::hub::Hub;
use crate::rest;
use axum::Router;
use axum::routing::MethodRouter;
use schemars::{Schema, SchemaGenerator};
use std::sync::Arc;

/// The state of every handler.
pub type App = Arc<Hub>;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Verb {
    Get,
    Put,
    Post,
    Delete,
}

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a request may carry.
#[derive(Clone, Copy)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A JSON body.
    Json(SchemaOf),
    /// A body of one of these media types, each with its schema.
    Media(&'static [(&'static str, SchemaOf)]),
}

/// What an answer carries.
#[derive(Clone, Copy)]
pub enum Gives {
    /// A JSON body.
    Json(SchemaOf),
    /// Text of this media type.
    Text(&'static str),
    /// Text of one of these media types, or JSON: what the client prefers.
    TextOrJson(&'static [&'static str], SchemaOf),
    /// Nothing.
    Nothing,
}

/// One row.
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// The path, with `{name}` for its parameters.
    pub path: &'static str,
    /// The right that it needs; none = everybody, even without credentials.
    pub needs: Option<Right>,
    /// One sentence.
    pub summary: &'static str,
    /// Parameters of the query: an object. Its members with the extension `in` stand there instead.
    pub query: Option<SchemaOf>,
    /// The body of the request.
    pub takes: Takes,
    /// Status of success.
    pub status: u16,
    /// The body of the answer.
    pub gives: Gives,
    /// Further statuses it answers with, besides 401, 403, 429, 500 and 503, and for a body 408 and 413.
    pub refusals: &'static [u16],
    /// The handler.
    pub handler: fn() -> MethodRouter<App>,
}

impl Route {
    /// A row that reads something and gives it as JSON.
    pub(crate) const fn read(
        path: &'static str,
        needs: Option<Right>,
        summary: &'static str,
        gives: SchemaOf,
        handler: fn() -> MethodRouter<App>,
    ) -> Route {
        Route {
            verb: Verb::Get,
            path,
            needs,
            summary,
            query: None,
            takes: Takes::Nothing,
            status: 200,
            gives: Gives::Json(gives),
            refusals: &[],
            handler,
        }
    }
}

/// The schema of `T`.
pub fn schema<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// All rows, in the order of the document.
pub fn all() -> impl Iterator<Item = &'static Route> {
    rest::TABLES.iter().flat_map(|table| table.iter())
}

/// The router of all rows, with what stands around every handler.
pub fn router(hub: Arc<Hub>) -> Router {
    let mut router: Router<App> = Router::new();
    for route in all() {
        let handler = (route.handler)();
        router = router.route(route.path, crate::middleware::guarded(handler, route.needs));
    }
    crate::middleware::around(router.route("/ws", axum::routing::get(crate::ws::upgrade)), hub)
}
