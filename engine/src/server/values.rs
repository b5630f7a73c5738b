//! Values as they travel between client and server: parameters, columns, rows.

use super::protocol::{Bytes, FieldDescription, Format};
use crate::ids::{Error, Result, sqlstate};
use crate::sql::bound::OutColumn;
use crate::types::{self, Datum, TypeId};

/// Reads a parameter's value.
pub(super) fn read_parameter(bytes: &[u8], ty: TypeId, format: Option<Format>) -> Result<Datum> {
    match format {
        Some(Format::Text) => {
            let text = std::str::from_utf8(bytes).map_err(|_| {
                Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, "invalid byte sequence for encoding \"UTF8\"")
            })?;
            types::input(ty, text, -1)
        }
        Some(Format::Binary) => types::recv(ty, bytes, -1),
        None => Err(Error::new(sqlstate::PROTOCOL_VIOLATION, "bind message has too few parameter formats")),
    }
}

fn format_of(formats: &[Format], column: usize) -> Result<Format> {
    let message = "bind message has too few result formats";
    Format::of_item(formats, column).ok_or_else(|| Error::new(sqlstate::PROTOCOL_VIOLATION, message))
}

/// The columns as the protocol describes them.
pub(super) fn describe(columns: &[OutColumn], formats: &[Format]) -> Result<Vec<FieldDescription>> {
    let describe = |(n, column): (usize, &OutColumn)| {
        Ok(FieldDescription {
            name: column.name.to_string(),
            table: column.source.0,
            attnum: column.source.1,
            type_oid: column.ty.oid(),
            typlen: column.ty.typlen(),
            typmod: column.typmod,
            format: format_of(formats, n)?,
        })
    };
    columns.iter().enumerate().map(describe).collect()
}

/// A row as it travels.
pub(super) fn format_row(row: &[Datum], types: &[TypeId], formats: &[Format]) -> Result<Vec<Option<Bytes>>> {
    let mut values = Vec::with_capacity(types.len());
    for (n, (value, ty)) in row.iter().zip(types).enumerate() {
        values.push(match (value, format_of(formats, n)?) {
            (Datum::Null, _) => None,
            (value, Format::Text) => Some(types::output(value, *ty).into_bytes()),
            (value, Format::Binary) => {
                let mut bytes = Vec::new();
                types::send(value, *ty, &mut bytes);
                Some(bytes)
            }
        });
    }
    Ok(values)
}
