//! What a server says, as the scripts of sessions write it down: a line for each message that a person would read.

use vitrine_engine::server::protocol::BackendMessage;

/// A message as a line; nothing for those that only drivers read.
pub fn shown(message: BackendMessage) -> Option<String> {
    match message {
        BackendMessage::RowDescription(columns) => {
            Some(columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>().join("|"))
        }
        BackendMessage::DataRow(row) => {
            let text = |value: Option<Vec<u8>>| value.map_or("NULL".into(), |v| String::from_utf8(v).unwrap());
            Some(row.into_iter().map(text).collect::<Vec<_>>().join("|"))
        }
        BackendMessage::CommandComplete(tag) => Some(tag),
        BackendMessage::CopyData(data) => {
            let text = String::from_utf8_lossy(&data);
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Some(format!("copy: {}", text.replace('\n', "⏎").replace('\r', "␍").replace('\t', "⇥")))
        }
        BackendMessage::ErrorResponse(error) | BackendMessage::NoticeResponse(error) => {
            let report = error.report();
            let part = |label: &str, text: &Option<String>| text.as_ref().map(|text| format!(" {label}: {text}"));
            let detail = part("DETAIL", &report.detail).unwrap_or_default();
            let hint = part("HINT", &report.hint).unwrap_or_default();
            let context = part("CONTEXT", &report.context).unwrap_or_default();
            Some(format!("{} {:?}: {}{detail}{hint}{context}", report.severity.name(), report.code, report.message))
        }
        _ => None,
    }
}
