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
//! type cursor struct {
//!     rows    []int
//!     release func()
//! }
//!
//! func (c *cursor) Next() bool { return len(c.rows) > 0 }
//! func (c *cursor) Close()     { c.release() }
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
//! got, passed to code that may keep them. What a function that their maker was given has told of, by a
//! channel: it may have told that they are closed. What few callers close: it takes a path that closes the
//! object in the same function when all goes well, or several functions that close what the same
//! function returns, and few that do not. Who uses a function that only passes on what another one returns
//! counts as a user of that. What a function finds in an object that was there before stays that one's, even
//! if it opens it. A method that only lets go of what its object has ends nothing; what only tests close is
//! `possible`.

use crate::gives::{Gives, Makers};
use crate::resource::{self, Words};
use crate::weigh::weigh;
use crate::{Ctx, ModuleCtx};
use stanch_base::FxHashMap;
use stanch_diagnostic::{Cause, Check, Confidence, Finding, Stage};
use stanch_effects::Kind;
use stanch_obligations::{Duty, LostResource, Maker};
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
    /// Whether that is in a test.
    tested: bool,
    finding: Option<Finding>,
}

/// What one package knows of such objects.
pub struct Duties {
    candidates: Vec<Candidate>,
    pub(crate) makers: Vec<Maker>,
    idle: Vec<String>,
}

/// What one package knows of such objects.
pub fn duties(ctx: &Ctx<'_>) -> Duties {
    let (makers, idle) = (ctx.obligations.makers.clone(), ctx.obligations.idle.clone());
    Duties { candidates: candidates(ctx), makers, idle }
}

fn candidates(ctx: &Ctx<'_>) -> Vec<Candidate> {
    let words = |lost: &LostResource| {
        let (thing, call) = match lost.kind {
            Kind::Body => ("the body", ".Body.Close()"),
            _ => ("what this returns", ".Close()"),
        };
        Words { check: &CHECK, thing, done: "closed", note: "", call }
    };
    // The bodies of responses that functions are given are told of with all others.
    let body = |duty: &Duty| duty.lost.as_ref().is_some_and(|lost| lost.kind == Kind::Body);
    let duties = ctx.obligations.duties.iter();
    let duties = duties.filter(|duty| duty.given_by.is_none() || !body(duty));
    duties
        .map(|duty| Candidate {
            duty: duty.clone(),
            symbol: ctx.symbol(duty.func).to_owned(),
            tested: ctx.location(duty.span).file.ends_with("_test.go"),
            finding: duty.lost.as_ref().map(|lost| match duty.given_by {
                Some(_) => given(ctx, &words(lost), duty, lost),
                None => {
                    let mut finding = resource::finding(ctx, &words(lost), lost);
                    weigh(ctx, &mut finding);
                    finding
                }
            }),
        })
        .collect()
}

/// The finding of a parameter that the function was given to close.
pub(crate) fn given(ctx: &Ctx<'_>, words: &Words, duty: &Duty, lost: &LostResource) -> Finding {
    let mut finding = resource::finding(ctx, words, lost);
    finding.label = "given here".to_owned();
    if let Some((caller, at)) = duty.given_by {
        let label = format!("{} does not touch it any more", ctx.name(caller));
        finding.related.push(ctx.label(at, label));
        let helps = "so no caller closes it, and other ways of this function do";
        finding.notes.push(helps.to_owned());
    }
    finding.notes.retain(|note| !note.is_empty());
    let closer = duty.closer.as_deref().filter(|closer| !closer.is_empty()).unwrap_or("Close");
    let part = if lost.kind == Kind::Body { ".Body" } else { "" };
    let name = lost.name.as_deref().unwrap_or("it");
    finding.help = Some(format!("call `{name}{part}.{closer}()` on this path too"));
    weigh(ctx, &mut finding);
    finding
}

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    let makers = Makers::new(ctx);
    let mut users: FxHashMap<&str, Vec<&Candidate>> = FxHashMap::default();
    let candidates = || ctx.duties.iter().flat_map(|duties| &duties.candidates);
    for candidate in candidates().filter(|c| c.duty.given_by.is_none()) {
        users.entry(makers.origin(&candidate.duty.key)).or_default().push(candidate);
    }
    let idle = ctx.duties.iter().flat_map(|duties| &duties.idle);
    let idle: BTreeSet<&str> = idle.map(String::as_str).collect();
    let found = candidates().filter_map(|candidate| {
        if candidate.duty.given_by.is_some() {
            return Some((candidate, candidate.finding.clone()?));
        }
        let all = users.get(makers.origin(&candidate.duty.key))?;
        if closers(candidate, all).any(|closer| idle.contains(&*closer)) {
            return None;
        }
        let Told { mut finding, own, rule, several, tested } = told(candidate, all)?;
        // A function of a package that is missing, or one that answers with a response.
        let body = candidate.duty.lost.as_ref().is_some_and(|lost| lost.kind == Kind::Body);
        let unseen = candidate.duty.key.starts_with('?') || body;
        let doubt = match makers.gives(&candidate.duty.key) {
            Gives::Something if tested => {
                Some("only tests close it, which end much that may go on")
            }
            Gives::Something => None,
            Gives::Known if own => None,
            // What cannot fail may only make what others fill.
            Gives::Unknown if (rule || own && (several || unseen)) && candidate.duty.fallible => {
                None
            }
            Gives::Nothing => return None,
            Gives::Known => Some("another object knows it as well, and may close it"),
            Gives::Unknown => Some("whether it holds anything is not in view"),
        };
        if let Some(doubt) = doubt {
            finding.confidence = Confidence::Possible;
            finding.notes.push(doubt.to_owned());
        }
        Some((candidate, finding))
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
    let all = || ctx.duties.iter().flat_map(|duties| &duties.candidates);
    let same = || all().filter(|c| c.duty.key == key && c.duty.given_by.is_none());
    let closing = same().filter(|c| c.duty.closer.is_some() && c.duty.lost.is_none());
    let count = |of: &mut dyn Iterator<Item = &Candidate>| -> usize {
        of.map(|c| &*c.symbol).collect::<BTreeSet<&str>>().len()
    };
    let (closing, all) = (count(&mut closing.into_iter()), count(&mut same()));
    closing >= MIN_CLOSERS && closing * 4 >= all
}

/// A finding, and what speaks for it.
struct Told {
    finding: Finding,
    /// The function itself closes it on other ways.
    own: bool,
    /// Others close it as a rule.
    rule: bool,
    /// Several others close it, whatever the rest does.
    several: bool,
    /// Nobody but tests says that it has to be closed.
    tested: bool,
}

/// The methods that the users of a function call to end what it returns, each with its type.
fn closers<'c>(
    candidate: &'c Candidate,
    all: &'c [&Candidate],
) -> impl Iterator<Item = String> + 'c {
    let ty = candidate.duty.key.rsplit_once('.').map_or("", |(ty, _)| ty);
    let names = [candidate].into_iter().chain(all.iter().copied());
    let names = names.filter_map(|c| c.duty.closer.as_deref()).filter(|name| !name.is_empty());
    names.map(move |name| format!("{ty}.{name}"))
}

/// The finding of a candidate, if what all users of the function do makes it one.
fn told(candidate: &Candidate, all: &[&Candidate]) -> Option<Told> {
    let finding = candidate.finding.clone()?;
    let duty = &candidate.duty;
    let lost = duty.lost.as_ref()?;
    // Who closes it only when something fails, and drops it otherwise, has it from somebody else.
    let closes = |c: &Candidate| {
        let well = c.duty.closed_well || c.duty.closed_failing || c.duty.deferred;
        well && c.duty.closer.is_some() && c.duty.lost.is_none()
    };
    let closers: Vec<&&Candidate> = all.iter().filter(|c| closes(c)).collect();
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
    // The function itself closes it when all goes well, or when another step fails.
    let own = lost.fails && duty.fallible && duty.closed_well;
    let sibling = lost.fails && duty.fallible && duty.closed_failing;
    let closer = duty.closer.iter().chain(closers.iter().filter_map(|c| c.duty.closer.as_ref()));
    let closer = closer.map(|c| &**c).find(|c| !c.is_empty()).unwrap_or("Close");
    let name = duty.key.rsplit('.').next().unwrap_or_default();
    let note = match (own, sibling, rule) {
        (true, ..) => {
            format!("this function itself closes what `{name}` returned when all goes well")
        }
        (_, true, _) => {
            format!("this function itself closes what `{name}` returned when another step fails")
        }
        (_, _, true) => format!("{closing} functions close what `{name}` returns"),
        _ => return None,
    };
    let part = if lost.kind == Kind::Body { ".Body" } else { "" };
    let help = match &lost.name {
        Some(variable) => format!("`defer {variable}{part}.{closer}()` once it is there"),
        None => format!("keep the result, and `defer` its `{closer}()`"),
    };
    let mut notes = finding.notes.clone();
    notes.retain(|note| !note.is_empty());
    notes.insert(0, note);
    let finding = Finding { notes, help: Some(help), ..finding };
    let own = own || sibling;
    let tested = !own && !candidate.tested && closers.iter().all(|c| c.tested);
    Some(Told { finding, own, rule, several: closing >= MIN_CLOSERS, tested })
}

#[cfg(test)]
mod tests {
    mod given;
    mod over;
    mod told;

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
    fn what_the_maker_takes() {
        let program = |maker: &str, expectation: &str| {
            check(&format!(
                r#"
package p
import ("errors"; "os")
type file struct {{ of []*os.File; tmp string; n int }}
func (f *file) Close() error {{ f.n++; return nil }}
type set struct {{ known map[string]*file; last *file }}
var all = &set{{known: map[string]*file{{}}}}
func (s *set) open(name string) (*file, error) {{
    {maker}
}}
func write(name string, data []byte) error {{
    f, err := all.open(name)
    {expectation}
    if err != nil {{
        return err
    }}
    if len(data) == 0 {{
        return errors.New("empty")
    }}
    f.n = len(data)
    return f.Close()
}}
"#
            ));
        };
        let found =
            "        //^^^^^^^^^^^^^^ leak[missing-close]: `f` is not closed when `write` returns";
        let opens = "f, err := os.Open(name); if err != nil { return nil, err }; ";
        program(&format!("{opens} return &file{{of: []*os.File{{f}}, tmp: name}}, nil"), found);
        program(
            &format!("{opens} w := &file{{of: []*os.File{{f}}}}; w.tmp = name; return w, nil"),
            found,
        );
        // Memory alone needs no end.
        program(
            "if name == \"\" { return nil, errors.New(\"name\") }; return &file{tmp: name}, nil",
            "",
        );
        // What a getter hands out stays where it is.
        program(
            "f, ok := s.known[name]; if !ok { return nil, errors.New(\"name\") }; return f, nil",
            "",
        );
        program(
            "if s.last == nil { f, err := os.Open(name); if err != nil { return nil, err }; s.last = &file{of: []*os.File{f}} }; return s.last, nil",
            "",
        );
    }

    #[test]
    fn one_that_holds_nothing_says_nothing_of_those_out_of_view() {
        let program = |others: &str, expectation: &str| {
            check(&format!(
                r#"
package p
type source interface {{ Query(n int) (query, error) }}
type query interface {{ Next() bool; Close() error }}
type none struct{{}}
func (none) Query(n int) (query, error) {{ return none{{}}, nil }}
func (none) Next() bool {{ return false }}
func (none) Close() error {{ return nil }}
{others}
func a(s source) error {{ q, err := s.Query(1); if err != nil {{ return err }}; q.Next(); return q.Close() }}
func b(s source) error {{ q, err := s.Query(2); if err != nil {{ return err }}; defer q.Close(); q.Next(); return nil }}
func c(s source) error {{ q, err := s.Query(3); if err != nil {{ return err }}; defer q.Close(); q.Next(); return nil }}
func forgets(s source) (bool, error) {{
    q, err := s.Query(4)
    {expectation}
    if err != nil {{
        return false, err
    }}
    return q.Next(), nil
}}
"#
            ));
        };
        program("", "");
        let found = "        //^^^^^^^^^^ leak[missing-close]: `q` is never closed";
        program(
            "type by func(n int) (query, error)\nfunc (f by) Query(n int) (query, error) { return f(n) }",
            found,
        );
    }

    #[test]
    fn a_helper_only_uses_it() {
        check(
            r#"
type file struct { of []*os.File; n int }
func open(name string) (*file, error) {
    f, err := os.Open(name)
    if err != nil {
        return nil, err
    }
    return &file{of: []*os.File{f}}, nil
}
func (f *file) Read(p []byte) (int, error) { f.n += len(p); return f.of[0].Read(p) }
func (f *file) Close() error { return f.of[0].Close() }
type store struct { data []byte; last io.Reader }
func (s *store) restore(r io.Reader) (err error) { s.data, err = io.ReadAll(r); return err }
func (s *store) adopt(r io.Reader) error { s.last = r; return s.restore(r) }
func (s *store) load(name string) error {
    f, err := open(name)
            //^^^^^^^^^^ leak[missing-close]: `f` is not closed when `(*store).load` returns at line 22
    if err != nil {
        return err
    }
    if err := s.restore(f); err != nil {
        return err
    }
    return f.Close()
}
func (s *store) handsOn(name string) error {
    f, err := open(name)
    if err != nil {
        return err
    }
    if err := s.adopt(f); err != nil {
        return err
    }
    return f.Close()
}
"#,
        );
    }

    #[test]
    fn another_failing_step_closes_it() {
        check(
            r#"
type conn struct { of []*os.File }
func dial(addr string) (*conn, error) {
    c, err := os.Open(addr)
    if err != nil {
        return nil, err
    }
    return &conn{[]*os.File{c}}, nil
}
func (c *conn) hello() error { _, err := c.of[0].Read(nil); return err }
func (c *conn) Close() error { return c.of[0].Close() }
type client struct { c *conn }
func connect(addr string, n int) (*client, error) {
    c, err := dial(addr)
            //^^^^^^^^^^ leak[missing-close]: `c` is not closed when `connect` returns at line 20
    if err != nil {
        return nil, err
    }
    if n < 0 {
        return nil, errors.New("negative")
    }
    if err := c.hello(); err != nil {
        c.Close()
        return nil, err
    }
    return &client{c}, nil
}
func careful(addr string, n int) (*client, error) {
    c, err := dial(addr)
    if err != nil {
        return nil, err
    }
    if n < 0 {
        c.Close()
        return nil, errors.New("negative")
    }
    if err := c.hello(); err != nil {
        c.Close()
        return nil, err
    }
    return &client{c}, nil
}
"#,
        );
    }

    #[test]
    fn places_in_a_channel() {
        check(
            r#"
type fixed chan struct{}
func newFixed(n int) fixed { return make(fixed, n) }
func (f fixed) Take(ctx context.Context) error {
    select {
    case f <- struct{}{}:
        return nil
    case <-ctx.Done():
        return ctx.Err()
    }
}
func (f fixed) Release() { <-f }
func some(ctx context.Context, all []func() error) error {
    limit := newFixed(2)
    for _, f := range all {
        if err := limit.Take(ctx); err != nil {
            return err
        }
        if err := f(); err != nil {
            limit.Release()
            return err
        }
        limit.Release()
    }
    return nil
}
"#,
        );
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
