//! stub
use super::port::Client;
use super::shared::Server;
use crate::world::Cx;
use std::rc::Rc;
pub(super) async fn main(_cx: Cx, _server: Rc<Server>, _client: Client) {}
