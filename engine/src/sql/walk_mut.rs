//! Going over an expression's tree to change it.

use super::ast::*;

impl Expr {
    /// Calls `f` for each direct part of the expression.
    pub fn parts_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        match &mut self.kind {
            ExprKind::Unary(_, arg)
            | ExprKind::Not(arg)
            | ExprKind::IsNull(arg, _)
            | ExprKind::IsBool(arg, ..)
            | ExprKind::Cast(arg, _)
            | ExprKind::Collate(arg, _)
            | ExprKind::InQuery(arg, ..)
            | ExprKind::Field(arg, _) => f(arg),
            ExprKind::Binary(_, left, right) | ExprKind::IsDistinct(left, right, _) | ExprKind::NullIf(left, right) => {
                f(left);
                f(right);
            }
            ExprKind::And(args)
            | ExprKind::Or(args)
            | ExprKind::Coalesce(args)
            | ExprKind::MinMax(_, args)
            | ExprKind::Row(args)
            | ExprKind::Array(args) => args.iter_mut().for_each(f),
            ExprKind::Between(between) => {
                let Between { arg, low, high, .. } = &mut **between;
                [arg, low, high].into_iter().for_each(f);
            }
            ExprKind::In(arg, items, _) => {
                f(arg);
                items.iter_mut().for_each(f);
            }
            ExprKind::Case(case) => {
                case.arg.iter_mut().for_each(&mut *f);
                for (when, then) in &mut case.whens {
                    f(when);
                    f(then);
                }
                case.otherwise.iter_mut().for_each(f);
            }
            ExprKind::Call(call) => call.parts_mut(f),
            ExprKind::Quantified(quantified) => {
                f(&mut quantified.left);
                if let Quantity::Array(array) = &mut quantified.right {
                    f(array);
                }
            }
            ExprKind::Subscript(arg, subscripts) => {
                f(arg);
                for subscript in subscripts {
                    match subscript {
                        Subscript::Index(index) => f(index),
                        Subscript::Slice(low, high) => low.iter_mut().chain(high).for_each(&mut *f),
                    }
                }
            }
            _ => {}
        }
    }
}

impl Call {
    fn parts_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        self.args.iter_mut().for_each(|(_, arg)| f(arg));
        self.order_by.iter_mut().for_each(|sort| f(&mut sort.expr));
        self.filter.iter_mut().for_each(|filter| f(filter));
        self.over.iter_mut().for_each(|over| over.parts_mut(f));
    }
}

impl WindowSpec {
    /// Calls `f` for each expression of the window.
    pub fn parts_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        self.partition.iter_mut().for_each(&mut *f);
        self.order_by.iter_mut().for_each(|sort| f(&mut sort.expr));
        for end in self.frame.iter_mut().flat_map(|frame| [&mut frame.start, &mut frame.end]) {
            if let FrameEnd::Preceding(offset) | FrameEnd::Following(offset) = end {
                f(offset);
            }
        }
    }
}
