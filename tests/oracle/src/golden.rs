//! The story as a real server told it: one file per step, in sections.

use std::fs;
use std::path::{Path, PathBuf};

use vitrine_engine::storage::PageBytes;

use crate::waldump::Line;

/// A step of the story: a statement or an event, and all that could be seen after it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, such as `update`.
    pub name: String,
    sections: Vec<(String, String)>,
}

/// A record of the WAL with its bytes, of a long one only the first.
#[derive(Clone, Debug)]
pub struct Record {
    /// What pg_waldump said.
    pub line: Line,
    /// The record's bytes.
    pub bytes: Vec<u8>,
}

impl Record {
    /// Whether all bytes are there.
    pub fn is_whole(&self) -> bool {
        self.bytes.len() == self.line.tot_len as usize
    }
}

/// Where the golden files of the real server lie.
pub fn folder() -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden");
    let versions = fs::read_dir(&golden).expect("tests/golden").map(|entry| entry.expect("a readable folder").path());
    versions.max().expect("a version below tests/golden").join("story")
}

/// All steps in order.
pub fn story() -> Vec<Step> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).expect("the story").map(|entry| entry.expect("a readable folder").path()).collect();
    files.sort();
    files.iter().map(|path| Step::read(path)).collect()
}

/// One step by its name.
pub fn step(name: &str) -> Step {
    story().into_iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no step {name}"))
}

impl Step {
    fn read(path: &Path) -> Step {
        let text = fs::read_to_string(path).expect("a golden file");
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let sections = text.split("\n== ").skip(1);
        let sections = sections.map(|section| section.split_once('\n').unwrap_or((section, "")));
        Step {
            name: stem.split_once('-').expect("a number and a name").1.to_string(),
            sections: sections.map(|(name, text)| (name.to_string(), text.trim_end().to_string())).collect(),
        }
    }

    /// The text of a section.
    pub fn section(&self, name: &str) -> Option<&str> {
        self.sections.iter().find(|(n, _)| n == name).map(|(_, text)| text.as_str())
    }

    /// Who said what, in order: `('A', "COMMIT;")`.
    pub fn said(&self) -> Vec<(char, &str)> {
        let lines = self.section("sql").unwrap_or_default().lines();
        lines.filter_map(|line| Some((line.chars().next()?, line.get(3..)?))).collect()
    }

    /// The records written by the step, those of background processes included.
    pub fn wal(&self) -> Vec<Record> {
        let mut lines = self.section("wal").unwrap_or_default().lines().skip(1);
        let mut records = vec![];
        while let (Some(line), Some(bytes)) = (lines.next(), lines.next()) {
            let line = Line::parse(line).unwrap_or_else(|| panic!("{}: {line}", self.name));
            records.push(Record { line, bytes: hex(bytes.trim().trim_end_matches('.')) });
        }
        records
    }

    /// A page from a section of offsets and bytes; `same` refers to the section `page`.
    pub fn page(&self, section: &str) -> Option<Box<PageBytes>> {
        match self.section(section)? {
            "same" => self.page("page"),
            "" => None,
            text => Some(page(text)),
        }
    }

    /// The pages of a map fork, from the section of its name.
    pub fn map(&self, fork: &str) -> Vec<Box<PageBytes>> {
        let blocks = self.section(fork).unwrap_or_default().split("block ").skip(1);
        blocks.map(|block| page(block.split_once('\n').map_or("", |(_, rows)| rows))).collect()
    }

    /// The rows of a section of `column=value` pairs: each value by its column's name.
    pub fn value(&self, section: &str, row: usize, column: &str) -> Option<&str> {
        let row = self.section(section)?.lines().nth(row)?;
        row.split(' ').find_map(|pair| pair.strip_prefix(column)?.strip_prefix('='))
    }

    /// How many rows a section has.
    pub fn rows(&self, section: &str) -> usize {
        self.section(section).map_or(0, |text| text.lines().count())
    }
}

/// Hexadecimal digits as bytes.
pub fn hex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Rows of an offset and 32 bytes each; what is not listed is zero.
fn page(rows: &str) -> Box<PageBytes> {
    let mut page = Box::new([0; 8192]);
    for row in rows.lines() {
        let (at, digits) = row.split_once(' ').expect("an offset and bytes");
        let at = usize::from_str_radix(at, 16).expect("an offset");
        let bytes = hex(digits);
        page[at..at + bytes.len()].copy_from_slice(&bytes);
    }
    page
}
