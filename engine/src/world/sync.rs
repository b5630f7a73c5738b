//! Waiting for each other in shared memory: wait lists and lightweight locks.
//!
//! An LWLock of PostgreSQL guards a piece of shared memory for a short time, in shared or exclusive mode. Here a
//! plain `fn` needs none, since nothing runs beside it; one is taken where PostgreSQL holds it *across* something
//! that waits, and a user may stop the process in the middle. Acquire is async, release is not: the guard
//! releases when it is dropped.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::executor::World;
use super::process::Cx;
use crate::ids::{Pid, WaitEvent};

/// Processes that wait for the same thing, first come first.
#[derive(Default)]
pub struct WaitList(RefCell<Vec<Pid>>);

impl WaitList {
    /// Waits until woken through this list; the caller then looks whether it has what it wants.
    pub async fn wait(&self, cx: &Cx, event: WaitEvent) {
        self.join(cx.pid());
        cx.wait(event, None).await;
        self.leave(cx.pid());
    }

    /// Joins for good: the process is woken each time, whatever it waits for, until it leaves.
    pub fn join(&self, pid: Pid) {
        self.0.borrow_mut().push(pid);
    }

    /// Leaves.
    pub fn leave(&self, pid: Pid) {
        self.0.borrow_mut().retain(|member| *member != pid);
    }

    /// Wakes all.
    pub fn wake_all(&self, world: &World) {
        self.0.borrow().iter().for_each(|pid| world.wake(*pid));
    }

    /// Who waits.
    pub fn waiting(&self) -> Vec<Pid> {
        self.0.borrow().clone()
    }
}

/// How a lightweight lock is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LwMode {
    /// With other readers.
    Shared,
    /// Alone.
    Exclusive,
}

/// A lightweight lock.
pub struct LwLock(Rc<LwState>);

struct LwState {
    event: WaitEvent,
    exclusive: Cell<bool>,
    shared: Cell<u32>,
    waiters: WaitList,
}

impl LwLock {
    /// A free lock; whoever waits for it shows `event`.
    pub fn new(event: WaitEvent) -> LwLock {
        LwLock(Rc::new(LwState {
            event,
            exclusive: Cell::default(),
            shared: Cell::default(),
            waiters: WaitList::default(),
        }))
    }

    /// Takes the lock if it is free in this mode.
    pub fn try_acquire(&self, cx: &Cx, mode: LwMode) -> Option<LwGuard> {
        let lock = &self.0;
        let free = !lock.exclusive.get() && (mode == LwMode::Shared || lock.shared.get() == 0);
        free.then(|| {
            match mode {
                LwMode::Shared => lock.shared.set(lock.shared.get() + 1),
                LwMode::Exclusive => lock.exclusive.set(true),
            }
            LwGuard { lock: lock.clone(), mode, world: cx.world().clone() }
        })
    }

    /// Takes the lock, after waiting if need be.
    pub async fn acquire(&self, cx: &Cx, mode: LwMode) -> LwGuard {
        loop {
            if let Some(guard) = self.try_acquire(cx, mode) {
                return guard;
            }
            self.0.waiters.wait(cx, self.0.event).await;
        }
    }

    /// Whether somebody holds it.
    pub fn is_held(&self) -> bool {
        self.0.exclusive.get() || self.0.shared.get() > 0
    }
}

/// A held lightweight lock; dropping it releases.
pub struct LwGuard {
    lock: Rc<LwState>,
    mode: LwMode,
    world: World,
}

impl LwGuard {
    /// How it is held.
    pub fn mode(&self) -> LwMode {
        self.mode
    }
}

impl Drop for LwGuard {
    fn drop(&mut self) {
        match self.mode {
            LwMode::Shared => self.lock.shared.set(self.lock.shared.get() - 1),
            LwMode::Exclusive => self.lock.exclusive.set(false),
        }
        self.lock.waiters.wake_all(&self.world);
    }
}
