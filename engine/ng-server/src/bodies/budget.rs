//! How many bytes of bodies are held at a time, in all.

use crate::error::ApiError;
use crate::settings::ServerSettings;
use parking_lot::Mutex;
use std::sync::Arc;

/// The bytes that all requests share.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    /// Most bytes of requests without credentials. The rest is kept for the others.
    most_anonymous: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    anonymous: usize,
}

/// What one request holds; given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Arc<Budget>,
    anonymous: bool,
    bytes: Mutex<usize>,
}

impl Budget {
    /// A budget that nobody uses yet.
    pub(crate) fn new(settings: &ServerSettings) -> Arc<Self> {
        Self::of(settings.bodies_bytes, settings.bodies_bytes_anonymous)
    }

    fn of(most: usize, most_anonymous: usize) -> Arc<Self> {
        Arc::new(Budget { most, most_anonymous, held: Mutex::default() })
    }

    /// The account of a request that holds nothing yet.
    pub(crate) fn charge(self: &Arc<Self>, anonymous: bool) -> Charge {
        Charge { budget: self.clone(), anonymous, bytes: Mutex::new(0) }
    }
}

impl Charge {
    /// Counts bytes that are held from now on. Counts nothing when there is no room for them.
    pub(crate) fn add(&self, bytes: usize) -> Result<(), ApiError> {
        let Budget { most, most_anonymous, held } = &*self.budget;
        let mut held = held.lock();
        if self.anonymous && held.anonymous + bytes > *most_anonymous {
            return Err(full(*most_anonymous, "server.bodies_bytes_anonymous"));
        }
        if held.all + bytes > *most {
            return Err(full(*most, "server.bodies_bytes"));
        }
        held.all += bytes;
        if self.anonymous {
            held.anonymous += bytes;
        }
        *self.bytes.lock() += bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        let mut held = self.budget.held.lock();
        held.all -= bytes;
        if self.anonymous {
            held.anonymous -= bytes;
        }
    }
}

fn full(most: usize, key: &str) -> ApiError {
    ApiError::not_ready(format!("the engine has no room for another body now (limit {most} bytes: {key})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_anonymous_requests_cannot_take_is_kept_for_the_others() {
        let budget = Budget::of(100, 30);
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
            let budget = Budget::of(100, 30);
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
