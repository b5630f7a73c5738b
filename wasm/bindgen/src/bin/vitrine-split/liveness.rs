//! Which locals of a function somebody may still read, at the places where a piece of it may be left.

use std::collections::{BTreeMap, BTreeSet};

use walrus::ir::{Instr, InstrLocId, InstrSeqId, LocalSet, LocalTee};
use walrus::{LocalFunction, LocalId};

/// Locals whose value may still be read.
pub type Live = BTreeSet<LocalId>;

/// What is live in a function, found by walking it from its end to its beginning.
pub struct Liveness<'f> {
    function: &'f LocalFunction,
    /// Where a branch to a sequence leads: before a loop, after anything else.
    targets: BTreeMap<InstrSeqId, Live>,
    /// Behind a sequence.
    ends: BTreeMap<InstrSeqId, Live>,
}

impl<'f> Liveness<'f> {
    pub fn of(function: &'f LocalFunction) -> Liveness<'f> {
        let mut this = Liveness { function, targets: BTreeMap::new(), ends: BTreeMap::new() };
        this.sequence(function.entry_block(), Live::new());
        this
    }

    pub fn target(&self, sequence: InstrSeqId) -> &Live {
        &self.targets[&sequence]
    }

    pub fn end(&self, sequence: InstrSeqId) -> &Live {
        &self.ends[&sequence]
    }

    /// What is live before a piece at the end of a sequence.
    pub fn before(&mut self, sequence: InstrSeqId, from: usize) -> Live {
        self.back(&self.function.block(sequence).instrs[from..], self.ends[&sequence].clone())
    }

    fn sequence(&mut self, id: InstrSeqId, after: Live) -> Live {
        self.ends.insert(id, after.clone());
        self.targets.insert(id, after.clone());
        self.back(&self.function.block(id).instrs, after)
    }

    /// From what is live after some instructions to what is live before them.
    fn back(&mut self, instrs: &[(Instr, InstrLocId)], mut live: Live) -> Live {
        for (instr, _) in instrs.iter().rev() {
            match instr {
                Instr::LocalGet(get) => live.extend([get.local]),
                Instr::LocalSet(LocalSet { local }) | Instr::LocalTee(LocalTee { local }) => {
                    live.remove(local);
                }
                Instr::Br(br) => live = self.targets[&br.block].clone(),
                Instr::BrIf(br) => live.extend(&self.targets[&br.block]),
                Instr::BrTable(table) => {
                    let all: BTreeSet<InstrSeqId> = table.blocks.iter().copied().chain([table.default]).collect();
                    live = all.iter().flat_map(|block| &self.targets[block]).copied().collect();
                }
                Instr::Return(_) | Instr::Unreachable(_) => live.clear(),
                Instr::Block(block) => live = self.sequence(block.seq, live),
                Instr::Loop(block) => live = self.around(block.seq, live),
                Instr::IfElse(fork) => {
                    let other = self.sequence(fork.alternative, live.clone());
                    live = self.sequence(fork.consequent, live);
                    live.extend(other);
                }
                _ => {}
            }
        }
        live
    }

    /// A loop is walked until a further round finds nothing new to be read in the next one.
    fn around(&mut self, id: InstrSeqId, after: Live) -> Live {
        self.ends.insert(id, after.clone());
        self.targets.insert(id, Live::new());
        loop {
            let before = self.back(&self.function.block(id).instrs, after.clone());
            if before.is_subset(&self.targets[&id]) {
                return before;
            }
            self.targets.insert(id, before);
        }
    }
}
