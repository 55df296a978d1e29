//! Turns at hashing passwords. Each takes a core and 19 MiB, so few are taken at a time, few wait, and the rest are refused at
//! once; whoever is less likely to guess goes first.

use super::passwords::Memory;
use crate::bucket::{Rate, TokenBucket};
use crate::error::ApiError;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// Passwords that are hashed at a time.
const AT_A_TIME: usize = 2;
/// Turns for everybody who has not shown that it knows a password, however many addresses they come from.
const STRANGERS: Rate = Rate { burst: 20.0, per_s: 10.0 };

/// Who wants a turn; the first goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// A process on the Unix socket, or somebody with valid credentials.
    Owner,
    /// An address from which a password was right lately, and none wrong.
    Proven,
    /// An address from which nothing came lately.
    Fresh,
    /// An address from which something was wrong within the last minute.
    Failing,
}

/// How many may wait in each lane.
const WAITING: [usize; 4] = [4, 4, 8, 4];

/// The turns.
pub(super) struct Hashing {
    queue: Mutex<Queue>,
}

struct Queue {
    running: usize,
    waiting: [VecDeque<oneshot::Sender<Turn>>; WAITING.len()],
    strangers: TokenBucket,
}

/// A turn, with the memory for it. It is over when this is dropped, and then the next one begins, with the same memory.
pub(super) struct Turn {
    hashing: Arc<Hashing>,
    /// What is hashed in.
    pub(super) memory: Memory,
}

impl Hashing {
    pub(super) fn new(now: Instant) -> Arc<Self> {
        let queue = Queue { running: 0, waiting: Default::default(), strangers: TokenBucket::new(STRANGERS, now) };
        Arc::new(Hashing { queue: Mutex::new(queue) })
    }

    /// A turn, now or after those before. Refuses with 429 when too many wait, or too many strangers have come.
    pub(super) async fn turn(self: &Arc<Self>, lane: Lane, now: Instant) -> Result<Turn, ApiError> {
        let next = {
            let mut queue = self.queue.lock();
            let waiting = &mut queue.waiting[lane as usize];
            // Those who have gone wait no more.
            waiting.retain(|one| !one.is_closed());
            if waiting.len() >= WAITING[lane as usize] {
                return Err(busy(1.0));
            }
            if matches!(lane, Lane::Fresh | Lane::Failing) {
                queue.strangers.take(now).map_err(busy)?;
            }
            if queue.running < AT_A_TIME {
                queue.running += 1;
                return Ok(Turn { hashing: self.clone(), memory: Memory::default() });
            }
            let (give, next) = oneshot::channel();
            queue.waiting[lane as usize].push_back(give);
            next
        };
        next.await.map_err(|_| ApiError::not_ready("the server is stopping"))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut queue = self.hashing.queue.lock();
            let next = queue.waiting.iter_mut().find_map(VecDeque::pop_front);
            if next.is_none() {
                queue.running -= 1;
            }
            next
        };
        if let Some(next) = next {
            let turn = Turn { hashing: self.hashing.clone(), memory: std::mem::take(&mut self.memory) };
            // Whoever has gone meanwhile gives it back, and the one behind gets it.
            let _ = next.send(turn);
        }
    }
}

fn busy(seconds: f64) -> ApiError {
    ApiError::rate_limited("too many passwords are being checked", seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn soon<T>(what: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(5), what).await.expect("within five seconds")
    }

    /// Somebody who waits in a lane, and tells when its turn has come.
    async fn waiting(hashing: &Arc<Hashing>, lane: Lane) -> tokio::task::JoinHandle<Result<Turn, ApiError>> {
        let before = length(hashing, lane);
        let (queue, now) = (hashing.clone(), Instant::now());
        let one = tokio::spawn(async move { queue.turn(lane, now).await });
        while length(hashing, lane) == before {
            tokio::task::yield_now().await;
        }
        one
    }

    fn length(hashing: &Hashing, lane: Lane) -> usize {
        hashing.queue.lock().waiting[lane as usize].len()
    }

    #[tokio::test]
    async fn two_at_a_time_a_few_wait_and_the_rest_are_refused_at_once() {
        let now = Instant::now();
        let hashing = Hashing::new(now);
        let held = [hashing.turn(Lane::Fresh, now).await.ok(), hashing.turn(Lane::Fresh, now).await.ok()];
        for lane in [Lane::Owner, Lane::Proven, Lane::Fresh, Lane::Failing] {
            let mut here = Vec::new();
            for _ in 0..WAITING[lane as usize] {
                here.push(waiting(&hashing, lane).await);
            }
            let refused = soon(hashing.turn(lane, now)).await.err().unwrap();
            assert_eq!((refused.status.as_u16(), refused.retry_after), (429, Some(1.0)), "{lane:?}");
            here.iter().for_each(tokio::task::JoinHandle::abort);
            for one in here {
                assert!(one.await.is_err());
            }
        }
        drop(held);
        assert_eq!(hashing.queue.lock().running, 0, "those who have gone get no turn");
        assert!(soon(hashing.turn(Lane::Fresh, now)).await.is_ok());
    }

    #[tokio::test]
    async fn who_is_trusted_goes_first() {
        let now = Instant::now();
        let hashing = Hashing::new(now);
        let (one, other) = (hashing.turn(Lane::Failing, now).await.ok(), hashing.turn(Lane::Failing, now).await.ok());
        let lanes = [Lane::Failing, Lane::Fresh, Lane::Proven, Lane::Owner];
        let mut all = Vec::new();
        for lane in lanes {
            all.push(waiting(&hashing, lane).await);
        }
        let mut turn = one;
        while let Some(next) = all.pop() {
            drop(turn.take());
            turn = soon(next).await.unwrap().ok();
            assert!(turn.is_some());
            assert!(all.iter().all(|later| !later.is_finished()));
        }
        drop((turn, other));
        assert_eq!(hashing.queue.lock().running, 0);
    }

    #[tokio::test]
    async fn strangers_have_a_rate_and_the_owner_has_none() {
        let now = Instant::now();
        let hashing = Hashing::new(now);
        let mut given = 0;
        while hashing.turn(Lane::Fresh, now).await.is_ok() {
            given += 1;
        }
        assert_eq!(given, 20);
        assert_eq!(hashing.turn(Lane::Failing, now).await.err().unwrap().retry_after, Some(0.1));
        for _ in 0..100 {
            assert!(hashing.turn(Lane::Owner, now).await.is_ok() && hashing.turn(Lane::Proven, now).await.is_ok());
        }
        assert!(hashing.turn(Lane::Fresh, now + Duration::from_millis(100)).await.is_ok());
    }

    #[tokio::test]
    async fn the_memory_goes_from_turn_to_turn_and_is_given_back_at_the_end() {
        let now = Instant::now();
        let hashing = Hashing::new(now);
        let (mut one, other) =
            (hashing.turn(Lane::Fresh, now).await.ok().unwrap(), hashing.turn(Lane::Fresh, now).await);
        let place = one.memory.blocks(8).as_ptr();
        let next = waiting(&hashing, Lane::Fresh).await;
        drop(one);
        let mut next = soon(next).await.unwrap().ok().unwrap();
        assert_eq!(next.memory.blocks(8).as_ptr(), place);
        drop((next, other));
        assert!(hashing.turn(Lane::Fresh, now).await.ok().unwrap().memory.is_empty());
    }
}
