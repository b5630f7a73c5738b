//! Where the tuples of a sort lie: behind each other in large pieces, so that none is asked for by itself.

/// The size of a piece; longer tuples get one of their own.
const PIECE: usize = 64 * 1024;

/// A place in the arena.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct At {
    pub(super) piece: u32,
    start: u32,
    len: u32,
}

impl At {
    /// The tuple in hand of a tape.
    pub(super) fn of_tape(tape: usize) -> At {
        At { piece: tape as u32, start: 0, len: 0 }
    }
}

#[derive(Default)]
pub(super) struct Arena {
    pieces: Vec<Vec<u8>>,
    /// The piece that is being filled.
    open: usize,
    /// All bytes in it.
    len: usize,
}

impl Arena {
    pub(super) fn put(&mut self, bytes: &[u8]) -> At {
        let fits = |piece: &Vec<u8>| piece.len() + bytes.len() <= piece.capacity();
        while self.pieces.get(self.open).is_some_and(|piece| !fits(piece)) {
            self.open += 1;
        }
        if self.open == self.pieces.len() {
            self.pieces.push(Vec::with_capacity(PIECE.max(bytes.len())));
        }
        let piece = &mut self.pieces[self.open];
        let start = piece.len();
        piece.extend_from_slice(bytes);
        self.len += bytes.len();
        At { piece: self.open as u32, start: start as u32, len: bytes.len() as u32 }
    }

    pub(super) fn get(&self, at: At) -> &[u8] {
        &self.pieces[at.piece as usize][at.start as usize..][..at.len as usize]
    }

    /// Empties it; its pieces are used again.
    pub(super) fn clear(&mut self) {
        self.pieces.iter_mut().for_each(Vec::clear);
        (self.open, self.len) = (0, 0);
    }

    /// Gives the memory back.
    pub(super) fn free(&mut self) {
        *self = Arena::default();
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}
