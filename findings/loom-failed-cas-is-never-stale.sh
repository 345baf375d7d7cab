#!/usr/bin/env bash
# Loom explores stale values for a relaxed load, but never for a compare-exchange that fails, and its
# compare_exchange_weak never fails spuriously. An exhaustive check passes a program that may fail.
# C11 7.17.7.4 (Rust takes its orderings from C++20, [atomics.types.operations]): when the comparison
# fails the operation is an atomic *load*, with the failure ordering. "Reads the last value in the
# modification order" ([atomics.order], read-modify-write operations) binds only the one that stores. So
# after flag == 1 was read relaxed, a relaxed compare-exchange of data may find the old 0 and fail, just
# as a load may find it. RVWMO lets that happen: the lr may be performed before the load of flag.
# And the weak form may fail though the values are equal (an sc that fails), which Loom never tries.
set -euo pipefail
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
mkdir "$T/src"; cd "$T"
cat >Cargo.toml <<'TOML'
[package]
name = "stale"
version = "0.0.0"
edition = "2021"
[dependencies]
loom = "=0.7.2"
TOML
cat >src/main.rs <<'RS'
use loom::sync::{atomic::{AtomicUsize, Ordering::Relaxed}, Arc};
use std::{collections::BTreeSet, sync::Mutex};

// Every outcome that Loom finds for `op` on data, once flag was seen to be 1.
fn outcomes(op: fn(&AtomicUsize) -> String) -> Vec<String> {
    let seen = std::sync::Arc::new(Mutex::new(BTreeSet::new()));
    let here = seen.clone();
    loom::model(move || {
        let cells = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let theirs = cells.clone();
        let writer = loom::thread::spawn(move || {
            theirs.0.store(1, Relaxed); // data
            theirs.1.store(1, Relaxed); // flag
        });
        if cells.1.load(Relaxed) == 1 {
            here.lock().unwrap().insert(op(&cells.0));
        }
        writer.join().unwrap();
    });
    let found = seen.lock().unwrap().iter().cloned().collect();
    found
}

fn main() {
    let rows: [(&str, fn(&AtomicUsize) -> String, &[&str]); 4] = [
        ("load", |d| format!("{}", d.load(Relaxed)), &["0", "1"]),
        ("compare_exchange(1, 2)", |d| format!("{:?}", d.compare_exchange(1, 2, Relaxed, Relaxed)), &["Ok(1)"]),
        ("compare_exchange_weak(1, 2)", |d| format!("{:?}", d.compare_exchange_weak(1, 2, Relaxed, Relaxed)), &["Ok(1)"]),
        // fails whatever it reads, so it is a load and nothing else
        ("compare_exchange(9, 2)", |d| format!("{:?}", d.compare_exchange(9, 2, Relaxed, Relaxed)), &["Err(1)"]),
    ];
    for (name, op, expected) in rows {
        let found = outcomes(op);
        println!("{name:28} {found:?}");
        assert_eq!(found, expected, "the behaviour has changed");
    }
}
RS
CARGO_TARGET_DIR="$T/t" cargo build -q
sed -n '/^name = "loom"/{n;s/version = /loom /p}' Cargo.lock
echo "flag == 1 was read; all outcomes in all executions that Loom explores:"
"$T/t/debug/stale"
echo "As expected: the load may be stale, the compare-exchange that can only fail may not (Err(0) is missing)."
