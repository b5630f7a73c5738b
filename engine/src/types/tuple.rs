//! Rows: from values to the bytes of a heap tuple, and back.
//!
//! The columns begin at `t_hoff`, each at its alignment; a NULL column has no bytes at all, only a 0 in the null
//! bitmap. So the place of a column depends on the values before it, and a tuple is read from the front. A tuple may
//! have fewer columns than its table: it was written before they were added, and they are NULL.

use std::ops::Range;
use std::rc::Rc;

use super::{Datum, TypeId, disk};
use crate::ids::{Error, Result};
use crate::storage::tuple::{
    HEAP_HASEXTERNAL, HEAP_HASNULL, HEAP_HASVARWIDTH, HEAP_NATTS_MASK, HeapTupleHeader, SIZE_OF_HEAP_TUPLE_HEADER,
    bitmap_len, infomask, infomask2, null_bitmap,
};
use crate::storage::{max_align, varlena};

/// A column: what a row of `pg_attribute` says of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attr {
    /// `attname`
    pub name: Rc<str>,
    /// `atttypid`
    pub type_id: TypeId,
    /// `atttypmod`, -1 if none.
    pub typmod: i32,
    /// `attlen`
    pub attlen: i16,
    /// `attalign`
    pub attalign: u8,
    /// `attbyval`
    pub attbyval: bool,
    /// `attstorage`
    pub attstorage: u8,
    /// `attnotnull`
    pub notnull: bool,
    /// `attisdropped`
    pub dropped: bool,
    /// `atthasdef`: it has a default in `pg_attrdef`.
    pub has_default: bool,
    /// `attidentity`: `a` GENERATED ALWAYS AS IDENTITY, `d` BY DEFAULT, 0 neither.
    pub identity: u8,
    /// `attmissingval`: what rows have that were written before the column was added, as bytes in a row.
    pub missing: Option<Rc<[u8]>>,
}

impl Attr {
    /// A column that takes everything from its type, without a modifier, nullable.
    pub fn new(name: &str, type_id: TypeId) -> Attr {
        Attr {
            name: name.into(),
            type_id,
            typmod: -1,
            attlen: type_id.typlen(),
            attalign: type_id.typalign(),
            attbyval: type_id.typbyval(),
            attstorage: type_id.typstorage(),
            notnull: false,
            dropped: false,
            has_default: false,
            identity: 0,
            missing: None,
        }
    }

    /// The same with a modifier.
    pub fn with_typmod(self, typmod: i32) -> Attr {
        Attr { typmod, ..self }
    }

    /// The same, NOT NULL.
    pub fn not_null(self) -> Attr {
        Attr { notnull: true, ..self }
    }
}

/// The columns of a row.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TupleDesc {
    /// In order of `attnum`, from 1.
    pub attrs: Vec<Attr>,
}

impl TupleDesc {
    /// From columns.
    pub fn new(attrs: Vec<Attr>) -> TupleDesc {
        TupleDesc { attrs }
    }

    /// From names and types.
    pub fn of(columns: &[(&str, TypeId)]) -> TupleDesc {
        TupleDesc { attrs: columns.iter().map(|&(name, type_id)| Attr::new(name, type_id)).collect() }
    }

    /// How many columns there are, dropped ones too.
    pub fn natts(&self) -> usize {
        self.attrs.len()
    }

    /// The place of a column by its name, from 0.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.attrs.iter().position(|attr| !attr.dropped && &*attr.name == name)
    }
}

/// `heap_form_tuple`: a tuple with these values. Of the header only what the values decide is set: the number of
/// columns, `t_hoff`, HEAP_HASNULL and HEAP_HASVARWIDTH.
pub fn form_tuple(desc: &TupleDesc, values: &[Datum]) -> Result<Vec<u8>> {
    if values.len() != desc.natts() {
        return Err(Error::internal(format!("{} values for {} columns", values.len(), desc.natts())));
    }
    let natts = desc.natts() as u16 & HEAP_NATTS_MASK;
    let has_nulls = values.iter().any(Datum::is_null);
    let bitmap = if has_nulls { bitmap_len(values.len()) } else { 0 };
    let hoff = max_align(SIZE_OF_HEAP_TUPLE_HEADER + bitmap);
    let mut tuple = Vec::with_capacity(hoff + 16 * values.len());
    tuple.resize(hoff, 0);
    let mut infomask = if has_nulls { HEAP_HASNULL } else { 0 };
    for (at, (attr, value)) in desc.attrs.iter().zip(values).enumerate() {
        if value.is_null() {
            continue;
        }
        if has_nulls {
            tuple[SIZE_OF_HEAP_TUPLE_HEADER + at / 8] |= 1 << (at % 8);
        }
        if attr.attlen < 0 {
            infomask |= HEAP_HASVARWIDTH;
        }
        if matches!(value, Datum::Toasted { bytes, .. } if varlena::is_external(bytes)) {
            infomask |= HEAP_HASEXTERNAL;
        }
        disk::append(&mut tuple, hoff, attr, value)?;
    }
    let header = HeapTupleHeader {
        xmin: Default::default(),
        xmax: Default::default(),
        field3: 0,
        ctid: Default::default(),
        infomask2: natts,
        infomask,
        hoff: hoff as u8,
    };
    header.write(&mut tuple);
    Ok(tuple)
}

/// Calls `each` with the number of every column below `upto` and where its bytes lie; `None` for NULL. `Err` if the
/// bytes are not those of such a row.
fn walk(
    desc: &TupleDesc,
    tuple: &[u8],
    upto: usize,
    mut each: impl FnMut(usize, Option<Range<usize>>) -> Result<()>,
) -> Result<()> {
    let header = HeapTupleHeader::read(tuple).ok_or_else(|| Error::corrupt("tuple is too short for a header"))?;
    let hoff = usize::from(header.hoff);
    let data = crate::storage::tuple::data(tuple).ok_or_else(|| Error::corrupt(format!("invalid t_hoff {hoff}")))?;
    let bitmap = null_bitmap(tuple);
    if header.has(HEAP_HASNULL) && bitmap.is_none() {
        return Err(Error::corrupt("tuple is too short for its null bitmap"));
    }
    let mut offset = 0;
    for (at, attr) in desc.attrs.iter().enumerate().take(upto) {
        let null = at >= header.natts() || bitmap.is_some_and(|bits| bits[at / 8] >> (at % 8) & 1 == 0);
        if null {
            each(at, None)?;
            continue;
        }
        let range = disk::extent(data, offset, attr)?;
        offset = range.end;
        each(at, Some(hoff + range.start..hoff + range.end))?;
    }
    Ok(())
}

/// Where a column begins in each row that has no NULLs, if that is the same for all of them; `attcacheoff`.
pub fn cached_offset(desc: &TupleDesc, column: usize) -> Option<usize> {
    let mut offset = 0;
    for attr in desc.attrs.get(..column)? {
        if attr.attlen <= 0 {
            return None;
        }
        offset = disk::align_to(offset, attr.attalign) + attr.attlen as usize;
    }
    let own = desc.attrs.get(column)?;
    let aligned = disk::align_to(offset, own.attalign);
    // A short value stands at any offset: it is known only if a long one would stand there as well.
    (own.attlen > 0 || aligned == offset).then_some(aligned)
}

/// The bytes of a column that begins there in each row without NULLs, header and all; none if this row is not such a one.
pub fn bytes_at<'t>(attr: &Attr, column: usize, offset: usize, tuple: &'t [u8]) -> Option<&'t [u8]> {
    if infomask(tuple) & HEAP_HASNULL != 0 || column >= usize::from(infomask2(tuple) & HEAP_NATTS_MASK) {
        return None;
    }
    let data = crate::storage::tuple::data(tuple)?;
    if attr.attlen > 0 {
        return data.get(offset..offset + attr.attlen as usize);
    }
    data.get(disk::extent(data, offset, attr).ok()?)
}

/// `heap_deform_tuple`: all values of a tuple.
pub fn deform_tuple(desc: &TupleDesc, tuple: &[u8]) -> Result<Vec<Datum>> {
    let mut values = Vec::new();
    deform_into(desc, tuple, desc.natts(), &mut values)?;
    Ok(values)
}

/// The values of the first `upto` columns, into a vector that is used again for each row.
pub fn deform_into(desc: &TupleDesc, tuple: &[u8], upto: usize, values: &mut Vec<Datum>) -> Result<()> {
    values.clear();
    let natts = HeapTupleHeader::read(tuple).map_or(0, |header| header.natts());
    walk(desc, tuple, upto, |at, range| {
        values.push(value_of(&desc.attrs[at], range.map(|range| &tuple[range]), at < natts)?);
        Ok(())
    })
}

/// A column's value: from its bytes, or, in a row that is older than the column, what it had then.
fn value_of(attr: &Attr, bytes: Option<&[u8]>, in_row: bool) -> Result<Datum> {
    match (bytes, &attr.missing) {
        _ if attr.dropped => Ok(Datum::Null),
        (Some(bytes), _) => disk::read(bytes, attr.type_id, attr.attlen),
        (None, Some(missing)) if !in_row => disk::read(missing, attr.type_id, attr.attlen),
        (None, _) => Ok(Datum::Null),
    }
}

/// Appends the values of some columns, which are named in ascending order.
pub fn deform_columns(desc: &TupleDesc, tuple: &[u8], columns: &[usize], values: &mut Vec<Datum>) -> Result<()> {
    let mut wanted = columns.iter().copied().peekable();
    let natts = HeapTupleHeader::read(tuple).map_or(0, |header| header.natts());
    walk(desc, tuple, columns.last().map_or(0, |last| last + 1), |at, range| {
        if wanted.next_if_eq(&at).is_some() {
            values.push(value_of(&desc.attrs[at], range.map(|range| &tuple[range]), at < natts)?);
        }
        Ok(())
    })
}

/// A value as its bytes are in a row, for [`Attr::missing`]; nothing for NULL.
pub fn value_bytes(attr: &Attr, value: &Datum) -> Result<Option<Rc<[u8]>>> {
    let desc = TupleDesc::new(vec![attr.clone()]);
    let tuple = form_tuple(&desc, std::slice::from_ref(value))?;
    let ranges = column_ranges(&desc, &tuple)?;
    Ok(ranges.into_iter().flatten().next().map(|range| tuple[range].into()))
}

/// A value from its bytes in a row.
pub fn read_stored(bytes: &[u8], attr: &Attr) -> Result<Datum> {
    disk::read(bytes, attr.type_id, attr.attlen)
}

/// A value of variable length from its bytes, header and all.
pub fn read_value(bytes: &[u8], type_id: TypeId) -> Result<Datum> {
    disk::read(bytes, type_id, -1)
}

/// Where each column's bytes lie in the tuple, header and all, without padding; `None` for NULL.
pub fn column_ranges(desc: &TupleDesc, tuple: &[u8]) -> Result<Vec<Option<Range<usize>>>> {
    leading_ranges(desc, tuple, desc.natts())
}

/// The same of the first `upto` columns.
pub fn leading_ranges(desc: &TupleDesc, tuple: &[u8], upto: usize) -> Result<Vec<Option<Range<usize>>>> {
    let mut ranges = Vec::with_capacity(upto);
    walk(desc, tuple, upto, |_, range| {
        ranges.push(range);
        Ok(())
    })?;
    Ok(ranges)
}
