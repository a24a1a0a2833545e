//! An object goes back to a `sync.Pool` with references to what it was last used for.
//!
//! # Why it leaks
//! A pooled slice that is cut with `s[:0]` keeps its elements in the array behind its length, and a
//! pooled struct keeps what its fields point to. All of it stays alive until somebody takes the object
//! out and overwrites the references, or until the pool drops it.
//!
//! # Example
//! ```go
//! type sample struct {
//!     labels map[string]string
//! }
//!
//! var samples sync.Pool
//!
//! func put(s []sample) {
//!     samples.Put(s[:0]) // every label map stays reachable
//! }
//! ```
//! `clear(s)` before the slice goes back.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Slices whose elements refer to nothing; slices that are cleared, element by element or with `clear`,
//! in the function, in those it calls or in the one around it; slices whose old elements the package
//! uses again; structs of which no field is set to nothing, or all are. Elements that are slices, maps
//! or text, and fields that point to something small, are `possible`.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL007",
    name: "pool-keeps-references",
    summary: "what goes back to a pool keeps what it refers to",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let function = short(&r.function);
    match r.what {
        Retained::PooledSlice { elem, field, ref others, put } => {
            let elem_text = ctx.ty(elem, r.package);
            let (what, clear) = match field {
                Some(field) => {
                    let name = retentions::name(ctx, field);
                    let names: Vec<String> = std::iter::once(field)
                        .chain(others.iter().copied())
                        .map(|f| format!("`{}`", retentions::name(ctx, f)))
                        .collect();
                    (names.join(", "), format!("`clear` it before it is cut: `clear(x.{name})`"))
                }
                None => ("a slice".to_owned(), "`clear` the slice before it goes back".to_owned()),
            };
            let mut related = Vec::new();
            if put != r.span {
                related.push(ctx.label(put, "the struct goes back to the pool here"));
            }
            Some(Words {
                message: format!(
                    "`{function}` pools {what} with its old elements behind the length"
                ),
                label: format!("the array still holds every `{elem_text}`"),
                related,
                notes: vec![retentions::kept(ctx, r, elem)],
                help: clear,
                remedy: Remedy::ReleaseReference,
            })
        }
        Retained::PooledField { owner, field, sibling, put } => {
            let (field, sibling) = (retentions::name(ctx, field), retentions::name(ctx, sibling));
            let owner = ctx.ty(owner, r.package);
            Some(Words {
                message: format!("a pooled `{owner}` keeps what `{field}` refers to"),
                label: format!("`{sibling}` is set to nothing, `{field}` is not"),
                related: vec![ctx.label(put, "it goes back to the pool here")],
                notes: vec![retentions::kept(ctx, r, r.ty)],
                help: format!("set `{field}` to nil too"),
                remedy: Remedy::ReleaseReference,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "pool-keeps-references";

    #[test]
    fn the_example() {
        example(NAME, include_str!("pool_keeps_references.rs"));
    }

    #[test]
    fn through_a_pool_of_its_own() {
        check(
            NAME,
            r#"
type series struct { labels map[string]string }
type slices[T any] struct { p sync.Pool }
func (s *slices[T]) Put(item T) {
    p := new(T)
    *p = item
    s.p.Put(p)
}
type head struct { pool slices[[]*series] }
func (h *head) put(b []*series) {
    h.pool.Put(b[:0])
  //^^^^^^^^^^^^^^^^^ leak[pool-keeps-references]: the array still holds every `*series`
}
"#,
        );
    }

    #[test]
    fn cleared_slices_are_silent() {
        check(
            NAME,
            r#"
type series struct { labels map[string]string }
var pool sync.Pool
func a(b []*series) {
    clear(b)
    pool.Put(b[:0])
}
func c(b []*series) {
    for i := range b {
        b[i] = nil
    }
    pool.Put(b[:0])
}
func d(b []series) {
    for i := range b {
        b[i].labels = nil
    }
    pool.Put(b[:0])
}
func e(b []int) { pool.Put(b[:0]) }
func wipe(b []*series) { clear(b) }
func f(b []*series) {
    wipe(b)
    pool.Put(b[:0])
}
func g() {
    b := pool.Get().([]*series)
    defer func() {
        clear(b)
        pool.Put(b[:0])
    }()
}
"#,
        );
    }

    #[test]
    fn a_field_cut_by_a_reset_method() {
        check(
            NAME,
            r#"
type event struct { body *int }
type batch struct { events []event; n int }
var pool sync.Pool
func (b *batch) reset() {
    b.n = 0
    b.events = b.events[:0]
  //^^^^^^^^^^^^^^^^^^^^^^^ leak[pool-keeps-references]: pools `events`
}
func put(b *batch) {
    b.reset()
    pool.Put(b)
  //^^^^^^^^^^^ label: goes back to the pool here
}
"#,
        );
    }

    #[test]
    fn elements_that_are_used_again() {
        check(
            NAME,
            r#"
type event struct { body []byte }
type batch struct { events []*event }
var pool sync.Pool
func (b *batch) next() *event {
    if len(b.events) < cap(b.events) {
        b.events = b.events[:len(b.events)+1]
    }
    return b.events[len(b.events)-1]
}
func put(b *batch) {
    b.events = b.events[:0]
    pool.Put(b)
}
"#,
        );
    }

    #[test]
    fn one_field_of_two() {
        check(
            NAME,
            r#"
type big struct { buf [4096]byte }
type op struct { req *big; resp *big; n int }
var pool sync.Pool
func get(req, resp *big) *op {
    o := pool.Get().(*op)
    o.req = req
    o.resp = resp
    return o
}
func put(o *op) {
    o.req = nil
  //^^^^^^^^^^^ leak[pool-keeps-references]: `req` is set to nothing, `resp` is not
    pool.Put(o)
}
func putBoth(o *op) {
    o.req, o.resp = nil, nil
    pool.Put(o)
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
func put(b []*int) {
    //stanch:ignore pool-keeps-references the pool is small
    pool.Put(b[:0])
}
"#,
        );
    }
}
