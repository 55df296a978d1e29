//! Scopes: the words by which an API key is given rights.

use super::Right;
use crate::channels::Channel;
use ng_wire::Role;

/// A scope.
#[derive(Debug)]
pub struct Scope {
    /// As it is written.
    pub name: &'static str,
    /// The rights that it gives; none where this server has nothing that it could allow.
    pub rights: &'static [Right],
}

const READ_EVENTS: &[Right] = &[Right::Read(Channel::Signals)];

/// The scopes of the published clients. Besides these every right is a scope by its own name, such as `read:modules`.
pub static SCOPES: &[Scope] = &[
    Scope { name: "tokens:read", rights: READ_EVENTS },
    Scope { name: "tokens:write", rights: &[Right::Ingest] },
    Scope { name: "tokens:delete", rights: &[] },
    Scope { name: "connections:read", rights: READ_EVENTS },
    Scope { name: "connections:write", rights: &[] },
    Scope { name: "connections:delete", rights: &[] },
    Scope { name: "grid:read", rights: READ_EVENTS },
    Scope { name: "grid:write", rights: &[] },
    Scope { name: "cdna:read", rights: &[Right::Read(Channel::Guardian), Right::Read(Channel::Modules)] },
    Scope { name: "cdna:write", rights: &[Right::Steer] },
    Scope { name: "metrics:read", rights: &[Right::Read(Channel::Metrics)] },
    Scope { name: "health:read", rights: &[] },
    Scope { name: "status:read", rights: &[Right::Read(Channel::Status)] },
    Scope { name: "logs:admin", rights: &[Right::Read(Channel::Logs), Right::Read(Channel::Actions)] },
    Scope { name: "config:admin", rights: &[Right::Steer, Right::Broadcast, Right::Keys] },
    Scope { name: "bootstrap:admin", rights: &[] },
    Scope { name: "users:admin", rights: &[] },
    Scope { name: "api_keys:read", rights: &[Right::Keys] },
    Scope { name: "api_keys:write", rights: &[Right::Keys] },
    Scope { name: "api_keys:delete", rights: &[Right::Keys] },
];

/// The rights that a scope gives; none when there is no such scope.
pub fn named(name: &str) -> Option<Vec<Right>> {
    let scope = SCOPES.iter().find(|scope| scope.name == name).map(|scope| scope.rights.to_vec());
    scope.or_else(|| Right::of(Role::Admin).into_iter().find(|right| right.name() == name).map(|right| vec![right]))
}

/// The rights that scopes give together, each once. Unknown scopes give none.
pub fn rights(scopes: &[String]) -> Vec<Right> {
    let mut rights = Vec::new();
    for right in scopes.iter().filter_map(|scope| named(scope)).flatten() {
        if !rights.contains(&right) {
            rights.push(right);
        }
    }
    rights
}

/// The scopes of the published clients that give none but these rights.
pub fn within(rights: &[Right]) -> Vec<String> {
    let within = |scope: &&Scope| !scope.rights.is_empty() && scope.rights.iter().all(|right| rights.contains(right));
    SCOPES.iter().filter(within).map(|scope| scope.name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_give_what_they_say() {
        assert_eq!(named("metrics:read"), Some(vec![Right::Read(Channel::Metrics)]));
        assert_eq!(named("read:connections"), Some(vec![Right::Read(Channel::Connections)]));
        assert_eq!(named("ingest"), Some(vec![Right::Ingest]));
        assert_eq!(named("grid:write"), Some(vec![]));
        assert_eq!(named("metrics:write"), None);
        let scopes = ["tokens:read", "grid:read", "ingest", "nonsense"].map(str::to_owned);
        assert_eq!(rights(&scopes), [Right::Read(Channel::Signals), Right::Ingest]);
    }

    #[test]
    fn the_scopes_of_a_role_give_no_more_than_the_role() {
        for role in super::super::rights::ROLES {
            assert!(rights(&within(&Right::of(role))).iter().all(|right| right.granted_to(role)), "{role:?}");
        }
        assert!(within(&Right::of(Role::Bot)).contains(&"tokens:write".to_owned()));
        assert!(!within(&Right::of(Role::Viewer)).contains(&"tokens:read".to_owned()));
    }

    #[test]
    fn the_page_lists_every_scope_with_its_rights() {
        let page = include_str!("../../../../docs/AUTH.md");
        for scope in SCOPES {
            let rights: Vec<String> = scope.rights.iter().map(|right| format!("`{}`", right.name())).collect();
            let rights = if rights.is_empty() { "—".to_owned() } else { rights.join(", ") };
            let row = format!("| `{}` | {rights} |", scope.name);
            assert!(page.contains(&row), "missing: {row}");
        }
        for right in Right::of(Role::Admin) {
            assert!(page.contains(&format!("`{}`", right.name())), "{}", right.name());
        }
    }
}
