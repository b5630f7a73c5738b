//! The options of COPY, and which of them go together.
//!
//! PostgreSQL: `ProcessCopyOptions` in `commands/copy.c`.

use crate::catalog::Table;
use crate::ids::{Error, Result, sqlstate};
use crate::sql::ast::{CopyOption, CopyValue, Ident};

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum CopyFormat {
    #[default]
    Text,
    Csv,
    Binary,
}

/// What a header line is good for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Header {
    #[default]
    No,
    Yes,
    /// Its names must be those of the columns.
    Match,
}

/// For which columns something holds.
#[derive(Clone, Default, Debug)]
pub(super) enum Forced {
    #[default]
    None,
    All,
    Of(Vec<Ident>),
}

impl Forced {
    fn is_said(&self) -> bool {
        !matches!(self, Forced::None)
    }

    /// For each of the copied columns whether it holds. `what` is how the option is called in an error.
    pub fn columns(&self, what: &str, names: &[Ident], table: Option<&Table>) -> Result<Vec<bool>> {
        let Forced::Of(forced) = self else { return Ok(vec![matches!(self, Forced::All); names.len()]) };
        if let Some(name) = forced.iter().find(|name| !names.contains(name)) {
            if table.is_some_and(|table| table.desc.position(name).is_none()) {
                let message =
                    format!("column \"{name}\" of relation \"{}\" does not exist", table.map_or("", |t| &t.name));
                return Err(Error::new(sqlstate::UNDEFINED_COLUMN, message));
            }
            let message = format!("{what} column \"{name}\" not referenced by COPY");
            return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message));
        }
        Ok(names.iter().map(|name| forced.contains(name)).collect())
    }
}

/// The options.
#[derive(Clone, Default, Debug)]
pub(super) struct Options {
    pub format: CopyFormat,
    pub freeze: bool,
    pub header: Header,
    pub delimiter: u8,
    pub null: String,
    pub quote: u8,
    pub escape: u8,
    pub force_quote: Forced,
    pub force_not_null: Forced,
    pub force_null: Forced,
}

/// The texts of the options that have such, as far as they are said.
#[derive(Default)]
struct Said {
    delimiter: Option<Ident>,
    null: Option<Ident>,
    quote: Option<Ident>,
    escape: Option<Ident>,
}

impl Options {
    /// From what stands in the statement.
    pub fn of(from: bool, list: &[CopyOption]) -> Result<Options> {
        let (mut options, mut said) = (Options::default(), Said::default());
        for (at, option) in list.iter().enumerate() {
            if list[..at].iter().any(|before| before.name == option.name) {
                let message = "conflicting or redundant options";
                return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(option.pos.0));
            }
            match &*option.name {
                "format" => options.format = format(option)?,
                "freeze" => options.freeze = boolean(option)?,
                "header" => options.header = header(option, from)?,
                "delimiter" => said.delimiter = Some(text(option)?),
                "null" => said.null = Some(text(option)?),
                "quote" => said.quote = Some(text(option)?),
                "escape" => said.escape = Some(text(option)?),
                "force_quote" => options.force_quote = columns(option, true)?,
                "force_not_null" => options.force_not_null = columns(option, false)?,
                "force_null" => options.force_null = columns(option, false)?,
                "encoding" => encoding(option)?,
                name => {
                    let message = format!("option \"{name}\" not recognized");
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(option.pos.0));
                }
            }
        }
        options.take(&said, from)?;
        Ok(options)
    }

    /// The characters, and whether all goes together.
    fn take(&mut self, said: &Said, from: bool) -> Result<()> {
        let (csv, binary) = (self.format == CopyFormat::Csv, self.format == CopyFormat::Binary);
        let syntax = |message: &str| Err(Error::new(sqlstate::SYNTAX_ERROR, message.to_string()));
        let unsupported = |message: &str| Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message.to_string()));
        let invalid = |message: &str| Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message.to_string()));
        if binary && said.delimiter.is_some() {
            return syntax("cannot specify DELIMITER in BINARY mode");
        }
        if binary && said.null.is_some() {
            return syntax("cannot specify NULL in BINARY mode");
        }
        let delimiter = said.delimiter.as_deref().unwrap_or(if csv { "," } else { "\t" });
        self.null = said.null.as_deref().unwrap_or(if csv { "" } else { "\\N" }).into();
        let quote = said.quote.as_deref().unwrap_or("\"");
        let escape = said.escape.as_deref().unwrap_or(quote);
        let [delimiter] = *delimiter.as_bytes() else {
            return unsupported("COPY delimiter must be a single one-byte character");
        };
        if matches!(delimiter, b'\r' | b'\n') {
            return invalid("COPY delimiter cannot be newline or carriage return");
        }
        if self.null.contains(['\r', '\n']) {
            return invalid("COPY null representation cannot use newline or carriage return");
        }
        if !csv && (delimiter.is_ascii_lowercase() || delimiter.is_ascii_digit() || matches!(delimiter, b'\\' | b'.')) {
            return invalid(&format!("COPY delimiter cannot be \"{}\"", delimiter as char));
        }
        if binary && self.header != Header::No {
            return unsupported("cannot specify HEADER in BINARY mode");
        }
        if !csv && said.quote.is_some() {
            return unsupported("COPY quote available only in CSV mode");
        }
        let [quote] = quote.as_bytes() else {
            return unsupported("COPY quote must be a single one-byte character");
        };
        if csv && delimiter == *quote {
            return invalid("COPY delimiter and quote must be different");
        }
        if !csv && said.escape.is_some() {
            return unsupported("COPY escape available only in CSV mode");
        }
        let [escape] = escape.as_bytes() else {
            return unsupported("COPY escape must be a single one-byte character");
        };
        for (forced, what, wanted) in [
            (&self.force_quote, "force quote", false),
            (&self.force_not_null, "force not null", true),
            (&self.force_null, "force null", true),
        ] {
            if forced.is_said() && !csv {
                return unsupported(&format!("COPY {what} available only in CSV mode"));
            }
            if forced.is_said() && from != wanted {
                let way = if wanted { "FROM" } else { "TO" };
                return unsupported(&format!("COPY {what} only available using COPY {way}"));
            }
        }
        if self.null.as_bytes().contains(&delimiter) {
            return unsupported("COPY delimiter must not appear in the NULL specification");
        }
        if csv && self.null.as_bytes().contains(quote) {
            return unsupported("CSV quote character must not appear in the NULL specification");
        }
        (self.delimiter, self.quote, self.escape) = (delimiter, *quote, *escape);
        Ok(())
    }
}

fn text(option: &CopyOption) -> Result<Ident> {
    match &option.value {
        CopyValue::Text(text) => Ok(text.clone()),
        CopyValue::Star => Ok("*".into()),
        CopyValue::Nothing | CopyValue::List(_) => {
            let message = format!("{} requires a parameter", option.name);
            Err(Error::new(sqlstate::SYNTAX_ERROR, message))
        }
    }
}

fn format(option: &CopyOption) -> Result<CopyFormat> {
    let name = text(option)?;
    match &*name {
        "text" => Ok(CopyFormat::Text),
        "csv" => Ok(CopyFormat::Csv),
        "binary" => Ok(CopyFormat::Binary),
        _ => {
            let message = format!("COPY format \"{name}\" not recognized");
            Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message).at(option.pos.0))
        }
    }
}

/// `defGetBoolean`, as far as it is one.
fn truth(option: &CopyOption) -> Option<bool> {
    match &option.value {
        CopyValue::Nothing => Some(true),
        CopyValue::Text(text) => match &*text.to_ascii_lowercase() {
            "true" | "on" | "1" => Some(true),
            "false" | "off" | "0" => Some(false),
            _ => None,
        },
        CopyValue::Star | CopyValue::List(_) => None,
    }
}

fn boolean(option: &CopyOption) -> Result<bool> {
    truth(option).ok_or_else(|| {
        let message = format!("{} requires a Boolean value", option.name);
        Error::new(sqlstate::SYNTAX_ERROR, message)
    })
}

fn header(option: &CopyOption, from: bool) -> Result<Header> {
    match (&option.value, truth(option)) {
        (_, Some(true)) => Ok(Header::Yes),
        (_, Some(false)) => Ok(Header::No),
        (CopyValue::Text(text), None) if text.eq_ignore_ascii_case("match") => match from {
            true => Ok(Header::Match),
            false => {
                let message = format!("cannot use \"{text}\" with HEADER in COPY TO");
                Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message))
            }
        },
        _ => Err(Error::new(sqlstate::SYNTAX_ERROR, "header requires a Boolean value or \"match\"")),
    }
}

fn columns(option: &CopyOption, star: bool) -> Result<Forced> {
    match &option.value {
        CopyValue::Star if star => Ok(Forced::All),
        CopyValue::List(names) => Ok(Forced::Of(names.clone())),
        _ => {
            let message = format!("argument to option \"{}\" must be a list of column names", option.name);
            Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message).at(option.pos.0))
        }
    }
}

/// There is one encoding.
fn encoding(option: &CopyOption) -> Result<()> {
    let name = text(option)?;
    match &*name.to_ascii_lowercase().replace(['-', '_'], "") {
        "utf8" | "unicode" => Ok(()),
        known
            if ["latin", "iso8859", "win", "koi8", "euc", "sjis", "big5", "gb", "sqlascii"]
                .iter()
                .any(|family| known.starts_with(family)) =>
        {
            Err(Error::unsupported(format!("encoding \"{name}\"")).at(option.pos.0))
        }
        _ => {
            let message = "argument to option \"encoding\" must be a valid encoding name";
            Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message).at(option.pos.0))
        }
    }
}
