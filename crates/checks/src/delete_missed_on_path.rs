//! An entry is put into a map and taken out again, but not on every failure.
//!
//! # Why it leaks
//! The function takes the entry out itself, so nobody else will. A return that skips the deletion
//! leaves the entry and all that it refers to in the map, one for each failure.
//!
//! # Example
//! ```go
//! type client struct {
//!     pending map[int]chan string
//! }
//!
//! func (c *client) send(id int) error
//! func (c *client) flush() error
//!
//! func (c *client) call(id int) error {
//!     reply := make(chan string, 1)
//!     c.pending[id] = reply
//!     if err := c.send(id); err != nil {
//!         return err // the entry stays
//!     }
//!     if err := c.flush(); err != nil {
//!         delete(c.pending, id)
//!         return err
//!     }
//!     <-reply
//!     delete(c.pending, id)
//!     return nil
//! }
//! ```
//! `defer delete(c.pending, id)` after the insertion, or delete before each return.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Insertions and deletions count through functions of the package that are given the key, too. Silent
//! are functions in which a deferred call or a function literal deletes from the map; ways on which a
//! function is called that may delete from it; values that a goroutine was given; constant keys, of which
//! there is one entry; maps of what callers hand in, such as options, which die with the call; returns
//! without an error.

use crate::growths::{ModuleCtx, short};
use crate::retentions::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "GL004",
    name: "delete-missed-on-path",
    summary: "an error return leaves an entry in a map",
    cause: Cause::GlobalLifetime,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::DeleteMissed { container, deleted, missed } = r.what else { return None };
    let name = retentions::name(ctx, container);
    let line = ctx.line(missed);
    Some(Words {
        message: format!(
            "`{}` leaves its entry in `{name}` when it fails at line {line}",
            short(&r.function)
        ),
        label: "the entry is put in here".to_owned(),
        related: vec![
            ctx.label(missed, "this return leaves it in"),
            ctx.label(deleted, "other ways take it out"),
        ],
        notes: Vec::new(),
        help: "delete the entry before this return, or in a `defer` after the insertion".to_owned(),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "delete-missed-on-path";

    #[test]
    fn the_example() {
        example(NAME, include_str!("delete_missed_on_path.rs"));
    }

    #[test]
    fn a_rollback_that_forgets_one_failure() {
        check(
            NAME,
            r#"
type reg struct { m map[string]*int }
func open(string) error
func start(string) error
func (r *reg) add(name string, p *int) error {
    r.m[name] = p
  //^^^^^^^^^^^^^ leak[delete-missed-on-path]: `(*reg).add` leaves its entry in `m`
    if err := open(name); err != nil {
        delete(r.m, name)
        return err
    }
    if err := start(name); err != nil {
        return err
      //^^^^^^^^^^ label: this return leaves it in
    }
    return nil
}
"#,
        );
    }

    #[test]
    fn every_failure_deletes() {
        check(
            NAME,
            r#"
type reg struct { m map[string]*int }
func open(string) error
func start(string) error
func (r *reg) add(name string, p *int) error {
    r.m[name] = p
    if err := open(name); err != nil {
        delete(r.m, name)
        return err
    }
    return nil
}
func (r *reg) during(name string, p *int) error {
    r.m[name] = p
    defer delete(r.m, name)
    if err := open(name); err != nil {
        return err
    }
    return start(name)
}
func (r *reg) replace(name string, p *int) error {
    if p == nil {
        delete(r.m, name)
        return nil
    }
    r.m[name] = p
    if err := open(name); err != nil {
        return err
    }
    return nil
}
func (r *reg) remove(name string) { delete(r.m, name) }
func (r *reg) helper(name string, p *int) error {
    r.m[name] = p
    if err := open(name); err != nil {
        r.remove(name)
        return err
    }
    if err := start(name); err != nil {
        r.remove(name)
        return err
    }
    delete(r.m, name)
    return nil
}
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
var m = map[string]int{}
func open(string) error
func during(name string) error {
    //stanch:ignore delete-missed-on-path the process ends then
    m[name] = 1
    if err := open(name); err != nil {
        return err
    }
    delete(m, name)
    return nil
}
"#,
        );
    }
}
