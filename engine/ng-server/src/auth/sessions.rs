//! Logging in, staying in, logging out; and the API keys as the engine's administrators see them.

use super::account_store::{ApiKey, Contents, Ended, User};
use super::hashing::{Lane, Turn};
use super::keys::{self, NewKey};
use super::tokens::{Claims, Kind, TokenIssuer};
use super::{Auth, Bad, Identity, bearer, passwords, too_many, users};
use crate::error::ApiError;
use crate::request::Peer;
use axum::http::{HeaderMap, StatusCode, header};
use ng_wire::Role;
use std::time::Instant;

/// Most ended tokens of a user that are remembered. When there are more, all its tokens end.
const MOST_ENDED: usize = 4096;

/// A pair of tokens, and whose they are.
#[derive(Clone)]
pub struct Session {
    /// Goes with requests.
    pub access: String,
    /// Gives another pair, once.
    pub refresh: String,
    /// Whose they are.
    pub account: Account,
}

/// A user, without what is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// It may not come in.
    pub disabled: bool,
    /// When it was made, seconds since 1970, UTC.
    pub created_s: u64,
}

impl Auth {
    /// Checks a password and gives tokens. Refuses with 401, and with 429 before anything is hashed when this address has
    /// failed too often or too many passwords are being checked.
    pub async fn login(&self, peer: &Peer, name: &str, password: String) -> Result<Session, ApiError> {
        let (counted_s, turn) = self.attempt(peer, None).await?;
        let user = self.store.read().users.get(name).cloned();
        let (_, right) = verify(turn, password, user.as_ref().map(|user| user.password.clone())).await?;
        let user = user.filter(|_| right).ok_or_else(|| ApiError::unauthorized("wrong name or password"))?;
        if user.disabled {
            return Err(ApiError::unauthorized(format!("the user {name} is disabled")));
        }
        self.attempts.take_back(peer, counted_s);
        self.attempts.proved(peer, counted_s);
        Ok(self.session(name, &user))
    }

    /// Gives another pair of tokens for a refresh token, which ends.
    pub async fn refresh(&self, peer: &Peer, token: &str) -> Result<Session, ApiError> {
        let (claims, user) = self.token(token, Kind::Refresh).map_err(|bad| self.refuse(peer, bad))?;
        let name = claims.sub.clone();
        let ended = self.change(move |contents, _| Ok(end(contents, &claims))).await?;
        if !ended {
            return Err(self.refuse(peer, USED));
        }
        Ok(self.session(&name, &user))
    }

    /// Ends tokens. Those that are not valid are passed over. Returns how many were valid.
    pub async fn end_tokens(&self, tokens: &[String]) -> Result<usize, ApiError> {
        let valid = |token: &String| {
            [Kind::Access, Kind::Refresh]
                .into_iter()
                .find_map(|kind| self.token(token, kind).ok())
                .map(|(claims, _)| claims)
        };
        let claims: Vec<Claims> = tokens.iter().filter_map(valid).collect();
        if claims.is_empty() {
            return Ok(0);
        }
        let count = claims.len();
        self.change(move |contents, _| {
            for claims in &claims {
                end(contents, claims);
            }
            Ok(count)
        })
        .await
    }

    /// The token that stands in `Authorization`.
    pub fn bearer_of(headers: &HeaderMap) -> Option<&str> {
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer)
    }

    /// Gives a user another password when it knows the present one. All its tokens end.
    pub async fn change_password(&self, peer: &Peer, name: &str, old: String, new: String) -> Result<(), ApiError> {
        passwords::check(&new)?;
        let hash = self.store.read().users.get(name).map(|user| user.password.clone());
        if hash.is_none() {
            return Err(ApiError::bad_request(format!("{name} has no password")));
        }
        let (counted_s, turn) = self.attempt(peer, Some(Lane::Owner)).await?;
        let (mut turn, right) = verify(turn, old, hash).await?;
        if !right {
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "WRONG_PASSWORD", "the old password is wrong"));
        }
        let name = name.to_owned();
        let hash = blocking(move || passwords::hash_in(&new, &mut turn.memory)).await?;
        self.change(move |contents, _| users::set_password(contents, &name, hash)).await?;
        self.attempts.take_back(peer, counted_s);
        Ok(())
    }

    /// The user of this name.
    pub fn account(&self, name: &str) -> Option<Account> {
        self.store.read().users.get(name).map(|user| account(name, user))
    }

    /// Every API key with its id, the oldest first.
    pub fn keys(&self) -> Vec<(String, ApiKey)> {
        let mut keys: Vec<_> = self.store.read().keys.iter().map(|(id, key)| (id.clone(), key.clone())).collect();
        keys.sort_by_key(|(_, key)| key.created_s);
        keys
    }

    /// The API key of this id.
    pub fn key(&self, id: &str) -> Result<ApiKey, ApiError> {
        self.store.read().keys.get(id).cloned().ok_or_else(|| keys::unknown(id))
    }

    /// Makes an API key, which can do no more than whoever makes it. Returns its id, and the key itself, which is nowhere
    /// kept.
    pub async fn create_key(&self, maker: &Identity, new: NewKey) -> Result<(String, String), ApiError> {
        let maker = maker.clone();
        self.change(move |contents, now_s| keys::create(contents, &maker, new, now_s)).await
    }

    /// Ends an API key; it stays in the list.
    pub async fn revoke_key(&self, id: &str) -> Result<ApiKey, ApiError> {
        let id = id.to_owned();
        self.change(move |contents, _| keys::revoke(contents, &id)).await
    }

    /// Ends an API key and forgets it.
    pub async fn delete_key(&self, id: &str) -> Result<ApiKey, ApiError> {
        let id = id.to_owned();
        self.change(move |contents, _| keys::delete(contents, &id)).await
    }

    /// The API key may not be used, whatever its flag says.
    pub fn is_unusable(&self, key: &ApiKey) -> bool {
        keys::owner(&self.store.read(), key, (self.clock)()).is_err()
    }

    /// What a token of this kind says, and the user as it is now.
    pub(super) fn token(&self, text: &str, kind: Kind) -> Result<(Claims, User), Bad> {
        let contents = self.store.read();
        let claims = TokenIssuer::new(&contents.secret).verify(text, (self.clock)())?;
        if claims.token_type != kind {
            return Err(Bad::Ended(match kind {
                Kind::Access => "expected an access token, found a refresh token",
                Kind::Refresh => "expected a refresh token, found an access token",
            }));
        }
        if contents.ended.contains_key(&claims.jti) {
            return Err(USED);
        }
        match contents.users.get(&claims.sub) {
            None => Err(Bad::Ended("the user was removed")),
            Some(user) if user.disabled => Err(Bad::Ended("the user is disabled")),
            Some(user) if user.series != claims.series => Err(Bad::Ended("the password was changed; log in again")),
            Some(user) => Ok((claims, user.clone())),
        }
    }

    /// Counts an attempt with a password, until it turns out to be right, and waits for a turn to check it.
    async fn attempt(&self, peer: &Peer, lane: Option<Lane>) -> Result<(u64, Turn), ApiError> {
        let now_s = (self.clock)();
        self.attempts.count(peer, now_s).map_err(too_many)?;
        let lane = lane.unwrap_or_else(|| self.attempts.lane(peer, now_s));
        match self.hashing.turn(lane, Instant::now()).await {
            Ok(turn) => Ok((now_s, turn)),
            Err(refusal) => {
                // Nothing was checked, so nothing was wrong.
                self.attempts.take_back(peer, now_s);
                Err(refusal)
            }
        }
    }

    pub(super) fn session(&self, name: &str, user: &User) -> Session {
        let (tokens, now_s) = (TokenIssuer::new(&self.store.read().secret), (self.clock)());
        Session {
            access: tokens.issue(Kind::Access, name, user, now_s),
            refresh: tokens.issue(Kind::Refresh, name, user, now_s),
            account: account(name, user),
        }
    }

    /// Changes the store on a thread that may wait for the disk.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Contents, u64) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (store, now_s) = (self.store.clone(), (self.clock)());
        let changed = blocking(move || {
            store.change(|contents| {
                contents.ended.retain(|_, ended| ended.expires_s > now_s);
                change(contents, now_s)
            })
        });
        changed.await?
    }
}

/// Whether the password is right. The turn is taken until that is known, also when nobody waits for it any more.
async fn verify(mut turn: Turn, password: String, hash: Option<String>) -> Result<(Turn, bool), ApiError> {
    let checked = blocking(move || {
        let right = passwords::verify(&password, hash.as_deref(), &mut turn.memory);
        (turn, right)
    });
    checked.await
}

const USED: Bad = Bad::Ended("the token was used, or its user has logged out");

/// Ends a token; false when it has ended before.
fn end(contents: &mut Contents, claims: &Claims) -> bool {
    let of_user = contents.ended.values().filter(|ended| ended.user == claims.sub).count();
    if of_user >= MOST_ENDED {
        contents.ended.retain(|_, ended| ended.user != claims.sub);
        if let Some(user) = contents.users.get_mut(&claims.sub) {
            user.series = users::series();
        }
        return false;
    }
    let ended = Ended { user: claims.sub.clone(), expires_s: claims.exp };
    contents.ended.insert(claims.jti.clone(), ended).is_none()
}

fn account(name: &str, user: &User) -> Account {
    Account { name: name.to_owned(), role: user.role, disabled: user.disabled, created_s: user.created_s }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    // It fails only by a panic, which the panic hook has told.
    tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::internal("the work was not finished"))
}
