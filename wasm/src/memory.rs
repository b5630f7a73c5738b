//! The allocator: dlmalloc as in the standard library, but it takes linear memory in larger pieces.
//!
//! Each growth of a memory costs the browser far more than the pages do: it moves bounds, and counts as garbage to be
//! collected soon. The standard library asks for 64 kB at a time, which was half of the time of loading 25,000 rows. So
//! memory grows by an eighth of what there is; a lab of 5 MB, of which every keyframe is a copy, stays small.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;

use dlmalloc::{Allocator, Dlmalloc};

/// Bytes of a page of linear memory.
const PAGE: usize = 1 << 16;

/// Linear memory.
struct Pages;

// SAFETY: a grown memory belongs to nobody else, and is never given back.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let here = core::arch::wasm32::memory_size(0);
        let needed = size.div_ceil(PAGE);
        for pages in [needed.max(here / 8), needed] {
            let before = core::arch::wasm32::memory_grow(0, pages);
            if before != usize::MAX {
                return ((before * PAGE) as *mut u8, pages * PAGE, 0);
            }
        }
        (std::ptr::null_mut(), 0, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        std::ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

/// The allocator's state.
struct Memory(UnsafeCell<Dlmalloc<Pages>>);

// SAFETY: this module has one thread.
unsafe impl Sync for Memory {}

// SAFETY: as dlmalloc promises; nothing here allocates while it is borrowed.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { (*self.0.get()).free(ptr, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { (*self.0.get()).realloc(ptr, layout.size(), layout.align(), size) }
    }
}

#[global_allocator]
static MEMORY: Memory = Memory(UnsafeCell::new(Dlmalloc::new_with_allocator(Pages)));
