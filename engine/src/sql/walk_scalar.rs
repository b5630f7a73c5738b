//! Going over bound expressions: what they use, and the same expression with other slots.

use super::bound::{AggCall, AnyTest, Exprs, FrameBound, FromNode, Query, Scalar, SubKind, Wait, Window, WindowCall};

impl Scalar {
    /// Calls `f` for each direct part.
    pub fn parts<'a>(&'a self, f: &mut dyn FnMut(&'a Scalar)) {
        match self {
            Scalar::Column(_) | Scalar::Const(_) | Scalar::Param(_) | Scalar::Exec(_) | Scalar::Waited(_) => {}
            Scalar::Unary(_, _, arg)
            | Scalar::Cast(_, _, arg)
            | Scalar::Typmod(arg, ..)
            | Scalar::Not(arg)
            | Scalar::IsNull(arg, _)
            | Scalar::IsBool(arg, ..) => f(arg),
            Scalar::Binary(_, _, args)
            | Scalar::IsDistinct(args, _)
            | Scalar::NullIf(args)
            | Scalar::Each(_, _, _, args) => args.iter().for_each(f),
            Scalar::Call(_, _, args, _)
            | Scalar::Array(_, args)
            | Scalar::And(args)
            | Scalar::Or(args)
            | Scalar::Coalesce(args)
            | Scalar::MinMax(_, args) => args.iter().for_each(f),
            Scalar::Case(whens, otherwise) => {
                for (when, then) in whens {
                    f(when);
                    f(then);
                }
                f(otherwise);
            }
        }
    }

    /// The same with parts that may be changed.
    pub fn parts_mut(&mut self, f: &mut dyn FnMut(&mut Scalar)) {
        match self {
            Scalar::Column(_) | Scalar::Const(_) | Scalar::Param(_) | Scalar::Exec(_) | Scalar::Waited(_) => {}
            Scalar::Unary(_, _, arg)
            | Scalar::Cast(_, _, arg)
            | Scalar::Typmod(arg, ..)
            | Scalar::Not(arg)
            | Scalar::IsNull(arg, _)
            | Scalar::IsBool(arg, ..) => f(arg),
            Scalar::Binary(_, _, args)
            | Scalar::IsDistinct(args, _)
            | Scalar::NullIf(args)
            | Scalar::Each(_, _, _, args) => args.iter_mut().for_each(f),
            Scalar::Call(_, _, args, _)
            | Scalar::Array(_, args)
            | Scalar::And(args)
            | Scalar::Or(args)
            | Scalar::Coalesce(args)
            | Scalar::MinMax(_, args) => args.iter_mut().for_each(f),
            Scalar::Case(whens, otherwise) => {
                for (when, then) in whens {
                    f(when);
                    f(then);
                }
                f(otherwise);
            }
        }
    }

    /// Calls `f` for each expression within, from the outside in.
    pub fn each_mut(&mut self, f: &mut dyn FnMut(&mut Scalar)) {
        f(self);
        self.parts_mut(&mut |part| part.each_mut(f));
    }

    /// Calls `f` for each expression within.
    pub fn each<'a>(&'a self, f: &mut dyn FnMut(&'a Scalar)) {
        f(self);
        self.parts(&mut |part| part.each(f));
    }

    /// Whether the expression uses a slot that is such.
    pub fn any_column(&self, is: &dyn Fn(usize) -> bool) -> bool {
        let mut found = matches!(self, Scalar::Column(slot) if is(*slot));
        self.parts(&mut |part| found = found || part.any_column(is));
        found
    }

    /// Whether the expression uses an exec parameter.
    pub fn any_exec(&self) -> bool {
        let mut found = matches!(self, Scalar::Exec(_));
        self.parts(&mut |part| found = found || part.any_exec());
        found
    }
}

impl Wait {
    /// Calls `f` for each expression over the row that it has.
    pub fn each<'a>(&'a self, f: &mut dyn FnMut(&'a Scalar)) {
        match self {
            Wait::Call(_, args) => args.iter().for_each(|arg| arg.each(f)),
            Wait::Sub(link) => {
                link.args.iter().for_each(|(_, arg)| arg.each(f));
                match &link.kind {
                    SubKind::Any(test) => test.scalars().for_each(|scalar| scalar.each(f)),
                    SubKind::Row(test, _) => test.each(f),
                    SubKind::Exists | SubKind::Value | SubKind::Array(_) => {}
                }
            }
        }
    }

    /// The same with expressions that may be changed.
    pub fn each_mut(&mut self, f: &mut dyn FnMut(&mut Scalar)) {
        match self {
            Wait::Call(_, args) => args.iter_mut().for_each(|arg| arg.each_mut(f)),
            Wait::Sub(link) => {
                link.args.iter_mut().for_each(|(_, arg)| arg.each_mut(f));
                match &mut link.kind {
                    SubKind::Any(test) => {
                        test.test.each_mut(f);
                        if let Some((left, right)) = &mut test.equal {
                            left.iter_mut().chain(right).for_each(|scalar| scalar.each_mut(f));
                        }
                    }
                    SubKind::Row(test, _) => test.each_mut(f),
                    SubKind::Exists | SubKind::Value | SubKind::Array(_) => {}
                }
            }
        }
    }
}

impl AnyTest {
    fn scalars(&self) -> impl Iterator<Item = &Scalar> {
        let equal = self.equal.iter().flat_map(|(left, right)| left.iter().chain(right));
        std::iter::once(&self.test).chain(equal)
    }
}

impl Exprs {
    /// A single expression that waits for nothing.
    pub fn of(scalar: Scalar) -> Exprs {
        Exprs { waits: Vec::new(), scalars: vec![scalar] }
    }

    /// Calls `f` for each expression within.
    pub fn each<'a>(&'a self, f: &mut dyn FnMut(&'a Scalar)) {
        self.waits.iter().for_each(|wait| wait.each(f));
        self.scalars.iter().for_each(|scalar| scalar.each(f));
    }

    /// The same with expressions that may be changed.
    pub fn each_mut(&mut self, f: &mut dyn FnMut(&mut Scalar)) {
        self.waits.iter_mut().for_each(|wait| wait.each_mut(f));
        self.scalars.iter_mut().for_each(|scalar| scalar.each_mut(f));
    }

    /// Whether they use a slot that is such.
    pub fn any_column(&self, is: &dyn Fn(usize) -> bool) -> bool {
        let mut found = false;
        self.each(&mut |scalar| found = found || matches!(scalar, Scalar::Column(slot) if is(*slot)));
        found
    }
}

impl FromNode {
    /// Calls `f` for each expression over the slots of this FROM that it has.
    pub fn each<'a>(&'a self, f: &mut dyn FnMut(&'a Scalar)) {
        match self {
            FromNode::Table(..) | FromNode::Cte(..) => {}
            FromNode::Function(item) => item.lateral.iter().for_each(|(_, scalar)| scalar.each(f)),
            FromNode::Subquery(_, _, lateral) => lateral.iter().for_each(|(_, scalar)| scalar.each(f)),
            FromNode::Join(join) => {
                join.left.each(f);
                join.right.each(f);
                join.on.iter().for_each(|on| on.each(f));
            }
        }
    }
}

impl AggCall {
    /// Its arguments, what it sorts by, and its FILTER.
    pub fn scalars(&self) -> impl Iterator<Item = &Scalar> {
        self.args.iter().chain(self.order_by.iter().map(|key| &key.scalar)).chain(&self.filter)
    }

    /// The same, to be changed.
    pub fn scalars_mut(&mut self) -> impl Iterator<Item = &mut Scalar> {
        let order_by = self.order_by.iter_mut().map(|key| &mut key.scalar);
        self.args.iter_mut().chain(order_by).chain(&mut self.filter)
    }
}

impl Window {
    /// Calls `f` for each expression that it has.
    pub fn each<'a>(&'a self, f: &mut dyn FnMut(&'a Scalar)) {
        self.waits.iter().for_each(|wait| wait.each(f));
        self.partition.iter().for_each(|scalar| scalar.each(f));
        self.order_by.iter().for_each(|key| key.scalar.each(f));
        for (_, call) in &self.calls {
            match call {
                WindowCall::Aggregate(call) => call.scalars().for_each(|scalar| scalar.each(f)),
                WindowCall::Function(_, args) => args.iter().for_each(|scalar| scalar.each(f)),
            }
        }
        for bound in [&self.frame.start, &self.frame.end] {
            if let FrameBound::Offset(offset, _) = bound {
                offset.value.each(f);
            }
        }
    }

    /// The same with expressions that may be changed.
    pub fn each_mut(&mut self, f: &mut dyn FnMut(&mut Scalar)) {
        self.waits.iter_mut().for_each(|wait| wait.each_mut(f));
        self.partition.iter_mut().for_each(|scalar| scalar.each_mut(f));
        self.order_by.iter_mut().for_each(|key| key.scalar.each_mut(f));
        for (_, call) in &mut self.calls {
            match call {
                WindowCall::Aggregate(call) => call.scalars_mut().for_each(|scalar| scalar.each_mut(f)),
                WindowCall::Function(_, args) => args.iter_mut().for_each(|scalar| scalar.each_mut(f)),
            }
        }
        for bound in [&mut self.frame.start, &mut self.frame.end] {
            if let FrameBound::Offset(offset, _) = bound {
                offset.value.each_mut(f);
            }
        }
    }
}

impl Query {
    /// Calls `f` for each expression over the slots of this query.
    pub fn each<'a>(&'a self, f: &mut dyn FnMut(&'a Scalar)) {
        self.from.iter().for_each(|from| from.each(f));
        self.filter.iter().for_each(|exprs| exprs.each(f));
        if let Some(grouping) = &self.grouping {
            grouping.keys.iter().for_each(|key| key.each(f));
            grouping.calls.iter().flat_map(AggCall::scalars).for_each(|scalar| scalar.each(f));
            grouping.waits.iter().for_each(|wait| wait.each(f));
            grouping.having.iter().for_each(|having| having.each(f));
        }
        self.windows.iter().for_each(|window| window.each(f));
        self.sets.iter().for_each(|((_, args), _)| args.each(f));
        self.targets.each(f);
    }
}
