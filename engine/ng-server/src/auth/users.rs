//! Changes of users.

use super::account_store::{Contents, User};
use crate::error::ApiError;
use axum::http::StatusCode;
use ng_wire::Role;

/// Most characters of a name.
const NAME: usize = 50;
/// Names of API keys as clients see them begin so; no user may look like one.
pub(super) const KEY_HOLDER: &str = "apikey_";
/// Who comes without credentials is called so.
pub(super) const NOBODY: &str = "anonymous";

/// Adds a user with the hash of its password.
pub fn add(contents: &mut Contents, name: &str, role: Role, password: String, now_s: u64) -> Result<(), ApiError> {
    if !is_name(name) {
        let what = format!(
            "{name:?} cannot be the name of a user: expected 1 to {NAME} letters, digits or . _ - @, not {KEY_HOLDER}… or {NOBODY}"
        );
        return Err(invalid(what));
    }
    if contents.users.contains_key(name) {
        return Err(ApiError::new(StatusCode::CONFLICT, "CONFLICT", format!("there is a user {name:?} already")));
    }
    let user = User { role, password, disabled: false, created_s: now_s, series: series() };
    contents.users.insert(name.to_owned(), user);
    Ok(())
}

/// Gives a user another password, by its hash. All its tokens end.
pub fn set_password(contents: &mut Contents, name: &str, password: String) -> Result<(), ApiError> {
    let user = find(contents, name)?;
    user.password = password;
    user.series = series();
    contents.ended.retain(|_, ended| ended.user != name);
    Ok(())
}

/// Lets a user come in, or not any more.
pub fn set_disabled(contents: &mut Contents, name: &str, disabled: bool) -> Result<(), ApiError> {
    find(contents, name)?.disabled = disabled;
    Ok(())
}

/// Gives a user another role.
pub fn set_role(contents: &mut Contents, name: &str, role: Role) -> Result<(), ApiError> {
    find(contents, name)?.role = role;
    Ok(())
}

/// Removes a user and its API keys.
pub fn remove(contents: &mut Contents, name: &str) -> Result<(), ApiError> {
    find(contents, name)?;
    contents.users.remove(name);
    contents.keys.retain(|_, key| key.owner != name);
    contents.ended.retain(|_, ended| ended.user != name);
    Ok(())
}

/// The text can be the name of a user.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    let taken = name.starts_with(KEY_HOLDER) || name == NOBODY;
    (1..=NAME).contains(&name.len()) && name.bytes().all(plain) && !taken
}

/// 422, in the word that REST clients know.
pub(super) fn invalid(what: String) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", what)
}

/// A name for a series of tokens that no series has had.
pub(super) fn series() -> String {
    crate::random::hex::<8>()
}

fn find<'a>(contents: &'a mut Contents, name: &str) -> Result<&'a mut User, ApiError> {
    contents.users.get_mut(name).ok_or_else(|| ApiError::not_found(format!("there is no user {name:?}")))
}
