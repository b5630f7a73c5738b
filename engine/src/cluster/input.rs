//! What can happen to a world from outside.

use crate::ids::Instant;
use crate::server::ShutdownMode;
use crate::server::protocol::FrontendMessage;

/// Something that happens to the world from outside: typed by a client, done by the user, or a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "views",
    derive(serde::Serialize, serde::Deserialize, ts_rs::TS),
    serde(tag = "kind", rename_all = "snake_case")
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
