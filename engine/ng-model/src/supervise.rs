//! Panics, caught at the top of a thread with their message and place, so that they can be told instead of being written
//! over the screen.
//!
//! Whoever starts a thread wraps what it does in [`catch`], and decides what a panic means: a sensor is started again
//! (`ng_sensors::start`), the engine and the server end and say why.

use parking_lot::RwLock;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// What it said.
    pub message: String,
    /// Where: `file:line`.
    pub place: String,
}

impl Panicked {
    /// A panic that somebody else caught. Its place is known only to [`tell_panics`].
    pub fn of(payload: &(dyn Any + Send)) -> Self {
        Panicked { message: message(payload), place: "an unknown place".into() }
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {})", self.message, self.place)
    }
}

thread_local! {
    /// The latest panic of this thread.
    static LATEST: RefCell<Option<Panicked>> = const { RefCell::new(None) };
    /// How many calls of [`catch`] this thread is within.
    static WITHIN: Cell<u32> = const { Cell::new(0) };
}

/// Told of every panic of the process; see [`tell_panics`].
static TELL: RwLock<Option<fn(&Panicked)>> = RwLock::new(None);

/// Has every panic of this process told to `tell`, on the thread that panics, and nothing written by the standard library.
/// Before the first call, panics outside [`catch`] are written to standard error as usual.
pub fn tell_panics(tell: fn(&Panicked)) {
    install();
    *TELL.write() = Some(tell);
}

/// Does `work`; a panic in it is returned. What it leaves half done must be fit for use, or not used again.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    install();
    WITHIN.set(WITHIN.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    WITHIN.set(WITHIN.get() - 1);
    // A library may resume a panic that it caught, which passes by the hook.
    done.map_err(|payload| LATEST.take().unwrap_or_else(|| Panicked::of(payload.as_ref())))
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let place = info.location().map_or_else(
                || "an unknown place".into(),
                |location| format!("{}:{}", location.file(), location.line()),
            );
            let panicked = Panicked { message: message(info.payload()), place };
            match *TELL.read() {
                Some(tell) => tell(&panicked),
                None if WITHIN.get() == 0 => before(info),
                None => {}
            }
            LATEST.set(Some(panicked));
        }));
    });
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_message_and_place() {
        let line = line!() + 1;
        let panicked = catch(|| panic!("number {}", 7)).unwrap_err();
        assert_eq!(panicked.message, "number 7");
        assert_eq!(panicked.place, format!("{}:{line}", file!()));
        assert_eq!(catch(|| 3), Ok(3));
    }

    #[test]
    fn a_panic_that_is_resumed_is_caught_too() {
        let panicked = catch(|| std::panic::resume_unwind(Box::new("again"))).unwrap_err();
        assert_eq!(panicked.to_string(), "again (at an unknown place)");
    }

    #[test]
    fn the_panic_before_is_not_taken_for_this_one() {
        let _ = catch(|| catch(|| panic!("inner")).is_err());
        let panicked = catch(|| std::panic::resume_unwind(Box::new("outer"))).unwrap_err();
        assert_eq!(panicked.message, "outer");
    }
}
