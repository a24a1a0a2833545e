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
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Whatever leaves the function's hands is its new owner's business: returned, stored in an object
//! that lives on, appended to a list that others have, sent, captured by a function that others got,
//! passed to code out of view. What is in a list or table of the function's own is nobody's business
//! any more once somebody looks at the elements.

use crate::Ctx;
use crate::resource::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_effects::Kind;

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
        .collect()
}

#[cfg(test)]
mod tests {
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
            return nil, err
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
