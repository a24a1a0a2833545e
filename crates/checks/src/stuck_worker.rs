//! A goroutine that nothing can end, started by code that runs more than once.
//!
//! # Why it leaks
//! A loop around a ticker, a sleep or a timer without any way out lives as long as the process. Started
//! once that is a daemon; started for each call, connection or object, every one stays, with all that
//! it refers to.
//!
//! # Example
//! ```go
//! func NewCache() *Cache {
//!     c := &Cache{}
//!     go func() {
//!         for range time.Tick(time.Minute) { // never ends, one goroutine a cache
//!             c.expire()
//!         }
//!     }()
//!     return c
//! }
//! ```
//! Give the goroutine a context, or a channel that the owner's `Close` closes, and watch it in a
//! `select`.
//!
//! # Fix safety
//! There is no automatic fix yet: who ends the goroutine is a decision.
//!
//! # Not reported
//! Goroutines with any reachable return, panic or call that may end them; loops that wait for channels
//! out of view; starters that run once, from `main`, `init`, a `sync.Once` or a package-level variable.

use crate::Ctx;
use crate::times::{self, Times};
use crate::waits::{self, Seen, Words};
use stanch_diagnostic::{Cause, Check, Confidence, Finding, Remedy, Stage};
use stanch_ir::Terminator;
use stanch_model::LeakKind;

/// The check.
pub const CHECK: Check = Check {
    code: "GR001",
    name: "stuck-worker",
    summary: "a goroutine without a way out is started again and again",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    subject: "this goroutine",
    verb: ("never ends", "never ends"),
    label: "the loop has no way out",
    rescuer: "this would end it",
    help: "watch a context or a stop channel in the loop: `case <-ctx.Done(): return`",
    remedy: Remedy::UseContext,
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let leaks = waits::leaks(ctx, |ctx, seen| {
        let leak = &seen.leak.leak;
        leak.kind == LeakKind::AliveForEver
            && leak.created_by.is_some()
            && no_way_out(ctx, seen)
            && !times::runs_once(ctx, seen.leak.root)
    });
    let mut findings: Vec<Finding> = Vec::new();
    for seen in &leaks {
        let mut finding = waits::finding(ctx, &CHECK, seen, &WORDS);
        // That its starter runs again and again is an assumption.
        let least = match may_be_a_daemon(ctx, seen) {
            true => Confidence::Possible,
            false => Confidence::Likely,
        };
        finding.confidence = finding.confidence.max(least);
        finding.message = match &finding.goroutine {
            Some(g) => format!("{} `{}` never ends", WORDS.subject, short(&g.entry)),
            None => finding.message.clone(),
        };
        findings.push(finding);
    }
    findings
}

fn short(symbol: &str) -> &str {
    let last = symbol.rfind('/').map_or(symbol, |i| &symbol[i + 1..]);
    last.split_once('.').map_or(last, |(_, name)| name)
}

/// Whether the goroutine's first function cannot return on any path, and is not ended by a panic of
/// its own.
fn no_way_out(ctx: &Ctx<'_>, seen: &Seen<'_>) -> bool {
    let Some(entry) = ctx.explored.translated.func(seen.leak.leak.entry) else { return false };
    let func = &ctx.module.funcs[entry];
    let ends = |t: &Terminator| {
        matches!(t, Terminator::Return | Terminator::Panic(_) | Terminator::Unreachable)
    };
    !func.blocks.is_empty() && !func.blocks.iter().any(|b| ends(&b.term))
}

/// Whether package-level state decides if the goroutine is started, or nobody in view starts it: so it
/// may be one for the whole process.
fn may_be_a_daemon(ctx: &Ctx<'_>, seen: &Seen<'_>) -> bool {
    if times::times(ctx, seen.leak.root) == Times::Unknown {
        return true;
    }
    let Some((_, site)) = seen.leak.leak.created_by else { return false };
    let Some((func, span)) = ctx.explored.translated.source(site) else { return false };
    let blocks = ctx.module.funcs[func].blocks.iter_enumerated();
    blocks
        .filter(|(_, b)| b.instrs.iter().any(|i| i.span == span))
        .any(|(block, _)| times::guarded_by_globals(ctx, func, block))
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("stuck-worker", fixture);
    }

    #[test]
    fn one_ticker_loop_for_each_object() {
        check(
            r#"
type Cache struct{ n int }
func (c *Cache) expire() { c.n = 0 }
func NewCache() *Cache {
    c := &Cache{}
    go func() {
        for {
      //^^^ leak[stuck-worker]: never ends
            time.Sleep(time.Second)
            c.expire()
        }
    }()
    return c
}
"#,
        );
    }

    #[test]
    fn a_stop_channel_is_a_way_out() {
        check(
            r#"
type Cache struct{ stop chan struct{} }
func NewCache() *Cache {
    c := &Cache{stop: make(chan struct{})}
    go func() {
        t := time.NewTicker(time.Second)
        for {
            select {
            case <-t.C:
            case <-c.stop:
                return
            }
        }
    }()
    return c
}
"#,
        );
    }

    #[test]
    fn started_once_by_main() {
        check(
            r#"
package main

import "time"

func start() {
    go func() {
        for {
            time.Sleep(time.Second)
        }
    }()
}
func main() {
    start()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func New() {
    go func() {
        //stanch:ignore stuck-worker one a process
        for {
            time.Sleep(time.Second)
        }
    }()
}
"#,
        );
    }
}
