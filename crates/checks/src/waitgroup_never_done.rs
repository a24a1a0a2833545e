//! A wait group whose counter never reaches zero: `Wait` blocks for ever.
//!
//! # Why it leaks
//! `Wait` returns when every `Add` was met by a `Done`. A goroutine that returns early, panics and is
//! recovered, or blocks for ever before its `Done` keeps the waiter, and all that it refers to.
//!
//! # Example
//! ```go
//! func all(jobs []job) {
//!     var wg sync.WaitGroup
//!     for _, j := range jobs {
//!         wg.Add(1)
//!         go func() {
//!             if err := j.run(); err != nil {
//!                 return // Done is missed
//!             }
//!             wg.Done()
//!         }()
//!     }
//!     wg.Wait()
//! }
//! ```
//! `defer wg.Done()` as the goroutine's first statement, or `wg.Go(f)`.
//!
//! # Fix safety
//! There is no automatic fix yet. A deferred `Done` also runs when the goroutine panics.
//!
//! # Not reported
//! Wait groups that code out of view may count down.

use crate::Ctx;
use crate::confidence::confidence;
use crate::waits::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_extract::RootLeak;
use stanch_model::{Leak, LeakKind, WaitReason};

/// The check.
pub const CHECK: Check = Check {
    code: "GR002",
    name: "waitgroup-never-done",
    summary: "a wait group's counter never reaches zero",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    subject: "this wait",
    verb: ("blocks for ever", "can block for ever"),
    label: "the counter never reaches zero",
    rescuer: "this `Done` can be missed",
    help: "make `defer wg.Done()` the first statement of each goroutine, and `Add` what is started",
    remedy: Remedy::ReleaseResource,
};

/// Says that the wait only follows from what keeps a member.
pub(crate) const HANGS: &str = "a member of the group hangs before its `Done`: that is the reason";

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let leaks = waits::leaks(ctx, |_, seen| {
        let leak = &seen.leak.leak;
        leak.kind == LeakKind::BlockedForEver && leak.wait == WaitReason::WaitGroupWait
    });
    let findings = leaks.iter().map(|seen| {
        let mut finding = waits::finding(ctx, &CHECK, seen, &WORDS);
        if hangs_before_done(ctx, seen.leak) {
            finding.notes.push(HANGS.to_owned());
        }
        finding
    });
    findings.collect()
}

/// Whether it is as surely told of a member that the same step leaves it blocked where its `Done` is to
/// come: the wait is what follows from that.
fn hangs_before_done(ctx: &Ctx<'_>, waiting: &RootLeak) -> bool {
    let doom = |leak: &Leak| Some(leak.witness.get(leak.doomed_by? as usize)?.site);
    let leak = &waiting.leak;
    ctx.explored.leaks.iter().any(|other| {
        let member = &other.leak;
        let mut dones = leak.rescuers.iter();
        member.wait != WaitReason::WaitGroupWait
            && doom(leak).is_some()
            && doom(member) == doom(leak)
            && dones.any(|done| member.stack.iter().any(|frame| frame.0 == done.0))
            && member.also_blocked.iter().any(|b| b.stack.first() == leak.stack.first())
            && confidence(ctx, other) <= confidence(ctx, waiting)
    })
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("waitgroup-never-done", fixture);
    }

    #[test]
    fn early_return_misses_done() {
        check(
            r#"
func run(n int) error { return nil }
func all(jobs []int) {
    var wg sync.WaitGroup
    for _, j := range jobs {
        wg.Add(1)
        go func() {
            if err := run(j); err != nil {
                return
            }
            wg.Done()
        }()
    }
    wg.Wait()
  //^^^^^^^^^ leak[waitgroup-never-done]: this wait can block for ever
}
"#,
        );
    }

    #[test]
    fn a_method_as_what_a_timer_calls() {
        check(
            r#"
func one() {
    var wg sync.WaitGroup
    wg.Add(1)
    time.AfterFunc(time.Second, wg.Done)
    wg.Wait()
}
func two() {
    var wg sync.WaitGroup
    wg.Add(2)
    time.AfterFunc(time.Second, wg.Done)
    wg.Wait()
  //^^^^^^^^^ leak[waitgroup-never-done]: this wait blocks for ever
}
"#,
        );
    }

    #[test]
    fn a_member_that_hangs_before_its_done_is_the_cause() {
        stanch_testing::check_all(
            r#"
func run() error { return nil }
func all() {
    var wg sync.WaitGroup
    errs := make(chan error, 1)
    wg.Add(1)
    go func() {
        var err error
        defer func() {
            if err != nil {
                errs <- err
              //^^^^^^^^^^^ leak[abandoned-send]: this send can block for ever
            }
            wg.Done()
        }()
        if err = run(); err != nil {
            errs <- err
        }
    }()
    wg.Wait()
}
"#,
        );
    }

    #[test]
    fn more_added_than_started() {
        check(
            r#"
func f() {
    var wg sync.WaitGroup
    wg.Add(2)
    go func() { wg.Done() }()
    wg.Wait()
  //^^^^^^^^^ leak[waitgroup-never-done]: this wait blocks for ever
}
"#,
        );
    }

    #[test]
    fn deferred_done() {
        check(
            r#"
func run(n int) error { return nil }
func all(jobs []int) {
    var wg sync.WaitGroup
    wg.Add(len(jobs))
    for _, j := range jobs {
        go func() {
            defer wg.Done()
            if err := run(j); err != nil {
                return
            }
        }()
    }
    wg.Wait()
}
func group() {
    var wg sync.WaitGroup
    wg.Go(func() {})
    wg.Wait()
}
"#,
        );
    }

    #[test]
    fn what_was_deleted_from_a_map_is_not_found_there() {
        check(
            r#"
type call struct { wg sync.WaitGroup }
type group struct { calls map[string]*call }
func f(stop chan bool) {
    g := &group{calls: map[string]*call{}}
    c := new(call)
    c.wg.Add(1)
    g.calls["a"] = c
    delete(g.calls, "a")
    if c, ok := g.calls["a"]; ok {
        c.wg.Wait()
    }
    c.wg.Done()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func f() {
    var wg sync.WaitGroup
    wg.Add(1)
    wg.Wait() //stanch:ignore waitgroup-never-done test of the tool
}
"#,
        );
    }

    #[test]
    fn whoever_begins_has_to_end() {
        let program = |counterpart: &str, mark: &str| {
            stanch_testing::check_shown(
                "waitgroup-never-done",
                &format!(
                    r#"
type crew struct {{
    wg   sync.WaitGroup
    quit chan struct{{}}
    all  chan struct{{}}
}}

func New() *crew {{ return &crew{{quit: make(chan struct{{}}), all: make(chan struct{{}})}} }}

func (c *crew) Begin() {{ c.wg.Add(1) }}

{counterpart}

func (c *crew) Started() {{
    go func() {{
        c.wg.Wait()
      {mark}
        close(c.all)
    }}()
}}

func (c *crew) Take(n chan int) {{
    select {{
    case <-n:
    case <-c.quit:
    }}
}}

func (c *crew) Close() {{ close(c.quit) }}
"#
                ),
            );
        };
        program("func (c *crew) End() { c.wg.Done() }", "");
        program("", "//^^^^^^^^^ leak[waitgroup-never-done]: this wait");
    }
}
