//! Logging in and out, and one's own account.

use super::answer;
use super::body::Whole;
use crate::auth::{ACCESS_S, Account, Auth, Identity, Session, scopes};
use crate::clock;
use crate::error::ApiError;
use crate::json;
use crate::request::{self, Request};
use crate::routes::{App, Gives, Route, Takes, Verb, schema};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use ng_wire::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A name and its password.
#[derive(Deserialize, JsonSchema)]
struct Login {
    /// The name.
    username: String,
    /// The password.
    password: String,
}

/// A refresh token.
#[derive(Deserialize, JsonSchema)]
struct Refresh {
    /// It ends by this.
    refresh_token: String,
}

/// The tokens that are to end, besides the one in `Authorization`. All may be absent or null.
#[derive(Default, Deserialize, JsonSchema)]
struct Logout {
    /// Any token.
    token: Option<String>,
    /// Any token.
    access_token: Option<String>,
    /// Any token.
    refresh_token: Option<String>,
}

/// The present and the new password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Passwords {
    /// The present one.
    old_password: String,
    /// Eight characters or more.
    new_password: String,
}

/// Tokens.
#[derive(Serialize, JsonSchema)]
struct TokenPair {
    /// Goes with requests, as `Authorization: Bearer …`.
    access_token: String,
    /// Gives other tokens, once; it is valid for seven days.
    refresh_token: String,
    /// `bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: u64,
    /// Whose they are.
    user: User,
}

/// Who asks.
#[derive(Serialize, JsonSchema)]
struct User {
    /// Its id, which is its name.
    user_id: String,
    /// Its name.
    username: String,
    /// Not known here: null.
    email: Option<String>,
    /// Not known here: null.
    full_name: Option<String>,
    /// Its role.
    role: Role,
    /// What it may do, in the words of scopes.
    scopes: Vec<String>,
    /// What it may do, in the words of rights.
    rights: Vec<String>,
    /// It may not come in.
    disabled: bool,
    /// When it was made, ISO 8601, UTC; null for who is no user of the file.
    created_at: Option<String>,
}

/// What was done.
#[derive(Serialize, JsonSchema)]
struct Done {
    /// True.
    success: bool,
    /// In words.
    message: String,
    /// Null.
    data: Option<Value>,
}

const FORM: &str = "application/x-www-form-urlencoded";
/// How a name and its password may come.
const LOGIN: &[(&str, crate::routes::SchemaOf)] = &[(FORM, schema::<Login>), ("application/json", schema::<Login>)];

pub(super) const ROUTES: &[Route] = &[
    row("/api/v1/auth/login", "Gives tokens for a name and its password.", Takes::Json(schema::<Login>), || {
        post(login)
    }),
    row("/api/v1/auth/token", "The same, for a form.", Takes::Media(LOGIN), || post(login)),
    row("/auth/token", "The same, for a form.", Takes::Media(LOGIN), || post(login)),
    row("/api/v1/auth/refresh", "Gives other tokens for a refresh token.", Takes::Json(schema::<Refresh>), || {
        post(refresh)
    }),
    Route {
        gives: Gives::Json(schema::<Done>),
        ..row("/api/v1/auth/logout", "Ends tokens.", Takes::Json(schema::<Logout>), || post(logout))
    },
    Route {
        verb: Verb::Get,
        gives: Gives::Json(schema::<User>),
        refusals: &[],
        ..row("/api/v1/auth/me", "Who asks, and what it may do.", Takes::Nothing, || get(me))
    },
    Route {
        gives: Gives::Json(schema::<Done>),
        refusals: &[400, 413, 422],
        ..row(
            "/api/v1/auth/change-password",
            "Changes one's own password; all tokens of the user end.",
            Takes::Json(schema::<Passwords>),
            || post(change_password),
        )
    },
];

const fn row(
    path: &'static str,
    summary: &'static str,
    takes: Takes,
    handler: fn() -> axum::routing::MethodRouter<App>,
) -> Route {
    Route {
        verb: Verb::Post,
        path,
        needs: None,
        summary,
        query: None,
        takes,
        status: 200,
        gives: Gives::Json(schema::<TokenPair>),
        refusals: &[400, 413, 422],
        handler,
    }
}

async fn login(State(hub): State<App>, headers: HeaderMap, body: Whole) -> Result<Response, ApiError> {
    let asker = asker()?;
    let Login { username, password } = credentials(&headers, &body.bytes)?;
    match hub.auth.login(&asker.peer, &username, password).await {
        Ok(session) => {
            let message = format!("{username} has logged in from {}", asker.peer.name());
            let more = json!({ "user": username, "address": asker.peer.name() });
            hub.note("auth.logged_in", "info", message, more).await;
            Ok(answer::bare(tokens(session)))
        }
        Err(refusal) => {
            hub.meters.bad_credentials.one();
            // When there were too many, the first of them have been told. What is no name may be a password.
            if refusal.status == StatusCode::UNAUTHORIZED {
                let known = hub.auth.account(&username).map(|account| account.name);
                let who = known.as_deref().unwrap_or("someone unknown");
                let message = format!("{who} could not log in from {}", asker.peer.name());
                hub.note(
                    "auth.login_failed",
                    "warning",
                    message,
                    json!({ "user": known, "address": asker.peer.name() }),
                )
                .await;
            }
            Err(refusal)
        }
    }
}

async fn refresh(State(hub): State<App>, body: Whole) -> Result<Response, ApiError> {
    let Refresh { refresh_token } = json::parse(&body.bytes)?;
    let session = hub.auth.refresh(&asker()?.peer, &refresh_token).await;
    session.map(|session| answer::bare(tokens(session))).inspect_err(|_| hub.meters.bad_credentials.one())
}

async fn logout(State(hub): State<App>, headers: HeaderMap, body: Whole) -> Result<Response, ApiError> {
    let asker = asker()?;
    let body: Logout = if body.bytes.is_empty() { Logout::default() } else { json::parse(&body.bytes)? };
    let given = [body.token, body.access_token, body.refresh_token].into_iter().flatten();
    let given: Vec<String> = given.chain(Auth::bearer_of(&headers).map(str::to_owned)).collect();
    if given.is_empty() {
        return Err(ApiError::unauthorized("no token was given that could end"));
    }
    if hub.auth.end_tokens(&given).await? == 0 {
        return Err(ApiError::bad_request("none of the tokens is valid; an API key is ended by revoking it"));
    }
    let who = asker.identity.name();
    hub.note("auth.logged_out", "info", format!("tokens of {who} were ended"), json!({ "user": who })).await;
    Ok(done("logged out"))
}

async fn me(State(hub): State<App>) -> Result<Response, ApiError> {
    let identity = named()?.identity;
    let account = hub.auth.account(identity.name());
    Ok(answer::bare(user(&identity, account)))
}

async fn change_password(State(hub): State<App>, body: Whole) -> Result<Response, ApiError> {
    let asker = named()?;
    let Passwords { old_password, new_password } = json::parse(&body.bytes)?;
    let name = asker.identity.name();
    let changed = hub.auth.change_password(&asker.peer, name, old_password, new_password).await;
    let (kind, level, what) = match &changed {
        Ok(()) => ("auth.password_changed", "info", "changed its password"),
        Err(refusal) if refusal.code == "WRONG_PASSWORD" => {
            hub.meters.bad_credentials.one();
            ("auth.password_refused", "warning", "gave a wrong password when changing it")
        }
        Err(refusal) => return Err(refusal.clone()),
    };
    let more = json!({ "user": name, "address": asker.peer.name() });
    hub.note(kind, level, format!("{name} {what}"), more).await;
    changed.map(|()| done("the password was changed; log in again"))
}

/// Reads a name and its password from JSON or from a form.
fn credentials(headers: &HeaderMap, body: &[u8]) -> Result<Login, ApiError> {
    let media = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if media.starts_with(FORM.as_bytes()) {
        return serde_urlencoded::from_bytes(body).map_err(|_| {
            let what = "expected a form with username and password";
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "BAD_REQUEST", what)
        });
    }
    json::parse(body)
}

/// The request that is answered.
pub(super) fn asker() -> Result<Request, ApiError> {
    request::current().ok_or_else(|| ApiError::internal("the request has no context"))
}

/// The same, when somebody makes it.
fn named() -> Result<Request, ApiError> {
    let asker = asker()?;
    if asker.identity.user.is_none() {
        return Err(ApiError::unauthorized("this needs credentials"));
    }
    Ok(asker)
}

fn tokens(session: Session) -> TokenPair {
    let identity =
        Identity { user: Some(session.account.name.clone()), role: session.account.role, ..Identity::anonymous() };
    TokenPair {
        access_token: session.access,
        refresh_token: session.refresh,
        token_type: "bearer",
        expires_in: ACCESS_S,
        user: user(&identity, Some(session.account)),
    }
}

fn user(identity: &Identity, account: Option<Account>) -> User {
    let rights = identity.rights();
    User {
        user_id: identity.name().to_owned(),
        username: identity.name().to_owned(),
        email: None,
        full_name: None,
        role: identity.role,
        scopes: scopes::within(&rights),
        rights: rights.into_iter().map(crate::auth::Right::name).collect(),
        disabled: account.as_ref().is_some_and(|account| account.disabled),
        created_at: account.map(|account| clock::iso_s(account.created_s)),
    }
}

fn done(message: &str) -> Response {
    answer::bare(Done { success: true, message: message.to_owned(), data: None })
}
