//! Compression by pglz, PostgreSQL's own method: fast, without tables that would have to be stored.
//!
//! ```text
//!   control byte    8 bits, lowest first: what each of the next items is
//!   0               a byte as it is
//!   1               oooo llll  oooo oooo [llll llll]     copy `l` bytes from `o` before: 3..17, or with a third byte 18..273
//! ```
//!
//! The compressor remembers the last 4096 places, in lists by a hash of the four bytes that begin there, youngest first, and
//! goes along a list until it has a match that is good enough, content with less the longer it looks. Bytes on disk depend on
//! all these choices, so they are PostgreSQL's.
//!
//! PostgreSQL: `common/pg_lzcompress.c`.

/// How far back a match may lie, and how many places are remembered.
const HISTORY_SIZE: usize = 4096;
/// Farther back than this is not looked.
const MAX_OFFSET: usize = 0x0FFF;
/// The longest match.
const MAX_MATCH: usize = 273;
/// Shorter values are not worth it; `min_input_size` of the default strategy.
const MIN_INPUT: usize = 32;
/// So many percent must be saved.
const MIN_COMP_RATE: usize = 25;
/// After so many bytes without any match it is given up.
const FIRST_SUCCESS_BY: usize = 1024;
/// A match of this length is taken at once,
const MATCH_SIZE_GOOD: usize = 128;
/// and with every other place looked at, this part of the length, in percent, is no longer asked for.
const MATCH_SIZE_DROP: usize = 10;

/// The places that are remembered, in lists; entry 0 stands for none.
struct History<'a> {
    source: &'a [u8],
    starts: Vec<u16>,
    entries: Vec<Entry>,
    /// The entry that is used next; once all were, the oldest.
    next: usize,
    recycling: bool,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    next: u16,
    prev: u16,
    list: u16,
    place: u32,
}

impl<'a> History<'a> {
    fn new(source: &'a [u8]) -> History<'a> {
        let lists = source.len().checked_ilog2().map_or(512, |log| (8 << log.min(10)).clamp(512, 8192));
        let entries = vec![Entry::default(); HISTORY_SIZE + 1];
        History { source, starts: vec![0; lists], entries, next: 1, recycling: false }
    }

    /// `pglz_hist_idx`: the list of the bytes at a place. They count as signed.
    fn list(&self, at: usize) -> usize {
        let byte = |n: usize| i32::from(self.source[at + n] as i8);
        let hash =
            if self.source.len() - at < 4 { byte(0) } else { byte(0) << 6 ^ byte(1) << 4 ^ byte(2) << 2 ^ byte(3) };
        hash as usize & (self.starts.len() - 1)
    }

    /// `pglz_hist_add`
    fn add(&mut self, at: usize) {
        let list = self.list(at);
        let this = self.next;
        if self.recycling {
            let Entry { next, prev, list, .. } = self.entries[this];
            match prev {
                0 => self.starts[usize::from(list)] = next,
                prev => self.entries[usize::from(prev)].next = next,
            }
            self.entries[usize::from(next)].prev = prev;
        }
        let head = self.starts[list];
        self.entries[this] = Entry { next: head, prev: 0, list: list as u16, place: at as u32 };
        self.entries[usize::from(head)].prev = this as u16;
        self.starts[list] = this as u16;
        self.next += 1;
        if self.next > HISTORY_SIZE {
            (self.next, self.recycling) = (1, true);
        }
    }

    /// `pglz_find_match`: the length of a match with what lies at a place, and how far back it is.
    fn find(&self, at: usize) -> Option<(usize, usize)> {
        let most = MAX_MATCH.min(self.source.len() - at);
        let (mut length, mut offset, mut good) = (0, 0, MATCH_SIZE_GOOD);
        let mut entry = self.starts[self.list(at)];
        while entry != 0 {
            let Entry { next, place, .. } = self.entries[usize::from(entry)];
            let back = at - place as usize;
            if back >= MAX_OFFSET {
                break;
            }
            let (here, there) = (&self.source[at..at + most], &self.source[place as usize..]);
            let same = here.iter().zip(there).take_while(|(a, b)| a == b).count();
            if same > length {
                (length, offset) = (same, back);
            }
            entry = next;
            if entry != 0 {
                if length >= good {
                    break;
                }
                good -= good * MATCH_SIZE_DROP / 100;
            }
        }
        (length > 2).then_some((length, offset))
    }
}

/// The compressed bytes, as items under control bytes.
struct Output {
    bytes: Vec<u8>,
    control_at: usize,
    /// The bit of the next item; 0 before the first control byte.
    bit: u8,
}

impl Output {
    fn item(&mut self, is_tag: bool, bytes: &[u8]) {
        if self.bit == 0 {
            (self.control_at, self.bit) = (self.bytes.len(), 1);
            self.bytes.push(0);
        }
        if is_tag {
            self.bytes[self.control_at] |= self.bit;
        }
        self.bit <<= 1;
        self.bytes.extend_from_slice(bytes);
    }

    fn tag(&mut self, length: usize, offset: usize) {
        let (high, low) = ((offset >> 4 & 0xF0) as u8, offset as u8);
        match length {
            0..=17 => self.item(true, &[high | (length - 3) as u8, low]),
            _ => self.item(true, &[high | 0x0F, low, (length - 18) as u8]),
        }
    }
}

/// `pglz_compress` with the default strategy; `None` if it would not save enough.
pub fn compress(source: &[u8]) -> Option<Vec<u8>> {
    if source.len() < MIN_INPUT {
        return None;
    }
    let most = match source.len() {
        large if large > i32::MAX as usize / 100 => large / 100 * (100 - MIN_COMP_RATE),
        small => small * (100 - MIN_COMP_RATE) / 100,
    };
    let mut history = History::new(source);
    let mut out = Output { bytes: Vec::with_capacity(most.min(8192) + 4), control_at: 0, bit: 0 };
    let (mut at, mut any) = (0, false);
    while at < source.len() {
        if out.bytes.len() >= most || !any && out.bytes.len() >= FIRST_SUCCESS_BY {
            return None;
        }
        let found = history.find(at);
        match found {
            Some((length, offset)) => out.tag(length, offset),
            None => out.item(false, &source[at..at + 1]),
        }
        let end = at + found.map_or(1, |(length, _)| length);
        (at..end).for_each(|at| history.add(at));
        (at, any) = (end, any || found.is_some());
    }
    (out.bytes.len() < most).then_some(out.bytes)
}

/// `pglz_decompress`: the `raw_size` bytes; `None` if it is not they that were compressed.
pub fn decompress(source: &[u8], raw_size: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw_size.min(1 << 20));
    let mut bytes = source.iter().copied();
    while out.len() < raw_size {
        let Some(mut control) = bytes.next() else { break };
        for _ in 0..8 {
            if out.len() >= raw_size || bytes.len() == 0 {
                break;
            }
            let first = bytes.next()?;
            if control & 1 == 0 {
                out.push(first);
            } else {
                let offset = usize::from(first & 0xF0) << 4 | usize::from(bytes.next()?);
                let mut length = usize::from(first & 0x0F) + 3;
                if length == 18 {
                    length += usize::from(bytes.next()?);
                }
                let start = out.len().checked_sub(offset).filter(|_| offset > 0)?;
                let length = length.min(raw_size - out.len());
                // What is copied may reach into what the copy has made.
                (start..start + length).for_each(|at| out.push(out[at]));
            }
            control >>= 1;
        }
    }
    (out.len() == raw_size && bytes.len() == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_postgresql() {
        // repeat('compress me ', 300) as 15.18 stores it: the bytes once as they are, then copies of what lies 12 before.
        let head = *b"\x00compress\xf0 me \x0f\x0c\xff\x0f\x0c\xff\x0f\x0c\xff\x0f\x0c\xff\xff";
        let middle = b"\x0f\x0c\xff".repeat(8);
        let source = b"compress me ".repeat(300);
        let data = compress(&source).unwrap();
        assert_eq!(data, [&head[..], &middle, b"\x03\x0f\x0c\xff\x0f\x0c\x15"].concat());
        assert_eq!(decompress(&data, 3600).unwrap(), source);
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let mut state = 1u32;
        for (length, kinds) in [(31, 2), (32, 2), (127, 3), (128, 2), (700, 4), (5000, 3), (40_000, 5), (9000, 200)] {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as usize
            };
            let source: Vec<u8> = (0..length).map(|_| 250u8.wrapping_add((next() % kinds) as u8)).collect();
            match compress(&source) {
                Some(data) => assert_eq!(decompress(&data, length).as_ref(), Some(&source), "{length} of {kinds}"),
                None => assert!(length < 128 || kinds == 200, "{length} of {kinds}"),
            }
        }
    }

    #[test]
    fn bytes_that_nobody_compressed_are_refused() {
        let data = compress(&[7; 500]).unwrap();
        assert_eq!(decompress(&data, 501), None);
        assert_eq!(decompress(&data[..data.len() - 1], 500), None);
        assert_eq!(decompress(&[1, 0x0F, 0xFF, 0], 18), None);
    }
}
