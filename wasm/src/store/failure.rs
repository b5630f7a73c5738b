//! Why a store cannot be used. The kinds are those of `StoreFailure` in `web/src/engine/api.ts`.

use wasm_bindgen::{JsCast, JsValue};

/// What went wrong, by what can be done about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The browser gives this page no storage.
    Refused,
    /// The origin's quota is used up.
    Full,
    /// Written in a form that this version cannot read.
    Version,
    /// A checksum does not match, or something is missing.
    Damaged,
    /// Another tab owns it.
    Held,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Refused => "refused",
            Kind::Full => "full",
            Kind::Version => "version",
            Kind::Damaged => "damaged",
            Kind::Held => "held",
        }
    }
}

/// A kind, and a sentence for the user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The kind.
    pub kind: Kind,
    /// The sentence.
    pub message: String,
}

impl Failure {
    /// A failure.
    pub fn new(kind: Kind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into() }
    }

    /// Something that was read does not hold together.
    pub fn damaged(what: &str) -> Failure {
        Failure::new(Kind::Damaged, format!("The saved world is damaged: {what}."))
    }
}

/// What the browser threw: the quota and the version have names of their own, all else is a refusal.
impl From<JsValue> for Failure {
    fn from(thrown: JsValue) -> Failure {
        let (name, message) = match thrown.dyn_ref::<web_sys::DomException>() {
            Some(exception) => (exception.name(), exception.message()),
            None => (String::new(), format!("{thrown:?}")),
        };
        match name.as_str() {
            "QuotaExceededError" => Failure::new(Kind::Full, "The browser's storage for this site is full."),
            "VersionError" => {
                Failure::new(Kind::Version, "The saved world was written by a newer version of this lab.")
            }
            _ => Failure::new(Kind::Refused, format!("The browser refuses to store anything: {message}")),
        }
    }
}

/// As an `Error` whose `name` is the kind: a name survives the way between threads.
impl From<Failure> for JsValue {
    fn from(failure: Failure) -> JsValue {
        let error = js_sys::Error::new(&failure.message);
        error.set_name(failure.kind.name());
        error.into()
    }
}
