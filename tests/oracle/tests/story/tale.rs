//! The lab, told what the real server was told.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use vitrine_engine::buffer::BufferTag;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::*;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::server::{Server, ServerState};
use vitrine_engine::storage::PageBytes;
use vitrine_engine::wal::{DecodedRecord, WalReader, reader};
use vitrine_engine::world::Limit;
use vitrine_engine::{inspect, sql::functions::Registry};

/// The first transaction after initdb of version 15, and the first file of a user.
pub const FIRST_XID: Xid = Xid(724);
/// The files of `accounts`.
pub const ACCOUNTS: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: FIRST_NORMAL_OID };

/// A primary and a standby, with the sessions A and B.
pub struct Tale {
    lab: Lab,
    sessions: [u32; 2],
    reader: WalReader,
}

fn functions(server: &Rc<Server>) -> Registry {
    inspect::functions(server)
}

impl Tale {
    /// A cluster fresh from initdb.
    pub fn begin() -> Tale {
        let lab = Lab::open(LabSpec::lab(15), functions).expect("a lab");
        let start = server_of(&lab).wal.insert_lsn();
        let reader = WalReader::new(WalSegSize::ONE_MB, TimeLineId(1), None, start);
        let mut tale = Tale { lab, sessions: [0, 0], reader };
        tale.sessions = [tale.connect(), tale.connect()];
        tale
    }

    /// The primary's memory.
    pub fn server(&self) -> Rc<Server> {
        server_of(&self.lab)
    }

    fn connect(&mut self) -> u32 {
        let session = self.lab.sessions().len() as u32;
        let parameters = vec![("user".to_string(), "postgres".to_string())];
        self.lab.input(Input::Connect { host: 0, parameters }).expect("a session");
        self.lab.run_to_answer(session);
        self.lab.run(Limit::IDLE);
        session
    }

    /// Says something in session A or B, and lets the world run until nothing moves; what was answered by anybody.
    pub fn say(&mut self, who: char, text: &str) -> Vec<String> {
        let session = self.sessions[usize::from(who == 'B')];
        self.lab.input(Input::Query { session, text: text.to_string() }).expect("the session lives");
        self.lab.run(Limit::IDLE);
        let answers = self.lab.take_answers().into_iter();
        answers.filter_map(|answer| shown(answer.message)).collect()
    }

    /// Transactions that commit and do nothing to the table.
    pub fn burn_xids(&mut self, count: usize) {
        for _ in 0..count {
            self.say('A', "BEGIN; CREATE TABLE nothing(i int); DROP TABLE nothing; COMMIT");
        }
    }

    /// kill -9 of session B's backend; both sessions come back.
    pub fn kill_b(&mut self) {
        let pid = self.lab.sessions()[self.sessions[1] as usize].pid.expect("B has a backend");
        self.lab.input(Input::Kill { pid: pid.0 }).expect("it lives");
        self.come_back();
    }

    /// The primary loses its power and gets it back; both sessions come back.
    pub fn pull_the_plug(&mut self) {
        self.lab.input(Input::PowerFail { host: 0 }).expect("a host");
        self.lab.run(Limit::IDLE);
        self.lab.input(Input::PowerOn { host: 0 }).expect("a host");
        self.come_back();
    }

    fn come_back(&mut self) {
        self.lab.run(Limit::until(self.lab.world().now() + 10 * USECS_PER_SEC));
        assert_eq!(self.server().state.get(), ServerState::Running);
        self.sessions = [self.connect(), self.connect()];
        let _ = self.lab.take_answers();
    }

    /// The records since the last call, from memory.
    pub fn records(&mut self) -> Vec<DecodedRecord> {
        let server = self.server();
        let (wal, disk) = (server.wal.clone(), server.spec.disk.clone());
        let mut pages = reader::source(move |page, _| match wal.peek(page) {
            Some(page) => Some(*page),
            None => wal_page(&disk, page),
        });
        let mut records = vec![];
        while self.reader.position() < server.wal.insert_lsn() {
            records.push(self.reader.next(&mut pages).unwrap_or_else(|e| panic!("{e:?}")));
        }
        records
    }

    /// All pages of a fork of the table: from shared buffers, or from the file.
    pub fn pages(&self, fork: Fork) -> Vec<Box<PageBytes>> {
        let server = self.server();
        let path = ACCOUNTS.path(fork);
        let blocks = server.spec.disk.len(&path).unwrap_or(0) / BLCKSZ as u64;
        let page = |block: u64| {
            let tag = BufferTag { rel: ACCOUNTS, fork, block: BlockNumber(block as u32) };
            match server.buffers.find(&tag) {
                Some(index) => server.buffers.peek(index, |page| Box::new(*page)),
                None => {
                    let bytes = server.spec.disk.peek(&path, block * BLCKSZ as u64, BLCKSZ).expect("a page");
                    bytes.into_boxed_slice().try_into().expect("a whole page")
                }
            }
        };
        (0..blocks).map(page).collect()
    }

    /// A file of the primary as the kernel has it.
    pub fn file(&self, path: &str) -> Vec<u8> {
        let disk = &self.server().spec.disk;
        let len = disk.len(path).unwrap_or_else(|| panic!("no file {path}"));
        disk.peek(path, 0, len as usize).expect("all of it")
    }

    /// Copies the files of the primary that real programs are to read; the folder is the caller's to delete.
    pub fn copy_files(&self, name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vitrine-{name}-{}", std::process::id()));
        for path in self.server().spec.disk.list("").iter().filter(|path| is_wanted(path)) {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder can be made");
            fs::write(file, self.file(path)).expect("a file can be written");
        }
        folder
    }
}

fn is_wanted(path: &str) -> bool {
    let segment = Path::new(path).file_name().is_some_and(|name| name.len() == 24);
    path.starts_with("pg_wal/") && segment || path == "global/pg_control"
}

fn server_of(lab: &Lab) -> Rc<Server> {
    lab.hosts()[0].running.borrow().clone().expect("the primary runs")
}

fn wal_page(disk: &vitrine_engine::world::Disk, page: Lsn) -> Option<vitrine_engine::wal::WalPage> {
    let seg = WalSegSize::ONE_MB;
    let path = format!("pg_wal/{}", seg.file_name(TimeLineId(1), seg.segment_of(page)));
    disk.peek(&path, seg.offset_of(page), BLCKSZ)?.try_into().ok()
}

/// A message as a line; rows with `|` between their values.
fn shown(message: BackendMessage) -> Option<String> {
    match message {
        BackendMessage::DataRow(row) => {
            let text = |value: Option<Vec<u8>>| String::from_utf8(value.unwrap_or_default()).expect("UTF-8");
            Some(row.into_iter().map(text).collect::<Vec<_>>().join("|"))
        }
        BackendMessage::CommandComplete(tag) => Some(tag),
        BackendMessage::ErrorResponse(error) | BackendMessage::NoticeResponse(error) => Some(error.to_string()),
        _ => None,
    }
}
