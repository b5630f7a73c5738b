//! What SQL can ask of a server: the functions and views of statistics, pages, buffers and the log.

use std::rc::Rc;

use crate::server::Server;
use crate::sql::functions::Registry;

/// All functions that SQL has on a server.
pub fn functions(_server: &Rc<Server>) -> Registry {
    Registry::new()
}
