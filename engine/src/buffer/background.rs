//! The background writer's round: clean buffers ahead of the clock hand, so that backends find clean victims.
//!
//! How many buffers backends will want before the next round is guessed from the last rounds, weighted; the round
//! walks ahead of the hand, counts the reusable buffers it meets (no usage count, no pin), writes those that are
//! dirty, and stops when it has met as many as the guess times `bgwriter_lru_multiplier`.
//!
//! PostgreSQL: `BgBufferSync` in `storage/buffer/bufmgr.c`.

use std::rc::Rc;

use super::pool::BufferPool;
use crate::ids::Result;
use crate::world::Cx;

/// What the background writer remembers from round to round.
#[derive(Default, Debug)]
pub struct BackgroundWriterState {
    /// Allocations seen up to the last round.
    allocated: u64,
    /// Allocations a round, smoothed over about sixteen rounds.
    smoothed: f64,
}

/// How many reusable buffers a round wants to see ahead of the hand: the larger of the last round's need and the
/// smoothed one, times the multiplier.
fn wanted(state: &mut BackgroundWriterState, allocated: u64, multiplier: f64) -> usize {
    let recent = allocated.saturating_sub(state.allocated) as f64;
    state.allocated = allocated;
    state.smoothed = if recent > state.smoothed { recent } else { state.smoothed + (recent - state.smoothed) / 16.0 };
    (state.smoothed * multiplier + 0.5) as usize
}

impl BufferPool {
    /// One round. Writes at most `max_pages`. Returns how many pages were written.
    pub async fn background_round(
        self: &Rc<Self>,
        cx: &Cx,
        state: &mut BackgroundWriterState,
        max_pages: usize,
        multiplier: f64,
    ) -> Result<usize> {
        let wanted = wanted(state, self.stats().allocated, multiplier);
        let (mut reusable, mut written) = (0, 0);
        for ahead in 0..self.len() {
            if reusable >= wanted || written >= max_pages {
                break;
            }
            let index = (self.hand() + ahead) % self.len();
            let buffer = self.state(index);
            if buffer.pins > 0 || buffer.usage_count > 0 {
                continue;
            }
            reusable += 1;
            if buffer.dirty {
                self.write_buffer(cx, index).await?;
                self.count(|stats| stats.clean_writes += 1);
                written += 1;
                if written >= max_pages {
                    self.count(|stats| stats.clean_stopped += 1);
                }
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guess_rises_at_once_and_falls_slowly() {
        let mut state = BackgroundWriterState::default();
        assert_eq!(wanted(&mut state, 10, 2.0), 20);
        assert_eq!(wanted(&mut state, 10, 2.0), 19);
        for _ in 0..100 {
            wanted(&mut state, 10, 2.0);
        }
        assert_eq!(wanted(&mut state, 10, 2.0), 0);
        assert_eq!(wanted(&mut state, 40, 2.0), 60);
    }
}
