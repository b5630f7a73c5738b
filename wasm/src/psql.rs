//! What a backend says, as psql prints it: aligned tables, command tags, errors with the line they point at.
//!
//! ```text
//!   RowDescription, DataRow ...      owner | balance
//!   CommandComplete              ─▶ -------+---------     one text for one message of the client,
//!   ReadyForQuery                    Alice |      90      handed out with the ReadyForQuery that ends it
//!                                   (1 row)
//! ```
//!
//! The text is gathered on this side because it must be rewound with the world: half an answer is part of a moment.

use vitrine_engine::ids::{Error, Oid, Severity};
use vitrine_engine::server::protocol::{BackendMessage, FieldDescription};

/// Types that psql aligns to the right: int8, int2, int4, oid, tid's companions xid and cid, floats, money, numeric.
const RIGHT: [u32; 9] = [20, 21, 23, 26, 28, 29, 700, 701, 1700];

/// The text of one session's answer so far.
#[derive(Default)]
pub struct Printer {
    text: String,
    sqlstate: Option<String>,
    fields: Vec<FieldDescription>,
    rows: Vec<Vec<String>>,
    /// What was asked last, for the line that an error points at.
    query: String,
    /// How many queries were sent, and how many of them are answered.
    asked: u32,
    answered: u32,
}

/// What a backend has said about one query, or, with number 0, without having been asked.
#[derive(PartialEq, Eq, Debug)]
pub struct Printed {
    /// Which query of the session, from 1.
    pub number: u32,
    /// The text.
    pub text: String,
    /// The SQLSTATE, if it failed.
    pub sqlstate: Option<String>,
}

impl Printer {
    /// A query is sent; it is what errors will point into. Returns its number.
    pub fn ask(&mut self, query: &str) -> u32 {
        query.clone_into(&mut self.query);
        self.asked += 1;
        self.asked
    }

    /// The backend says something. Returns the whole answer once it is complete.
    pub fn hear(&mut self, message: &BackendMessage) -> Option<Printed> {
        match message {
            BackendMessage::RowDescription(fields) => {
                self.fields.clone_from(fields);
                self.rows.clear();
            }
            BackendMessage::DataRow(values) => {
                let text = |value: &Option<Vec<u8>>| {
                    value.as_ref().map_or_else(String::new, |bytes| String::from_utf8_lossy(bytes).into_owned())
                };
                self.rows.push(values.iter().map(text).collect());
            }
            BackendMessage::CommandComplete(tag) => self.complete(tag),
            BackendMessage::NoticeResponse(notice) => self.report(notice),
            BackendMessage::ErrorResponse(error) => {
                self.fields.clear();
                self.report(error);
                self.sqlstate = Some(error.code().as_str().to_owned());
                if error.report().severity >= Severity::Fatal {
                    return self.finish();
                }
            }
            BackendMessage::ReadyForQuery(_) => return self.finish(),
            _ => {}
        }
        None
    }

    /// A session that begins is ready too: that answers nothing.
    fn finish(&mut self) -> Option<Printed> {
        self.fields.clear();
        let (text, sqlstate) = (std::mem::take(&mut self.text), self.sqlstate.take());
        if self.answered < self.asked {
            self.answered += 1;
            return Some(Printed { number: self.answered, text, sqlstate });
        }
        (!text.is_empty()).then_some(Printed { number: 0, text, sqlstate })
    }

    fn complete(&mut self, tag: &str) {
        let fields = std::mem::take(&mut self.fields);
        if fields.is_empty() {
            self.line(tag);
        } else {
            let rows = std::mem::take(&mut self.rows);
            self.table(&fields, &rows);
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn table(&mut self, fields: &[FieldDescription], rows: &[Vec<String>]) {
        let width = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..fields.len())
            .map(|n| {
                let values = rows.iter().filter_map(|row| row.get(n)).map(|value| width(value));
                values.chain([width(&fields[n].name)]).max().unwrap_or(0)
            })
            .collect();
        let names = fields.iter().zip(&widths).map(|(field, width)| format!(" {:^width$} ", field.name));
        self.line(&names.collect::<Vec<_>>().join("|"));
        self.line(&widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("+"));
        for row in rows {
            self.row(fields, &widths, row);
        }
        let count = rows.len();
        self.line(&format!("({count} {})", if count == 1 { "row" } else { "rows" }));
        self.line("");
    }

    /// A row; values of several lines make it several lines high, each but the last ending in `+`.
    fn row(&mut self, fields: &[FieldDescription], widths: &[usize], row: &[String]) {
        let lines: Vec<Vec<&str>> = row.iter().map(|value| value.split('\n').collect()).collect();
        let height = lines.iter().map(Vec::len).max().unwrap_or(1);
        for n in 0..height {
            let cells = fields.iter().zip(widths).enumerate().map(|(column, (field, width))| {
                let cell = lines.get(column).and_then(|cell| cell.get(n)).copied().unwrap_or("");
                let more = lines.get(column).is_some_and(|cell| n + 1 < cell.len());
                let last = column + 1 == fields.len();
                match (is_right(field.type_oid), more, last) {
                    (true, _, true) => format!(" {cell:>width$}"),
                    (true, _, false) => format!(" {cell:>width$} "),
                    (false, true, _) => format!(" {cell:<width$}+"),
                    (false, false, true) => format!(" {cell}"),
                    (false, false, false) => format!(" {cell:<width$} "),
                }
            });
            self.line(&cells.collect::<Vec<_>>().join("|"));
        }
    }

    fn report(&mut self, error: &Error) {
        let report = error.report();
        self.line(&format!("{}:  {}", report.severity.name(), report.message));
        if let Some(position) = report.position {
            self.point_at(position as usize);
        }
        for (label, text) in [("DETAIL", &report.detail), ("HINT", &report.hint), ("CONTEXT", &report.context)] {
            if let Some(text) = text {
                self.line(&format!("{label}:  {text}"));
            }
        }
    }

    /// The line of the query that a position, in characters from 1, lies in, and a caret below it.
    fn point_at(&mut self, position: usize) {
        let mut begin = 1;
        let found = self.query.split('\n').enumerate().find_map(|(n, line)| {
            let length = line.chars().count() + 1;
            if position < begin + length {
                return Some((format!("LINE {}: ", n + 1), line.to_owned(), position - begin));
            }
            begin += length;
            None
        });
        if let Some((label, line, column)) = found {
            self.line(&format!("{label}{line}"));
            self.line(&format!("{}^", " ".repeat(label.len() + column)));
        }
    }
}

fn is_right(oid: Oid) -> bool {
    RIGHT.contains(&oid.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_engine::ids::sqlstate;
    use vitrine_engine::server::protocol::{Format, TransactionStatus};

    fn field(name: &str, type_oid: u32) -> FieldDescription {
        let (table, type_oid) = (Oid(0), Oid(type_oid));
        FieldDescription { name: name.into(), table, attnum: 0, type_oid, typlen: -1, typmod: -1, format: Format::Text }
    }

    fn row(values: &[Option<&str>]) -> BackendMessage {
        BackendMessage::DataRow(values.iter().map(|v| v.map(|text| text.as_bytes().to_vec())).collect())
    }

    fn printed(query: &str, messages: &[BackendMessage]) -> (String, Option<String>) {
        let ready = BackendMessage::ReadyForQuery(TransactionStatus::Idle);
        let mut printer = Printer::default();
        assert_eq!(printer.hear(&ready), None, "the session has only begun");
        assert_eq!(printer.ask(query), 1);
        assert!(messages.iter().all(|message| printer.hear(message).is_none()));
        let Printed { number, text, sqlstate } = printer.hear(&ready).expect("an answer");
        assert_eq!(number, 1);
        (text, sqlstate)
    }

    // What psql 15.20 prints for the same.

    #[test]
    fn numbers_stand_at_the_right() {
        let messages = [
            BackendMessage::RowDescription(vec![field("id", 23), field("owner", 25), field("balance", 1700)]),
            row(&[Some("1"), Some("Alice"), Some("90.5")]),
            row(&[Some("2"), Some("Bob"), Some("100")]),
            BackendMessage::CommandComplete("SELECT 2".into()),
        ];
        let table = concat!(
            " id | owner | balance \n",
            "----+-------+---------\n",
            "  1 | Alice |    90.5\n",
            "  2 | Bob   |     100\n",
            "(2 rows)\n\n"
        );
        assert_eq!(printed("", &messages), (table.to_string(), None));
    }

    #[test]
    fn a_value_of_two_lines_takes_two() {
        let messages = [
            BackendMessage::RowDescription(vec![field("owner", 25), field("t", 25), field("n", 25)]),
            row(&[Some("Alice"), Some("a\nbcd"), None]),
            BackendMessage::CommandComplete("SELECT 1".into()),
        ];
        let table = " owner |  t  | n \n-------+-----+---\n Alice | a  +| \n       | bcd | \n(1 row)\n\n";
        assert_eq!(printed("", &messages), (table.to_string(), None));
    }

    #[test]
    fn an_error_points_into_its_line() {
        let error = Error::new(sqlstate::UNDEFINED_TABLE, "relation \"nix\" does not exist").at(15);
        let text = "\
ERROR:  relation \"nix\" does not exist
LINE 2: from nix where a
             ^
";
        let query = "select *\nfrom nix where a";
        let said = printed(query, &[BackendMessage::ErrorResponse(error)]);
        assert_eq!(said, (text.to_string(), Some("42P01".to_string())));
    }
}
