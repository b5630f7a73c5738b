//! The world: the engine's [`Lab`] behind free functions.
//!
//! Everything that a moment consists of is in here and so in linear memory, also the answers that are half heard.
//! Results leave as plain JavaScript values or buffers, made anew each time.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::{HostId, Instant, TimestampTz};
use vitrine_engine::inspect::{self, ViewRequest};
use vitrine_engine::trace::Entry;
use vitrine_engine::world::{Limit, Mode, Stop, SyncedBatch};
use wasm_bindgen::prelude::*;

use crate::batch;
use crate::psql::{Printed, Printer};
use crate::wire::Received;

/// How a world begins; what is left out is as the lab has it.
#[derive(Clone, Default, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct WorldSpec {
    /// What all chance depends on.
    pub seed: u32,
    /// A plain database: nothing costs time, no standby, no history.
    pub plain: bool,
    /// Whether there is a standby.
    pub standby: Option<bool>,
    /// What the hosts' clocks say at the beginning, in milliseconds of the Unix era.
    pub epoch: Option<f64>,
    /// Settings of all servers, as in `postgresql.conf`: over those of the lab.
    pub settings: Vec<(String, String)>,
}

impl WorldSpec {
    fn lab_spec(&self, stored: Vec<SyncedBatch>) -> LabSpec {
        let seed = u64::from(self.seed);
        let mut spec = LabSpec::lab(seed);
        let epoch = self.epoch.map(|ms| TimestampTz::from_unix_micros((ms * 1000.0) as i64));
        if self.plain {
            spec = LabSpec::plain(seed, epoch.unwrap_or(spec.epoch));
        }
        spec.epoch = epoch.unwrap_or(spec.epoch);
        spec.standby = self.standby.unwrap_or(spec.standby);
        spec.settings.extend(self.settings.iter().cloned());
        LabSpec { keep_synced: spec.mode == Mode::Lab || !stored.is_empty(), stored, ..spec }
    }
}

/// A complete answer to a session.
#[derive(Serialize, ts_rs::TS)]
pub struct Answer {
    /// Which session, from 0.
    pub session: u32,
    /// Which of its queries, from 1; 0 is something that it says unasked.
    pub number: u32,
    /// The step in which its end was sent.
    pub step: u32,
    /// When, in microseconds.
    pub time: f64,
    /// How many batches had been synced before it: it may be shown once these are durable.
    pub synced: u32,
    /// What psql prints.
    pub text: String,
    /// The SQLSTATE, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sqlstate: Option<String>,
}

/// The one world of an instance.
pub struct World {
    /// The engine.
    pub lab: Lab,
    printers: Vec<Printer>,
    answers: Vec<Answer>,
    /// Of the sessions that speak in bytes.
    pub received: BTreeMap<u32, Received>,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// Does something with the world.
pub fn with<T>(f: impl FnOnce(&mut World) -> Result<T, JsError>) -> Result<T, JsError> {
    WORLD.with(|world| f(world.borrow_mut().as_mut().ok_or_else(|| JsError::new("no world is open"))?))
}

/// An error of the engine, for JavaScript.
pub fn refusal(error: impl std::fmt::Display) -> JsError {
    JsError::new(&error.to_string())
}

/// As plain objects: maps as objects, bytes as `Uint8Array`, whole numbers as numbers, what is missing as null.
fn object(value: &impl Serialize) -> Result<JsValue, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer.serialize_missing_as_null(true)).map_err(refusal)
}

/// Opens a world: a new one, with its servers up, or the one that these batches hold, as after a power failure: power
/// has just come back to its primary, and nothing has run.
#[wasm_bindgen]
pub fn open(spec: JsValue, stored: Option<Vec<u8>>) -> Result<(), JsError> {
    let spec: WorldSpec = serde_wasm_bindgen::from_value(spec).map_err(refusal)?;
    let stored =
        batch::decode(&stored.unwrap_or_default()).ok_or_else(|| JsError::new("the stored batches are damaged"))?;
    let lab = Lab::open(spec.lab_spec(stored), inspect::functions).map_err(refusal)?;
    WORLD.with(|world| {
        *world.borrow_mut() = Some(World { lab, printers: Vec::new(), answers: Vec::new(), received: BTreeMap::new() })
    });
    Ok(())
}

/// Steps made so far.
#[wasm_bindgen]
pub fn steps() -> Result<f64, JsError> {
    with(|world| Ok(world.lab.world().steps() as f64))
}

/// The virtual clock, in microseconds.
#[wasm_bindgen]
pub fn now() -> Result<f64, JsError> {
    with(|world| Ok(world.lab.world().now().0 as f64))
}

/// The hash of all coarse events so far, as 16 hexadecimal digits.
#[wasm_bindgen]
pub fn hash() -> Result<String, JsError> {
    with(|world| Ok(format!("{:016x}", world.lab.world().hash())))
}

/// Hands out from now on what is synced: somebody keeps it.
#[wasm_bindgen]
pub fn keep_synced() -> Result<(), JsError> {
    with(|world| {
        world.lab.world().keep_synced();
        Ok(())
    })
}

/// Something happens from outside, at an instant in microseconds that has come meanwhile, or (NaN) now. Returns the
/// number of a query in its session, and 0 for anything else.
#[wasm_bindgen]
pub fn input(input: JsValue, at: f64) -> Result<u32, JsError> {
    let input: Input = serde_wasm_bindgen::from_value(input).map_err(refusal)?;
    with(|world| {
        let number = match &input {
            Input::Query { session, text } => world.printer(*session)?.ask(text),
            _ => 0,
        };
        let at = if at.is_nan() { world.lab.world().now() } else { Instant(at as u64) };
        world.lab.input_at(at, input).map_err(refusal)?;
        world.hear();
        Ok(number)
    })
}

/// Runs until `steps` in all are made, or the clock would pass `time` (NaN: until only timers are left; infinity: let
/// time pass as it must), or a session (-1: none) has its next answer. Returns why it stopped, as the word of `Stopped`
/// in `web/src/engine/api.ts`, or `limit` for the number of steps.
#[wasm_bindgen]
pub fn run(steps: f64, time: f64, answer: i32) -> Result<String, JsError> {
    with(|world| {
        let until = match time {
            time if time.is_nan() => None,
            time if time.is_infinite() => Some(Instant::NEVER),
            time => Some(Instant(time as u64)),
        };
        let limit = Limit { steps: steps as u64, until };
        let session = u32::try_from(answer).ok();
        let before = world.answered(session);
        let stop = match session {
            Some(session) => world.lab.run_to_answer_within(session, limit),
            None => world.lab.run(limit),
        };
        world.hear();
        let reached = session.is_some() && world.answered(session) > before;
        Ok(if reached { "reached" } else { word(stop) }.to_owned())
    })
}

fn word(stop: Stop) -> &'static str {
    match stop {
        Stop::Steps => "limit",
        Stop::Time | Stop::Asked => "reached",
        Stop::Idle { .. } | Stop::NotRunnable => "idle",
        Stop::Stuck => "deadlock",
    }
}

/// Makes one step of one process; false if it cannot run now.
#[wasm_bindgen]
pub fn step(pid: u32) -> Result<bool, JsError> {
    with(|world| {
        let before = world.lab.world().steps();
        world.lab.input(Input::Step { pid }).map_err(refusal)?;
        world.hear();
        Ok(world.lab.world().steps() > before)
    })
}

impl World {
    /// The printer of a session.
    fn printer(&mut self, session: u32) -> Result<&mut Printer, JsError> {
        let sessions = self.lab.sessions().len();
        self.printers.resize_with(sessions.max(self.printers.len()), Printer::default);
        self.printers.get_mut(session as usize).ok_or_else(|| JsError::new(&format!("there is no session {session}")))
    }

    /// Listens to what the servers have said.
    pub fn hear(&mut self) {
        for said in self.lab.take_answers() {
            if let Some(received) = self.received.get_mut(&said.session) {
                received.hear(&said.message);
                continue;
            }
            let Ok(printer) = self.printer(said.session) else { continue };
            if let Some(Printed { number, text, sqlstate }) = printer.hear(&said.message) {
                let (step, time, synced) = (said.step as u32, said.at.0 as f64, said.synced as u32);
                self.answers.push(Answer { session: said.session, number, step, time, synced, text, sqlstate });
            }
        }
    }

    /// How many complete answers to a session have not been fetched.
    fn answered(&self, session: Option<u32>) -> usize {
        let ready = session.and_then(|session| self.received.get(&session)).map_or(0, |received| received.ready);
        ready + self.answers.iter().filter(|answer| Some(answer.session) == session).count()
    }
}

/// The complete answers since the last call.
#[wasm_bindgen]
pub fn answers() -> Result<JsValue, JsError> {
    with(|world| object(&std::mem::take(&mut world.answers)))
}

/// When something would happen by itself, in microseconds: the earliest timer or work; infinity if nothing will.
#[wasm_bindgen]
pub fn next_deadline() -> Result<f64, JsError> {
    with(|world| Ok(world.lab.world().next_deadline().map_or(f64::INFINITY, |at| at.0 as f64)))
}

/// How many batches have been synced since the world began.
#[wasm_bindgen]
pub fn synced_count() -> Result<f64, JsError> {
    with(|world| Ok(world.lab.world().synced_count() as f64))
}

/// The batches that were synced since the last call.
#[wasm_bindgen]
pub fn synced() -> Result<Vec<u8>, JsError> {
    with(|world| Ok(batch::encode(&world.lab.take_synced())))
}

/// All disks as batches that make them anew: to save a world that was not saved so far.
#[wasm_bindgen]
pub fn image() -> Result<Vec<u8>, JsError> {
    with(|world| {
        let hosts = world.lab.hosts().iter().map(|spec| spec.host);
        let batches = hosts.map(|host| Ok(SyncedBatch { host, ops: world.lab.disk_image(host.0)? }));
        let batches: Vec<SyncedBatch> = batches.collect::<Result<_, vitrine_engine::ids::Error>>().map_err(refusal)?;
        Ok(batch::encode(&batches))
    })
}

/// The present moment as the page draws it.
#[wasm_bindgen]
pub fn view(request: JsValue) -> Result<JsValue, JsError> {
    let request: ViewRequest = serde_wasm_bindgen::from_value(request).map_err(refusal)?;
    with(|world| object(&inspect::view(&world.lab, &request)))
}

/// The names that somebody who types to this host may want completed.
#[wasm_bindgen]
pub fn names(host: u8) -> Result<JsValue, JsError> {
    with(|world| object(&inspect::names(&world.lab, HostId(host))))
}

/// The first step whose events are all still known.
#[wasm_bindgen]
pub fn events_from() -> Result<f64, JsError> {
    with(|world| {
        Ok(world.lab.world().with_trace(|trace| {
            let complete = trace.since(0).next().is_none_or(|(number, _)| number == 0);
            // The oldest step may have lost its first events.
            if complete { 0.0 } else { trace.since(0).next().map_or(0.0, |(_, entry)| entry.step as f64 + 1.0) }
        }))
    })
}

/// Events of steps `from <= step < to`.
#[wasm_bindgen]
pub fn events(from: f64, to: f64) -> Result<JsValue, JsError> {
    let wanted = from as u64..to as u64;
    with(|world| {
        let entries: Vec<Entry> = world.lab.world().with_trace(|trace| {
            trace.since(0).map(|(_, entry)| *entry).filter(|entry| wanted.contains(&entry.step)).collect()
        });
        object(&entries)
    })
}

/// The types that only this crate has, for TypeScript; the engine's own are written by its test of the same name.
#[cfg(all(test, not(target_arch = "wasm32")))]
#[test]
fn export_bindings() {
    use ts_rs::TS;

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/src/engine/generated");
    let config = ts_rs::Config::new().with_out_dir(folder).with_large_int("number");
    WorldSpec::export_all(&config).expect("can be written");
    Answer::export_all(&config).expect("can be written");
    Input::export_all(&config).expect("can be written");
}
