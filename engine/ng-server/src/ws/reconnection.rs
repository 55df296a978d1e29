//! Reconnection tokens: with one a client goes on with its session over a new connection.
//!
//! A token is 32 random bytes, of which only the hash is kept; it is good once, for five minutes from when it was given,
//! and stands for the identity and the subscriptions of its session. A session has one token at a time.

use crate::auth::Identity;
use crate::channels::Channel;
use crate::random;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time for which a token is good.
pub(super) const LIFETIME: Duration = Duration::from_secs(300);
/// Most tokens; the one that ends first makes room.
const MOST: usize = 4096;

/// A subscription of a session that may be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResumePoint {
    /// The channel.
    pub(super) channel: Channel,
    /// It is told for the seed's web page.
    pub(super) web: bool,
    /// The first `seq` of which the client may not have been told; none for a channel without records.
    pub(super) next_seq: Option<u64>,
}

/// Where a session stands; it writes, and whoever goes on with it reads.
pub(super) type Places = Arc<Mutex<Vec<ResumePoint>>>;

/// A session to go on with.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Who it belongs to, as that was when the token was given.
    pub identity: Identity,
    places: Places,
}

impl Restored {
    /// The same session of this identity.
    pub(crate) fn of(self, identity: Identity) -> Self {
        Restored { identity, ..self }
    }

    /// Where it stood.
    pub(super) fn places(&self) -> Vec<ResumePoint> {
        self.places.lock().clone()
    }
}

/// What is kept of a token.
type Hash = [u8; 32];

/// All tokens that are good.
#[derive(Default)]
pub struct ReconnectionTokens {
    kept: Mutex<HashMap<Hash, (Instant, Restored)>>,
}

impl ReconnectionTokens {
    /// A new token for a session, in place of its earlier one.
    pub(super) fn give(&self, identity: &Identity, places: &Places, now: Instant) -> String {
        let token = random::token();
        let mut kept = self.kept.lock();
        kept.retain(|_, (until, restored)| *until > now && !Arc::ptr_eq(&restored.places, places));
        if kept.len() >= MOST
            && let Some(first) = kept.iter().min_by_key(|(_, (until, _))| *until).map(|(hash, _)| *hash)
        {
            kept.remove(&first);
        }
        let restored = Restored { identity: identity.clone(), places: places.clone() };
        kept.insert(hash(&token), (now + LIFETIME, restored));
        token
    }

    /// The session that a token stands for; the token is used up by this.
    pub fn redeem(&self, token: &str, now: Instant) -> Option<Restored> {
        // Looked up by its hash, so that the time it takes says nothing about the tokens that are kept.
        let (until, restored) = self.kept.lock().remove(&hash(token))?;
        (until > now).then_some(restored)
    }
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ng_wire::Role;

    fn identity(name: &str) -> Identity {
        Identity { user: Some(name.into()), role: Role::Developer, ..Identity::anonymous() }
    }

    fn places() -> Places {
        Arc::new(Mutex::new(vec![ResumePoint { channel: Channel::Logs, web: false, next_seq: Some(7) }]))
    }

    #[test]
    fn a_token_is_good_once_and_for_five_minutes() {
        let (tokens, now) = (ReconnectionTokens::default(), Instant::now());
        let session = places();
        let token = tokens.give(&identity("ada"), &session, now);
        assert_eq!(token.len(), 43);
        session.lock()[0].next_seq = Some(9);
        assert!(tokens.redeem("no such token", now).is_none());
        let restored = tokens.redeem(&token, now + LIFETIME - Duration::from_millis(1)).unwrap();
        assert_eq!(restored.identity, identity("ada"));
        assert_eq!(restored.places()[0].next_seq, Some(9), "it stands for where the session is, not for where it was");
        assert!(tokens.redeem(&token, now).is_none());

        let token = tokens.give(&identity("ada"), &session, now);
        assert!(tokens.redeem(&token, now + LIFETIME).is_none());
    }

    #[test]
    fn a_session_has_one_token() {
        let (tokens, now) = (ReconnectionTokens::default(), Instant::now());
        let (session, other) = (places(), places());
        let first = tokens.give(&identity("ada"), &session, now);
        let others = tokens.give(&identity("bob"), &other, now);
        let second = tokens.give(&identity("ada"), &session, now);
        assert!(tokens.redeem(&first, now).is_none());
        assert_eq!(tokens.redeem(&second, now).unwrap().identity, identity("ada"));
        assert_eq!(tokens.redeem(&others, now).unwrap().identity, identity("bob"));
    }

    #[test]
    fn the_table_is_bounded_and_forgets_what_has_ended() {
        let (tokens, now) = (ReconnectionTokens::default(), Instant::now());
        let at = |number: u64| now + Duration::from_millis(number);
        let given: Vec<String> =
            (0..MOST as u64 + 1).map(|number| tokens.give(&identity("ada"), &places(), at(number))).collect();
        assert_eq!(tokens.kept.lock().len(), MOST);
        assert!(tokens.redeem(&given[0], now).is_none(), "the first one made room");
        assert!(tokens.redeem(&given[1], now).is_some());
        tokens.give(&identity("ada"), &places(), now + 2 * LIFETIME);
        assert_eq!(tokens.kept.lock().len(), 1);
        assert!(tokens.kept.lock().keys().all(|kept| !given.iter().any(|token| token.as_bytes() == kept)));
    }
}
