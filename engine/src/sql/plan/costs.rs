//! What things cost: PostgreSQL's formulas, in pages read one after the other.
//!
//! Every cost is a pair: what is spent before the first row comes, and in all. The units are set by `seq_page_cost` and its
//! like; what a method that is switched off costs is so much that it is taken only where there is no other.
//!
//! PostgreSQL: `optimizer/path/costsize.c`.

use super::tree::Cost;
use crate::ids::BLCKSZ;
use crate::settings::{Setting, Settings};

/// `disable_cost`
const DISABLED: f64 = 1.0e10;

/// The settings, as the formulas use them.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    pub seq_page: f64,
    pub random_page: f64,
    pub tuple: f64,
    pub index_tuple: f64,
    pub operator: f64,
    /// Pages that are thought to be in memory.
    pub cache: f64,
    /// Bytes.
    pub work_mem: f64,
    pub hash_mem: f64,
    pub seqscan: bool,
    pub indexscan: bool,
    pub indexonlyscan: bool,
    pub bitmapscan: bool,
    pub nestloop: bool,
    pub mergejoin: bool,
    pub hashjoin: bool,
    pub hashagg: bool,
    pub sort: bool,
    pub material: bool,
    pub collapse: usize,
}

impl Costs {
    pub fn of(settings: &Settings) -> Costs {
        let cost = |setting| settings.int(setting) as f64 / 1_000_000.0;
        let memory = settings.int(Setting::work_mem) as f64 * 1024.0;
        Costs {
            seq_page: cost(Setting::seq_page_cost),
            random_page: cost(Setting::random_page_cost),
            tuple: cost(Setting::cpu_tuple_cost),
            index_tuple: cost(Setting::cpu_index_tuple_cost),
            operator: cost(Setting::cpu_operator_cost),
            cache: settings.int(Setting::effective_cache_size) as f64,
            work_mem: memory,
            hash_mem: memory * settings.int(Setting::hash_mem_multiplier) as f64 / 1000.0,
            seqscan: settings.on(Setting::enable_seqscan),
            indexscan: settings.on(Setting::enable_indexscan),
            indexonlyscan: settings.on(Setting::enable_indexonlyscan),
            bitmapscan: settings.on(Setting::enable_bitmapscan),
            nestloop: settings.on(Setting::enable_nestloop),
            mergejoin: settings.on(Setting::enable_mergejoin),
            hashjoin: settings.on(Setting::enable_hashjoin),
            hashagg: settings.on(Setting::enable_hashagg),
            sort: settings.on(Setting::enable_sort),
            material: settings.on(Setting::enable_material),
            collapse: settings.int(Setting::join_collapse_limit) as usize,
        }
    }

    /// What it costs beside that a method is used which is switched off.
    pub fn unless(&self, enabled: bool) -> f64 {
        if enabled { 0.0 } else { DISABLED }
    }

    /// `index_pages_fetched`: how many pages so many fetches read, by Mackert and Lohman's formula, if a cache is shared by
    /// all tables of the query.
    pub fn pages_fetched(&self, fetched: f64, pages: f64, index_pages: f64, all_pages: f64) -> f64 {
        let t = pages.max(1.0);
        let total = (all_pages + index_pages).max(1.0);
        let b = (self.cache * t / total).max(1.0).ceil();
        if t <= b {
            let read = 2.0 * t * fetched / (2.0 * t + fetched);
            return if read >= t { t } else { read.ceil() };
        }
        let limit = 2.0 * t * b / (2.0 * t - b);
        let read = if fetched <= limit {
            2.0 * t * fetched / (2.0 * t + fetched)
        } else {
            b + (fetched - limit) * (t - b) / t
        };
        read.ceil()
    }

    /// `cost_tuplesort`: before the first row and afterwards.
    fn tuplesort(&self, rows: f64, width: i32, limit: Option<f64>) -> (f64, f64) {
        let input = bytes(rows, width);
        let rows = rows.max(2.0);
        let compare = 2.0 * self.operator;
        let (out_rows, out_bytes) = match limit.filter(|limit| *limit > 0.0 && *limit < rows) {
            Some(limit) => (limit, bytes(limit, width)),
            None => (rows, input),
        };
        let startup = if out_bytes > self.work_mem {
            let pages = (input / BLCKSZ as f64).ceil();
            let runs = input / self.work_mem;
            let order = merge_order(self.work_mem);
            let passes = if runs > order { (libm::log(runs) / libm::log(order)).ceil() } else { 1.0 };
            let accesses = 2.0 * pages * passes;
            compare * rows * log2(rows) + accesses * (self.seq_page * 0.75 + self.random_page * 0.25)
        } else if rows > 2.0 * out_rows || input > self.work_mem {
            compare * rows * log2(2.0 * out_rows)
        } else {
            compare * rows * log2(rows)
        };
        (startup, self.operator * rows)
    }

    /// `cost_sort`, over an input.
    pub fn sorted(&self, input: &Cost, limit: Option<f64>) -> Cost {
        let (startup, run) = self.tuplesort(input.rows, input.width, limit);
        let startup = startup + input.total + self.unless(self.sort);
        Cost { startup, total: startup + run, ..*input }
    }

    /// `cost_material`
    pub fn kept(&self, input: &Cost) -> Cost {
        let size = bytes(input.rows, input.width);
        let mut run = input.total - input.startup + 2.0 * self.operator * input.rows;
        if size > self.work_mem {
            run += self.seq_page * (size / BLCKSZ as f64).ceil();
        }
        Cost { total: input.startup + run, ..*input }
    }

    /// What it costs to read rows again that a sort or a Material has kept: so much for each row.
    pub fn reread(&self, each: f64, cost: &Cost) -> f64 {
        let size = bytes(cost.rows, cost.width);
        let spilled = if size > self.work_mem { self.seq_page * (size / BLCKSZ as f64).ceil() } else { 0.0 };
        each * cost.rows + spilled
    }

    /// Groups made of rows: of sorted ones, by hashes, or a single one. `trans` and `last` are what the aggregates cost for
    /// each row and for each group.
    pub fn grouped(&self, input: &Cost, how: Grouped, keys: usize, groups: f64, calls: &Calls) -> Cost {
        let rows = input.rows;
        let compare = self.operator * keys as f64 * rows;
        let (startup, total, out) = match how {
            Grouped::Plain => {
                let startup = input.total + calls.trans * rows + calls.last;
                (startup, startup + self.tuple, 1.0)
            }
            Grouped::Sorted => {
                let total = input.total + calls.trans * rows + compare + calls.last * groups + self.tuple * groups;
                (input.startup, total, groups)
            }
            Grouped::Hashed => {
                let mut startup = input.total + self.unless(self.hashagg) + calls.trans * rows + compare;
                let mut total = startup + calls.last * groups + self.tuple * groups;
                let spill = self.hash_spill(input, groups, calls);
                startup += spill.0;
                total += spill.1;
                (startup, total, groups)
            }
        };
        Cost { startup, total, rows: out, width: input.width }
    }

    /// What groups cost beside that are written to disk: before the first one, and in all.
    fn hash_spill(&self, input: &Cost, groups: f64, calls: &Calls) -> (f64, f64) {
        let entry = hash_entry(calls.count, input.width, calls.space);
        let partitions = {
            let wanted = 1.5 * groups * entry / self.hash_mem;
            let allowed = (self.hash_mem * 0.25 - BLCKSZ as f64) / BLCKSZ as f64;
            next_power((1.0 + wanted).min(allowed).clamp(4.0, 1024.0).floor())
        };
        let fits = groups * entry <= self.hash_mem;
        let limit = match fits {
            true => self.hash_mem,
            false => {
                let used = partitions * BLCKSZ as f64 + BLCKSZ as f64;
                if self.hash_mem > 4.0 * used { self.hash_mem - used } else { self.hash_mem * 0.75 }
            }
        };
        let group_limit = if limit > entry { (limit / entry).floor() } else { 1.0 };
        let batches = (groups * entry / limit).max(groups / group_limit).ceil().max(1.0);
        let partitions = if fits { 2.0 } else { partitions.max(2.0) };
        let depth = (libm::log(batches) / libm::log(partitions)).ceil();
        let pages = bytes(input.rows, input.width) / BLCKSZ as f64 * depth * 2.0;
        let rows = depth * input.rows * 2.0 * self.tuple;
        (pages * self.random_page + rows, pages * self.random_page + pages * self.seq_page + rows)
    }

    /// `ExecChooseHashTableSize`: buckets and batches of a table of such rows.
    pub fn hash_table(&self, rows: f64, width: i32) -> (f64, f64) {
        let rows = if rows <= 0.0 { 1000.0 } else { rows };
        let tuple = 16.0 + max_align(16.0) + max_align(f64::from(width));
        let inner = rows * tuple;
        // A part is kept for the most common values of the outer side.
        let skewed = tuple + 8.0 * 8.0 + 4.0 + 16.0;
        let allowed = self.hash_mem - ((self.hash_mem / skewed).floor() * 2.0 / 100.0).floor() * skewed;
        let most = previous_power((allowed / 8.0).floor()).min(f64::from(1 << 26));
        let mut buckets = next_power((rows.ceil()).min(most).max(1024.0));
        if inner + buckets * 8.0 <= allowed {
            return (buckets, 1.0);
        }
        let bucket = tuple + 8.0;
        let wanted = if allowed <= bucket { 1.0 } else { next_power((allowed / bucket).floor()) };
        buckets = wanted.min(most);
        let batches = next_power((inner / (allowed - buckets * 8.0)).ceil()).max(2.0);
        (buckets, batches)
    }
}

/// How groups are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grouped {
    Plain,
    Sorted,
    Hashed,
}

/// What aggregates cost.
#[derive(Clone, Copy, Default, Debug)]
pub struct Calls {
    /// For each row.
    pub trans: f64,
    /// For each group.
    pub last: f64,
    /// How many there are.
    pub count: usize,
    /// Bytes for states that are no plain values.
    pub space: f64,
}

/// `relation_byte_size`
pub fn bytes(rows: f64, width: i32) -> f64 {
    rows * (max_align(f64::from(width)) + 24.0)
}

/// `page_size`
pub fn pages(rows: f64, width: i32) -> f64 {
    (bytes(rows, width) / BLCKSZ as f64).ceil()
}

/// `clamp_row_est`
pub fn clamp_rows(rows: f64) -> f64 {
    if rows > 1e100 || rows.is_nan() {
        1e100
    } else if rows <= 1.0 {
        1.0
    } else {
        rows.round_ties_even()
    }
}

pub fn clamp_part(part: f64) -> f64 {
    part.clamp(0.0, 1.0)
}

pub fn max_align(size: f64) -> f64 {
    (size / 8.0).ceil() * 8.0
}

fn log2(n: f64) -> f64 {
    libm::log(n) / std::f64::consts::LN_2
}

/// `hash_agg_entry_size`
fn hash_entry(calls: usize, width: i32, space: f64) -> f64 {
    let tuple = max_align(16.0) + f64::from(width);
    let group = calls as f64 * 16.0;
    let chunk = |size: f64| if size == 0.0 { 0.0 } else { 16.0 + size };
    24.0 + chunk(tuple) + chunk(group) + chunk(space)
}

/// `tuplesort_merge_order`
fn merge_order(memory: f64) -> f64 {
    let tape = BLCKSZ as f64;
    let order = (memory / (2.0 * tape + BLCKSZ as f64 * 32.0)).floor();
    order.clamp(6.0, 500.0)
}

fn next_power(n: f64) -> f64 {
    let mut power = 1.0;
    while power < n {
        power *= 2.0;
    }
    power
}

fn previous_power(n: f64) -> f64 {
    let next = next_power(n);
    if next > n { next / 2.0 } else { next }
}
