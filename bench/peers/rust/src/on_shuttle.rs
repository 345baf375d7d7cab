//! The programs under Shuttle.

use crate::{Found, Limit, count, until_panic};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::{Config, FailurePersistence, Runner};

mod tool {
    pub use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    pub use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};
    pub use shuttle::thread;
}

#[path = "programs.rs"]
pub mod programs;

/// As bench/peers/ours.ts.
const PCT_DEPTH: usize = 4;

/// Executes under the strategy until a bug shows or the limit is reached.
pub fn run(strategy: &str, seed: u64, limit: Limit, program: fn()) -> Found {
    let executions = limit.executions.unwrap_or(usize::MAX);
    match strategy {
        "random" => go(
            RandomScheduler::new_from_seed(seed, executions),
            limit,
            program,
        ),
        "pct" => go(
            PctScheduler::new_from_seed(seed, PCT_DEPTH, executions),
            limit,
            program,
        ),
        _ => panic!("no strategy {strategy}"),
    }
}

fn go(scheduler: impl Scheduler + 'static, limit: Limit, program: fn()) -> Found {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config.max_time = limit.time;
    until_panic(move || {
        Runner::new(Counting(scheduler), config).run(move || {
            count::execution();
            program();
        });
    })
}

/// Counts the choices between two threads or more.
struct Counting<S>(S);

impl<S: Scheduler> Scheduler for Counting<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.0.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        yields: bool,
    ) -> Option<TaskId> {
        if runnable.len() > 1 {
            count::choice();
        }
        self.0.next_task(runnable, current, yields)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
