//! Moves what did not run out of functions that did.
//!
//! An optimising compiler makes few and large functions: the parser of all statements is one of fifty kilobytes, of which
//! an opening runs a handful of branches. So whole functions are too coarse to cut at. Here a cold end of a sequence
//! becomes a function of its own, which the cut then puts into the rest:
//!
//! ```text
//!   block $ok                            block $ok
//!     local.get $n                         local.get $n
//!     br_if $ok                            br_if $ok
//!     … cold, uses $a, sets $b     ──►     local.get $a   local.get $b
//!     br_if $ok                            call $cold     ;; returns the exit it took, and $b
//!     … cold                               local.set $b
//!     br $out                              local.set $exit
//!   end                                    local.get $exit   br_table $ok $out
//!                                        end
//! ```
//!
//! What it reads goes in as arguments, what it leaves behind comes back as results. The code stays the same, in the same
//! order; whoever goes the cold way pays for one call. Pieces too small to be worth it stay where they are.

use std::collections::{BTreeMap, BTreeSet};

use walrus::ir::{Block, Br, BrIf, BrTable, Call, IfElse, Instr, InstrLocId, InstrSeqId, InstrSeqType, LocalGet};
use walrus::ir::{LocalSet, LocalTee, Loop, Return, Unreachable, Value};
use walrus::{FunctionBuilder, FunctionId, LocalFunction, LocalId, Module, ValType};

use crate::liveness::{Live, Liveness};
use crate::places::{inside, places};

/// A piece of so many instructions is worth a function; each value that goes in or comes back costs two more. Measured,
/// first half and rest in kB, brotli 11: undivided 657 + 757; at 160 519 + 944; at 90 493 + 986; at 40 463 + 1037.
const WORTH: usize = 90;

type Instrs = Vec<(Instr, InstrLocId)>;

/// Takes the cold pieces out of a function. `seen` tells for each of its places whether it ran.
pub fn outline(module: &mut Module, id: FunctionId, seen: &[bool]) {
    let function = module.funcs.get(id).kind.unwrap_local();
    let mut cold_from: BTreeMap<InstrSeqId, usize> = BTreeMap::new();
    for (place, _) in places(function).iter().zip(seen).filter(|(_, seen)| !**seen) {
        cold_from.entry(place.sequence).or_insert(place.at);
    }
    let mut cold = Vec::new();
    find(function, function.entry_block(), &cold_from, &mut cold);
    let results = module.types.get(function.ty()).results();
    let mut liveness = Liveness::of(function);
    let pieces: Vec<Piece> = cold
        .into_iter()
        .filter_map(|(sequence, from)| Piece::of(&mut liveness, function, sequence, from, results))
        .collect();
    for piece in pieces {
        let moved = piece.make(module, id);
        let call = piece.call(module, id, moved);
        let body = &mut module.funcs.get_mut(id).kind.unwrap_local_mut().block_mut(piece.sequence).instrs;
        body.truncate(piece.from);
        body.extend(call);
    }
}

/// The outermost cold pieces below a sequence.
fn find(
    function: &LocalFunction,
    sequence: InstrSeqId,
    cold_from: &BTreeMap<InstrSeqId, usize>,
    cold: &mut Vec<(InstrSeqId, usize)>,
) {
    let instrs = &function.block(sequence).instrs;
    let from = cold_from.get(&sequence).copied().unwrap_or(instrs.len());
    for (instr, _) in &instrs[..from] {
        inside(instr).into_iter().for_each(|inner| find(function, inner, cold_from, cold));
    }
    if from < instrs.len() {
        cold.push((sequence, from));
    }
}

/// Where a piece may go on to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Past its own end.
    End,
    To(InstrSeqId),
    /// Out of the function.
    Return,
}

/// A piece of a function, and what it has to do with the rest of it.
struct Piece {
    sequence: InstrSeqId,
    from: usize,
    /// What the function returns, if it does.
    result: Option<ValType>,
    entry: InstrSeqId,
    exits: Vec<Exit>,
    /// Locals whose value goes in, and those whose value comes back.
    ins: Vec<LocalId>,
    outs: Vec<LocalId>,
}

/// What is found out about a piece on the way through it.
#[derive(Default)]
struct Survey {
    size: usize,
    inner: BTreeSet<InstrSeqId>,
    exits: Vec<Exit>,
    read: BTreeSet<LocalId>,
    written: BTreeSet<LocalId>,
    stays: bool,
}

impl Piece {
    /// Nothing for a piece that has to stay: since it is small, or leaves with values on the stack.
    fn of(
        liveness: &mut Liveness,
        function: &LocalFunction,
        sequence: InstrSeqId,
        from: usize,
        results: &[ValType],
    ) -> Option<Piece> {
        let entry = function.entry_block();
        let body = &function.block(sequence).instrs[from..];
        let mut survey = Survey::default();
        survey.walk(function, body, results);
        let plain = |id: InstrSeqId| function.block(id).ty == InstrSeqType::Simple(None);
        if !matches!(body.last()?.0, Instr::Br(_) | Instr::BrTable(_) | Instr::Return(_) | Instr::Unreachable(_)) {
            survey.stays |= if sequence == entry { !results.is_empty() } else { !plain(sequence) };
            survey.exits.insert(0, Exit::End);
        }
        survey.stays |= survey.exits.iter().any(|exit| matches!(exit, Exit::To(id) if !plain(*id)));
        if survey.stays || results.len() > 1 {
            return None;
        }
        let live_at = |exit: &Exit| match exit {
            Exit::End => liveness.end(sequence).clone(),
            Exit::To(block) => liveness.target(*block).clone(),
            Exit::Return => Live::new(),
        };
        let after: Live = survey.exits.iter().flat_map(live_at).collect();
        let outs: Vec<LocalId> = survey.written.intersection(&after).copied().collect();
        // What comes back unchanged on some of the ways has to go in as well; then it is live before.
        survey.read.extend(&outs);
        let ins: Vec<LocalId> = liveness.before(sequence, from).intersection(&survey.read).copied().collect();
        let result = survey.exits.contains(&Exit::Return).then(|| results.first().copied()).flatten();
        let worth = survey.size >= WORTH + 2 * (ins.len() + outs.len());
        worth.then_some(Piece { sequence, from, result, entry, exits: survey.exits, ins, outs })
    }

    /// Makes a function of the piece.
    fn make(&self, module: &mut Module, id: FunctionId) -> FunctionId {
        let params: Vec<ValType> = self.ins.iter().map(|&local| module.locals.get(local).ty()).collect();
        let mut results = if self.exits.len() > 1 { vec![ValType::I32] } else { Vec::new() };
        results.extend(self.outs.iter().map(|&local| module.locals.get(local).ty()));
        results.extend(self.result);
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
        let args: Vec<LocalId> = params.iter().map(|&ty| module.locals.add(ty)).collect();
        let which = module.locals.add(ValType::I32);
        let result = self.result.map(|ty| module.locals.add(ty));

        let doors: Vec<InstrSeqId> = self.exits.iter().map(|_| builder.dangling_instr_seq(None).id()).collect();
        let done = builder.dangling_instr_seq(None).id();
        let locals = self.ins.iter().copied().zip(args.iter().copied()).collect();
        let mut copy = Copy { piece: self, doors: &doors, result, locals, sequences: BTreeMap::new() };
        let body = module.funcs.get(id).kind.unwrap_local().block(self.sequence).instrs[self.from..].to_vec();
        let mut instrs = copy.instrs(module, id, &mut builder, &body);
        // The doors stand around each other; behind each it is noted which one it was.
        for (number, &door) in doors.iter().enumerate() {
            *builder.instr_seq(door).instrs_mut() = instrs;
            instrs = vec![plain(Block { seq: door })];
            if doors.len() > 1 {
                instrs.extend([constant(number), set(which), plain(Br { block: done })]);
            }
        }
        if doors.len() > 1 {
            *builder.instr_seq(done).instrs_mut() = instrs;
            instrs = vec![plain(Block { seq: done }), get(which)];
        }
        instrs.extend(self.outs.iter().map(|local| get(copy.locals[local])));
        instrs.extend(result.map(get));
        if doors.is_empty() {
            instrs.push(plain(Unreachable {}));
        }
        *builder.func_body().instrs_mut() = instrs;
        builder.finish(args, &mut module.funcs)
    }

    /// What stands in its place: a call, and the way on from there.
    fn call(&self, module: &mut Module, id: FunctionId, moved: FunctionId) -> Instrs {
        let which = module.locals.add(ValType::I32);
        let result = self.result.map(|ty| module.locals.add(ty));
        let mut instrs: Instrs = self.ins.iter().copied().map(get).collect();
        instrs.push(plain(Call { func: moved }));
        instrs.extend(result.map(set));
        instrs.extend(self.outs.iter().rev().copied().map(set));
        let leave = || result.map(get).into_iter().chain([plain(Return {})]);
        match self.exits[..] {
            [] => instrs.push(plain(Unreachable {})),
            [Exit::End] => {}
            [Exit::To(block)] => instrs.push(plain(Br { block })),
            [Exit::Return] => instrs.extend(leave()),
            _ => {
                instrs.push(set(which));
                let builder = module.funcs.get_mut(id).kind.unwrap_local_mut().builder_mut();
                let end = builder.dangling_instr_seq(None).id();
                let out = builder.dangling_instr_seq(None).id();
                let target = |&exit: &Exit| match exit {
                    Exit::End => end,
                    Exit::To(block) => block,
                    Exit::Return => out,
                };
                let mut blocks: Vec<InstrSeqId> = self.exits.iter().map(target).collect();
                let default = blocks.pop().unwrap_or(end);
                let mut fork = vec![get(which), plain(BrTable { blocks: blocks.into(), default })];
                if self.exits.contains(&Exit::Return) {
                    *builder.instr_seq(out).instrs_mut() = fork;
                    fork = [plain(Block { seq: out })].into_iter().chain(leave()).collect();
                }
                if self.exits[0] != Exit::End {
                    instrs.extend(fork);
                    return instrs;
                }
                *builder.instr_seq(end).instrs_mut() = fork;
                instrs.push(plain(Block { seq: end }));
            }
        }
        instrs
    }
}

impl Survey {
    fn walk(&mut self, function: &LocalFunction, instrs: &[(Instr, InstrLocId)], results: &[ValType]) {
        let entry = function.entry_block();
        for (instr, _) in instrs {
            self.size += 1;
            match instr {
                Instr::LocalGet(LocalGet { local }) => self.read.extend([*local]),
                Instr::LocalSet(LocalSet { local }) | Instr::LocalTee(LocalTee { local }) => {
                    self.written.extend([*local])
                }
                Instr::Br(Br { block }) => self.leaves(*block, entry, false),
                Instr::BrIf(BrIf { block }) => self.leaves(*block, entry, !results.is_empty()),
                Instr::BrTable(BrTable { blocks, default }) => {
                    blocks.iter().chain([default]).for_each(|&block| self.leaves(block, entry, !results.is_empty()));
                }
                Instr::Return(_) => self.exit(Exit::Return),
                _ => {}
            }
            for inner in inside(instr) {
                self.inner.insert(inner);
                self.walk(function, &function.block(inner).instrs, results);
            }
        }
    }

    /// A branch. One that may take the function's result along, and may not go, has to stay.
    fn leaves(&mut self, block: InstrSeqId, entry: InstrSeqId, valued: bool) {
        if block == entry {
            self.stays |= valued;
            self.exit(Exit::Return);
        } else if !self.inner.contains(&block) {
            self.exit(Exit::To(block));
        }
    }

    fn exit(&mut self, exit: Exit) {
        if !self.exits.contains(&exit) {
            self.exits.push(exit);
        }
    }
}

/// A copy of a piece in a function of its own, under way.
struct Copy<'p> {
    piece: &'p Piece,
    doors: &'p [InstrSeqId],
    result: Option<LocalId>,
    locals: BTreeMap<LocalId, LocalId>,
    sequences: BTreeMap<InstrSeqId, InstrSeqId>,
}

impl Copy<'_> {
    fn instrs(&mut self, module: &mut Module, id: FunctionId, builder: &mut FunctionBuilder, from: &Instrs) -> Instrs {
        let mut to = Vec::with_capacity(from.len());
        for (instr, loc) in from {
            let mut inner = |this: &mut Self, old: InstrSeqId| {
                let original = module.funcs.get(id).kind.unwrap_local().block(old);
                let (ty, instrs) = (original.ty, original.instrs.clone());
                let new = builder.dangling_instr_seq(ty).id();
                this.sequences.insert(old, new);
                let instrs = this.instrs(module, id, builder, &instrs);
                *builder.instr_seq(new).instrs_mut() = instrs;
                new
            };
            let instr = match instr {
                Instr::Block(block) => Block { seq: inner(self, block.seq) }.into(),
                Instr::Loop(block) => Loop { seq: inner(self, block.seq) }.into(),
                Instr::IfElse(fork) => {
                    let consequent = inner(self, fork.consequent);
                    IfElse { consequent, alternative: inner(self, fork.alternative) }.into()
                }
                Instr::LocalGet(LocalGet { local }) => LocalGet { local: self.local(module, *local) }.into(),
                Instr::LocalSet(LocalSet { local }) => LocalSet { local: self.local(module, *local) }.into(),
                Instr::LocalTee(LocalTee { local }) => LocalTee { local: self.local(module, *local) }.into(),
                Instr::Br(Br { block }) if *block != self.piece.entry => Br { block: self.target(*block) }.into(),
                Instr::Br(_) | Instr::Return(_) => {
                    to.extend(self.result.map(set));
                    Br { block: self.door(Exit::Return) }.into()
                }
                Instr::BrIf(BrIf { block }) => BrIf { block: self.target(*block) }.into(),
                Instr::BrTable(BrTable { blocks, default }) => {
                    let blocks = blocks.iter().map(|&block| self.target(block)).collect();
                    BrTable { blocks, default: self.target(*default) }.into()
                }
                other => other.clone(),
            };
            to.push((instr, *loc));
        }
        to
    }

    fn local(&mut self, module: &mut Module, old: LocalId) -> LocalId {
        *self.locals.entry(old).or_insert_with(|| {
            let ty = module.locals.get(old).ty();
            module.locals.add(ty)
        })
    }

    fn target(&self, block: InstrSeqId) -> InstrSeqId {
        let exit = if block == self.piece.entry { Exit::Return } else { Exit::To(block) };
        self.sequences.get(&block).copied().unwrap_or_else(|| self.door(exit))
    }

    fn door(&self, wanted: Exit) -> InstrSeqId {
        let number = self.piece.exits.iter().position(|&exit| exit == wanted);
        self.doors[number.expect("every way out was surveyed")]
    }
}

fn plain(instr: impl Into<Instr>) -> (Instr, InstrLocId) {
    (instr.into(), InstrLocId::default())
}

fn get(local: LocalId) -> (Instr, InstrLocId) {
    plain(LocalGet { local })
}

fn set(local: LocalId) -> (Instr, InstrLocId) {
    plain(LocalSet { local })
}

fn constant(number: usize) -> (Instr, InstrLocId) {
    plain(walrus::ir::Const { value: Value::I32(i32::try_from(number).unwrap_or(i32::MAX)) })
}
