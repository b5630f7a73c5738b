//! The queries of a statement: which items they have and what those are called, which subqueries stand in them.

use super::super::bound::{Bound, CteBody, FromNode, Query, Statement, SubKind, SubLink, Wait};
use super::super::plan::{CtePlan, slots};
use super::node::Walk;

impl<'a> Walk<'a> {
    /// `select_rtable_names_for_explain`: each name once; the next of it has a number.
    pub fn name_all(&mut self) {
        let mut queries = Vec::new();
        queries.push(self.changed);
        of_statement(&self.bound.statement, &mut queries);
        self.bound.subqueries.iter().for_each(|query| of_query(query, &mut queries));
        for cte in &self.bound.ctes {
            match &cte.body {
                CteBody::Query(query) => of_query(query, &mut queries),
                CteBody::Recursive(both, _) => {
                    of_query(&both.0, &mut queries);
                    of_query(&both.1, &mut queries);
                }
                CteBody::Change(statement) => of_statement(statement, &mut queries),
            }
        }
        for query in queries {
            for range in &query.range {
                let mut name = range.name.to_string();
                let mut number = 0;
                while self.references.iter().any(|(_, known)| *known == name) {
                    number += 1;
                    name = format!("{}_{number}", range.name);
                }
                self.references.push(((std::ptr::from_ref(query) as usize, range.base), name));
                self.items += 1;
            }
            self.items += query.from.as_ref().map_or(0, joins);
        }
    }

    pub fn init_number(&self, query: usize) -> usize {
        let before = |link: &&SubLink| link.query < query && link.constant && !matches!(link.kind, SubKind::Any(_));
        self.links().into_iter().filter(before).count()
    }

    /// The number by which a subquery goes: queries of WITH come first.
    pub fn sub_number(&self, query: usize) -> usize {
        let ctes = self.planned.ctes.iter().filter(|cte| !matches!(***cte, CtePlan::Inlined)).count();
        ctes + query + 1
    }

    fn links(&self) -> Vec<&'a SubLink> {
        let mut links = Vec::new();
        let mut queries: Vec<&'a Query> = Vec::new();
        of_statement(&self.bound.statement, &mut queries);
        self.bound.subqueries.iter().for_each(|query| of_query(query, &mut queries));
        for query in queries {
            super::super::plan::each_wait(query, &mut |wait| {
                if let Wait::Sub(link) = wait {
                    links.push(&**link);
                }
            });
        }
        links
    }
}

fn joins(from: &FromNode) -> usize {
    match from {
        FromNode::Join(join) => 1 + joins(&join.left) + joins(&join.right),
        _ => 0,
    }
}

pub fn find_subquery<'a>(from: &'a FromNode, at: usize, bound: &'a Bound, found: &mut Option<&'a Query>) {
    match from {
        FromNode::Join(join) => {
            find_subquery(&join.left, at, bound, found);
            find_subquery(&join.right, at, bound, found);
        }
        FromNode::Subquery(query, base, _) if slots(from).contains(&at) || *base == at => *found = Some(query),
        FromNode::Cte(id, ..) if slots(from).contains(&at) => {
            if let CteBody::Query(query) = &bound.ctes[*id].body {
                *found = Some(query);
            }
        }
        _ => {}
    }
}

/// The rows that an UPDATE or a DELETE changes, as a query.
pub fn changed(bound: &Bound) -> Query {
    let table = match &bound.statement {
        Statement::Update(update) if update.from.is_none() => &update.table,
        Statement::Delete(delete) if delete.using.is_none() => &delete.table,
        _ => return Query::default(),
    };
    let range =
        super::super::bound::RangeName { base: 0, name: table.name.clone(), columns: Vec::new(), aliased: false };
    Query { from: Some(FromNode::Table(table.clone(), 0, true)), range: vec![range], ..Query::default() }
}

fn of_statement<'a>(statement: &'a Statement, queries: &mut Vec<&'a Query>) {
    match statement {
        Statement::Query(query) => of_query(query, queries),
        Statement::Insert(insert) => insert.source.iter().for_each(|query| of_query(query, queries)),
        Statement::Update(update) => update.from.iter().for_each(|query| of_query(query, queries)),
        Statement::Delete(delete) => delete.using.iter().for_each(|query| of_query(query, queries)),
    }
}

fn of_query<'a>(query: &'a Query, queries: &mut Vec<&'a Query>) {
    queries.push(query);
    query.from.iter().for_each(|from| of_from(from, queries));
    if let Some(operation) = &query.set_operation {
        operation.sides.iter().for_each(|(side, _)| of_query(side, queries));
    }
}

fn of_from<'a>(from: &'a FromNode, queries: &mut Vec<&'a Query>) {
    match from {
        FromNode::Join(join) => {
            of_from(&join.left, queries);
            of_from(&join.right, queries);
        }
        FromNode::Subquery(query, ..) => of_query(query, queries),
        _ => {}
    }
}
