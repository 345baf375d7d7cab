//! What is counted over executions, beside the tools: their own atomics would be operations.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static EXECUTIONS: AtomicUsize = AtomicUsize::new(0);
static OPERATIONS: AtomicUsize = AtomicUsize::new(0);
static CHOICES: AtomicUsize = AtomicUsize::new(0);

/// One thread runs at a time, so a load and a store do, and cost next to nothing.
fn add(counter: &AtomicUsize, n: usize) {
    counter.store(counter.load(Relaxed) + n, Relaxed);
}

pub fn execution() {
    add(&EXECUTIONS, 1);
}

pub fn operations(n: usize) {
    add(&OPERATIONS, n);
}

pub fn choice() {
    add(&CHOICES, 1);
}

/// Executions, operations and choices since the last call.
pub fn take() -> (usize, usize, usize) {
    (
        EXECUTIONS.swap(0, Relaxed),
        OPERATIONS.swap(0, Relaxed),
        CHOICES.swap(0, Relaxed),
    )
}
