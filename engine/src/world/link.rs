//! Network links with latency and a cut switch, and the connections that go through them.
//!
//! A message sent now arrives one latency later, in order. While a link is cut nothing arrives; what was sent
//! waits, as TCP would send it again, and comes one latency after the link is healed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use super::executor::World;
use super::process::{Cx, Woke};
use crate::ids::{Instant, Pid, WaitEvent};
use crate::trace::Event;

/// A link between two hosts, or between a host and its clients. A handle: clones are the same link.
#[derive(Clone)]
pub struct Link(Rc<LinkState>);

struct LinkState {
    latency: Cell<u64>,
    cut: Cell<bool>,
    /// The connections that go through here, to be rescheduled when the link is healed.
    connections: RefCell<Vec<Weak<dyn Reschedule>>>,
}

trait Reschedule {
    /// Sends everything that has not arrived by `now` again, to arrive at `at`.
    fn resend(&self, world: &World, now: Instant, at: Instant);
    /// Messages that have not arrived by `now`.
    fn in_flight(&self, now: Instant) -> usize;
}

impl Link {
    /// A healthy link; `latency` in microseconds, one way.
    pub fn new(latency: u64) -> Link {
        Link(Rc::new(LinkState { latency: Cell::new(latency), cut: Cell::new(false), connections: RefCell::default() }))
    }

    /// One way, in microseconds.
    pub fn latency(&self) -> u64 {
        self.0.latency.get()
    }

    /// Changes the latency of what is sent from now on.
    pub fn set_latency(&self, micros: u64) {
        self.0.latency.set(micros);
    }

    /// Whether nothing passes.
    pub fn is_cut(&self) -> bool {
        self.0.cut.get()
    }

    /// Cuts or heals the link.
    pub fn set_cut(&self, world: &World, cut: bool) {
        if self.0.cut.replace(cut) == cut {
            return;
        }
        world.emit(Event::LinkCut { cut });
        let (now, at) = (world.now(), world.now() + self.latency());
        let arrival = if cut { Instant::NEVER } else { at };
        let live: Vec<_> = self.0.connections.borrow().iter().filter_map(Weak::upgrade).collect();
        live.iter().for_each(|connection| connection.resend(world, now, arrival));
        self.0.connections.borrow_mut().retain(|connection| connection.strong_count() > 0);
    }
}

impl Link {
    /// How many messages are on their way, in both directions.
    pub fn in_flight(&self, now: Instant) -> usize {
        let connections = self.0.connections.borrow();
        connections.iter().filter_map(Weak::upgrade).map(|connection| connection.in_flight(now)).sum()
    }
}

struct Queue<M> {
    messages: RefCell<VecDeque<(Instant, M)>>,
    reader: Cell<Option<Pid>>,
    closed: Cell<bool>,
    link: Link,
    world: World,
}

impl<M> Queue<M> {
    /// One end has gone: the other is told after the time that a message would take.
    fn close(&self) {
        self.closed.set(true);
        if let Some(pid) = self.reader.get() {
            self.world.wake_at(pid, self.world.now() + self.link.latency());
        }
    }
}

impl<M> Reschedule for Queue<M> {
    fn resend(&self, world: &World, now: Instant, at: Instant) {
        for (arrival, _) in self.messages.borrow_mut().iter_mut().filter(|(arrival, _)| *arrival > now) {
            *arrival = at;
        }
        if let Some(pid) = self.reader.get() {
            world.wake(pid);
        }
    }

    fn in_flight(&self, now: Instant) -> usize {
        self.messages.borrow().iter().filter(|(arrival, _)| *arrival > now).count()
    }
}

/// One direction of a connection: what goes in at the sender comes out at the receiver.
pub fn channel<M: 'static>(world: &World, link: &Link) -> (Sender<M>, Receiver<M>) {
    let queue = Rc::new(Queue {
        messages: RefCell::default(),
        reader: Cell::new(None),
        closed: Cell::new(false),
        link: link.clone(),
        world: world.clone(),
    });
    let weak: Weak<dyn Reschedule> = Rc::downgrade(&(queue.clone() as Rc<dyn Reschedule>));
    link.0.connections.borrow_mut().push(weak);
    (Sender(queue.clone()), Receiver(queue))
}

/// The end where messages go in.
pub struct Sender<M>(Rc<Queue<M>>);

impl<M> Sender<M> {
    /// Sends; whether the other end still listens is not known here.
    pub fn send(&self, world: &World, message: M) {
        let queue = &self.0;
        let at = if queue.link.is_cut() { Instant::NEVER } else { world.now() + queue.link.latency() };
        // A shorter latency must not let a message overtake an earlier one.
        let last = queue.messages.borrow().back().map_or(Instant(0), |(at, _)| *at);
        let at = if queue.link.is_cut() { at } else { at.max(last) };
        queue.messages.borrow_mut().push_back((at, message));
        if let Some(pid) = queue.reader.get().filter(|_| at < Instant::NEVER) {
            world.wake_at(pid, at);
        }
    }

    /// Whether the other end has gone.
    pub fn is_closed(&self) -> bool {
        self.0.closed.get()
    }
}

impl<M> Drop for Sender<M> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The end where messages come out.
pub struct Receiver<M>(Rc<Queue<M>>);

impl<M> Receiver<M> {
    /// The next message that has arrived.
    pub fn try_recv(&self, now: Instant) -> Option<M> {
        let mut messages = self.0.messages.borrow_mut();
        let arrived = messages.front().is_some_and(|(at, _)| *at <= now);
        arrived.then(|| messages.pop_front().map(|(_, message)| message)).flatten()
    }

    /// Whether a message has arrived.
    pub fn has_arrived(&self, now: Instant) -> bool {
        self.0.messages.borrow().front().is_some_and(|(at, _)| *at <= now)
    }

    /// Whether the sender has gone and nothing more will come.
    pub fn is_closed(&self) -> bool {
        self.0.closed.get() && self.0.messages.borrow().is_empty()
    }

    /// Waits until a message arrives, the process is woken for another reason, or the timer rings.
    pub async fn wait(&self, cx: &Cx, event: WaitEvent, timer: Option<Instant>) -> Woke {
        self.0.reader.set(Some(cx.pid()));
        if self.has_arrived(cx.now()) {
            return Woke::Latch;
        }
        let next = self.0.messages.borrow().front().map(|(at, _)| *at);
        cx.wait_with_arrival(event, timer, next.filter(|at| *at < Instant::NEVER)).await
    }
}

impl<M> Drop for Receiver<M> {
    fn drop(&mut self) {
        self.0.closed.set(true);
    }
}
