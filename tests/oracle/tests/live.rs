//! What needs the real programs, but not yet a world: the control file, and pages.

use std::fs;

use vitrine_engine::storage::control::ControlFileData;
use vitrine_engine::storage::{page, tuple};
use vitrine_oracle::golden::{step, story};
use vitrine_oracle::live::{Programs, Scratch};

#[test]
fn pg_controldata_accepts_what_the_engine_encodes() {
    let Some(programs) = Programs::find_or_skip("pg_control", 2) else { return };
    for name in ["initdb", "checkpoint-2"] {
        let golden = step(name);
        let control = ControlFileData::decode(&golden.page("pg_control").unwrap()[..]).unwrap();
        let data = std::env::temp_dir().join(format!("vitrine-control-{name}-{}", std::process::id()));
        fs::create_dir_all(data.join("global")).unwrap();
        fs::write(data.join("global/pg_control"), &control.encode()[..]).unwrap();
        let shown = programs.output("pg_controldata", &["-D", data.to_str().unwrap()]);
        fs::remove_dir_all(&data).unwrap();
        assert_eq!(shown.trim_end(), golden.section("controldata").unwrap(), "{name}");
    }
}

#[test]
fn pageinspect_sees_what_the_engine_sees() {
    let Some(programs) = Programs::find_or_skip("heap_page_items", story().len()) else { return };
    let server = Scratch::start(&programs, "pages").expect("a scratch server starts");
    for step in story() {
        let Some(bytes) = step.page("page") else { continue };
        let own: Vec<String> = page::offsets(&bytes).map(|offset| line(&bytes, offset)).collect();
        assert_eq!(server.heap_page_items(&bytes[..]), own, "{}", step.name);
    }
}

/// A row of `heap_page_items` from the engine's reading of the page.
fn line(bytes: &[u8; 8192], offset: u16) -> String {
    let id = page::item_id(bytes, offset);
    let head = format!("{offset}|{}|{}|{}", id.off(), id.flags() as u8, id.len());
    let Some(tup) = page::heap_tuple(bytes, offset) else { return head + "|||||||||" };
    let header = tuple::HeapTupleHeader::read(tup).expect("a header");
    let bits = tuple::null_bitmap(tup).map_or(String::new(), |bitmap| {
        // All bits of the bytes that the bitmap takes, lowest first.
        bitmap.iter().flat_map(|byte| (0..8).map(move |bit| char::from(b'0' + (byte >> bit & 1)))).collect()
    });
    let data: String = tuple::data(tup).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{head}|{}|{}|{}|{}|{}|{}|{}|{bits}|\\x{data}",
        header.xmin, header.xmax, header.field3, header.ctid, header.infomask2, header.infomask, header.hoff
    )
}
