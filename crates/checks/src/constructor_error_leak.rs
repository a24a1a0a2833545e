//! An earlier resource that a later error return forgets.
//!
//! # Why it leaks
//! The function hands what it opened on when all goes well, and returns early when a later step
//! fails: then nobody has the resource any more, and nobody can close it. Callers that retry leak
//! one each time.
//!
//! # Example
//! ```go
//! type store struct{ data, index *os.File }
//!
//! func open(data, index string) (*store, error) {
//!     d, err := os.Open(data)
//!     if err != nil {
//!         return nil, err
//!     }
//!     i, err := os.Open(index)
//!     if err != nil {
//!         return nil, err // d stays open
//!     }
//!     return &store{data: d, index: i}, nil
//! }
//! ```
//!
//! The same is told of an object that two or more error returns of the function take down again, by a
//! call that closes its channels, deletes its entries or stops what it started, and that a later error
//! return forgets.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Whatever leaves the function's hands is its new owner's business: returned, stored in an object
//! that lives on, appended to a list that others have, sent, captured by a function that others got,
//! passed to code out of view. What is in a list or table of the function's own is nobody's business
//! any more once somebody looks at the elements. An object that others take down is not told of where a
//! call in between may do the same or may keep the object.

use crate::resource::{self, Words};
use crate::{Ctx, words};
use stanch_diagnostic::{
    Action, Cause, Check, Confidence, Finding, Label, Remedy, Severity, Stage,
};
use stanch_effects::Kind;
use stanch_ir::Span;
use stanch_obligations::{Forgotten, ResourceLoss};

/// The check.
pub const CHECK: Check = Check {
    code: "RS007",
    name: "constructor-error-leak",
    summary: "a later error return forgets an earlier resource",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let lost = ctx.obligations.lost_resources.iter().filter(|l| resource::of_constructor(l));
    let lost = lost.filter(|l| !resource::is_told_below(ctx, l));
    let known = |f: &Forgotten| {
        let exit = ResourceLoss::Return(f.exit);
        ctx.obligations.lost_resources.iter().any(|l| (l.func, l.how) == (f.func, exit))
    };
    let forgotten = ctx.obligations.forgotten.iter().filter(|f| !known(f));
    let forgotten = apart(forgotten).into_iter().map(|f| taken_down(ctx, &f));
    resource::apart(lost)
        .into_iter()
        .map(|lost| {
            let (thing, done, call) = match lost.kind {
                Kind::Body => ("the body", "closed", ".Body.Close()"),
                Kind::Rows => ("the rows", "closed", ".Close()"),
                Kind::Transaction => ("the transaction", "committed or rolled back", ".Rollback()"),
                Kind::Closer => ("what this opens", "closed", ".Close()"),
                Kind::Ticker => ("the ticker", "stopped", ".Stop()"),
                Kind::Ticks => ("the ticker", "stopped", ".Stop()"),
                Kind::Worker => ("the goroutine of what this makes", "stopped", ".Close()"),
                Kind::Stop => ("the stop function", "called", "()"),
                Kind::Reference => ("the reference", "given back", ""),
            };
            let note = "when the function succeeds it hands it on; when it fails nobody has it";
            resource::finding(ctx, &Words { check: &CHECK, thing, done, note, call }, lost)
        })
        .chain(forgotten)
        .collect()
}

/// One of each object.
fn apart<'f>(forgotten: impl Iterator<Item = &'f Forgotten>) -> Vec<(&'f Forgotten, Vec<Span>)> {
    let mut kept: Vec<(&Forgotten, Vec<Span>)> = Vec::new();
    for one in forgotten {
        match kept.iter_mut().find(|(f, _)| (f.func, f.span) == (one.func, one.span)) {
            Some((_, exits)) => exits.push(one.exit),
            None => kept.push((one, vec![one.exit])),
        }
    }
    kept
}

/// An object that other error returns of the function take down.
fn taken_down(ctx: &Ctx<'_>, (lost, exits): &(&Forgotten, Vec<Span>)) -> Finding {
    let (name, func) = (&lost.name, ctx.name(lost.func));
    let call = words::quote(ctx, lost.taken_down).map(|text| format!("`{text}`"));
    let call = call.unwrap_or_else(|| ctx.name(lost.ender));
    let mut related: Vec<Label> = words::decision(ctx, &lost.path).into_iter().collect();
    related.extend(exits.iter().map(|&exit| ctx.label(exit, "not taken down on this path")));
    related.push(ctx.label(lost.taken_down, "another failing step takes it down"));
    Finding {
        check: &CHECK,
        cause: CHECK.cause,
        remedy: Remedy::ReleaseResource,
        severity: Severity::Error,
        confidence: Confidence::Likely,
        message: format!(
            "`{name}` is not taken down when {func} returns at line {}",
            ctx.line(lost.exit)
        ),
        label: "made here".to_owned(),
        package: ctx.path(),
        function: ctx.symbol(lost.func).to_owned(),
        location: ctx.location(lost.span),
        goroutine: None,
        also_blocked: Vec::new(),
        related,
        witness: words::witness(
            ctx,
            &lost.path,
            (Action::Call, &format!("makes `{name}`")),
            (Action::Call, "gives something back"),
        ),
        notes: vec![format!(
            "{} other error returns of this function call {call}; after this one nobody has `{name}`",
            lost.times
        )],
        help: Some(format!("call {call} on this path too")),
        fix: None,
        fingerprint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    mod around;
    mod children;

    fn check(fixture: &str) {
        stanch_testing::check("constructor-error-leak", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example(
            "constructor-error-leak",
            include_str!("constructor_error_leak.rs"),
        );
    }

    #[test]
    fn fires_and_repaired() {
        check(
            r#"
type store struct { data, index *os.File }
func open(data, index string) (*store, error) {
    d, err := os.Open(data)
            //^^^^^^^^^^^^^ leak[constructor-error-leak]: `d` is not closed when `open` returns at line 11
    if err != nil {
        return nil, err
    }
    i, err := os.Open(index)
    if err != nil {
        return nil, err
    }
    return &store{data: d, index: i}, nil
}
func fields(data, index string) (*store, error) {
    s := &store{}
    var err error
    s.data, err = os.Open(data)
                //^^^^^^^^^^^^^ leak[constructor-error-leak]: what this opens is not closed
    if err != nil {
        return nil, err
    }
    if s.index, err = os.Open(index); err != nil {
        return nil, err
    }
    return s, nil
}
"#,
        );
    }

    #[test]
    fn near_misses() {
        check(
            r#"
type store struct { data, index *os.File }
func (s *store) Close() {
    if s.data != nil {
        s.data.Close()
    }
    s.index.Close()
}
func a(data, index string) (*store, error) {
    d, err := os.Open(data)
    if err != nil {
        return nil, err
    }
    i, err := os.Open(index)
    if err != nil {
        d.Close()
        return nil, err
    }
    return &store{data: d, index: i}, nil
}
func b(data, index string) (_ *store, err error) {
    s := &store{}
    defer func() {
        if err != nil {
            s.Close()
        }
    }()
    if s.data, err = os.Open(data); err != nil {
        return nil, err
    }
    if s.index, err = os.Open(index); err != nil {
        return nil, err
    }
    return s, nil
}
func c(data, index string) (*store, error) {
    var err error
    s := &store{}
    ok := false
    defer func() {
        if !ok {
            s.Close()
        }
    }()
    if s.data, err = os.Open(data); err != nil {
        return nil, err
    }
    if s.index, err = os.Open(index); err != nil {
        return nil, err
    }
    ok = true
    return s, nil
}
func d(data, index string) (s *store, err error) {
    s = &store{}
    if s.data, err = os.Open(data); err != nil {
        return s, err
    }
    s.index, err = os.Open(index)
    return s, err
}
"#,
        );
    }

    #[test]
    fn behind_an_interface_and_a_guard() {
        check(
            r#"
type client interface { Close(); Get() int }
type plain struct { stop, stopped chan struct{}; every int }
func guarded(f func()) {
    defer func() { recover() }()
    f()
}
func dial(addr string, every int) (client, error) {
    if addr == "" {
        return nil, errors.New("no address")
    }
    c := &plain{stop: make(chan struct{}), stopped: make(chan struct{}), every: every}
    go guarded(c.refresh)
    return c, nil
}
func (c *plain) refresh() {
    defer close(c.stopped)
    if c.every == 0 {
        return
    }
    for {
        select {
        case <-time.After(time.Second):
        case <-c.stop:
            return
        }
    }
}
func (c *plain) Close() {
    close(c.stop)
    <-c.stopped
}
func (c *plain) Get() int { return c.every }
type admin struct { c client }
func adminOf(c client) (*admin, error) {
    if c.Get() < 0 {
        return nil, errors.New("too old")
    }
    return &admin{c: c}, nil
}
func newAdmin(addr string) (*admin, error) {
    c, err := dial(addr, 1)
            //^^^^^^^^^^^^^ leak[constructor-error-leak]: `c` is not stopped when `newAdmin` returns
    if err != nil {
        return nil, err
    }
    return adminOf(c)
}
func repaired(addr string) (*admin, error) {
    c, err := dial(addr, 1)
    if err != nil {
        return nil, err
    }
    a, err := adminOf(c)
    if err != nil {
        c.Close()
    }
    return a, err
}
"#,
        );
    }

    #[test]
    fn filled_by_its_own_method() {
        check(
            r#"
type store struct { f *os.File }
func (s *store) open(name string) (err error) {
    s.f, err = os.Open(name)
    return err
}
func (s *store) Close() error { return s.f.Close() }
func forgets(name string, max int) (*store, error) {
    s := &store{}
    if err := s.open(name); err != nil {
            //^^^^^^^^^^^^ leak[constructor-error-leak]: what this opens is not closed
        return nil, err
    }
    if max < 0 {
        return nil, errors.New("negative")
    }
    return s, nil
}
func closes(name string, max int) (*store, error) {
    s := &store{}
    if err := s.open(name); err != nil {
        return nil, err
    }
    if max < 0 {
        s.Close()
        return nil, errors.New("negative")
    }
    return s, nil
}
var all []*store
func known(name string, max int) (*store, error) {
    s := &store{}
    all = append(all, s)
    if err := s.open(name); err != nil {
        return nil, err
    }
    if max < 0 {
        return nil, errors.New("negative")
    }
    return s, nil
}
"#,
        );
    }

    #[test]
    fn lists_and_tables() {
        check(
            r#"
type set struct { files []*os.File; by map[string]*os.File }
func (s *set) Close() {
    for _, f := range s.files {
        f.Close()
    }
    for _, f := range s.by {
        f.Close()
    }
}
func (s *set) size() (n int64) {
    for _, f := range s.by {
        st, _ := f.Stat()
        n += st.Size()
    }
    return n
}
func appended(names []string) (*set, error) {
    s := &set{}
    for _, name := range names {
        f, err := os.Open(name)
                //^^^^^^^^^^^^^ leak[constructor-error-leak]: `f` is not closed when `appended` returns
        if err != nil {
            return nil, err
        }
        s.files = append(s.files, f)
    }
    return s, nil
}
func table(names []string) (*set, error) {
    s := &set{by: make(map[string]*os.File)}
    for _, name := range names {
        f, err := os.Open(name)
                //^^^^^^^^^^^^^ leak[constructor-error-leak]: `f` is not closed when `table` returns
        if err != nil {
            s.Close()
            return nil, err
        }
        s.by[name] = f
    }
    if s.size() == 0 {
        return nil, errors.New("empty")
    }
    return s, nil
}
func list(names ...string) ([]*os.File, error) {
    var files []*os.File
    for _, name := range names {
        f, err := os.Open(name)
                //^^^^^^^^^^^^^ leak[constructor-error-leak]: `f` is not closed when `list` returns
        if err != nil {
            return nil, err
        }
        files = append(files, f)
    }
    return files, nil
}
"#,
        );
    }

    #[test]
    fn lists_that_are_closed() {
        check(
            r#"
func closeAll(files []*os.File) {
    for _, f := range files {
        f.Close()
    }
}
func loop(names []string) ([]*os.File, error) {
    var files []*os.File
    for _, name := range names {
        f, err := os.Open(name)
        if err != nil {
            for i := 0; i < len(files); i++ {
                files[i].Close()
            }
            return nil, err
        }
        files = append(files, f)
    }
    return files, nil
}
func deferred(names []string) (files []*os.File, err error) {
    defer func() {
        if err != nil {
            closeAll(files)
        }
    }()
    for _, name := range names {
        f, err := os.Open(name)
        if err != nil {
            return files, err
        }
        files = append(files, f)
    }
    return files, nil
}
func each(names []string) error {
    var files []*os.File
    for _, name := range names {
        f, err := os.Open(name)
        if err != nil {
            return err
        }
        defer f.Close()
        files = append(files, f)
    }
    if len(files) == 0 {
        return errors.New("none")
    }
    return nil
}
func part(names []string) ([]*os.File, error) {
    files := make([]*os.File, 0, len(names))
    for _, name := range names {
        f, err := os.Open(name)
        if err != nil {
            return files, err
        }
        files = append(files, f)
    }
    return files, nil
}
"#,
        );
    }

    #[test]
    fn a_return_empties_the_list_before_it_is_closed() {
        check(
            r#"
func emptied(names []string) (files []*os.File, err error) {
    defer func() {
        if err != nil {
            for _, f := range files {
                f.Close()
            }
        }
    }()
    for _, name := range names {
        f, err := os.Open(name)
                //^^^^^^^^^^^^^ leak[constructor-error-leak]: `f` is not closed when `emptied` returns
        if err != nil {
            return nil, err
        }
        files = append(files, f)
    }
    return files, nil
}
"#,
        );
    }

    #[test]
    fn kept_on_success_only() {
        check(
            r#"
type store struct { f *os.File }
func on(f *os.File, size int) (*store, error) {
    if size == 0 {
        return nil, errors.New("empty")
    }
    return &store{f: f}, nil
}
func open(name string, size int) (*store, error) {
    f, err := os.Open(name)
            //^^^^^^^^^^^^^ leak[constructor-error-leak]: `f` is not closed when `open` returns
    if err != nil {
        return nil, err
    }
    return on(f, size)
}
func careful(name string, size int) (*store, error) {
    f, err := os.Open(name)
    if err != nil {
        return nil, err
    }
    s, err := on(f, size)
    if err != nil {
        f.Close()
        return nil, err
    }
    return s, nil
}
"#,
        );
    }

    #[test]
    fn taken_down_elsewhere() {
        let program = |last: &str, expectation: &str| {
            check(&format!(
                r#"
type book struct {{ all map[*entry]bool }}
func (b *book) add(e *entry) {{ b.all[e] = true }}
type part struct {{ e *entry; in *book }}
type entry struct {{ one, two *part; n int }}
func (e *entry) begin(b *book) {{
    e.one.in, e.two.in = b, b
    b.add(e)
}}
func (e *entry) end() {{ e.undo(); e.n = -1 }}
func (e *entry) undo() {{
    for _, p := range []*part{{e.one, e.two}} {{
        delete(p.in.all, e)
    }}
}}
func (e *entry) step(n int) error {{
    if n == e.n {{ return errors.New("step") }}
    e.n = n
    return nil
}}
func (e *entry) last(n int) error {{
    err := e.step(n)
    if err != nil {{ e.undo() }}
    return err
}}
func (e *entry) failed(n int) {{ e.n = n }}
var kept []*entry
func keep(e *entry) {{ kept = append(kept, e) }}
func open(b *book, n int) (*entry, error) {{
    e := &entry{{one: &part{{}}, two: &part{{}}}}
{expectation}
    e.begin(b)
    if n < 0 {{
        e.end()
        return nil, errors.New("negative")
    }}
    if err := e.step(n); err != nil {{
        e.end()
        return nil, err
    }}
    {last}
    return e, nil
}}
"#
            ));
        };
        let found = "  //^ leak[constructor-error-leak]: `e` is not taken down when `open` returns at line 41";
        let lost = "if err := e.step(n + 1); err != nil { return nil, err }";
        program(lost, found);
        program("if err := e.step(n + 1); err != nil { e.end(); return nil, err }", "");
        program("if err := e.last(n + 1); err != nil { return nil, err }", "");
        program(&format!("keep(e); {lost}"), "");
        program(&format!("defer e.failed(n); {lost}"), "");
        program("if n == 5 { return nil, nil }", "");
        program("if n == 5 { return nil, errors.New(\"five\") }", "");
    }

    #[test]
    fn what_takes_nothing_down_says_nothing() {
        check(
            r#"
type job struct { n int; state string }
func (j *job) mark(state string) { j.state = state }
func (j *job) step(n int) error {
    if n == j.n { return errors.New("step") }
    j.n = n
    return nil
}
func run(n int) (*job, error) {
    j := &job{}
    if err := j.step(n); err != nil {
        j.mark("one")
        return nil, err
    }
    if err := j.step(n + 1); err != nil {
        j.mark("two")
        return nil, err
    }
    if err := j.step(n + 2); err != nil {
        return nil, err
    }
    return j, nil
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type store struct { data, index *os.File }
func open(data, index string) (*store, error) {
    //stanch:ignore constructor-error-leak the caller exits
    d, err := os.Open(data)
    if err != nil {
        return nil, err
    }
    i, err := os.Open(index)
    if err != nil {
        return nil, err
    }
    return &store{data: d, index: i}, nil
}
"#,
        );
    }

    #[test]
    fn what_cannot_be_otherwise() {
        check(
            r#"
func tcp(addr string) (*net.TCPListener, error) {
    l, err := net.Listen("tcp", addr)
    if err != nil {
        return nil, err
    }
    t, ok := l.(*net.TCPListener)
    if !ok {
        return nil, errors.New("no TCP listener")
    }
    return t, nil
}
func port(addr string) (net.Listener, string, error) {
    l, err := net.Listen("tcp", addr)
    if err != nil {
        return nil, "", err
    }
    _, port, err := net.SplitHostPort(l.Addr().String())
    if err != nil {
        return nil, "", err
    }
    return l, port, nil
}
func given(addr string) (net.Listener, string, error) {
    l, err := net.Listen("tcp", addr)
            //^^^^^^^^^^^^^^^^^^^^^^^ leak[constructor-error-leak]: `l` is not closed when `given` returns
    if err != nil {
        return nil, "", err
    }
    _, port, err := net.SplitHostPort(addr)
    if err != nil {
        return nil, "", err
    }
    return l, port, nil
}
"#,
        );
    }
}
