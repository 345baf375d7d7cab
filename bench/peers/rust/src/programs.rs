//! The four programs, as bench/peers/programs.ts has them. Compiled once against each tool, whose
//! threads and synchronisation `super::tool` names.
//!
//! One operation is one call of lock, unlock (the end of a guard), load, store, wait or notify. What
//! only this side needs (spawn, join, the load in the last assertion) is not counted.

use super::tool::{Arc, AtomicUsize, Condvar, Mutex, MutexGuard, SeqCst, thread};
use crate::count;

/// Runs the threads to their ends; the calling thread does nothing else.
fn together(bodies: Vec<Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = bodies.into_iter().map(thread::spawn).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Two threads add 1 without a lock.
pub fn lost_update(buggy: bool) {
    let x = Arc::new(AtomicUsize::new(0));
    let add = || -> Box<dyn FnOnce() + Send> {
        let x = x.clone();
        Box::new(move || {
            let v = x.load(SeqCst);
            x.store(v + 1, SeqCst);
        })
    };
    together(vec![add(), add()]);
    count::operations(4);
    // The bug is in the program; without it there is nothing to measure but the same accesses.
    assert!(x.load(SeqCst) >= if buggy { 2 } else { 1 });
}

const ADDERS: usize = 3;
const ADDITIONS: usize = 10;

/// Three threads of ten times lock, load, store, unlock.
pub fn locked_counter(_buggy: bool) {
    let shared = Arc::new((Mutex::new(()), AtomicUsize::new(0)));
    let add = || -> Box<dyn FnOnce() + Send> {
        let shared = shared.clone();
        Box::new(move || {
            let (mutex, x) = &*shared;
            for _ in 0..ADDITIONS {
                let guard = mutex.lock().unwrap();
                let v = x.load(SeqCst);
                x.store(v + 1, SeqCst);
                drop(guard);
            }
        })
    };
    together((0..ADDERS).map(|_| add()).collect());
    count::operations(4 * ADDERS * ADDITIONS);
    assert_eq!(shared.1.load(SeqCst), ADDERS * ADDITIONS);
}

const SEATS: usize = 4;

/// Each philosopher takes the left fork and then the right one; without the bug, the last one takes
/// the right one first.
pub fn philosophers(buggy: bool) {
    let forks: Arc<Vec<Mutex<()>>> = Arc::new((0..SEATS).map(|_| Mutex::new(())).collect());
    let eat = |seat: usize| -> Box<dyn FnOnce() + Send> {
        let forks = forks.clone();
        Box::new(move || {
            let (left, right) = (seat, (seat + 1) % SEATS);
            let swapped = !buggy && seat == SEATS - 1;
            let (first, second) = if swapped {
                (right, left)
            } else {
                (left, right)
            };
            let one = forks[first].lock().unwrap();
            let other = forks[second].lock().unwrap();
            drop(other);
            drop(one);
        })
    };
    together((0..SEATS).map(eat).collect());
    count::operations(4 * SEATS);
}

/// A queue of one place. Whoever puts and whoever takes wait at the same condition variable, so a
/// signal may wake the wrong one: the bug. Without it, all are woken.
struct Queue {
    mutex: Mutex<()>,
    changed: Condvar,
    filled: AtomicUsize,
    buggy: bool,
}

impl Queue {
    /// Waits while the count of items is `to`, then makes it that: put is change(1), take change(0).
    fn change(&self, to: usize) {
        let mut guard: MutexGuard<'_, ()> = self.mutex.lock().unwrap();
        while self.filled.load(SeqCst) == to {
            guard = self.changed.wait(guard).unwrap();
            count::operations(2);
        }
        self.filled.store(to, SeqCst);
        if self.buggy {
            self.changed.notify_one();
        } else {
            self.changed.notify_all();
        }
        drop(guard);
        count::operations(5);
    }
}

/// One producer of two items, two consumers of one each.
pub fn bounded_queue(buggy: bool) {
    let (mutex, changed, filled) = (Mutex::new(()), Condvar::new(), AtomicUsize::new(0));
    let queue = Arc::new(Queue {
        mutex,
        changed,
        filled,
        buggy,
    });
    let (producer, one, other) = (queue.clone(), queue.clone(), queue.clone());
    together(vec![
        Box::new(move || {
            producer.change(1);
            producer.change(1);
        }),
        Box::new(move || one.change(0)),
        Box::new(move || other.change(0)),
    ]);
}
