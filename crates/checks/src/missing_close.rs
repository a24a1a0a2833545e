//! An object is dropped that the other callers of the same function close.
//!
//! # Why it leaks
//! Nothing in the language says that what a function returns has to be closed; its callers know. If
//! they close it as a rule, it holds something: files, connections, locks, goroutines, references to
//! what was read. Who forgets it, or leaves by an early return before it is closed, keeps that.
//!
//! # Example
//! ```go
//! type storage interface {
//!     Query(name string) (*cursor, error)
//! }
//!
//! type cursor struct{ rows []int }
//!
//! func (c *cursor) Next() bool { return len(c.rows) > 0 }
//! func (c *cursor) Close()     {}
//!
//! func first(s storage, name string, limit int) (bool, error) {
//!     c, err := s.Query(name)
//!     if err != nil {
//!         return false, err
//!     }
//!     if limit == 0 {
//!         return false, errors.New("nothing to read") // c is not closed
//!     }
//!     found := c.Next()
//!     c.Close()
//!     return found, nil
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Objects that leave the function's hands: returned, stored, sent, captured by a function that others
//! got, passed to code that may keep them. What few callers close: it takes a path that closes the
//! object in the same function when all goes well, or several functions that close what the same
//! function returns, and few that do not.

use crate::resource::{self, Words};
use crate::weigh::weigh;
use crate::{Ctx, ModuleCtx};
use stanch_base::FxHashMap;
use stanch_diagnostic::{Cause, Check, Confidence, Finding, Stage};
use stanch_obligations::{Duty, LostResource};
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    code: "RS015",
    name: "missing-close",
    summary: "a path drops an object that other callers close",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Fewer functions that close what a function returns are no rule.
const MIN_CLOSERS: usize = 3;
/// One function that forgets it stands against this many that do not.
const PER_LOSER: usize = 3;

/// What became of an object in one function, and the finding, should there be a duty to close it.
pub struct Candidate {
    duty: Duty,
    /// Symbol of the function.
    symbol: String,
    finding: Option<Finding>,
}

/// The candidates of one package.
pub fn candidates(ctx: &Ctx<'_>) -> Vec<Candidate> {
    let words = Words {
        check: &CHECK,
        thing: "what this returns",
        done: "closed",
        note: "",
        call: ".Close()",
    };
    let duties = ctx.obligations.duties.iter();
    duties
        .map(|duty| Candidate {
            duty: duty.clone(),
            symbol: ctx.symbol(duty.func).to_owned(),
            finding: duty.lost.as_ref().map(|lost| {
                let mut finding = resource::finding(ctx, &words, lost);
                weigh(ctx, &mut finding);
                finding
            }),
        })
        .collect()
}

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    let mut users: FxHashMap<&str, Vec<&Candidate>> = FxHashMap::default();
    for candidate in ctx.duties {
        users.entry(&candidate.duty.key).or_default().push(candidate);
    }
    let found = ctx.duties.iter().filter_map(|candidate| {
        let all = users.get(&*candidate.duty.key)?;
        Some((candidate, told(candidate, all)?))
    });
    // Of what one variable held in turn, and one return forgets, the first.
    let mut told: Vec<(&LostResource, Finding)> = Vec::new();
    for (candidate, finding) in found {
        let Some(lost) = &candidate.duty.lost else { continue };
        let same = |(other, _): &(&LostResource, Finding)| {
            lost.span.package == other.span.package
                && lost.name.is_some()
                && (lost.func, &lost.name, lost.how) == (other.func, &other.name, other.how)
        };
        if !told.iter().any(same) {
            told.push((lost, finding));
        }
    }
    told.into_iter().map(|(_, finding)| finding).collect()
}

/// Whether functions close what a function returns as a rule, given its type and name: several of them
/// do, and at least a quarter of all that get one, for many hand it on.
pub(crate) fn closed_as_a_rule(ctx: &ModuleCtx<'_>, key: &str) -> bool {
    let same = || ctx.duties.iter().filter(|c| c.duty.key == key);
    let closing = same().filter(|c| c.duty.closer.is_some() && c.duty.lost.is_none());
    let count = |of: &mut dyn Iterator<Item = &Candidate>| -> usize {
        of.map(|c| &*c.symbol).collect::<BTreeSet<&str>>().len()
    };
    let (closing, all) = (count(&mut closing.into_iter()), count(&mut same()));
    closing >= MIN_CLOSERS && closing * 4 >= all
}

/// The finding of a candidate, if what all users of the function do makes it one.
fn told(candidate: &Candidate, all: &[&Candidate]) -> Option<Finding> {
    let finding = candidate.finding.clone()?;
    let duty = &candidate.duty;
    let lost = duty.lost.as_ref()?;
    let closers: Vec<&&Candidate> =
        all.iter().filter(|c| c.duty.closer.is_some() && c.duty.lost.is_none()).collect();
    let count = |of: &mut dyn Iterator<Item = &Candidate>| -> usize {
        of.map(|c| &*c.symbol).collect::<BTreeSet<&str>>().len()
    };
    let closing = count(&mut closers.iter().map(|c| **c));
    // Tests leave much to the end of the process.
    let test =
        |c: &Candidate| c.finding.as_ref().is_some_and(|f| f.confidence == Confidence::Possible);
    let losing = count(&mut all.iter().copied().filter(|c| c.duty.lost.is_some() && !test(c)));
    let known = |method: &String| closers.iter().any(|c| c.duty.methods.contains(method));
    let alike = duty.methods.iter().all(known);
    let rule = closing >= MIN_CLOSERS && losing * PER_LOSER <= closing && alike;
    // The function itself closes it when all goes well.
    let own = lost.fails && duty.closed_well;
    let closer = duty.closer.iter().chain(closers.iter().filter_map(|c| c.duty.closer.as_ref()));
    let closer = closer.map(|c| &**c).find(|c| !c.is_empty()).unwrap_or("Close");
    let name = duty.key.rsplit('.').next().unwrap_or_default();
    let note = match (own, rule) {
        (true, _) => {
            format!("this function itself closes what `{name}` returned when all goes well")
        }
        (false, true) => format!("{closing} functions close what `{name}` returns"),
        (false, false) => return None,
    };
    let help = match &lost.name {
        Some(variable) => format!("`defer {variable}.{closer}()` once it is there"),
        None => format!("keep the result, and `defer` its `{closer}()`"),
    };
    let mut notes = finding.notes.clone();
    notes.retain(|note| !note.is_empty());
    notes.insert(0, note);
    Some(Finding { notes, help: Some(help), ..finding })
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("missing-close", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("missing-close", include_str!("missing_close.rs"));
    }

    #[test]
    fn what_others_close() {
        check(
            r#"
type store interface { Query(n int) (query, error) }
type query interface { Select(n int) rows; Close() error }
type rows interface { Next() bool }
func a(s store) error {
    q, err := s.Query(1)
    if err != nil {
        return err
    }
    defer q.Close()
    q.Select(1)
    return nil
}
func b(s store) error {
    q, err := s.Query(2)
    if err != nil {
        return err
    }
    defer func() { _ = q.Close() }()
    return each(func(n int) { q.Select(n) })
}
func c(s store) (int, error) {
    q, err := s.Query(3)
    if err != nil {
        return 0, err
    }
    n := 0
    for r := q.Select(3); r.Next(); {
        n++
    }
    return n, q.Close()
}
func each(f func(int)) error {
    for i := 0; i < 3; i++ {
        f(i)
    }
    return nil
}
func forgets(s store) error {
    q, err := s.Query(4)
            //^^^^^^^^^^ leak[missing-close]: `q` is never closed
    if err != nil {
        return err
    }
    return each(func(n int) {
        for r := q.Select(n); r.Next(); {
        }
    })
}
func returned(s store) (query, error) { return s.Query(5) }
func partReturned(s store) (rows, error) {
    q, err := s.Query(6)
    if err != nil {
        return nil, err
    }
    return q.Select(6), nil
}
type holder struct { q query }
func stored(s store, h *holder) error {
    q, err := s.Query(7)
    if err != nil {
        return err
    }
    h.q = q
    return nil
}
func viaHelper(s store) {
    q, err := s.Query(8)
    if err != nil {
        return
    }
    defer quiet(q)
    q.Select(8)
}
func quiet(c io.Closer) { _ = c.Close() }
"#,
        );
    }

    #[test]
    fn early_return_before_the_close() {
        check(
            r#"
type db interface { Snapshot() (*snapshot, error) }
type snapshot struct { refs *int }
func (s *snapshot) Get(k string) (string, error) { return k, nil }
func (s *snapshot) Release() { *s.refs-- }
func get(d db, k string) (string, error) {
    s, err := d.Snapshot()
            //^^^^^^^^^^^^ leak[missing-close]: `s` is not closed when `get` returns at line 14
    if err != nil {
        return "", err
    }
    v, err := s.Get(k)
    if err != nil {
        return "", err
    }
    s.Release()
    return v, nil
}
func careful(d db, k string) (string, error) {
    s, err := d.Snapshot()
    if err != nil {
        return "", err
    }
    defer s.Release()
    return s.Get(k)
}
"#,
        );
    }

    #[test]
    fn near_misses() {
        check(
            r#"
type pool struct { shared *conn }
type conn struct { open bool }
func (c *conn) Do() error { return nil }
func (c *conn) Close() { c.open = false }
type source interface { Conn() (*conn, error) }
func onErrorOnly(s source) error {
    c, err := s.Conn()
    if err != nil {
        return err
    }
    if err := c.Do(); err != nil {
        c.Close()
        return err
    }
    return nil
}
func (p *pool) get() *conn { return p.shared }
func (p *pool) own() error {
    c := p.get()
    if err := c.Do(); err != nil {
        return err
    }
    c.Close()
    return nil
}
func fewOthers(s source) {
    c, err := s.Conn()
    if err == nil {
        c.Do()
    }
}
"#,
        );
    }

    #[test]
    fn what_is_embedded_may_close_it() {
        let program = |embedded: &str, expectation: &str| {
            check(&format!(
                r#"
package p
import "example.com/missing"
var _ = missing.Value
type db interface {{ Begin() (*txn, error) }}
type txn struct {{
    {embedded}
    n int
}}
func (t *txn) Add(n int) error {{ t.n += n; return nil }}
func (t *txn) Close() error {{ t.n++; return nil }}
func write(d db, n int) error {{
    tx, err := d.Begin()
    {expectation}
    if err != nil {{
        return err
    }}
    if err := tx.Add(n); err != nil {{
        return err
    }}
    tx.Close()
    return nil
}}
func careful(d db, n int) error {{
    tx, err := d.Begin()
    if err != nil {{
        return err
    }}
    defer tx.Close()
    return tx.Add(n)
}}
"#
            ));
        };
        program(
            "hidden *missing.Txn",
            "         //^^^^^^^^^ leak[missing-close]: `tx` is not closed when `write` returns",
        );
        program("*missing.Txn", "");
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type db interface { Snapshot() (*snapshot, error) }
type snapshot struct { refs *int }
func (s *snapshot) Get(k string) (string, error) { return k, nil }
func (s *snapshot) Release() { *s.refs-- }
func get(d db, k string) (string, error) {
    //stanch:ignore missing-close the process ends
    s, err := d.Snapshot()
    if err != nil {
        return "", err
    }
    v, err := s.Get(k)
    if err != nil {
        return "", err
    }
    s.Release()
    return v, nil
}
"#,
        );
    }
}
