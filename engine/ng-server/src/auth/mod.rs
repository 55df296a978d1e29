//! Who a client is, and what it may do.
//!
//! # Layout
//!
//! `rights.rs` has the rights of the roles, `scopes.rs` the words for rights of API keys. `store.rs` is the file of users,
//! keys and ended tokens; `users.rs` and `keys.rs` change it. `passwords.rs` hashes, in the turns that
//! `hashing.rs` gives, `tokens.rs` signs, `attempts.rs` counts failures. `sessions.rs` is logging in and out. Here the credentials of a request become an [`Identity`].

mod attempts;
mod hashing;
pub mod keys;
pub mod passwords;
mod rights;
pub mod scopes;
mod sessions;
pub mod store;
mod tokens;
pub mod users;

pub use rights::{ROLES, Right, role_name, role_named};
pub use sessions::{Account, Session};
pub use tokens::ACCESS_S;

use crate::clock;
use crate::error::ApiError;
use crate::request::Peer;
use crate::settings::{Anonymous, ServerSettings};
use axum::http::{HeaderMap, StatusCode, header};
use ng_node::NodeError;
use ng_wire::Role;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use store::Store;
use tokio::sync::watch;

/// Name of the user that the first start makes.
const FIRST_USER: &str = "admin";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the user, `apikey_` with the id of the key, or the uid of a local process; none without credentials.
    pub user: Option<String>,
    /// What it may do.
    pub role: Role,
    /// What it may do when that is not what its role may: an API key with scopes.
    pub rights: Option<Vec<Right>>,
    /// What it has shown, as far as that can end.
    pub credential: Option<Credential>,
}

/// What an identity rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An access token.
    Token {
        /// Its id.
        id: String,
        /// The series of tokens that it belongs to.
        series: String,
    },
    /// An API key.
    Key {
        /// Its id.
        id: String,
    },
}

impl Identity {
    /// Someone without credentials.
    pub fn anonymous() -> Self {
        Identity { user: None, role: Role::Anonymous, rights: None, credential: None }
    }

    /// Its name in notes and lists.
    pub fn name(&self) -> &str {
        self.user.as_deref().unwrap_or(users::NOBODY)
    }

    /// It has the right.
    pub fn may(&self, right: Right) -> bool {
        self.rights.as_ref().map_or_else(|| right.granted_to(self.role), |rights| rights.contains(&right))
    }

    /// Every right that it has.
    pub fn rights(&self) -> Vec<Right> {
        self.rights.clone().unwrap_or_else(|| Right::of(self.role))
    }

    /// Refuses who has not the right: 401 without credentials, 403 otherwise.
    pub fn require(&self, right: Right) -> Result<(), ApiError> {
        match (self.may(right), &self.user) {
            (true, _) => Ok(()),
            (false, None) => Err(ApiError::unauthorized(format!("{} needs credentials", right.name()))),
            (false, Some(_)) if self.rights.is_some() => {
                Err(ApiError::forbidden(format!("the scopes of the API key do not give the right {}", right.name())))
            }
            (false, Some(_)) => {
                let role = role_name(self.role);
                Err(ApiError::forbidden(format!("the role {role} has not the right {}", right.name())))
            }
        }
    }
}

/// Why credentials are not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    /// We have not given them out; whoever sends them may be guessing.
    Unknown,
    /// Their time is over.
    Expired(&'static str),
    /// They were ended before their time, or are for something else.
    Ended(&'static str),
}

/// Seconds since 1970, UTC.
type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// Checks credentials.
pub struct Auth {
    uid: u32,
    anonymous: Anonymous,
    store: Arc<Store>,
    tokens: tokens::Tokens,
    attempts: attempts::Attempts,
    hashing: Arc<hashing::Hashing>,
    /// Told whenever credentials may have ended.
    ends: watch::Sender<()>,
    clock: Clock,
}

impl Auth {
    /// Reads users, keys and the secret from the state directory. Where nobody is known a user `admin` is made; its
    /// password is returned, and is known to nobody else.
    pub fn open(state_dir: &Path, settings: &ServerSettings) -> Result<(Auth, Option<String>), NodeError> {
        Self::with_clock(state_dir, settings.anonymous, settings.failed_credentials, Box::new(clock::now_s))
    }

    fn with_clock(
        state_dir: &Path,
        anonymous: Anonymous,
        failures: usize,
        clock: Clock,
    ) -> Result<(Auth, Option<String>), NodeError> {
        let store = Store::open(state_dir)?;
        let mut first = None;
        if store.read().users.is_empty() {
            let password = passwords::generate();
            let hash = passwords::hash(&password);
            store.change(|contents| users::add(contents, FIRST_USER, Role::Admin, hash, clock())).map_err(|error| {
                NodeError::failure("NG-3402", state_dir.join(store::FILE).display().to_string(), error.message)
            })?;
            first = Some(password);
        }
        let tokens = tokens::Tokens::new(&store.read().secret);
        let auth = Auth {
            uid: rustix::process::getuid().as_raw(),
            anonymous,
            store: Arc::new(store),
            tokens,
            attempts: attempts::Attempts::new(failures),
            hashing: hashing::Hashing::new(Instant::now()),
            ends: watch::Sender::new(()),
            clock,
        };
        Ok((auth, first))
    }

    /// Who makes a request. `token` is what stood in the query of a WebSocket's address.
    ///
    /// Of several credentials those in `Authorization` count, then `X-API-Key`, then `token`. Credentials that are not
    /// valid are refused with 401, never taken for none, and with 429 when the address has sent too many that we have not
    /// given out; valid ones pass also then. Without credentials a process of this user, or of root, on the Unix socket is
    /// admin, and everybody else is anonymous or refused.
    pub fn identify(&self, peer: &Peer, headers: &HeaderMap, token: Option<&str>) -> Result<Identity, ApiError> {
        match presented(headers, token) {
            Some(text) => text.and_then(|text| self.holder(text)).map_err(|bad| self.refuse(peer, bad)),
            None => self.without_credentials(peer),
        }
    }

    /// The credentials of an identity are still valid. A token that has expired since is.
    pub fn holds(&self, identity: &Identity) -> bool {
        let contents = self.store.read();
        match &identity.credential {
            None => true,
            Some(Credential::Key { id }) => {
                contents.keys.get(id).is_some_and(|key| keys::usable(&contents, key, (self.clock)()).is_ok())
            }
            Some(Credential::Token { id, series }) => {
                let user = contents.users.get(identity.name());
                !contents.ended.contains_key(id) && user.is_some_and(|user| !user.disabled && user.series == *series)
            }
        }
    }

    /// Waits until the credentials of an identity end: the key is revoked, the token logged out, the password changed.
    pub async fn ended(&self, identity: &Identity) {
        if identity.credential.is_none() {
            return std::future::pending().await;
        }
        let mut ends = self.ends.subscribe();
        while self.holds(identity) {
            // The other end lives as long as this.
            let _ = ends.changed().await;
        }
    }

    /// How many API keys may be used now.
    pub fn active_keys(&self) -> usize {
        let contents = self.store.read();
        contents.keys.values().filter(|key| keys::usable(&contents, key, (self.clock)()).is_ok()).count()
    }

    /// Who has sent an access token or an API key.
    fn holder(&self, text: &str) -> Result<Identity, Bad> {
        let now_s = (self.clock)();
        if !text.starts_with(keys::PREFIX) {
            let (claims, user) = self.token(text, tokens::Kind::EngineHandle)?;
            let credential = Some(Credential::Token { id: claims.jti, series: claims.series });
            return Ok(Identity { user: Some(claims.sub), role: user.role, rights: None, credential });
        }
        let contents = self.store.read();
        let (id, key) = keys::find(&contents, text, now_s)?;
        let (id, rights) = (id.to_owned(), key.scopes.as_deref().map(scopes::rights));
        drop(contents);
        self.store.touch(&id, now_s);
        let user = Some(format!("{}{id}", users::KEY_HOLDER));
        Ok(Identity { user, role: Role::Bot, rights, credential: Some(Credential::Key { id }) })
    }

    fn without_credentials(&self, peer: &Peer) -> Result<Identity, ApiError> {
        if let Peer::Unix { uid } = peer
            && (*uid == self.uid || *uid == 0)
        {
            let user = Some(format!("uid {uid}"));
            return Ok(Identity { user, role: Role::Admin, rights: None, credential: None });
        }
        let allowed = match self.anonymous {
            Anonymous::Never => false,
            Anonymous::Local => peer.is_local(),
            Anonymous::Always => true,
        };
        if allowed { Ok(Identity::anonymous()) } else { Err(ApiError::unauthorized("credentials are needed here")) }
    }

    /// The refusal of bad credentials. Those that we have not given out count as failures of the address.
    fn refuse(&self, peer: &Peer, bad: Bad) -> ApiError {
        let (code, what) = match bad {
            Bad::Expired(what) => ("TOKEN_EXPIRED", what),
            Bad::Ended(what) => ("INVALID_TOKEN", what),
            Bad::Unknown => match self.attempts.count(peer, (self.clock)()) {
                Ok(()) => ("INVALID_TOKEN", "the credentials are not valid; expected an access token or an API key"),
                Err(seconds) => return too_many(seconds),
            },
        };
        ApiError::new(StatusCode::UNAUTHORIZED, code, what)
    }
}

/// The text of the credentials of a request, if there are any.
fn presented<'a>(headers: &'a HeaderMap, token: Option<&'a str>) -> Option<Result<&'a str, Bad>> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        return Some(bearer(value.to_str().unwrap_or_default()).ok_or(Bad::Unknown));
    }
    if let Some(value) = headers.get("x-api-key") {
        return Some(value.to_str().map_err(|_| Bad::Unknown));
    }
    token.map(Ok)
}

/// What stands after `Bearer`.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, text) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(text.trim())
}

fn too_many(seconds: u64) -> ApiError {
    ApiError::rate_limited("too many failures from this address", seconds as f64)
}

#[cfg(test)]
mod tests;
