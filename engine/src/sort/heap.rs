//! A heap: the first of its tuples is on top.

use std::cmp::Ordering;

use super::order::SortTuple;

/// How two tuples compare.
pub(super) type Compare<'a> = &'a mut dyn FnMut(&SortTuple, &SortTuple) -> Ordering;

/// `tuplesort_heap_insert`
pub(super) fn insert(heap: &mut Vec<SortTuple>, tuple: SortTuple, compare: Compare<'_>) {
    let mut at = heap.len();
    heap.push(tuple);
    while at > 0 {
        let parent = (at - 1) / 2;
        if compare(&tuple, &heap[parent]).is_ge() {
            break;
        }
        heap[at] = heap[parent];
        at = parent;
    }
    heap[at] = tuple;
}

/// `tuplesort_heap_replace_top`
pub(super) fn replace_top(heap: &mut [SortTuple], tuple: SortTuple, compare: Compare<'_>) {
    let mut at = 0;
    loop {
        let mut child = 2 * at + 1;
        if child >= heap.len() {
            break;
        }
        if child + 1 < heap.len() && compare(&heap[child], &heap[child + 1]).is_gt() {
            child += 1;
        }
        if compare(&tuple, &heap[child]).is_le() {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = tuple;
}

/// `tuplesort_heap_delete_top`
pub(super) fn delete_top(heap: &mut Vec<SortTuple>, compare: Compare<'_>) {
    if let Some(last) = heap.pop()
        && !heap.is_empty()
    {
        replace_top(heap, last, compare);
    }
}
