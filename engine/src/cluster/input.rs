//! What can happen to a world from outside.

use crate::ids::Instant;
use crate::server::ShutdownMode;
use crate::server::protocol::FrontendMessage;

/// Something that happens to the world from outside: typed by a client, done by the user, or a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "views",
    derive(serde::Serialize, serde::Deserialize, ts_rs::TS),
    serde(tag = "kind", rename_all = "snake_case", try_from = "Fields")
)]
pub enum Input {
    /// A client connects; it becomes the next session, counted from 0.
    Connect {
        /// To which host.
        host: u8,
        /// The startup packet: `user`, `database`, `application_name`, settings.
        parameters: Vec<(String, String)>,
    },
    /// A client sends a simple query.
    Query {
        /// Which session.
        session: u32,
        /// The text.
        text: String,
    },
    /// A client sends any other message.
    #[cfg_attr(feature = "views", serde(skip))]
    Message {
        /// Which session.
        session: u32,
        /// The message.
        message: FrontendMessage,
    },
    /// A client asks to cancel what a session is running.
    Cancel {
        /// Which session.
        session: u32,
    },
    /// A cancel request as it comes over the wire, with the key that the backend gave.
    #[cfg_attr(feature = "views", serde(skip))]
    CancelKey {
        /// The backend.
        pid: u32,
        /// Its key.
        key: i32,
    },
    /// A client goes away.
    Disconnect {
        /// Which session.
        session: u32,
    },
    /// A process makes one step, whoever's turn it is.
    Step {
        /// Which process.
        pid: u32,
    },
    /// A process is left standing, or let go.
    Freeze {
        /// Which process.
        pid: u32,
        /// Whether it stands.
        frozen: bool,
    },
    /// A process is killed: kill -9.
    Kill {
        /// Which process.
        pid: u32,
    },
    /// A host loses its power.
    PowerFail {
        /// Which host.
        host: u8,
    },
    /// A host loses its power, and what its disk keeps of the unsynced is chosen by a number: a story that is to be told
    /// again after the world's own chance has changed.
    Tear {
        /// Which host.
        host: u8,
        /// The number.
        chance: u32,
    },
    /// A host gets its power back, and its server is started.
    PowerOn {
        /// Which host.
        host: u8,
    },
    /// A server is shut down (`pg_ctl stop`); `PowerOn` starts it again.
    Shutdown {
        /// On which host.
        host: u8,
        /// How.
        mode: ShutdownMode,
    },
    /// A standby is to become a primary (`pg_ctl promote`); a server that is one already stays as it is.
    Promote {
        /// Which host.
        host: u8,
    },
    /// The link between primary and standby is cut or healed.
    Cut {
        /// Whether it is cut.
        cut: bool,
    },
    /// The link becomes slower or faster.
    Latency {
        /// One way, in microseconds.
        micros: u32,
    },
}

/// An input as JavaScript hands it in: its kind, and the fields that any kind has. Reading a tagged enum field by field
/// would take thirty kilobytes of wasm.
#[cfg(feature = "views")]
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Fields {
    kind: String,
    host: u8,
    parameters: Vec<(String, String)>,
    session: u32,
    text: String,
    pid: u32,
    frozen: bool,
    cut: bool,
    micros: u32,
    chance: u32,
    mode: ShutdownMode,
}

#[cfg(feature = "views")]
impl TryFrom<Fields> for Input {
    type Error = String;

    fn try_from(said: Fields) -> Result<Input, String> {
        let Fields { kind, host, parameters, session, text, pid, frozen, cut, micros, chance, mode } = said;
        Ok(match kind.as_str() {
            "connect" => Input::Connect { host, parameters },
            "query" => Input::Query { session, text },
            "cancel" => Input::Cancel { session },
            "disconnect" => Input::Disconnect { session },
            "step" => Input::Step { pid },
            "freeze" => Input::Freeze { pid, frozen },
            "kill" => Input::Kill { pid },
            "power_fail" => Input::PowerFail { host },
            "tear" => Input::Tear { host, chance },
            "power_on" => Input::PowerOn { host },
            "shutdown" => Input::Shutdown { host, mode },
            "promote" => Input::Promote { host },
            "cut" => Input::Cut { cut },
            "latency" => Input::Latency { micros },
            _ => return Err(format!("there is no input {kind:?}")),
        })
    }
}

/// An input with its moment of arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, serde::Deserialize, ts_rs::TS))]
pub struct Recorded {
    /// Steps made before it.
    #[cfg_attr(feature = "views", ts(type = "number"))]
    pub step: u64,
    /// What the virtual clock said, in microseconds.
    #[cfg_attr(feature = "views", ts(type = "number"))]
    pub at: u64,
    /// What happened.
    pub input: Input,
}

impl Recorded {
    /// The moment of arrival.
    pub fn instant(&self) -> Instant {
        Instant(self.at)
    }
}

#[cfg(all(test, feature = "views"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let (host, session, pid, text) = (1, 2, 3, "SELECT 1".to_string());
        let all = [
            Input::Connect { host, parameters: vec![("user".into(), "postgres".into())] },
            Input::Query { session, text },
            Input::Cancel { session },
            Input::Disconnect { session },
            Input::Step { pid },
            Input::Freeze { pid, frozen: true },
            Input::Kill { pid },
            Input::PowerFail { host },
            Input::Tear { host, chance: 5 },
            Input::PowerOn { host },
            Input::Shutdown { host, mode: ShutdownMode::Immediate },
            Input::Promote { host },
            Input::Cut { cut: true },
            Input::Latency { micros: 4 },
        ];
        for input in all {
            let written = serde_json::to_value(&input).unwrap();
            assert_eq!(serde_json::from_value::<Input>(written).unwrap(), input);
        }
        assert!(serde_json::from_str::<Input>("{\"kind\": \"nothing\"}").is_err());
    }
}
