//! API keys: 256 random bits that programs carry instead of a password.

use super::store::{ApiKey, Contents};
use super::users::{self, invalid};
use super::{Bad, scopes};
use crate::error::ApiError;
use crate::random;
use axum::http::StatusCode;
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
    /// Who makes it.
    pub owner: String,
}

/// Makes a key. Returns its id, and the key itself, which is nowhere kept.
pub(super) fn create(contents: &mut Contents, new: NewKey, now_s: u64) -> Result<(String, String), ApiError> {
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
        owner: new.owner,
        created_s: now_s,
        expires_s: new.days.map(|days| now_s + days * 24 * 3600),
        last_used_s: None,
        revoked: false,
    };
    contents.keys.insert(id.clone(), made);
    Ok((id, key))
}

/// The key of this text, with its id, when it is known and may be used.
pub(super) fn find<'a>(contents: &'a Contents, text: &str, now_s: u64) -> Result<(&'a str, &'a ApiKey), Bad> {
    let hash = sha256(text);
    // All are compared, each in constant time, so that the time tells nothing of what was found.
    let mut found = None;
    for (id, key) in &contents.keys {
        if bool::from(key.sha256.as_bytes().ct_eq(hash.as_bytes())) {
            found = Some((id.as_str(), key));
        }
    }
    let (id, key) = found.ok_or(Bad::Unknown)?;
    usable(contents, key, now_s)?;
    Ok((id, key))
}

/// Refuses a key that may not be used any more.
pub(super) fn usable(contents: &Contents, key: &ApiKey, now_s: u64) -> Result<(), Bad> {
    if key.revoked {
        return Err(Bad::Ended("the API key was revoked"));
    }
    if key.expires_s.is_some_and(|expires_s| expires_s <= now_s) {
        return Err(Bad::Expired("the API key has expired"));
    }
    let owner = contents.users.get(&key.owner);
    if users::is_name(&key.owner) && owner.is_none_or(|user| user.disabled) {
        return Err(Bad::Ended("the owner of the API key is disabled or was removed"));
    }
    Ok(())
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
