//! Where names are looked for: the schemas that there are, and those of `search_path`.
//!
//! ```text
//!   search_path = "$user", app, public        what is named and is there, in that order
//!      ▼
//!   pg_temp_3, pg_catalog, app, public        before it, unless they are named: the session's own tables, the catalogs
//!                          └ new tables are made in the first that is named
//! ```
//!
//! A name that is not qualified means the first relation of that name along the path. One that is found so is *visible*, and
//! is shown without its schema.
//!
//! The schemas are read as a whole and kept until one of them is changed.
//!
//! PostgreSQL: `recomputeNamespacePath`, `RelationIsVisible` in `catalog/namespace.c`.

use std::rc::Rc;

use super::layout::PG_NAMESPACE;
use super::pg_namespace::{self, PG_CATALOG, temp_namespace};
use super::{Catalog, rows};
use crate::ids::{Oid, Result};
use crate::settings::Setting;
use crate::small;
use crate::txn::Env;

/// The name of the session's own schema for temporary tables, whichever it is.
pub(super) const OWN: &str = "pg_temp";

/// A schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schema {
    /// Its object id.
    pub oid: Oid,
    /// Its name.
    pub name: Rc<str>,
    /// The role that owns it.
    pub owner: Oid,
}

/// The schemas in which names are looked for.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct SearchPath {
    /// All of them, in order.
    pub schemas: Vec<Oid>,
    /// How many of these nobody has named.
    pub implicit: usize,
    /// Whether the session's own schema is named first: tables are made there, though it may have to be made too.
    pub temporary: bool,
}

impl SearchPath {
    /// The schema in which tables are made.
    pub fn creation(&self) -> Option<Oid> {
        self.schemas.get(self.implicit).copied()
    }
}

/// A relation, as far as its name goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelationName {
    /// Its object id.
    pub oid: Oid,
    /// Its schema.
    pub namespace: Oid,
    /// Its name.
    pub name: Rc<str>,
    /// Whether the name alone means it.
    pub visible: bool,
}

/// The names of all relations, and the path along which they are seen.
pub(super) type SeenNames = (Rc<SearchPath>, Rc<[RelationName]>);

/// What a backend remembers of schemas.
#[derive(Default)]
pub(super) struct Known {
    schemas: Option<Rc<[Schema]>>,
    /// The path, and what it was made from: the setting, and whether the session has a schema of its own.
    path: Option<(String, bool, Rc<SearchPath>)>,
}

/// The names in a `search_path`.
fn names(setting: &str) -> Vec<String> {
    let (mut names, mut name, mut quoted) = (Vec::new(), String::new(), false);
    for c in setting.chars().chain([',']) {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                let name = std::mem::take(&mut name);
                names.push(name.trim().to_string());
            }
            c if quoted => name.push(c),
            c => name.push(c.to_ascii_lowercase()),
        }
    }
    names
}

impl Catalog {
    /// All schemas, in the order of their rows.
    pub async fn schemas(&self, env: &Env) -> Result<Rc<[Schema]>> {
        if let Some(known) = &self.known.borrow().schemas {
            return Ok(known.clone());
        }
        let mut schemas = Vec::new();
        for (_, values) in rows::find(env, &PG_NAMESPACE, 1, |_| true).await? {
            let oid = |at: usize| values[at].as_u32().map(Oid);
            schemas.push(Schema { oid: oid(0)?, name: values[1].as_str()?.into(), owner: oid(2)? });
        }
        let schemas: Rc<[Schema]> = schemas.into();
        self.known.borrow_mut().schemas = Some(schemas.clone());
        Ok(schemas)
    }

    /// The schema of this name; `pg_temp` is the session's own, whether it has it yet or not.
    pub async fn schema(&self, env: &Env, name: &str) -> Result<Option<Oid>> {
        if name == OWN {
            return Ok(Some(temp_namespace(env.backend_number())));
        }
        if let Some(known) = pg_namespace::built_in(name) {
            return Ok(Some(known));
        }
        let schemas = self.schemas(env).await?;
        Ok(schemas.iter().find(|schema| &*schema.name == name).map(|schema| schema.oid))
    }

    /// The name of a schema; of one that is gone, nothing.
    pub async fn schema_name(&self, env: &Env, oid: Oid) -> Result<Rc<str>> {
        if let Some(name) = pg_namespace::built_in_name(oid) {
            return Ok(name.into());
        }
        let schemas = self.schemas(env).await?;
        Ok(schemas.iter().find(|schema| schema.oid == oid).map_or_else(|| "".into(), |schema| schema.name.clone()))
    }

    /// The schemas in which names are looked for.
    pub async fn search_path(&self, env: &Env) -> Result<Rc<SearchPath>> {
        let own = env.temp_tables.has_schema.get();
        if let Some((setting, with_own, path)) = &self.known.borrow().path
            && *with_own == own
            && env.settings.borrow().text(Setting::search_path) == setting
        {
            return Ok(path.clone());
        }
        let (setting, user) = {
            let settings = env.settings.borrow();
            (settings.text(Setting::search_path).to_string(), settings.text(Setting::session_authorization).to_string())
        };
        let mut path = SearchPath::default();
        for (at, name) in names(&setting).iter().enumerate() {
            if name == OWN && !own {
                path.temporary |= at == 0;
                continue;
            }
            let name = if name == "$user" { &user } else { name };
            let found = self.schema(env, name).await?;
            path.schemas.extend(found.filter(|oid| !path.schemas.contains(oid)));
        }
        for implicit in [Some(PG_CATALOG), own.then(|| temp_namespace(env.backend_number()))].into_iter().flatten() {
            if !path.schemas.contains(&implicit) {
                path.schemas.insert(0, implicit);
                path.implicit += 1;
            }
        }
        let path = Rc::new(path);
        self.known.borrow_mut().path = Some((setting, own, path.clone()));
        Ok(path)
    }

    /// The names of all relations. They are kept as long as nothing is changed.
    pub async fn relation_names(&self, env: &Env) -> Result<Rc<[RelationName]>> {
        let path = self.search_path(env).await?;
        if let Some((of, names)) = &*self.relation_names.borrow()
            && Rc::ptr_eq(of, &path)
        {
            return Ok(names.clone());
        }
        let place = |oid: Oid| path.schemas.iter().position(|schema| *schema == oid);
        let mut names: Vec<RelationName> = Vec::new();
        for class in self.relations(env).await? {
            let name = class.name.as_str().into();
            names.push(RelationName { oid: class.oid, namespace: class.namespace, name, visible: false });
        }
        // Of those of one name the first along the path is visible.
        let mut order: Vec<usize> = (0..names.len()).collect();
        small::sort_by_key(&mut order, |at| {
            (names[*at].name.clone(), place(names[*at].namespace).unwrap_or(usize::MAX))
        });
        let mut before: Option<Rc<str>> = None;
        for at in order {
            let name = names[at].name.clone();
            names[at].visible = before.as_ref() != Some(&name) && place(names[at].namespace).is_some();
            before = Some(name);
        }
        let names: Rc<[RelationName]> = names.into();
        *self.relation_names.borrow_mut() = Some((path, names.clone()));
        Ok(names)
    }

    /// Forgets the schemas.
    pub fn forget_schemas(&self) {
        *self.known.borrow_mut() = Known::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_unless_they_are_quoted() {
        assert_eq!(names("\"$user\", Public"), ["$user", "public"]);
        assert_eq!(names("\"A, b\",c"), ["A, b", "c"]);
        assert_eq!(names(""), [""]);
    }
}
