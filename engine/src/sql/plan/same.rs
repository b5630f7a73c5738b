//! Whether two expressions are the same; PostgreSQL's `equal`.

use super::super::bound::Scalar;

/// Whether two expressions say the same of the same row. Functions are told apart by their names and arguments; what waits is
/// never the same.
pub fn same(a: &Scalar, b: &Scalar) -> bool {
    use Scalar as S;
    let head = match (a, b) {
        (S::Const(a), S::Const(b)) => return a == b,
        (S::Column(a), S::Column(b)) | (S::Param(a), S::Param(b)) | (S::Exec(a), S::Exec(b)) => return a == b,
        (S::Unary(a, ..), S::Unary(b, ..)) | (S::Binary(a, ..), S::Binary(b, ..)) => a == b,
        (S::Each(a, _, all, _), S::Each(b, _, every, _)) => a == b && all == every,
        (S::Cast(_, a, _), S::Cast(_, b, _)) => a == b,
        (S::Typmod(_, a, m, e), S::Typmod(_, b, n, f)) => (a, m, e) == (b, n, f),
        (S::Call(a, ..), S::Call(b, ..)) => a == b,
        (S::And(_), S::And(_)) | (S::Or(_), S::Or(_)) | (S::Not(_), S::Not(_)) => true,
        (S::IsNull(_, a), S::IsNull(_, b)) | (S::IsDistinct(_, a), S::IsDistinct(_, b)) => a == b,
        (S::IsBool(_, a, m), S::IsBool(_, b, n)) => (a, m) == (b, n),
        (S::Case(a, _), S::Case(b, _)) => a.len() == b.len(),
        (S::Coalesce(_), S::Coalesce(_)) | (S::NullIf(_), S::NullIf(_)) => true,
        (S::MinMax(a, _), S::MinMax(b, _)) => a == b,
        (S::Array(a, _), S::Array(b, _)) => a == b,
        _ => false,
    };
    if !head {
        return false;
    }
    let mut parts = Vec::new();
    a.parts(&mut |part| parts.push(part));
    let (mut at, mut alike) = (0, true);
    b.parts(&mut |part| {
        alike = alike && parts.get(at).is_some_and(|own| same(own, part));
        at += 1;
    });
    alike && at == parts.len()
}
