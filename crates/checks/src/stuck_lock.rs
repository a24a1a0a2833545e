//! A lock is waited for whose holder itself waits for ever: neither goes on.
//!
//! # Why it leaks
//! A goroutine that holds a lock across an operation that waits (a send, a receive, another lock, a
//! `Wait`) keeps everybody out until that operation ends. If the one that could end it needs the lock
//! first, both wait for ever, and with them whoever comes for the lock later.
//!
//! # Example
//! ```go
//! type queue struct {
//!     mu    sync.Mutex
//!     items chan int
//! }
//!
//! func swap() {
//!     q := &queue{items: make(chan int)}
//!     go func() {
//!         q.mu.Lock()
//!         <-q.items // the sender needs the lock first
//!         q.mu.Unlock()
//!     }()
//!     q.mu.Lock()
//!     q.items <- 1
//!     q.mu.Unlock()
//! }
//! ```
//! Send and receive outside of the lock; take several locks in one order everywhere.
//!
//! # Fix safety
//! There is no automatic fix: which of the two operations can leave the lock is for people to say.
//!
//! # Not reported
//! Locks that code out of view may unlock; locks left locked by a return, and locks taken twice by one
//! goroutine, which are `missing-unlock` and `double-lock`.

use crate::Ctx;
use crate::waits::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_ir::Span;
use stanch_model::Leak;

/// The check.
pub const CHECK: Check = Check {
    code: "GR003",
    name: "stuck-lock",
    summary: "a lock is waited for whose holder waits for ever",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    subject: "this lock",
    verb: ("never gets free again", "can stay taken for ever"),
    label: "whoever holds it never unlocks it",
    rescuer: "this would free it",
    help: "do not wait for others while you hold a lock that they need; take several locks in one order",
    remedy: Remedy::Restructure,
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let leaks = waits::leaks(ctx, |ctx, seen| {
        let leak = &seen.leak.leak;
        waits::waits_for_lock(leak) && !is_told(ctx, leak)
    });
    leaks.iter().map(|seen| waits::finding(ctx, &CHECK, seen, &WORDS)).collect()
}

/// Whether the schedule goes through a lock that another check says is left locked, or taken twice.
fn is_told(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let left = ctx.obligations.missing_unlocks.iter().map(|m| m.span);
    let twice = ctx.obligations.double_locks.iter().flat_map(|d| [d.first, d.second]);
    let places: Vec<Span> = left.chain(twice).collect();
    waits::goes_through(ctx, leak, &places)
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("stuck-lock", fixture);
    }

    #[test]
    fn the_sender_needs_the_lock_that_the_receiver_holds() {
        check(
            r#"
type queue struct {
    mu    sync.Mutex
    items chan int
}
func swap() {
    q := &queue{items: make(chan int)}
    go func() {
        q.mu.Lock()
      //^^^^^^^^^^^ leak[stuck-lock]: this lock never gets free again
        <-q.items
        q.mu.Unlock()
    }()
    q.mu.Lock()
  //^^^^^^^^^^^ leak[stuck-lock]: this lock never gets free again
    q.items <- 1
    q.mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn nobody_waits_with_the_lock_held() {
        check(
            r#"
type queue struct {
    mu    sync.Mutex
    n     int
    items chan int
}
func swap() {
    q := &queue{items: make(chan int)}
    go func() {
        v := <-q.items
        q.mu.Lock()
        q.n = v
        q.mu.Unlock()
    }()
    q.mu.Lock()
    v := q.n
    q.mu.Unlock()
    q.items <- v
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type queue struct {
    mu    sync.Mutex
    items chan int
}
func swap() {
    q := &queue{items: make(chan int)}
    go func() {
        q.mu.Lock() //stanch:ignore stuck-lock the program ends at once
        <-q.items
        q.mu.Unlock()
    }()
    q.mu.Lock() //stanch:ignore stuck-lock the program ends at once
    q.items <- 1
    q.mu.Unlock()
}
"#,
        );
    }
}
