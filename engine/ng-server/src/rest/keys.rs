//! API keys: making, listing, ending them.

use super::answer::{self, Flat};
use super::auth::asker;
use super::body::Whole;
use crate::auth::account_store::ApiKey;
use crate::auth::keys::NewKey;
use crate::auth::{Right, scopes};
use crate::clock;
use crate::error::ApiError;
use crate::json;
use crate::routes::{App, Gives, Route, Takes, Verb, schema};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use ng_wire::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A key that is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// What it is for.
    name: String,
    /// What it may do; null, absent or empty = what the role `bot` may.
    scopes: Option<Vec<String>>,
    /// Days until it ends; null or absent = never.
    expires_in_days: Option<u64>,
    /// The user that it belongs to; null or absent = the user who makes it, or whose key does. Only a process on the Unix
    /// socket may name another; for it absent = the only admin.
    owner: Option<String>,
}

/// A key, without what is secret.
#[derive(Serialize, JsonSchema)]
struct Key {
    /// Its id.
    key_id: String,
    /// What it is for.
    name: String,
    /// Its first 16 characters.
    key_prefix: String,
    /// What it may do.
    scopes: Vec<String>,
    /// The user that it belongs to; the key can do nothing that this user cannot.
    owner: String,
    /// When it was made, ISO 8601, UTC.
    created_at: String,
    /// When it ends; null = never.
    expires_at: Option<String>,
    /// When it was last used; null = never.
    last_used_at: Option<String>,
    /// It may be used.
    is_active: bool,
    /// It may not.
    disabled: bool,
}

/// A new key.
#[derive(Serialize, JsonSchema)]
struct NewlyMade {
    /// The key itself. It is kept nowhere, so this is the only time that it is told.
    api_key: String,
    /// What is known of it.
    #[serde(flatten)]
    key: Key,
}

/// All keys.
#[derive(Serialize, JsonSchema)]
struct List {
    /// They.
    api_keys: Vec<Key>,
    /// The same again.
    keys: Vec<Key>,
    /// How many.
    count: usize,
}

/// A key that was revoked.
#[derive(Serialize, JsonSchema)]
struct Revoked {
    /// Its id.
    key_id: String,
    /// `revoked`.
    status: &'static str,
}

pub(super) const ROUTES: &[Route] = &[
    making("/api/v1/api-keys"),
    making("/api/v1/auth/api-keys"),
    making("/auth/api-keys"),
    row("/api/v1/api-keys", "All API keys.", Gives::Json(schema::<Flat<List>>), || get(list)),
    row("/api/v1/auth/api-keys", "All API keys, as an array.", Gives::Json(schema::<Vec<Key>>), || get(array)),
    row("/auth/api-keys", "All API keys, as an array.", Gives::Json(schema::<Vec<Key>>), || get(array)),
    showing("/api/v1/api-keys/{id}"),
    showing("/api/v1/auth/api-keys/{id}"),
    showing("/auth/api-keys/{id}"),
    revoking("/api/v1/api-keys/{id}/revoke"),
    revoking("/api/v1/auth/api-keys/{id}/revoke"),
    revoking("/auth/api-keys/{id}/revoke"),
    deleting("/api/v1/api-keys/{id}"),
    deleting("/api/v1/auth/api-keys/{id}"),
    deleting("/auth/api-keys/{id}"),
];

const fn row(
    path: &'static str,
    summary: &'static str,
    gives: Gives,
    handler: fn() -> axum::routing::MethodRouter<App>,
) -> Route {
    Route {
        verb: Verb::Get,
        path,
        needs: Some(Right::Keys),
        summary,
        query: None,
        takes: Takes::Nothing,
        status: 200,
        gives,
        refusals: &[],
        handler,
    }
}

const fn making(path: &'static str) -> Route {
    Route {
        verb: Verb::Post,
        takes: Takes::Json(schema::<Wanted>),
        status: 201,
        refusals: &[400, 409, 413, 422],
        ..row(path, "Makes an API key, which is told only here.", Gives::Json(schema::<Flat<NewlyMade>>), || {
            post(create)
        })
    }
}

const fn showing(path: &'static str) -> Route {
    Route { refusals: &[404], ..row(path, "One API key.", Gives::Json(schema::<Flat<Key>>), || get(one)) }
}

const fn revoking(path: &'static str) -> Route {
    Route {
        verb: Verb::Post,
        refusals: &[404],
        ..row(path, "Ends an API key; it stays in the list.", Gives::Json(schema::<Flat<Revoked>>), || post(revoke))
    }
}

const fn deleting(path: &'static str) -> Route {
    Route {
        verb: Verb::Delete,
        status: 204,
        refusals: &[404],
        ..row(path, "Ends an API key and forgets it.", Gives::Nothing, || delete(forget))
    }
}

async fn create(State(hub): State<App>, body: Whole) -> Result<Response, ApiError> {
    let maker = asker()?.identity;
    let Wanted { name, scopes, expires_in_days, owner } = json::parse(&body.bytes)?;
    let new = NewKey { name, scopes, days: expires_in_days, owner };
    let (id, api_key) = hub.auth.create_key(&maker, new).await?;
    let key = hub.auth.key(&id)?;
    note(&hub, "auth.key_created", "made", &id, &key).await;
    let key = told(&hub, id, &key);
    Ok(answer::flat_with(StatusCode::CREATED, NewlyMade { api_key, key }))
}

async fn list(State(hub): State<App>) -> Response {
    let (api_keys, keys) = (all(&hub), all(&hub));
    answer::flat(List { count: keys.len(), api_keys, keys })
}

async fn array(State(hub): State<App>) -> Response {
    answer::bare(all(&hub))
}

async fn one(State(hub): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let key = hub.auth.key(&id)?;
    Ok(answer::flat(told(&hub, id, &key)))
}

async fn revoke(State(hub): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let key = hub.auth.revoke_key(&id).await?;
    note(&hub, "auth.key_revoked", "revoked", &id, &key).await;
    Ok(answer::flat(Revoked { key_id: id, status: "revoked" }))
}

async fn forget(State(hub): State<App>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let key = hub.auth.delete_key(&id).await?;
    note(&hub, "auth.key_deleted", "deleted", &id, &key).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn all(hub: &App) -> Vec<Key> {
    hub.auth.keys().into_iter().map(|(id, key)| told(hub, id, &key)).collect()
}

fn told(hub: &App, id: String, key: &ApiKey) -> Key {
    let disabled = hub.auth.is_unusable(key);
    Key {
        key_id: id,
        name: key.name.clone(),
        key_prefix: key.prefix.clone(),
        scopes: key.scopes.clone().unwrap_or_else(|| scopes::within(&Right::of(Role::Bot))),
        owner: key.owner.clone(),
        created_at: clock::iso_s(key.created_s),
        expires_at: key.expires_s.map(clock::iso_s),
        last_used_at: key.last_used_s.map(clock::iso_s),
        is_active: !disabled,
        disabled,
    }
}

/// Tells the stream what was done to a key, by whom.
async fn note(hub: &App, kind: &str, what: &str, id: &str, key: &ApiKey) {
    let actor = asker().map(|asker| asker.identity.name().to_owned()).unwrap_or_default();
    let message = format!("{actor} {what} the API key {id}, {:?}", key.name);
    hub.note(kind, "info", message, json!({ "user": actor, "key_id": id })).await;
}
