//! A numeric's bytes on a page, behind the varlena header, and on the wire.
//!
//! ```text
//!   short    1 0 s d d d d d d w w w w w w w    then digits, 2 bytes each
//!                | dscale, 6   weight, signed 7
//!   long     s s d d d d d d d d d d d d d d    then weight, 16 bits, then digits      ss 00 + , 01 -
//!   special  1 1 k k ...                        NaN 1100, Infinity 1101, -Infinity 1111
//! ```

use std::rc::Rc;

use super::round::Rounding;
use super::{NBASE, Numeric, Sign, Var};
use crate::ids::{Error, Result, sqlstate};
use crate::storage::bytes::{get_i16, get_u16};

const SHORT: u16 = 0x8000;
const SHORT_SIGN: u16 = 0x2000;
const SHORT_DSCALE_SHIFT: u32 = 7;
const SHORT_DSCALE_MAX: u16 = 0x3F;
const SHORT_WEIGHT_MASK: u16 = 0x7F;
const LONG_NEG: u16 = 0x4000;
const LONG_DSCALE_MASK: u16 = 0x3FFF;
const SPECIAL: u16 = 0xC000;
const NAN: u16 = 0xC000;
const POS_INF: u16 = 0xD000;
const NEG_INF: u16 = 0xF000;

impl Numeric {
    /// Appends the bytes that follow the varlena header.
    pub fn write_disk(&self, out: &mut Vec<u8>) {
        let mut put = |word: u16| out.extend_from_slice(&word.to_le_bytes());
        let negative = self.sign == Sign::Neg;
        match self.sign {
            Sign::NaN => put(NAN),
            Sign::PosInf => put(POS_INF),
            Sign::NegInf => put(NEG_INF),
            _ if self.dscale <= SHORT_DSCALE_MAX && (-64..=63).contains(&self.weight) => {
                let sign = if negative { SHORT_SIGN } else { 0 };
                put(SHORT | sign | self.dscale << SHORT_DSCALE_SHIFT | self.weight as u16 & SHORT_WEIGHT_MASK);
            }
            _ => {
                put(if negative { LONG_NEG } else { 0 } | self.dscale);
                put(self.weight as u16);
            }
        }
        self.digits.iter().for_each(|&digit| put(digit));
    }

    /// Reads the bytes that follow the varlena header.
    pub fn read_disk(bytes: &[u8]) -> Result<Numeric> {
        let corrupt = || Error::corrupt("invalid bytes of type numeric");
        if bytes.len() < 2 || !bytes.len().is_multiple_of(2) {
            return Err(corrupt());
        }
        let word = get_u16(bytes, 0);
        if word & SPECIAL == SPECIAL {
            return Ok(Numeric::special(match word & 0xF000 {
                POS_INF => Sign::PosInf,
                NEG_INF => Sign::NegInf,
                _ => Sign::NaN,
            }));
        }
        let (negative, dscale, weight, from) = if word & SHORT != 0 {
            let weight = ((word & SHORT_WEIGHT_MASK) << 9) as i16 >> 9;
            (word & SHORT_SIGN != 0, word >> SHORT_DSCALE_SHIFT & SHORT_DSCALE_MAX, weight, 2)
        } else if bytes.len() >= 4 {
            (word & LONG_NEG != 0, word & LONG_DSCALE_MASK, get_i16(bytes, 2), 4)
        } else {
            return Err(corrupt());
        };
        let digits: Rc<[u16]> = bytes[from..].chunks_exact(2).map(|two| get_u16(two, 0)).collect();
        let stripped = digits.first() != Some(&0) && digits.last() != Some(&0);
        if !stripped || digits.iter().any(|&d| u32::from(d) >= NBASE) {
            return Err(corrupt());
        }
        Ok(Numeric { sign: if negative { Sign::Neg } else { Sign::Pos }, weight, dscale, digits })
    }

    /// `numeric_send`: count of digits, weight, sign, display scale, digits, all in network order.
    pub fn send(&self, out: &mut Vec<u8>) {
        let sign = match self.sign {
            Sign::Pos => 0,
            Sign::Neg => LONG_NEG,
            Sign::NaN => NAN,
            Sign::PosInf => POS_INF,
            Sign::NegInf => NEG_INF,
        };
        // The header word of an infinity, read as a short one, seems to have a scale: it goes onto the wire so.
        let dscale = if self.is_infinite() { 32 } else { self.dscale };
        for word in [self.digits.len() as u16, self.weight as u16, sign, dscale] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        self.digits.iter().for_each(|digit| out.extend_from_slice(&digit.to_be_bytes()));
    }

    /// `numeric_recv`
    pub fn recv(bytes: &[u8]) -> Result<Numeric> {
        let invalid = |what: &str| {
            Error::new(sqlstate::INVALID_BINARY_REPRESENTATION, format!("invalid {what} in external \"numeric\" value"))
        };
        if bytes.len() < 8 || !bytes.len().is_multiple_of(2) {
            return Err(Error::new(sqlstate::PROTOCOL_VIOLATION, "insufficient data left in message"));
        }
        let mut words = bytes.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
        let mut next = || words.next().unwrap_or(0);
        let (count, weight, sign, dscale) = (next(), next() as i16, next(), next());
        if usize::from(count) != bytes.len() / 2 - 4 {
            return Err(Error::new(sqlstate::PROTOCOL_VIOLATION, "insufficient data left in message"));
        }
        let negative = match sign {
            0 => false,
            LONG_NEG => true,
            NAN => return Ok(Numeric::nan()),
            POS_INF => return Ok(Numeric::infinity(false)),
            NEG_INF => return Ok(Numeric::infinity(true)),
            _ => return Err(invalid("sign")),
        };
        if dscale & LONG_DSCALE_MASK != dscale {
            return Err(invalid("scale"));
        }
        let digits: Vec<u16> = words.collect();
        if digits.iter().any(|&d| u32::from(d) >= NBASE) {
            return Err(invalid("digit"));
        }
        let var = Var { neg: negative, weight: i32::from(weight), dscale: i32::from(dscale), digits };
        // Decimals beyond the scale that was sent are cut off.
        var.finish()?.rounded(i32::from(dscale), Rounding::Truncate)
    }
}
