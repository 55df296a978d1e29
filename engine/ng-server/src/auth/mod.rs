//! Who a client is, and what it may do.
//!
//! # Layout
//!
//! `rights.rs` has the rights of the roles, `scopes.rs` the words for rights of API keys. `account_store.rs` is the file of
//! users, keys and ended tokens; `users.rs` and `keys.rs` change it, and so may another process. `passwords.rs` hashes, in
//! the turns that `hashing.rs` gives, `tokens.rs` signs, `attempts.rs` counts failures. `sessions.rs` is logging in and
//! out. Here the credentials of a request become an [`Identity`], and `identity.rs` says what that may do now.

pub mod account_store;
mod attempts;
mod hashing;
mod identity;
pub mod keys;
pub mod passwords;
mod rights;
pub mod scopes;
mod sessions;
mod tokens;
pub mod users;

pub use identity::{Credential, Identity};
pub use rights::{ROLES, Right, role_name, role_named};
pub use sessions::{Account, Session};
pub use tokens::ACCESS_S;

use crate::clock;
use crate::error::ApiError;
use crate::request::Peer;
use crate::settings::{Anonymous, ServerSettings};
use account_store::AccountStore;
use axum::http::{HeaderMap, StatusCode, header};
use ng_node::NodeError;
use ng_wire::Role;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// Name of the user that the first start makes.
const FIRST_USER: &str = "admin";

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

/// What a look at the users has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// When it was, seconds since 1970, UTC.
    pub now_s: u64,
    /// What another process has changed since the last look, a sentence each.
    pub remarks: Vec<String>,
    /// Why the file cannot be used as it stands, if so; what was known before holds.
    pub problem: Option<String>,
}

/// Seconds since 1970, UTC.
type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// Checks credentials.
pub struct Auth {
    uid: u32,
    anonymous: Anonymous,
    store: Arc<AccountStore>,
    attempts: attempts::Attempts,
    hashing: Arc<hashing::Hashing>,
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
        let store = AccountStore::open(state_dir)?;
        let mut first = None;
        if store.read().users.is_empty() {
            let password = passwords::generate();
            let hash = passwords::hash(&password);
            // Somebody may have been added in the meantime.
            let made = store.change(|contents| match contents.users.is_empty() {
                true => users::add(contents, FIRST_USER, Role::Admin, hash, clock()).map(|()| true),
                false => Ok(false),
            });
            let made = made.map_err(|error| {
                NodeError::failure("NG-3402", state_dir.join(account_store::FILE).display().to_string(), error.message)
            })?;
            first = made.then_some(password);
        }
        let auth = Auth {
            uid: rustix::process::getuid().as_raw(),
            anonymous,
            store: Arc::new(store),
            attempts: attempts::Attempts::new(failures),
            hashing: hashing::Hashing::new(Instant::now()),
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

    /// An identity with the rights that it has now; none when what it has shown has ended: the key is revoked or expired,
    /// the token logged out, the password changed, the user disabled or removed. A token that has expired since is valid.
    pub fn now(&self, identity: &Identity) -> Option<Identity> {
        identity::now(&self.store.read(), identity, (self.clock)())
    }

    /// Told whenever an identity may have become another, or ended.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.store.changes()
    }

    /// Takes in what another process has changed of the users, and what time has: keys that expired after `since_s`.
    pub fn look(&self, since_s: u64) -> Looked {
        let now_s = (self.clock)();
        let contents = self.store.read();
        let expired =
            |key: &account_store::ApiKey| key.expires_s.is_some_and(|end_s| since_s < end_s && end_s <= now_s);
        let some = contents.keys.values().any(expired);
        drop(contents);
        if some {
            self.store.tell();
        }
        Looked { now_s, remarks: self.store.remarks(), problem: self.store.problem() }
    }

    /// Seconds since 1970, UTC.
    pub fn now_s(&self) -> u64 {
        (self.clock)()
    }

    /// API keys that are refused because they belong to no user, by their ids.
    pub fn keys_without_owner(&self) -> Vec<String> {
        keys::without_owner(&self.store.read())
    }

    /// How many API keys may be used now.
    pub fn active_keys(&self) -> usize {
        let contents = self.store.read();
        contents.keys.values().filter(|key| keys::owner(&contents, key, (self.clock)()).is_ok()).count()
    }

    /// Who has sent an access token or an API key.
    fn holder(&self, text: &str) -> Result<Identity, Bad> {
        let now_s = (self.clock)();
        if !text.starts_with(keys::PREFIX) {
            let (claims, user) = self.token(text, tokens::Kind::Access)?;
            let credential = Credential::Token { id: claims.jti, series: claims.series };
            return Ok(identity::of_user(&claims.sub, &user, credential));
        }
        let contents = self.store.read();
        let (id, key, owner) = keys::find(&contents, text, now_s)?;
        let (id, identity) = (id.to_owned(), identity::of_key(id, key, owner));
        drop(contents);
        self.store.touch(&id, now_s);
        Ok(identity)
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
