//! Cost-based delay: VACUUM keeps an account of what it does to buffers, and naps when the account is full. The caller has
//! the pool count what the process does.
//!
//! PostgreSQL: `vacuum_delay_point` in `commands/vacuum.c`.

use crate::access::Env;
use crate::buffer::BufferUsage;
use crate::ids::{Result, WaitEvent};
use crate::settings::Setting;

/// The account.
pub(super) struct CostDelay {
    /// What the process had used when it last napped.
    since: BufferUsage,
}

impl CostDelay {
    pub(super) fn begin(env: &Env) -> CostDelay {
        CostDelay { since: env.buffers.usage(env.cx.pid()) }
    }

    /// Between two pages: naps if the account is full.
    pub(super) async fn point(&mut self, env: &Env) -> Result<()> {
        env.cx.check_for_interrupts()?;
        let used = env.buffers.usage(env.cx.pid());
        let nap = {
            let settings = env.settings.borrow();
            let price = |setting| settings.int(setting) as u64;
            let balance = (used.hits - self.since.hits) * price(Setting::vacuum_cost_page_hit)
                + (used.misses - self.since.misses) * price(Setting::vacuum_cost_page_miss)
                + (used.dirtied - self.since.dirtied) * price(Setting::vacuum_cost_page_dirty);
            nap(balance, price(Setting::vacuum_cost_limit), price(Setting::vacuum_cost_delay))
        };
        if nap > 0 {
            env.cx.sleep(WaitEvent::VacuumDelay, nap).await;
            self.since = used;
            env.cx.check_for_interrupts()?;
        }
        Ok(())
    }
}

/// How long to nap, in microseconds like `delay`: longer for an account that is more than full, four times at most.
fn nap(balance: u64, limit: u64, delay: u64) -> u64 {
    if balance < limit { 0 } else { (delay * balance / limit.max(1)).min(delay * 4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_account_makes_it_nap() {
        assert_eq!(nap(199, 200, 2_000), 0);
        assert_eq!(nap(200, 200, 2_000), 2_000);
        assert_eq!(nap(300, 200, 2_000), 3_000);
        assert_eq!(nap(5_000, 200, 2_000), 8_000);
        assert_eq!(nap(5_000, 200, 0), 0);
    }
}
