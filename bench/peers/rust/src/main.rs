//! Measures Shuttle and Loom for bench/peers/peers.ts; bench/peers/ours.ts speaks the same way.
//!
//! `peers <tool> <strategy> <program> rate <milliseconds>`: executions of the program without its bug.
//! `peers <tool> <strategy> <program> find <seeds> <executions>`: for each seed, executions until the
//! bug shows.
//! `peers <tool> <strategy> <program> explore <executions>`: executions until a search is through, of
//! the program without its bug. The answer is one line of JSON.

// programs.rs is compiled against each tool.
#![allow(clippy::duplicate_mod)]

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::time::{Duration, Instant};

mod count;
mod on_loom;
mod on_shuttle;

/// When to stop.
#[derive(Clone, Copy)]
pub struct Limit {
    pub executions: Option<usize>,
    pub time: Option<Duration>,
}

/// Whether the bug showed.
pub type Found = bool;

pub fn until_panic(run: impl FnOnce()) -> Found {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

/// The programs have no arguments: a bug to leave out is compiled out, as in real code.
fn program(tool: &str, name: &str, buggy: bool) -> fn() {
    macro_rules! of {
        ($room:ident) => {
            match (name, buggy) {
                ("lost-update", true) => || $room::programs::lost_update(true),
                ("lost-update", false) => || $room::programs::lost_update(false),
                ("locked-counter", _) => || $room::programs::locked_counter(false),
                ("philosophers", true) => || $room::programs::philosophers(true),
                ("philosophers", false) => || $room::programs::philosophers(false),
                ("bounded-queue", true) => || $room::programs::bounded_queue(true),
                ("bounded-queue", false) => || $room::programs::bounded_queue(false),
                _ => panic!("no program {name}"),
            }
        };
    }
    if tool == "loom" {
        of!(on_loom)
    } else {
        of!(on_shuttle)
    }
}

fn run(tool: &str, strategy: &str, seed: u64, limit: Limit, program: fn()) -> Found {
    match tool {
        "shuttle" => on_shuttle::run(strategy, seed, limit, program),
        // `all`, or a bound: `preemptions:2`.
        "loom" => {
            let bound = strategy
                .strip_prefix("preemptions:")
                .map(|n| n.parse().unwrap());
            on_loom::run(bound, limit, program)
        }
        _ => panic!("no tool {tool}"),
    }
}

/// Most memory that this process had, in MiB, as Linux counts it; 0 elsewhere.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // A failure is what is looked for: nobody wants to read each.
    set_hook(Box::new(|_| {}));
    match words[..] {
        [tool, strategy, name, "rate", milliseconds] => {
            rate(tool, strategy, name, milliseconds.parse().unwrap())
        }
        [tool, strategy, name, "find", seeds, executions] => find(
            tool,
            strategy,
            name,
            seeds.parse().unwrap(),
            executions.parse().unwrap(),
        ),
        [tool, strategy, name, "explore", executions] => {
            explore(tool, strategy, name, executions.parse().unwrap())
        }
        _ => panic!("peers <tool> <strategy> <program> rate|find|explore ..."),
    }
}

/// A search that is through starts over.
fn rate(tool: &str, strategy: &str, name: &str, milliseconds: u64) {
    let budget = Duration::from_millis(milliseconds);
    let start = Instant::now();
    let mut seed = 0;
    while start.elapsed() < budget {
        let limit = Limit {
            executions: None,
            time: Some(budget - start.elapsed()),
        };
        seed += 1;
        if run(tool, strategy, seed, limit, program(tool, name, false)) {
            false_alarm();
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let (executions, operations, choices) = count::take();
    let choices = choices as f64 / executions as f64;
    let memory = peak_memory();
    println!(
        "{{\"executions\":{executions},\"operations\":{operations},\"seconds\":{seconds},\
         \"choices\":{choices},\"memory\":{memory}}}"
    );
}

fn find(tool: &str, strategy: &str, name: &str, seeds: u64, executions: usize) {
    if tool == "loom" {
        // Unwinding a deadlock that Loom found aborts the process, so the answer is given before.
        set_hook(Box::new(|_| {
            print_counts(&[Some(count::take().0)]);
            std::process::exit(0);
        }));
    }
    let limit = Limit {
        executions: Some(executions),
        time: None,
    };
    let counts: Vec<_> = (1..=seeds)
        .map(|seed| {
            let found = run(tool, strategy, seed, limit, program(tool, name, true));
            let (needed, ..) = count::take();
            found.then_some(needed)
        })
        .collect();
    print_counts(&counts);
}

fn explore(tool: &str, strategy: &str, name: &str, executions: usize) {
    // One more shows whether there is one more.
    let limit = Limit {
        executions: Some(executions + 1),
        time: None,
    };
    if run(tool, strategy, 1, limit, program(tool, name, false)) {
        false_alarm();
    }
    let (explored, ..) = count::take();
    print_counts(&[(explored <= executions).then_some(explored)]);
}

fn print_counts(counts: &[Option<usize>]) {
    let words: Vec<_> = counts
        .iter()
        .map(|n| n.map_or("null".into(), |n| n.to_string()))
        .collect();
    println!("{{\"counts\":[{}]}}", words.join(","));
}

fn false_alarm() -> ! {
    eprintln!("a false alarm");
    std::process::exit(1)
}
