//! Window functions: which window a call is over, what it computes there.
//!
//! Calls over the same window share it, so that its rows are sorted once.
//!
//! PostgreSQL: `parse_agg.c` (`transformWindowFuncCall`), `parse_clause.c` (`transformWindowDefinitions`).

use super::super::ast::{Call, ExprKind, Frame, FrameEnd, FrameExclude, FrameMode, Ident, Pos, SortBy, WindowSpec};
use super::super::bound::{
    FrameBound, Offset, OrderKey, Scalar, Window, WindowCall, WindowFrame, WindowFunction, slot,
};
use super::Binder;
use super::coerce::Typed;
use super::level::{Level, not_allowed};
use crate::ids::{Error, Result, sqlstate};
use crate::types::{CastContext, Datum, TypeId};
use std::mem::{replace, take};

/// The functions that only windows have: name, how many arguments at least and at most.
const FUNCTIONS: [(&str, WindowFunction, usize, usize); 11] = [
    ("row_number", WindowFunction::RowNumber, 0, 0),
    ("rank", WindowFunction::Rank, 0, 0),
    ("dense_rank", WindowFunction::DenseRank, 0, 0),
    ("percent_rank", WindowFunction::PercentRank, 0, 0),
    ("cume_dist", WindowFunction::CumeDist, 0, 0),
    ("ntile", WindowFunction::Ntile, 1, 1),
    ("lag", WindowFunction::Lag, 1, 3),
    ("lead", WindowFunction::Lead, 1, 3),
    ("first_value", WindowFunction::FirstValue, 1, 1),
    ("last_value", WindowFunction::LastValue, 1, 1),
    ("nth_value", WindowFunction::NthValue, 2, 2),
];

/// The window function of a name.
pub(super) fn window_function(name: &str) -> Option<(WindowFunction, usize, usize)> {
    FUNCTIONS.iter().find(|(own, ..)| *own == name).map(|(_, function, least, most)| (*function, *least, *most))
}

fn windowing(message: impl Into<String>, pos: Pos) -> Error {
    Error::new(sqlstate::WINDOWING_ERROR, message).at(pos.0)
}

impl Binder<'_> {
    /// Binds a call with OVER.
    pub fn window_call(&mut self, call: &Call, over: &WindowSpec, pos: Pos, level: &mut Level) -> Result<Typed> {
        if level.in_window {
            return Err(windowing("window function calls cannot be nested", pos));
        }
        if !level.windows_allowed || level.in_aggregate {
            let clause = level.clause;
            if level.in_aggregate {
                let message = "aggregate function calls cannot contain window function calls";
                return Err(Error::new(sqlstate::GROUPING_ERROR, message).at(pos.0));
            }
            return Err(not_allowed("window functions", clause, sqlstate::WINDOWING_ERROR).at(pos.0));
        }
        let refused = [
            (call.distinct, "DISTINCT is not implemented for window functions"),
            (!call.order_by.is_empty(), "aggregate ORDER BY is not implemented for window functions"),
        ];
        if let Some((_, message)) = refused.iter().find(|(is, _)| *is) {
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, *message).at(pos.0));
        }
        let outside = take(&mut level.waits);
        level.in_window = true;
        let bound = self.over_window(call, over, pos, level);
        level.in_window = false;
        level.waits = outside;
        bound
    }

    fn over_window(&mut self, call: &Call, over: &WindowSpec, pos: Pos, level: &mut Level) -> Result<Typed> {
        let spec = self.window_spec(over, level)?;
        let at = match level.windows.iter().position(|(known, _)| *known == spec) {
            Some(at) => at,
            None => {
                let window = self.new_window(&spec, level)?;
                level.windows.push((spec, window));
                level.windows.len() - 1
            }
        };
        // What the arguments wait for stands behind what the window's own expressions do.
        level.waits = take(&mut level.windows[at].1.waits);
        let call = self.over_call(call, pos, level);
        level.windows[at].1.waits = take(&mut level.waits);
        let (call, ty) = call?;
        let number = level.window_calls;
        level.window_calls += 1;
        level.windows[at].1.calls.push((slot::WINDOW + number, call));
        Ok(Typed::new(Scalar::Column(slot::WINDOW + number), ty, pos))
    }

    fn over_call(&mut self, call: &Call, pos: Pos, level: &mut Level) -> Result<(WindowCall, TypeId)> {
        if let Some((function, least, most)) = window_function(&call.name.name) {
            if call.filter.is_some() {
                let message = "FILTER is not implemented for non-aggregate window functions";
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(pos.0));
            }
            let args = call.args.iter().map(|(_, arg)| self.expr(arg, level)).collect::<Result<Vec<_>>>()?;
            if args.len() < least || args.len() > most || call.star {
                return Err(super::call::undefined_function(&call.name.name, &args).at(pos.0));
            }
            let (args, ty) = self.window_args(function, args)?;
            return Ok((WindowCall::Function(function, args), ty));
        }
        let (aggregate, ty) = self.aggregate_call(call, pos, level)?;
        Ok((WindowCall::Aggregate(aggregate), ty))
    }

    /// The arguments of a window function in their types, and the type of its value.
    fn window_args(&mut self, function: WindowFunction, mut args: Vec<Typed>) -> Result<(Vec<Scalar>, TypeId)> {
        use WindowFunction as F;
        let result = match function {
            F::RowNumber | F::Rank | F::DenseRank => TypeId::Int8,
            F::PercentRank | F::CumeDist => TypeId::Float8,
            F::Ntile => {
                args[0] = self.must_coerce(args[0].clone(), TypeId::Int4)?;
                TypeId::Int4
            }
            F::FirstValue | F::LastValue | F::NthValue | F::Lag | F::Lead => {
                if args.len() > 1 {
                    args[1] = self.must_coerce(args[1].clone(), TypeId::Int4)?;
                }
                match args.len() {
                    3 => {
                        // The value and its default have a common type.
                        let pair = vec![args[0].clone(), args[2].clone()];
                        let (scalars, ty) = self.common(pair, "lag")?;
                        let mut scalars = scalars.into_iter();
                        for at in [0, 2] {
                            args[at].scalar = scalars.next().unwrap_or(Scalar::Const(Datum::Null));
                        }
                        ty
                    }
                    _ => {
                        args[0] = self.known(args[0].clone())?;
                        args[0].ty
                    }
                }
            }
        };
        Ok((args.into_iter().map(|arg| arg.scalar).collect(), result))
    }

    /// A window as it is written, with what it takes from the one that it names.
    fn window_spec(&self, over: &WindowSpec, level: &Level) -> Result<WindowSpec> {
        let Some(name) = &over.base else { return Ok(over.clone()) };
        let found = level.named_windows.iter().find(|(own, _)| own == name);
        let Some((_, base)) = found else {
            let message = format!("window \"{name}\" does not exist");
            return Err(Error::new(sqlstate::UNDEFINED_OBJECT, message).at(over.pos.0));
        };
        if over.named {
            return Ok(base.clone());
        }
        merged(name, base, over)
    }

    /// The WINDOW clause: names must differ, and each may begin with one before it.
    pub fn named_windows(&mut self, windows: &[(Ident, WindowSpec)], level: &mut Level) -> Result<()> {
        for (name, spec) in windows {
            if level.named_windows.iter().any(|(own, _)| own == name) {
                let message = format!("window \"{name}\" is already defined");
                return Err(windowing(message, spec.pos));
            }
            let spec = self.window_spec(spec, level)?;
            level.named_windows.push((name.clone(), spec));
        }
        Ok(())
    }

    fn new_window(&mut self, spec: &WindowSpec, level: &mut Level) -> Result<Window> {
        let mut partition = Vec::with_capacity(spec.partition.len());
        for expr in &spec.partition {
            let value = self.expr(expr, level)?;
            partition.push(self.known(value)?.scalar);
        }
        let (order_by, types) = self.order_keys(&spec.order_by, level)?;
        let frame = self.frame(spec.frame.as_ref(), &types, &order_by, level)?;
        Ok(Window { partition, order_by, frame, calls: Vec::new(), waits: take(&mut level.waits) })
    }

    /// Keys to sort by, and their types; positions mean nothing here.
    pub fn order_keys(&mut self, order_by: &[SortBy], level: &mut Level) -> Result<(Vec<OrderKey>, Vec<TypeId>)> {
        let mut keys = Vec::with_capacity(order_by.len());
        let mut types = Vec::with_capacity(order_by.len());
        for sort in order_by {
            let value = self.expr(&sort.expr, level)?;
            let value = self.known(value)?;
            self.sortable(value.ty, sort.expr.pos)?;
            types.push(value.ty);
            let nulls_first = sort.nulls_first.unwrap_or(sort.descending);
            keys.push(OrderKey { scalar: value.scalar, descending: sort.descending, nulls_first });
        }
        Ok((keys, types))
    }

    fn frame(
        &mut self,
        frame: Option<&Frame>,
        types: &[TypeId],
        keys: &[OrderKey],
        level: &mut Level,
    ) -> Result<WindowFrame> {
        let Some(frame) = frame else {
            let (start, end) = (FrameBound::Unbounded, FrameBound::Current);
            return Ok(WindowFrame { mode: FrameMode::Range, start, end, exclude: FrameExclude::Nothing });
        };
        if frame.mode == FrameMode::Groups && types.is_empty() {
            return Err(windowing("GROUPS mode requires an ORDER BY clause", frame.pos));
        }
        let start = self.frame_bound(frame, &frame.start, types, keys, level)?;
        let end = self.frame_bound(frame, &frame.end, types, keys, level)?;
        Ok(WindowFrame { mode: frame.mode, start, end, exclude: frame.exclude })
    }

    fn frame_bound(
        &mut self,
        frame: &Frame,
        end: &FrameEnd,
        types: &[TypeId],
        keys: &[OrderKey],
        level: &mut Level,
    ) -> Result<FrameBound> {
        let (expr, before) = match end {
            FrameEnd::First | FrameEnd::Last => return Ok(FrameBound::Unbounded),
            FrameEnd::Current => return Ok(FrameBound::Current),
            FrameEnd::Preceding(expr) => (expr, true),
            FrameEnd::Following(expr) => (expr, false),
        };
        let mode = match frame.mode {
            FrameMode::Rows => "ROWS",
            FrameMode::Range => "RANGE",
            FrameMode::Groups => "GROUPS",
        };
        if expr.any(&|part| matches!(part.kind, ExprKind::Column(_))) {
            let message = format!("argument of {mode} must not contain variables");
            return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message).at(expr.pos.0));
        }
        let clause = replace(&mut level.clause, "window frames");
        let value = self.expr(expr, level);
        level.clause = clause;
        let value = value?;
        if frame.mode != FrameMode::Range {
            let (from, pos) = (value.ty, value.pos);
            let Some(value) = self.coerce(value, TypeId::Int8, CastContext::Assignment)? else {
                let message = format!("argument of {mode} must be type bigint, not type {from}");
                return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message).at(pos.0));
            };
            return Ok(FrameBound::Offset(Box::new(Offset { value: value.scalar, reach: None, cast: None }), before));
        }
        let [ty] = types else {
            let message = "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column";
            return Err(windowing(message, frame.pos));
        };
        // Whoever is sorted downward comes before by being greater.
        let minus = before != keys[0].descending;
        let op: Ident = if minus { "-".into() } else { "+".into() };
        let sum = self.binary(&op, Typed::new(Scalar::Column(usize::MAX), *ty, expr.pos), value.clone(), expr.pos);
        let sum = sum.map_err(|_| {
            let message = format!(
                "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {ty} and offset type {}",
                value.ty
            );
            Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message)
                .hint("Cast the offset value to an appropriate type.")
                .at(expr.pos.0)
        })?;
        let Scalar::Binary(_, reach, args) = sum.scalar else {
            return Err(Error::unsupported("this offset of RANGE").at(expr.pos.0));
        };
        let [key, value] = *args;
        let cast = if let Scalar::Cast(cast, ..) = key { Some(cast) } else { None };
        Ok(FrameBound::Offset(Box::new(Offset { value, reach: Some(reach), cast }), before))
    }
}

/// A window that begins with a named one: it may add an order, and a frame.
fn merged(name: &Ident, base: &WindowSpec, over: &WindowSpec) -> Result<WindowSpec> {
    let refuse = |what: &str| {
        let message = format!("cannot {what} of window \"{name}\"");
        Err(windowing(message, over.pos))
    };
    if !over.partition.is_empty() {
        return refuse("override PARTITION BY clause");
    }
    if !over.order_by.is_empty() && !base.order_by.is_empty() {
        return refuse("override ORDER BY clause");
    }
    if base.frame.is_some() {
        let message = format!("cannot copy window \"{name}\" because it has a frame clause");
        return Err(windowing(message, over.pos));
    }
    let order_by = if base.order_by.is_empty() { over.order_by.clone() } else { base.order_by.clone() };
    Ok(WindowSpec { base: None, order_by, frame: over.frame.clone(), ..base.clone() })
}
