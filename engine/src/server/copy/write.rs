//! Writing rows for COPY TO STDOUT.
//!
//! PostgreSQL: `CopyAttributeOutText`, `CopyAttributeOutCSV` in `commands/copyto.c`.

use super::options::Options;

/// A field of a line of text.
pub(super) fn put_text(value: &str, options: &Options, out: &mut Vec<u8>) {
    for &byte in value.as_bytes() {
        let escape = match byte {
            0x08 => b'b',
            0x0C => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x0B => b'v',
            b'\\' => b'\\',
            byte if byte == options.delimiter => byte,
            byte => {
                out.push(byte);
                continue;
            }
        };
        out.extend([b'\\', escape]);
    }
}

/// A field of a line of CSV; `only`: there is no other.
pub(super) fn put_csv(value: &str, quote: bool, only: bool, options: &Options, out: &mut Vec<u8>) {
    let special = |byte: &u8| *byte == options.delimiter || *byte == options.quote || matches!(byte, b'\n' | b'\r');
    let end_of_data = only && value == "\\.";
    if !quote && value != options.null && !end_of_data && !value.as_bytes().iter().any(special) {
        out.extend(value.as_bytes());
        return;
    }
    out.push(options.quote);
    for &byte in value.as_bytes() {
        if byte == options.quote || byte == options.escape {
            out.push(options.escape);
        }
        out.push(byte);
    }
    out.push(options.quote);
}
