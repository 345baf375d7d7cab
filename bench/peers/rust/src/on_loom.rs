//! The programs under Loom.

use crate::{Found, Limit, count, until_panic};

mod tool {
    pub use loom::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    pub use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub use loom::thread;
}

#[path = "programs.rs"]
pub mod programs;

/// Explores, with at most so many preemptions an execution, until a bug shows, all is explored or the
/// limit is reached.
pub fn run(preemptions: Option<usize>, limit: Limit, program: fn()) -> Found {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    // Loom stops before the execution of this number.
    builder.max_permutations = limit.executions.map(|n| n + 1);
    builder.max_duration = limit.time;
    // Limits are looked at after each execution.
    builder.checkpoint_interval = 1;
    until_panic(move || {
        builder.check(move || {
            count::execution();
            program();
        });
    })
}
