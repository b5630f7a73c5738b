//! Translation between `pgwire`'s messages and the engine's.
//!
//! The engine's messages say what is meant, `pgwire`'s have the shape of the bytes; nothing is decided here.

use bytes::{BufMut, BytesMut};
use pgwire::messages::copy::{CopyData, CopyDone, CopyInResponse, CopyOutResponse};
use pgwire::messages::data::{self, DataRow, NoData, ParameterDescription, RowDescription};
use pgwire::messages::extendedquery::{BindComplete, CloseComplete, ParseComplete, PortalSuspended};
use pgwire::messages::response::{self, CommandComplete, EmptyQueryResponse, ErrorResponse, NoticeResponse};
use pgwire::messages::startup::{Authentication, BackendKeyData, ParameterStatus, SecretKey};
use pgwire::messages::{DecodeContext, PgWireBackendMessage, PgWireFrontendMessage, ProtocolVersion};
use vitrine_engine::ids::{Error, Oid, Result};
use vitrine_engine::server::protocol::{
    BackendMessage, Bind, FieldDescription, Format, FrontendMessage, Target, TransactionStatus,
};

use crate::frame::violation;

/// A decoder's state for a client of protocol 3.0 whose session is up.
pub fn context() -> DecodeContext {
    let mut context = DecodeContext::new(ProtocolVersion::PROTOCOL3_0);
    context.awaiting_frontend_ssl = false;
    context.awaiting_frontend_startup = false;
    context
}

/// Decodes one whole, well-formed message; `None` for those that are to be ignored.
pub fn decode(mut message: BytesMut, context: &DecodeContext) -> Result<Option<FrontendMessage>> {
    match PgWireFrontendMessage::decode(&mut message, context) {
        Ok(Some(message)) => meaning(message),
        Ok(None) => Err(violation("insufficient data left in message")),
        Err(error) => Err(violation(error.to_string())),
    }
}

/// What a message of the wire means to the engine.
fn meaning(message: PgWireFrontendMessage) -> Result<Option<FrontendMessage>> {
    Ok(Some(match message {
        PgWireFrontendMessage::Query(q) => FrontendMessage::Query(q.query),
        PgWireFrontendMessage::Parse(p) => FrontendMessage::Parse {
            name: p.name.unwrap_or_default(),
            query: p.query,
            parameter_types: p.type_oids.into_iter().map(Oid).collect(),
        },
        PgWireFrontendMessage::Bind(b) => FrontendMessage::Bind(Bind {
            portal: b.portal_name.unwrap_or_default(),
            statement: b.statement_name.unwrap_or_default(),
            parameter_formats: formats(&b.parameter_format_codes)?,
            parameters: b.parameters.into_iter().map(|value| value.map(Vec::from)).collect(),
            result_formats: formats(&b.result_column_format_codes)?,
        }),
        PgWireFrontendMessage::Describe(d) => FrontendMessage::Describe(target(d.target_type, d.name)?),
        PgWireFrontendMessage::Close(c) => FrontendMessage::Close(target(c.target_type, c.name)?),
        PgWireFrontendMessage::Execute(e) => FrontendMessage::Execute {
            portal: e.name.unwrap_or_default(),
            // Nothing and less than nothing both mean all rows.
            max_rows: u32::try_from(e.max_rows).unwrap_or(0),
        },
        PgWireFrontendMessage::Sync(_) => FrontendMessage::Sync,
        PgWireFrontendMessage::Flush(_) => FrontendMessage::Flush,
        PgWireFrontendMessage::Terminate(_) => FrontendMessage::Terminate,
        PgWireFrontendMessage::CopyData(data) => FrontendMessage::CopyData(data.data.to_vec()),
        PgWireFrontendMessage::CopyDone(_) => FrontendMessage::CopyDone,
        PgWireFrontendMessage::CopyFail(fail) => FrontendMessage::CopyFail(fail.message),
        _ => return Err(violation("unexpected message")),
    }))
}

fn formats(codes: &[i16]) -> Result<Vec<Format>> {
    let format = |&code| Format::from_code(code).ok_or_else(|| violation(format!("invalid format code: {code}")));
    codes.iter().map(format).collect()
}

fn target(kind: u8, name: Option<String>) -> Result<Target> {
    let name = name.unwrap_or_default();
    match kind {
        b'S' => Ok(Target::Statement(name)),
        b'P' => Ok(Target::Portal(name)),
        other => Err(violation(format!("invalid message subtype {other}"))),
    }
}

/// Appends a message of the engine in the protocol's bytes.
pub fn encode(message: BackendMessage, out: &mut BytesMut) -> Result<()> {
    shape(message).encode(out).map_err(|error| Error::internal(error.to_string()))
}

/// The shape on the wire of what the engine says.
fn shape(message: BackendMessage) -> PgWireBackendMessage {
    use PgWireBackendMessage as Wire;
    match message {
        BackendMessage::AuthenticationOk => Wire::Authentication(Authentication::Ok),
        BackendMessage::ParameterStatus { name, value } => Wire::ParameterStatus(ParameterStatus::new(name, value)),
        BackendMessage::BackendKeyData { pid, key } => {
            Wire::BackendKeyData(BackendKeyData::new(pid.0 as i32, SecretKey::I32(key)))
        }
        BackendMessage::RowDescription(fields) => {
            Wire::RowDescription(RowDescription::new(fields.into_iter().map(column).collect()))
        }
        BackendMessage::DataRow(values) => Wire::DataRow(row(&values)),
        BackendMessage::CommandComplete(tag) => Wire::CommandComplete(CommandComplete::new(tag)),
        BackendMessage::EmptyQueryResponse => Wire::EmptyQueryResponse(EmptyQueryResponse::new()),
        BackendMessage::ErrorResponse(error) => Wire::ErrorResponse(ErrorResponse::new(report(&error))),
        BackendMessage::NoticeResponse(notice) => Wire::NoticeResponse(NoticeResponse::new(report(&notice))),
        BackendMessage::ParseComplete => Wire::ParseComplete(ParseComplete::new()),
        BackendMessage::BindComplete => Wire::BindComplete(BindComplete::new()),
        BackendMessage::CloseComplete => Wire::CloseComplete(CloseComplete::new()),
        BackendMessage::NoData => Wire::NoData(NoData::new()),
        BackendMessage::ParameterDescription(types) => {
            Wire::ParameterDescription(ParameterDescription::new(types.into_iter().map(|oid| oid.0).collect()))
        }
        BackendMessage::PortalSuspended => Wire::PortalSuspended(PortalSuspended::new()),
        BackendMessage::CopyInResponse { format, columns } => {
            let formats: Vec<i16> = columns.iter().map(|format| format.code()).collect();
            Wire::CopyInResponse(CopyInResponse::new(format.code() as i8, formats.len() as i16, formats))
        }
        BackendMessage::CopyOutResponse { format, columns } => {
            let formats: Vec<i16> = columns.iter().map(|format| format.code()).collect();
            Wire::CopyOutResponse(CopyOutResponse::new(format.code() as i8, formats.len() as i16, formats))
        }
        BackendMessage::CopyData(data) => Wire::CopyData(CopyData::new(data.into())),
        BackendMessage::CopyDone => Wire::CopyDone(CopyDone::new()),
        BackendMessage::ReadyForQuery(status) => Wire::ReadyForQuery(response::ReadyForQuery::new(letter(status))),
    }
}

fn letter(status: TransactionStatus) -> response::TransactionStatus {
    match status {
        TransactionStatus::Idle => response::TransactionStatus::Idle,
        TransactionStatus::InBlock => response::TransactionStatus::Transaction,
        TransactionStatus::Failed => response::TransactionStatus::Error,
    }
}

fn column(field: FieldDescription) -> data::FieldDescription {
    data::FieldDescription::new(
        field.name,
        field.table.0 as i32,
        field.attnum,
        field.type_oid.0,
        field.typlen,
        field.typmod,
        field.format.code(),
    )
}

fn row(values: &[Option<Vec<u8>>]) -> DataRow {
    let mut body = BytesMut::with_capacity(values.iter().flatten().map(Vec::len).sum::<usize>() + 4 * values.len());
    for value in values {
        match value {
            Some(bytes) => {
                body.put_i32(bytes.len() as i32);
                body.put_slice(bytes);
            }
            None => body.put_i32(-1),
        }
    }
    DataRow::new(body, values.len() as i16)
}

/// The fields of an error or a notice, by their letters.
fn report(error: &Error) -> Vec<(u8, String)> {
    let report = error.report();
    let severity = report.severity.name().to_string();
    let mut fields = vec![
        (b'S', severity.clone()),
        (b'V', severity),
        (b'C', report.code.as_str().to_string()),
        (b'M', report.message.clone()),
    ];
    let optional = [
        (b'D', report.detail.clone()),
        (b'H', report.hint.clone()),
        (b'W', report.context.clone()),
        (b'P', report.position.map(|position| position.to_string())),
    ];
    fields.extend(optional.into_iter().filter_map(|(letter, value)| Some((letter, value?))));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_engine::ids::sqlstate;

    /// The bytes of a message, without the length.
    fn bytes(message: BackendMessage) -> Vec<u8> {
        let mut out = BytesMut::new();
        encode(message, &mut out).unwrap();
        assert_eq!(out[1..5], (out.len() as u32 - 1).to_be_bytes());
        [&out[..1], &out[5..]].concat()
    }

    #[test]
    fn rows_carry_lengths_and_nulls() {
        let row = BackendMessage::DataRow(vec![Some(b"90".to_vec()), None, Some(vec![])]);
        assert_eq!(bytes(row), b"D\0\x03\0\0\0\x0290\xff\xff\xff\xff\0\0\0\0");
    }

    #[test]
    fn an_error_carries_what_it_has() {
        let error = Error::new(sqlstate::UNDEFINED_TABLE, "relation \"t\" does not exist").at(15);
        let expected = b"ESERROR\0VERROR\0C42P01\0Mrelation \"t\" does not exist\0P15\0\0";
        assert_eq!(bytes(BackendMessage::ErrorResponse(error)), expected);
    }

    #[test]
    fn statements_and_portals_are_told_apart() {
        let close = decode(BytesMut::from(&b"C\0\0\0\x08Ss1\0"[..]), &context()).unwrap();
        assert_eq!(close, Some(FrontendMessage::Close(Target::Statement("s1".into()))));
        assert!(decode(BytesMut::from(&b"C\0\0\0\x06X\0"[..]), &context()).is_err());
    }
}
