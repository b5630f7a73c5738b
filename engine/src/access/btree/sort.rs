//! PostgreSQL's quicksort, where the order of equals decides.
//!
//! Which of two equally good places to split comes first depends on the sort. A page split elsewhere would be right as
//! well, but not the same; so the same sort is used: Bentley and McIlroy, "Engineering a Sort Function", 1993, with
//! PostgreSQL's shortcut for what is in order already (`lib/sort_template.h`).

/// Sorts by a key, not stably.
pub(super) fn sort_by_key<T>(items: &mut [T], key: impl Fn(&T) -> i32 + Copy) {
    let len = items.len();
    if len < 7 {
        return insertion_sort(items, key);
    }
    if items.windows(2).all(|pair| key(&pair[0]) <= key(&pair[1])) {
        return;
    }
    let pivot = choose_pivot(items, key);
    items.swap(0, pivot);
    // Equals of the pivot gather at both ends, then go to the middle.
    let (mut a, mut b, mut c, mut d) = (1, 1, len, len);
    loop {
        while b < c && key(&items[b]) <= key(&items[0]) {
            if key(&items[b]) == key(&items[0]) {
                items.swap(a, b);
                a += 1;
            }
            b += 1;
        }
        while b < c && key(&items[c - 1]) >= key(&items[0]) {
            if key(&items[c - 1]) == key(&items[0]) {
                items.swap(c - 1, d - 1);
                d -= 1;
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
    sort_by_key(&mut items[..less], key);
    sort_by_key(&mut items[len - greater..], key);
}

fn insertion_sort<T>(items: &mut [T], key: impl Fn(&T) -> i32) {
    for start in 1..items.len() {
        let mut at = start;
        while at > 0 && key(&items[at - 1]) > key(&items[at]) {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// The middle one, the median of three, or of three such medians.
fn choose_pivot<T>(items: &[T], key: impl Fn(&T) -> i32) -> usize {
    let len = items.len();
    let median = |a: usize, b: usize, c: usize| {
        let (x, y, z) = (key(&items[a]), key(&items[b]), key(&items[c]));
        if x < y {
            if y < z {
                b
            } else if x < z {
                c
            } else {
                a
            }
        } else if y > z {
            b
        } else if x < z {
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
