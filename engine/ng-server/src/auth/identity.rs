//! Who a client is. What it may do is found anew in the store whenever that may have changed.

use super::account_store::{ApiKey, Contents, User};
use super::{Right, keys, role_name, users};
use crate::error::ApiError;
use ng_wire::Role;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the user, `apikey_` with the id of the key, or the uid of a local process; none without credentials.
    pub user: Option<String>,
    /// What it may do.
    pub role: Role,
    /// What it may do when that is not what its role may: an API key.
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
                let what =
                    format!("the API key has not the right {}: its scopes and its owner must have it", right.name());
                Err(ApiError::forbidden(what))
            }
            (false, Some(_)) => {
                let role = role_name(self.role);
                Err(ApiError::forbidden(format!("the role {role} has not the right {}", right.name())))
            }
        }
    }
}

/// The identity of who shows a token of a user.
pub(super) fn of_user(name: &str, user: &User, credential: Credential) -> Identity {
    Identity { user: Some(name.to_owned()), role: user.role, rights: None, credential: Some(credential) }
}

/// The identity of who shows an API key.
pub(super) fn of_key(id: &str, key: &ApiKey, owner: &User) -> Identity {
    Identity {
        user: Some(format!("{}{id}", users::KEY_HOLDER)),
        role: Role::Bot,
        rights: Some(keys::rights(key, owner)),
        credential: Some(Credential::Key { id: id.to_owned() }),
    }
}

/// An identity with the rights that it has now; none when what it has shown has ended. A token that has expired has not.
pub(super) fn now(contents: &Contents, identity: &Identity, now_s: u64) -> Option<Identity> {
    match &identity.credential {
        None => Some(identity.clone()),
        Some(Credential::Key { id }) => {
            let key = contents.keys.get(id)?;
            keys::owner(contents, key, now_s).ok().map(|owner| of_key(id, key, owner))
        }
        Some(credential @ Credential::Token { id, series }) => {
            let user = contents.users.get(identity.name())?;
            let holds = !contents.ended.contains_key(id) && !user.disabled && user.series == *series;
            holds.then(|| of_user(identity.name(), user, credential.clone()))
        }
    }
}
