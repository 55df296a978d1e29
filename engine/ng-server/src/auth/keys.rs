//! API keys: 256 random bits that programs carry instead of a password.

use super::account_store::{ApiKey, Contents, User};
use super::identity::{self, Credential, Identity};
use super::users::{self, invalid};
use super::{Bad, Right, scopes};
use crate::error::ApiError;
use crate::random;
use axum::http::StatusCode;
use ng_wire::Role;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every key begins with.
pub const PREFIX: &str = "ng_live_";
/// Characters of a key that are shown later.
const SHOWN: usize = 16;
/// Most keys; those that were revoked count until they are deleted.
const MOST: usize = 1000;
/// Most characters of a name.
const NAME: usize = 100;
/// Most days for which a key may be valid.
const DAYS: u64 = 3650;

/// What a new key is made from.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do; none = what the role `bot` may.
    pub scopes: Option<Vec<String>>,
    /// Days until it ends; none = never.
    pub days: Option<u64>,
    /// The user that it belongs to; none = the user at the root of who makes it.
    pub owner: Option<String>,
}

/// Makes a key, which can do no more than whoever makes it. Returns its id, and the key itself, which is nowhere kept.
pub(super) fn create(
    contents: &mut Contents,
    maker: &Identity,
    new: NewKey,
    now_s: u64,
) -> Result<(String, String), ApiError> {
    let maker =
        identity::now(contents, maker, now_s).ok_or_else(|| ApiError::unauthorized("the credentials have ended"))?;
    let given = given(new.scopes.as_deref().filter(|scopes| !scopes.is_empty()));
    given.into_iter().chain([Right::Keys]).try_for_each(|right| maker.require(right))?;
    let owner = owner_of_new(contents, &maker, new.owner)?;
    if new.name.trim().is_empty() || new.name.chars().count() > NAME || new.name.chars().any(char::is_control) {
        return Err(invalid(format!("name: expected 1 to {NAME} characters that can be seen")));
    }
    if new.days.is_some_and(|days| !(1..=DAYS).contains(&days)) {
        return Err(invalid(format!("expires_in_days: expected 1 to {DAYS}, or null")));
    }
    if let Some(unknown) = new.scopes.iter().flatten().find(|scope| scopes::named(scope).is_none()) {
        return Err(invalid(format!("scopes: there is no scope {unknown:?}; metrics:read is one")));
    }
    if contents.keys.len() >= MOST {
        let what = format!("there are {MOST} keys; delete one that is not needed");
        return Err(ApiError::new(StatusCode::CONFLICT, "CONFLICT", what));
    }
    let (id, key) = (random::hex::<8>(), format!("{PREFIX}{}", random::token()));
    let made = ApiKey {
        name: new.name,
        prefix: key[..SHOWN].to_owned(),
        sha256: sha256(&key),
        scopes: new.scopes.filter(|scopes| !scopes.is_empty()),
        owner,
        created_s: now_s,
        expires_s: new.days.map(|days| now_s + days * 24 * 3600),
        last_used_s: None,
        revoked: false,
    };
    contents.keys.insert(id.clone(), made);
    Ok((id, key))
}

/// The user at the root of who makes a key. Only a process of this user or of root, which is no user itself, may name one.
fn owner_of_new(contents: &Contents, maker: &Identity, named: Option<String>) -> Result<String, ApiError> {
    let own = match &maker.credential {
        Some(Credential::Token { .. }) => maker.name(),
        Some(Credential::Key { id }) => contents.keys.get(id).map_or("", |key| key.owner.as_str()),
        None => return named_owner(contents, named),
    };
    match named {
        Some(other) if other != own => Err(ApiError::forbidden(format!("owner: a key made by {own} belongs to {own}"))),
        _ => Ok(own.to_owned()),
    }
}

/// The user that is named, or the only admin when none is.
fn named_owner(contents: &Contents, named: Option<String>) -> Result<String, ApiError> {
    let mut admins = contents.users.iter().filter(|(_, user)| user.role == Role::Admin && !user.disabled);
    match (named, admins.next(), admins.next()) {
        (Some(name), _, _) if contents.users.contains_key(&name) => Ok(name),
        (Some(name), _, _) => Err(invalid(format!("owner: there is no user {name:?}"))),
        (None, Some((name, _)), None) => Ok(name.clone()),
        (None, _, _) => Err(invalid("owner: missing, expected the user that the key belongs to".into())),
    }
}

/// The rights that scopes give; without them those of the role `bot`.
fn given(scopes: Option<&[String]>) -> Vec<Right> {
    scopes.map_or_else(|| Right::of(Role::Bot), scopes::rights)
}

/// What a key may do: what its scopes give and its owner has now.
pub(super) fn rights(key: &ApiKey, owner: &User) -> Vec<Right> {
    let mut rights = given(key.scopes.as_deref());
    rights.retain(|right| right.granted_to(owner.role));
    rights
}

/// The key of this text, with its id and its owner, when it is known and may be used.
pub(super) fn find<'a>(contents: &'a Contents, text: &str, now_s: u64) -> Result<(&'a str, &'a ApiKey, &'a User), Bad> {
    let hash = sha256(text);
    // All are compared, each in constant time, so that the time tells nothing of what was found.
    let mut found = None;
    for (id, key) in &contents.keys {
        if bool::from(key.sha256.as_bytes().ct_eq(hash.as_bytes())) {
            found = Some((id.as_str(), key));
        }
    }
    let (id, key) = found.ok_or(Bad::Unknown)?;
    Ok((id, key, owner(contents, key, now_s)?))
}

/// The owner of a key. Refuses a key that may not be used any more.
pub(super) fn owner<'a>(contents: &'a Contents, key: &ApiKey, now_s: u64) -> Result<&'a User, Bad> {
    if key.revoked {
        return Err(Bad::Ended("the API key was revoked"));
    }
    if key.expires_s.is_some_and(|expires_s| expires_s <= now_s) {
        return Err(Bad::Expired("the API key has expired"));
    }
    match contents.users.get(&key.owner) {
        Some(user) if !user.disabled => Ok(user),
        Some(_) => Err(Bad::Ended("the owner of the API key is disabled")),
        None if users::is_name(&key.owner) => Err(Bad::Ended("the owner of the API key was removed")),
        None => Err(Bad::Ended("the API key belongs to no user; make another one")),
    }
}

/// Gives keys that were made by keys to the user at the root of the chain. Files of earlier versions say who made a key:
/// a user, a key, or a local process; what was made by a process, or by a key that is gone, belongs to no user.
pub(super) fn settle_owners(contents: &mut Contents) {
    let root = |key: &ApiKey| {
        let mut owner = &key.owner;
        // No chain is longer than there are keys, unless it is a circle.
        for _ in 0..contents.keys.len() {
            match owner.strip_prefix(users::KEY_HOLDER).and_then(|id| contents.keys.get(id)) {
                Some(maker) => owner = &maker.owner,
                None => break,
            }
        }
        contents.users.contains_key(owner).then(|| owner.clone())
    };
    let roots: Vec<Option<String>> = contents.keys.values().map(root).collect();
    for (key, root) in contents.keys.values_mut().zip(roots) {
        if let Some(root) = root {
            key.owner = root;
        }
    }
}

/// Keys that belong to no user, by their ids.
pub(super) fn without_owner(contents: &Contents) -> Vec<String> {
    let of_nobody = contents.keys.iter().filter(|(_, key)| !key.revoked && !contents.users.contains_key(&key.owner));
    of_nobody.map(|(id, _)| id.clone()).collect()
}

/// Ends a key.
pub(super) fn revoke(contents: &mut Contents, id: &str) -> Result<ApiKey, ApiError> {
    let key = contents.keys.get_mut(id).ok_or_else(|| unknown(id))?;
    key.revoked = true;
    Ok(key.clone())
}

/// Forgets a key.
pub(super) fn delete(contents: &mut Contents, id: &str) -> Result<ApiKey, ApiError> {
    contents.keys.remove(id).ok_or_else(|| unknown(id))
}

/// 404, in the word that REST clients know.
pub(super) fn unknown(id: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "API_KEY_NOT_FOUND", format!("there is no API key {id:?}"))
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
