//! A goroutine takes a read lock that it already holds, while others lock for writing.
//!
//! # Why it leaks
//! A waiting writer keeps new readers out, so that it gets its turn. If one comes between the two read
//! locks, the second `RLock` waits for the writer, and the writer for the first read lock: neither goes
//! on, nor anyone who comes after them.
//!
//! # Example
//! ```go
//! type cache struct {
//!     mu    sync.RWMutex
//!     items map[string]int
//! }
//!
//! func (c *cache) size() int {
//!     c.mu.RLock()
//!     defer c.mu.RUnlock()
//!     return len(c.items)
//! }
//!
//! func (c *cache) full() bool {
//!     c.mu.RLock()
//!     defer c.mu.RUnlock()
//!     return c.size() > 100 // size locks c.mu for reading again
//! }
//!
//! func (c *cache) put(key string, n int) {
//!     c.mu.Lock()
//!     defer c.mu.Unlock()
//!     c.items[key] = n
//! }
//! ```
//! Split off a `sizeLocked` that expects the lock to be held, or unlock before the call.
//!
//! # Fix safety
//! There is no automatic fix: which of the two locks is too many is a question of design.
//!
//! # Not reported
//! A lock that nothing in view takes for writing. Writers that a second lock, held by both, keeps out.
//! Locks that only may be the same: of two objects, or of elements with different keys. What the called
//! function does under a condition that the call excludes, or that depends on its arguments in other
//! ways than by being a certain value.

use crate::lock_words::{self};
use crate::module::ModuleCtx;
use crate::symbol::in_words;
use stanch_diagnostic::{Action, Cause, Check, Finding, Stage};
use stanch_obligations::Again;

/// The check.
pub const CHECK: Check = Check {
    code: "RS011",
    name: "read-lock-reentry",
    summary: "a goroutine takes a read lock again while a writer may wait in between",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    ctx.locks.reentries.iter().filter_map(|again| finding(ctx, again)).collect()
}

fn finding(ctx: &ModuleCtx<'_>, again: &Again) -> Option<Finding> {
    let (here, last) = (again.path.first()?, again.path.last()?);
    let direct = again.path.len() == 1;
    let lock = ctx.lock_at(again.first.span);
    let mut related =
        vec![ctx.label(again.first.span, format!("{lock} is locked for reading here"))];
    related.extend(lock_words::way(ctx, &again.path, "locks it for reading again here"));
    if let Some(writer) = &again.writer {
        let message = format!("{} locks it for writing here", in_words(&writer.symbol));
        related.push(ctx.label(writer.span, message));
    }
    for other in &again.others {
        related.push(ctx.label(other.span, "this leads to the same"));
    }
    let blocked = format!("waits for the writer, which waits for {lock}");
    let mut witness =
        lock_words::steps(ctx, 0, &again.first, &again.path, (Action::Block, blocked));
    if let Some(writer) = &again.writer {
        let at = witness.len().saturating_sub(1);
        let step = stanch_diagnostic::Step {
            goroutine: 1,
            function: writer.symbol.to_string(),
            location: ctx.location(writer.span),
            action: Action::Block,
            detail: "waits to lock it for writing".to_owned(),
        };
        witness.insert(at, step);
    }
    Some(Finding {
        message: match direct {
            true => format!("{lock} is locked for reading twice: a writer in between blocks all"),
            false => {
                format!(
                    "{} can block for ever: it locks {lock} for reading again",
                    in_words(&last.symbol)
                )
            }
        },
        label: match direct {
            true => "waits behind a writer that waits for the first".to_owned(),
            false => "this call leads to a second read lock".to_owned(),
        },
        goroutine: Some(lock_words::goroutine(ctx, &again.path, "sync.RWMutex.RLock")),
        also_blocked: again
            .writer
            .iter()
            .map(|w| lock_words::goroutine(ctx, std::slice::from_ref(w), "sync.RWMutex.Lock"))
            .collect(),
        related,
        witness,
        notes: again
            .back
            .iter()
            .map(lock_words::leads_back)
            .chain(["a waiting writer keeps new readers out".to_owned()])
            .collect(),
        help: Some(match direct {
            true => format!("lock {lock} once for both"),
            false => {
                format!(
                    "call it after {lock} is unlocked, or split off a part that expects it locked"
                )
            }
        }),
        ..lock_words::finding(ctx, &CHECK, here)
    })
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("read-lock-reentry", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("read-lock-reentry", include_str!("read_lock_reentry.rs"));
    }

    #[test]
    fn through_calls_and_fields() {
        check(
            r#"
type inner struct { mu sync.RWMutex; n int }
type outer struct { in *inner }
func (i *inner) get() int {
    i.mu.RLock()
  //^^^^^^^^^^^^ label: `(*inner).get` locks it for reading again here
    defer i.mu.RUnlock()
    return i.n
}
func (i *inner) set(n int) {
    i.mu.Lock()
  //^^^^^^^^^^^ label: locks it for writing here
    defer i.mu.Unlock()
    i.n = n
}
func (o *outer) value() int { return o.in.get() }
func (o *outer) sum() int {
    o.in.mu.RLock()
  //^^^^^^^^^^^^^^^ label: `o.in.mu` is locked for reading here
    defer o.in.mu.RUnlock()
    return o.in.n + o.value()
                  //^^^^^^^^^ leak[read-lock-reentry]: `(*inner).get` can block for ever
}
func (i *inner) twice() {
    i.mu.RLock()
    i.mu.RLock()
  //^^^^^^^^^^^^ leak[read-lock-reentry]: `i.mu` is locked for reading twice
    i.mu.RUnlock()
    i.mu.RUnlock()
}
"#,
        );
    }

    #[test]
    fn across_packages_and_interfaces() {
        check(
            r#"
//- /m/store/store.go
package store

import "sync"

type Store struct { mu sync.RWMutex; n int }

type Hook interface { Ready() bool }

func (s *Store) Len() int {
    s.mu.RLock()
    defer s.mu.RUnlock()
    return s.n
}
func (s *Store) Add() {
    s.mu.Lock()
    s.n++
    s.mu.Unlock()
}
func (s *Store) Each(f func(int)) {
    s.mu.RLock()
    defer s.mu.RUnlock()
    f(s.n)
}

//- /m/user/user.go
package user

import "m/store"

func Double(s *store.Store) {
    s.Each(func(n int) {
  //^^^^^^ leak[read-lock-reentry]: `(*Store).Len` can block for ever
        _ = n + s.Len()
    })
}
func Fine(s, t *store.Store) {
    s.Each(func(n int) { _ = n + t.Len() })
    s.Each(func(n int) { go s.Len() })
}
"#,
        );
    }

    #[test]
    fn not_reported() {
        check(
            r#"
type t struct { mu, gate sync.RWMutex; never sync.RWMutex; n int; next *t; all map[string]*t }
func (t *t) get() int {
    t.mu.RLock()
    defer t.mu.RUnlock()
    return t.n
}
func (t *t) set() {
    t.mu.Lock()
    t.n = 1
    t.mu.Unlock()
}
func (t *t) peek() int {
    t.never.RLock()
    defer t.never.RUnlock()
    return t.n
}
func (t *t) nobodyWrites() int {
    t.never.RLock()
    defer t.never.RUnlock()
    return t.peek()
}
func (t *t) after() int {
    t.mu.RLock()
    n := t.n
    t.mu.RUnlock()
    return n + t.get()
}
func (t *t) another() int {
    t.mu.RLock()
    defer t.mu.RUnlock()
    return t.next.get()
}
func (t *t) elements(a, b string) {
    t.all[a].mu.RLock()
    defer t.all[a].mu.RUnlock()
    t.all[b].get()
}
func (t *t) goroutine() {
    t.mu.RLock()
    defer t.mu.RUnlock()
    go t.get()
}
func (t *t) maybe(locked bool) int {
    if !locked {
        t.mu.RLock()
        defer t.mu.RUnlock()
    }
    return t.n
}
func (t *t) callsMaybe() int {
    t.mu.RLock()
    defer t.mu.RUnlock()
    return t.maybe(true)
}
func (t *t) unlocks() {
    t.mu.RUnlock()
    t.get()
    t.mu.RLock()
}
func (t *t) callsUnlocks() {
    t.mu.RLock()
    defer t.mu.RUnlock()
    t.unlocks()
}
func (t *t) try() {
    t.mu.RLock()
    defer t.mu.RUnlock()
    if t.mu.TryRLock() {
        t.mu.RUnlock()
    }
}
"#,
        );
    }

    #[test]
    fn every_writer_is_kept_out_by_another_lock() {
        check(
            r#"
type t struct { gate sync.Mutex; mu sync.RWMutex; n int }
func (t *t) get() int {
    t.mu.RLock()
    defer t.mu.RUnlock()
    return t.n
}
func (t *t) set() {
    t.gate.Lock()
    defer t.gate.Unlock()
    t.mu.Lock()
    t.n = 1
    t.mu.Unlock()
}
func (t *t) twice() int {
    t.gate.Lock()
    defer t.gate.Unlock()
    t.mu.RLock()
    defer t.mu.RUnlock()
    return t.get()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type t struct { mu sync.RWMutex; n int }
func (t *t) get() int {
    t.mu.RLock()
    defer t.mu.RUnlock()
    return t.n
}
func (t *t) set() {
    t.mu.Lock()
    t.mu.Unlock()
}
func (t *t) twice() int {
    t.mu.RLock()
    defer t.mu.RUnlock()
    return t.get() //stanch:ignore read-lock-reentry shows a deadlock
}
"#,
        );
    }
}
