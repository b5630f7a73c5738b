//! PostgreSQL's quicksort, where the order of equals decides.
//!
//! It keeps no order among equals, and which of them comes first depends on the sort: the rows of a query that ORDER BY does
//! not tell apart, or two equally good places to split a page. Any order would be right, but not the same; so the same sort is
//! used: Bentley and McIlroy, "Engineering a Sort Function", 1993, with PostgreSQL's shortcut for what is in order already
//! (`lib/sort_template.h`).

use std::cmp::Ordering;

/// Sorts by a key.
pub fn sort_by_key<T>(items: &mut [T], key: impl Fn(&T) -> i32) {
    sort(items, &mut |a, b| key(a).cmp(&key(b)));
}

/// Sorts, not stably. No item is ever compared with itself, and neighbours of the result have been compared.
pub(super) fn sort<T>(mut items: &mut [T], compare: &mut impl FnMut(&T, &T) -> Ordering) {
    loop {
        let len = items.len();
        if len < 7 {
            return insertion_sort(items, compare);
        }
        if is_sorted(items, compare) {
            return;
        }
        let pivot = choose_pivot(items, compare);
        items.swap(0, pivot);
        let (less, greater) = partition(items, compare);
        // The larger part is gone on with, so that the depth is bounded.
        let (left, right) = items.split_at_mut(len - greater);
        let left = &mut left[..less];
        if less <= greater {
            sort(left, compare);
            items = right;
        } else {
            sort(right, compare);
            items = left;
        }
    }
}

fn is_sorted<T>(items: &[T], compare: &mut impl FnMut(&T, &T) -> Ordering) -> bool {
    items.windows(2).all(|pair| compare(&pair[0], &pair[1]).is_le())
}

/// Brings what is less than the first item to the front, what is greater to the end. Returns how many these are.
fn partition<T>(items: &mut [T], compare: &mut impl FnMut(&T, &T) -> Ordering) -> (usize, usize) {
    let len = items.len();
    // Equals of the pivot gather at both ends, then go to the middle.
    let (mut a, mut b, mut c, mut d) = (1, 1, len, len);
    loop {
        while b < c {
            let order = compare(&items[b], &items[0]);
            if order.is_gt() {
                break;
            }
            if order.is_eq() {
                items.swap(a, b);
                a += 1;
            }
            b += 1;
        }
        while b < c {
            let order = compare(&items[c - 1], &items[0]);
            if order.is_lt() {
                break;
            }
            if order.is_eq() {
                d -= 1;
                items.swap(c - 1, d);
            }
            c -= 1;
        }
        if b >= c {
            break;
        }
        items.swap(b, c - 1);
        b += 1;
        c -= 1;
    }
    let (less, greater) = (b - a, d - c);
    let (equal_left, equal_right) = (a.min(less), (len - d).min(greater));
    (0..equal_left).for_each(|n| items.swap(n, b - equal_left + n));
    (0..equal_right).for_each(|n| items.swap(b + n, len - equal_right + n));
    (less, greater)
}

fn insertion_sort<T>(items: &mut [T], compare: &mut impl FnMut(&T, &T) -> Ordering) {
    for start in 1..items.len() {
        let mut at = start;
        while at > 0 && compare(&items[at - 1], &items[at]).is_gt() {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// The middle one, the median of three, or of three such medians.
fn choose_pivot<T>(items: &[T], compare: &mut impl FnMut(&T, &T) -> Ordering) -> usize {
    let len = items.len();
    let mut median = |a: usize, b: usize, c: usize| {
        if compare(&items[a], &items[b]).is_lt() {
            if compare(&items[b], &items[c]).is_lt() {
                b
            } else if compare(&items[a], &items[c]).is_lt() {
                c
            } else {
                a
            }
        } else if compare(&items[b], &items[c]).is_gt() {
            b
        } else if compare(&items[a], &items[c]).is_lt() {
            a
        } else {
            c
        }
    };
    let (mut low, mut middle, mut high) = (0, len / 2, len - 1);
    if len == 7 {
        return middle;
    }
    if len > 40 {
        let step = len / 8;
        low = median(low, low + step, low + 2 * step);
        middle = median(middle - step, middle, middle + step);
        high = median(high - 2 * step, high - step, high);
    }
    median(low, middle, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Random;

    #[test]
    fn everything_is_there_and_in_order() {
        let mut random = Random::new(15, 0);
        for len in (0..60).chain([200, 411, 1000]) {
            for range in [2, 10, 1_000_000] {
                let mut items: Vec<(i32, u64)> = (0..len).map(|n| (random.below(range) as i32, n)).collect();
                let mut wanted = items.clone();
                sort_by_key(&mut items, |item| item.0);
                assert!(items.windows(2).all(|pair| pair[0].0 <= pair[1].0));
                items.sort();
                wanted.sort();
                assert_eq!(items, wanted);
            }
        }
    }
}
