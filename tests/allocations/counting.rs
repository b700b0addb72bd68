//! An allocator that counts: allocations of the running thread, and bytes that are in use.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

/// Notes an allocation or its end. A thread that ends has no counts any more, and nobody to ask for them.
fn note(allocations: usize, bytes: isize) {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = BYTES.try_with(|count| count.set(count.get() + bytes));
}

fn signed(bytes: usize) -> isize {
    isize::try_from(bytes).expect("a layout has at most isize::MAX bytes")
}

// SAFETY: all is the system's allocator; the counts neither allocate nor unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, signed(layout.size()));
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(0, -signed(layout.size()));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(1, signed(new_size) - signed(layout.size()));
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// How often this thread has allocated so far.
#[allow(dead_code, reason = "each user of this file counts one of the two")]
pub fn allocations() -> usize {
    ALLOCATIONS.get()
}

/// The bytes that this thread allocated and has not given back, as they were asked for.
#[allow(dead_code, reason = "each user of this file counts one of the two")]
pub fn bytes() -> isize {
    BYTES.get()
}
