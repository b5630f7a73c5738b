//! CRC-32C (Castagnoli): the checksum of WAL records, of pg_control and of the relation map.
//!
//! A CRC is the remainder of a division of polynomials; a table gives eight bits of it at a time, and eight tables give
//! eight bytes at a time ("slicing by eight"). The tables are made when they are first wanted: as constants they are
//! 8 kB of noise, which no compression makes smaller, and every visitor's browser would fetch them.
//!
//! PostgreSQL: `pg_crc32c_sb8.c`.

use std::sync::LazyLock;

/// The polynomial, its bits reversed.
const POLYNOMIAL: u32 = 0x82F6_3B78;

type Tables = [[u32; 256]; 8];

static TABLES: LazyLock<Box<Tables>> = LazyLock::new(|| {
    let mut tables: Box<Tables> = Box::new([[0; 256]; 8]);
    for byte in 0..256 {
        tables[0][byte] = (0..8).fold(byte as u32, |crc, _| (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 });
    }
    for slice in 1..8 {
        for byte in 0..256 {
            let before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][before as usize & 255];
        }
    }
    tables
});

/// The checksum of some bytes.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c_append(0, bytes)
}

/// The checksum of more bytes behind those that have the checksum `crc`.
pub fn crc32c_append(crc: u32, bytes: &[u8]) -> u32 {
    let tables = &**TABLES;
    let (words, rest) = bytes.as_chunks::<8>();
    let by_eight = words.iter().fold(!crc, |crc, word| {
        let word = u64::from_le_bytes(*word) ^ u64::from(crc);
        (0..8).fold(0, |sum, at| sum ^ tables[7 - at][(word >> (8 * at)) as usize & 255])
    });
    !rest.iter().fold(by_eight, |crc, byte| (crc >> 8) ^ tables[0][(crc as u8 ^ byte) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_castagnolis() {
        // RFC 3720, B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        assert_eq!(crc32c(&std::array::from_fn::<u8, 32, _>(|n| n as u8)), 0x46DD_794E);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn pieces_make_the_whole() {
        let bytes: Vec<u8> = (0..1000u32).map(|n| (n * n % 251) as u8).collect();
        for cut in [0, 1, 7, 8, 9, 500, 999, 1000] {
            assert_eq!(crc32c_append(crc32c(&bytes[..cut]), &bytes[cut..]), crc32c(&bytes));
        }
    }
}
