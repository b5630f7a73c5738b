//! The names that somebody who types SQL may want completed: relations with their columns, functions, settings.
//!
//! A real psql asks the catalog by queries of its own, in the session. Here that would be part of the history, so the
//! names are looked up as everything in this room is: without a trace.

use super::look::Look;
use crate::ids::HostId;
use crate::settings::{DEFINITIONS, Setting};
use crate::{cluster::Lab, sql::functions::Function};

/// What can be named on a host, each kind in the order of the alphabet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct NamesView {
    /// Tables, catalogs and views.
    pub relations: Vec<RelationNames>,
    /// Functions.
    pub functions: Vec<String>,
    /// Settings.
    pub settings: Vec<String>,
}

/// A relation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct RelationNames {
    /// Its name.
    pub name: String,
    /// Its columns, in their own order.
    pub columns: Vec<String>,
}

/// The names on a host; none where no server runs.
pub fn names(lab: &Lab, host: HostId) -> NamesView {
    let Some(spec) = lab.hosts().get(usize::from(host.0)) else { return NamesView::default() };
    let Some(server) = spec.running.borrow().clone() else { return NamesView::default() };
    let (look, registry) = (Look::at(spec, Some(&server)), server.functions());
    let mut relations = look.relations();
    relations.extend(registry.views().map(of_view));
    crate::small::sort_by(&mut relations, Ord::cmp);
    NamesView {
        relations,
        functions: registry.names().map(str::to_string).collect(),
        settings: Setting::ALL.iter().map(|setting| DEFINITIONS[*setting as usize].name.to_string()).collect(),
    }
}

fn of_view(view: &Function) -> RelationNames {
    let columns = view.columns.iter().map(|(name, _)| name.to_string()).collect();
    RelationNames { name: view.name.to_string(), columns }
}
