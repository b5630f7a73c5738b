//! What variance, correlation and regression are computed from: sums that are kept row by row.
//!
//! Of integers and numerics the sums are exact; of doubles they are kept as Youngs and Cramer do, so that little is lost
//! to rounding.

use super::{Datum, Numeric};
use crate::ids::Result;

/// Which deviation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deviation {
    /// Of a sample, and not of all.
    pub sample: bool,
    /// The root of it.
    pub root: bool,
}

/// The number, the sum and the sum of squares, exactly.
#[derive(Clone, PartialEq, Debug)]
pub struct Squares {
    count: i64,
    sum: Numeric,
    squares: Numeric,
}

impl Squares {
    /// Of nothing.
    pub fn new() -> Squares {
        Squares { count: 0, sum: Numeric::zero(), squares: Numeric::zero() }
    }

    /// Takes a number into account.
    pub fn add(&mut self, value: &Numeric) -> Result<()> {
        self.count += 1;
        self.sum = self.sum.add(value)?;
        self.squares = self.squares.add(&value.mul(value)?)?;
        Ok(())
    }

    /// `numeric_stddev_internal`
    pub fn finish(&self, what: Deviation) -> Result<Datum> {
        if self.count == 0 || what.sample && self.count == 1 {
            return Ok(Datum::Null);
        }
        if !self.sum.is_finite() {
            return Ok(Datum::Numeric(Numeric::nan()));
        }
        let count = Numeric::from(self.count);
        let above = count.mul(&self.squares)?.sub(&self.sum.mul(&self.sum)?)?;
        if above.signum() <= 0 {
            return Ok(Datum::Numeric(Numeric::zero()));
        }
        let divisor = count.mul(&Numeric::from(if what.sample { self.count - 1 } else { self.count }))?;
        let variance = above.div(&divisor)?;
        let result = if what.root { variance.sqrt_to(variance.dscale().into())? } else { variance };
        Ok(Datum::Numeric(result))
    }
}

/// The sums over pairs of doubles; over one column, the other is zero.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Pairs {
    n: f64,
    sx: f64,
    sxx: f64,
    sy: f64,
    syy: f64,
    sxy: f64,
}

/// What is computed of pairs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Regression {
    Corr,
    CovarPop,
    CovarSamp,
    Slope,
    Intercept,
    R2,
    AvgX,
    AvgY,
    Sxx,
    Syy,
    Sxy,
    Count,
}

impl Pairs {
    /// Takes a pair into account.
    pub fn add(&mut self, y: f64, x: f64) {
        let before = self.n;
        self.n += 1.0;
        self.sx += x;
        self.sy += y;
        if before > 0.0 {
            let (dx, dy) = (x * self.n - self.sx, y * self.n - self.sy);
            let scale = 1.0 / (self.n * before);
            self.sxx += dx * dx * scale;
            self.syy += dy * dy * scale;
            self.sxy += dx * dy * scale;
        }
    }

    /// Takes a number into account that stands alone.
    pub fn add_one(&mut self, x: f64) {
        let before = self.n;
        self.n += 1.0;
        self.sx += x;
        if before > 0.0 {
            let dx = x * self.n - self.sx;
            self.sxx += dx * dx / (self.n * before);
        }
    }

    /// Variance or deviation of the numbers that stood alone.
    pub fn deviation(&self, what: Deviation) -> Datum {
        if self.n == 0.0 || what.sample && self.n <= 1.0 {
            return Datum::Null;
        }
        let variance = self.sxx / if what.sample { self.n - 1.0 } else { self.n };
        Datum::Float8(if what.root { libm::sqrt(variance) } else { variance })
    }

    /// What is asked for; NULL where it does not exist.
    pub fn finish(&self, what: Regression) -> Datum {
        use Regression::*;
        let s = self;
        let value = match what {
            Count => return Datum::Int8(s.n as i64),
            _ if s.n < 1.0 => return Datum::Null,
            Corr if s.sxx == 0.0 || s.syy == 0.0 => return Datum::Null,
            Corr => s.sxy / libm::sqrt(s.sxx * s.syy),
            CovarPop => s.sxy / s.n,
            CovarSamp if s.n < 2.0 => return Datum::Null,
            CovarSamp => s.sxy / (s.n - 1.0),
            Slope | Intercept | R2 if s.sxx == 0.0 => return Datum::Null,
            Slope => s.sxy / s.sxx,
            Intercept => (s.sy - s.sx * s.sxy / s.sxx) / s.n,
            R2 if s.syy == 0.0 => 1.0,
            R2 => s.sxy * s.sxy / (s.sxx * s.syy),
            AvgX => s.sx / s.n,
            AvgY => s.sy / s.n,
            Sxx => s.sxx,
            Syy => s.syy,
            Sxy => s.sxy,
        };
        Datum::Float8(value)
    }
}
