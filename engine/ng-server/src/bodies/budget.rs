//! How many bytes of bodies, or of answers, are held at a time, in all.

use crate::error::ApiError;
use parking_lot::Mutex;
use std::sync::Arc;

/// The bytes that all requests share.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    /// Most bytes of requests without credentials. The rest is kept for the others.
    most_anonymous: usize,
    /// What is held.
    what: &'static str,
    /// The settings that say how much.
    key: &'static str,
    key_anonymous: &'static str,
    /// One alone may be longer than the whole, so that there is none that never fits.
    lets_one: bool,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    anonymous: usize,
}

/// What one request holds; given back when this is dropped.
#[derive(Debug)]
pub struct Charge {
    budget: Arc<Budget>,
    anonymous: bool,
    bytes: Mutex<usize>,
}

impl Budget {
    /// Of bodies of requests, and of messages that are not whole.
    pub fn of_bodies(most: usize, most_anonymous: usize) -> Arc<Self> {
        let (key, key_anonymous) = ("server.bodies_bytes", "server.bodies_bytes_anonymous");
        Arc::new(Budget {
            most,
            most_anonymous,
            what: "body",
            key,
            key_anonymous,
            lets_one: false,
            held: Mutex::default(),
        })
    }

    /// Of answers. A quarter is for those to requests without credentials.
    pub(crate) fn of_answers(most: usize) -> Arc<Self> {
        let (what, key, key_anonymous) = ("answer", "server.answers_bytes", "server.answers_bytes");
        let (most_anonymous, lets_one, held) = (most / 4, true, Mutex::default());
        Arc::new(Budget { most, most_anonymous, what, key, key_anonymous, lets_one, held })
    }

    /// What is held now.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.held.lock().all
    }

    fn full(&self, most: usize, key: &str) -> ApiError {
        let what = format!("the engine has no room for another {} now (limit {most} bytes: {key})", self.what);
        ApiError::not_ready(what)
    }

    /// The account of a request that holds nothing yet.
    pub fn charge(self: &Arc<Self>, anonymous: bool) -> Charge {
        Charge { budget: self.clone(), anonymous, bytes: Mutex::new(0) }
    }
}

impl Charge {
    /// Counts bytes that are held from now on. Counts nothing when there is no room for them.
    pub(crate) fn add(&self, bytes: usize) -> Result<(), ApiError> {
        let budget = &*self.budget;
        let mut held = budget.held.lock();
        let fits = |held: usize, most: usize| held + bytes <= most || budget.lets_one && held == 0;
        if self.anonymous && !fits(held.anonymous, budget.most_anonymous) {
            return Err(budget.full(budget.most_anonymous, budget.key_anonymous));
        }
        if !fits(held.all, budget.most) {
            return Err(budget.full(budget.most, budget.key));
        }
        held.all += bytes;
        if self.anonymous {
            held.anonymous += bytes;
        }
        *self.bytes.lock() += bytes;
        Ok(())
    }

    /// Counts bytes no more, at most as many as are counted.
    pub(crate) fn release(&self, bytes: usize) {
        let mut held = self.budget.held.lock();
        let mut counted = self.bytes.lock();
        let bytes = bytes.min(*counted);
        *counted -= bytes;
        held.all -= bytes;
        if self.anonymous {
            held.anonymous -= bytes;
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.release(usize::MAX);
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_anonymous_requests_cannot_take_is_kept_for_the_others() {
        let budget = Budget::of_bodies(100, 30);
        let (stranger, other, known) = (budget.charge(true), budget.charge(true), budget.charge(false));
        assert!(stranger.add(20).is_ok());
        let refused = other.add(11).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.retry_after), (503, Some(1.0)));
        assert!(refused.message.contains("limit 30 bytes: server.bodies_bytes_anonymous"), "{}", refused.message);
        assert!(other.add(10).is_ok());
        assert!(known.add(70).is_ok());
        assert!(known.add(1).unwrap_err().message.contains("limit 100 bytes: server.bodies_bytes)"));
        drop(stranger);
        assert!(known.add(20).is_ok());
        assert!(other.add(1).is_err(), "the whole is full, whoever asks");
    }

    proptest! {
        #[test]
        fn the_limits_hold_and_everything_comes_back(steps in prop::collection::vec((any::<bool>(), 0..60usize, any::<bool>()), 0..200)) {
            let budget = Budget::of_bodies(100, 30);
            let mut charges = Vec::new();
            for (anonymous, bytes, leaves) in steps {
                let charge = budget.charge(anonymous);
                let _ = charge.add(bytes);
                charges.push(charge);
                if leaves {
                    charges.swap_remove(bytes % charges.len());
                }
                let held = budget.held.lock();
                prop_assert!(held.all <= 100 && held.anonymous <= 30);
            }
            charges.clear();
            let held = budget.held.lock();
            prop_assert_eq!((held.all, held.anonymous), (0, 0));
        }
    }
}
