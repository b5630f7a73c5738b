//! The places in a function at which one can see which way it went.
//!
//! WebAssembly's control flow is nested, so whoever stands at a place has come through the one before it in the same
//! sequence. That makes what did not run easy to name: from a place that was not seen, a sequence is cold to its end.
//!
//! ```text
//!   block            ← the first place of the inner sequence
//!     local.get 0
//!     br_if 0
//!     call $error    ← a place: after something that may have gone elsewhere
//!     br 1
//!   end
//!   local.get 1      ← a place: after a block, of which one may also have left for further out
//! ```

use walrus::LocalFunction;
use walrus::ir::{Instr, InstrSeqId};

/// A position in a sequence of instructions.
#[derive(Clone, Copy)]
pub struct Place {
    pub sequence: InstrSeqId,
    pub at: usize,
}

/// All places of a function. The first is its beginning.
pub fn places(function: &LocalFunction) -> Vec<Place> {
    let mut found = Vec::new();
    visit(function, function.entry_block(), &mut found);
    found
}

fn visit(function: &LocalFunction, sequence: InstrSeqId, found: &mut Vec<Place>) {
    found.push(Place { sequence, at: 0 });
    let length = function.block(sequence).instrs.len();
    for (at, (instr, _)) in function.block(sequence).instrs.iter().enumerate() {
        let inner = inside(instr);
        inner.iter().for_each(|&inner| visit(function, inner, found));
        let forks = !inner.is_empty() || matches!(instr, Instr::BrIf(_));
        if forks && at + 1 < length {
            found.push(Place { sequence, at: at + 1 });
        }
    }
}

/// The sequences inside an instruction.
pub fn inside(instr: &Instr) -> Vec<InstrSeqId> {
    match instr {
        Instr::Block(block) => vec![block.seq],
        Instr::Loop(block) => vec![block.seq],
        Instr::IfElse(fork) => vec![fork.consequent, fork.alternative],
        _ => Vec::new(),
    }
}
