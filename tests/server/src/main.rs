//! `vitrine-server --port N [--seed S]`: a database on loopback that psql and drivers can talk to.

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use vitrine_engine::ids::TimestampTz;
use vitrine_server::lab::Database;
use vitrine_server::{connection, dispatch};

const USAGE: &str = "usage: vitrine-server --port N [--seed S]

  --port N   listen on 127.0.0.1:N; 0 takes a free port
  --seed S   what all chance in the engine depends on; taken from the clock if not given";

struct Options {
    port: u16,
    seed: u64,
}

fn options(mut args: impl Iterator<Item = String>, clock: u64) -> Result<Options, String> {
    let (mut port, mut seed) = (None, clock);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let bad = || format!("invalid value for {name}: {value}");
        match name.as_str() {
            "--port" => port = Some(value.parse().map_err(|_| bad())?),
            "--seed" => seed = value.parse().map_err(|_| bad())?,
            _ => return Err(format!("unknown option {name}")),
        }
    }
    Ok(Options { port: port.ok_or("--port is missing")?, seed })
}

fn serve(options: &Options, now: TimestampTz) -> Result<(), String> {
    let listener = TcpListener::bind(("127.0.0.1", options.port)).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let mut database = Database::open(options.seed, now).map_err(|error| error.to_string())?;
    println!("seed {}, listening on {address}", options.seed);
    let (requests, taken) = channel();
    thread::spawn(move || connection::accept(&listener, &requests));
    dispatch::serve(&mut database, &taken);
    Ok(())
}

fn main() -> ExitCode {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = TimestampTz::from_unix_micros(since_1970.as_micros() as i64);
    let options = match options(std::env::args().skip(1), since_1970.as_nanos() as u64) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(&options, now) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("vitrine-server: {message}");
            ExitCode::FAILURE
        }
    }
}
