//! From bytes to lines nothing is allocated for a line that is an event, however the bytes come.
#![expect(unsafe_code, reason = "an allocator that counts can be written in no other way")]

use ng_reading::source_reader::{Item, Limits, SourceReader};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;

/// Allocations of this thread so far.
struct Counting;

thread_local!(static ALLOCATIONS: Cell<u64> = const { Cell::new(0) });

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on unchanged to the allocator of the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(place, layout, size) }
    }
}

fn count() {
    // The count of a thread that is ending is gone.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

/// Lines of a kind.
type Kind = (&'static str, fn(usize) -> String);

const LINES: usize = 20_000;
const KINDS: [Kind; 5] = [
    ("stamped", |i| format!("2026-01-02T03:04:{:02}Z INFO worker: job {i} done\n", i % 60)),
    ("plain", |i| format!("request {i} of user u{} took {} ms\r\n", i % 10, i % 100)),
    ("json", |i| format!("{{\"level\":\"info\",\"msg\":\"served\",\"ms\":{{\"a\":{}}}}}\n", i % 100)),
    ("coloured", |i| format!("\x1b[32mINFO\x1b[0m job {i} done\n")),
    ("container", |i| format!("2026-01-02T03:04:05.1Z stdout F 2026-01-02 03:04:05 INFO job {i} done\n")),
];

#[test]
fn lines_on_their_way() {
    for (name, line) in KINDS {
        let text: String = (0..LINES).map(line).collect();
        for chunk in [1000, 64 * 1024] {
            let mut reader = SourceReader::new(Limits::default());
            let mut events = 0;
            let mut sink = |item: Item<'_>| -> Result<(), Infallible> {
                events += usize::from(matches!(item, Item::Event(_)));
                Ok(())
            };
            // The first lines give the buffers their size.
            let (warm, steady) = text.as_bytes().split_at(text.len() / 2);
            warm.chunks(chunk).for_each(|bytes| assert_eq!(reader.feed(bytes, &mut sink), Ok(())));
            let before = ALLOCATIONS.with(Cell::get);
            assert!(before > 0, "the allocations are not counted");
            steady.chunks(chunk).for_each(|bytes| assert_eq!(reader.feed(bytes, &mut sink), Ok(())));
            // A buffer may still grow, where a longer line than before lies in two chunks.
            let allocated = ALLOCATIONS.with(Cell::get) - before;
            assert!(allocated <= 2, "{name} by {chunk}: {allocated} allocations for {} lines", LINES / 2);
            assert_eq!(reader.finish(&mut sink), Ok(()));
            assert_eq!(events, LINES, "{name} by {chunk}");
        }
    }
}
