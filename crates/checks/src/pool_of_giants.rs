//! A buffer goes back to a `sync.Pool` as large as the other side made it.
//!
//! # Why it leaks
//! A buffer never shrinks. One large request leaves a large buffer in the pool, which then serves small
//! ones; in the end each buffer of the pool is as large as the largest request.
//!
//! # Example
//! ```go
//! var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
//!
//! func read(r io.Reader, use func([]byte)) error {
//!     buf := buffers.Get().(*bytes.Buffer)
//!     defer buffers.Put(buf)
//!     buf.Reset()
//!     if _, err := io.Copy(buf, r); err != nil { // as much as the peer sends
//!         return err
//!     }
//!     use(buf.Bytes())
//!     return nil
//! }
//! ```
//! Put back only buffers below some capacity: `if buf.Cap() <= 64<<10 { buffers.Put(buf) }`.
//!
//! # Fix safety
//! There is no automatic fix yet: the bound is for people to choose.
//!
//! # Not reported
//! Buffers whose size is asked before they go back, or that are filled through a limited reader, or by
//! the program's own writes.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "GL003",
    name: "pool-of-giants",
    summary: "a pool keeps buffers as large as they ever grew",
    cause: Cause::GlobalLifetime,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::PooledGiant { put } = r.what else { return None };
    let ty = ctx.ty(r.ty, r.package);
    Some(Words {
        message: format!("`{}` pools buffers of any size", short(&r.function)),
        label: "it becomes as large as what the other side sends".to_owned(),
        related: vec![ctx.label(put, format!("the `{ty}` goes back however large it is"))],
        notes: vec![
            "a buffer never shrinks: each of the pool becomes as large as the largest".to_owned(),
        ],
        help: "put it back only below some capacity: `if buf.Cap() <= limit { … }`".to_owned(),
        remedy: Remedy::AvoidGlobal,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "pool-of-giants";

    #[test]
    fn the_example() {
        example(NAME, include_str!("pool_of_giants.rs"));
    }

    #[test]
    fn read_from_a_peer() {
        check(
            NAME,
            r#"
var pool sync.Pool
func read(r io.Reader) error {
    buf := pool.Get().(*bytes.Buffer)
    _, err := buf.ReadFrom(r)
            //^^^^^^^^^^^^^^^ leak[pool-of-giants]: pools buffers of any size
    buf.Reset()
    pool.Put(buf)
  //^^^^^^^^^^^^^ label: goes back however large
    return err
}
"#,
        );
    }

    #[test]
    fn a_guard_makes_it_silent() {
        check(
            NAME,
            r#"
var pool sync.Pool
func read(r io.Reader) error {
    buf := pool.Get().(*bytes.Buffer)
    defer func() {
        if buf.Cap() <= 1<<16 {
            buf.Reset()
            pool.Put(buf)
        }
    }()
    _, err := buf.ReadFrom(r)
    return err
}
func own(v []byte) {
    buf := pool.Get().(*bytes.Buffer)
    buf.Write(v)
    buf.Reset()
    pool.Put(buf)
}
"#,
        );
    }

    #[test]
    fn helpers_that_put_it_back() {
        check(
            NAME,
            r#"
var pool = sync.Pool{New: func() any { return new(bytes.Buffer) }}
func get() *bytes.Buffer { return pool.Get().(*bytes.Buffer) }
func put(b *bytes.Buffer) {
    b.Reset()
    pool.Put(b)
}
func read(r io.Reader) {
    b := get()
    defer put(b)
    io.Copy(b, r)
  //^^^^^^^^^^^^^ leak[pool-of-giants]: pools buffers of any size
}
func small(b *bytes.Buffer) bool { return b.Cap() < 1<<16 }
func putSmall(b *bytes.Buffer) {
    if small(b) {
        pool.Put(b)
    }
}
func readSmall(r io.Reader) {
    b := get()
    defer putSmall(b)
    io.Copy(b, r)
}
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
var pool sync.Pool
func read(r io.Reader) {
    buf := pool.Get().(*bytes.Buffer)
    //stanch:ignore pool-of-giants bodies are small
    io.Copy(buf, r)
    pool.Put(buf)
}
"#,
        );
    }
}
