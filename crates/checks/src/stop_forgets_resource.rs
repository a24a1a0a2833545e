//! The stop method of an object leaves something open or running that the object made for itself.
//!
//! # Why it leaks
//! The object made or started a part that has to be closed or stopped, keeps it in a field that nobody
//! else can reach, and has a method that stops the object. That method ends other parts and forgets
//! this one: after it nobody can end it any more. The same holds for a ticker (before Go 1.23) for whose
//! ticks only one loop waits, on a goroutine of its own, and which nobody stops when that loop is over.
//!
//! # Example
//! ```go
//! type flusher struct{ done chan struct{} }
//!
//! func newFlusher() *flusher {
//!     f := &flusher{done: make(chan struct{})}
//!     go func() { <-f.done }()
//!     return f
//! }
//!
//! func (f *flusher) flush() {}
//! func (f *flusher) stop()  { close(f.done) }
//!
//! type client struct {
//!     log     *os.File
//!     flusher *flusher
//! }
//!
//! func newClient(name string) (*client, error) {
//!     log, err := os.Create(name)
//!     if err != nil {
//!         return nil, err
//!     }
//!     return &client{log: log, flusher: newFlusher()}, nil
//! }
//!
//! func (c *client) Close() error { // leaves the flusher running
//!     c.flusher.flush()
//!     return c.log.Close()
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Fields that other packages can reach; those that also get what a caller passes in, for then it is
//! the caller's; those whose content any function of the module closes or hands on, even if the stop
//! method does not; what an object in another field made, if that object is closed.

use crate::weigh::weigh;
use crate::{Ctx, ModuleCtx, missing_close, resource, words};
use stanch_diagnostic::{Action, Cause, Check, Confidence, Finding, Remedy, Severity, Stage};
use stanch_effects::Kind;
use stanch_obligations::Kept;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    code: "RS016",
    name: "stop-forgets-resource",
    summary: "an owner's stop method leaves a part of it open or running",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// What one package does with such fields, and the findings, should no other package say more.
pub struct Owners {
    kept: Vec<(Kept, Finding)>,
    ended: BTreeSet<String>,
    passed: BTreeSet<String>,
    released: BTreeSet<String>,
    given: BTreeSet<String>,
}

/// The candidates of one package.
pub fn candidates(ctx: &Ctx<'_>) -> Owners {
    let owners = &ctx.obligations.owners;
    Owners {
        kept: owners.kept.iter().map(|kept| (kept.clone(), weighed(ctx, kept))).collect(),
        ended: owners.ended.clone(),
        passed: owners.passed.clone(),
        released: owners.released.clone(),
        given: owners.given.clone(),
    }
}

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    let any = |of: &dyn Fn(&Owners) -> bool| ctx.owners.iter().any(of);
    let known = |kept: &Kept| {
        any(&|o| o.ended.contains(&kept.field) || o.given.contains(&kept.field))
            || any(&|o| kept.made_from.iter().any(|field| o.ended.contains(field)))
            // Whoever got it may close it, if anybody closes such things.
            || any(&|o| o.passed.contains(&kept.field)) && any(&|o| o.released.contains(&kept.ty))
    };
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut findings = Vec::new();
    for (kept, finding) in ctx.owners.iter().flat_map(|o| &o.kept) {
        let rule = kept.key.as_ref().is_none_or(|key| missing_close::closed_as_a_rule(ctx, key));
        if rule && !known(kept) && told.insert(&kept.field) {
            findings.push(finding.clone());
        }
    }
    findings
}

fn weighed(ctx: &Ctx<'_>, kept: &Kept) -> Finding {
    let mut finding = finding(ctx, kept);
    weigh(ctx, &mut finding);
    finding
}

fn finding(ctx: &Ctx<'_>, kept: &Kept) -> Finding {
    let stop = ctx.name(kept.stop);
    let name = &kept.name;
    let (verb, state) = match kept.kind {
        Kind::Worker | Kind::Ticker | Kind::Ticks | Kind::Stop | Kind::Reference => {
            ("stop", "running")
        }
        Kind::Body | Kind::Rows | Kind::Transaction | Kind::Closer => ("close", "open"),
    };
    let mut related = Vec::new();
    let place = ctx.name_span(kept.stop);
    related.extend(place.map(|p| ctx.label(p, format!("this leaves `{name}` {state}"))));
    let started = kept.started.filter(|&at| at != kept.span);
    related.extend(started.map(|at| ctx.label(at, resource::STARTS)));
    let made = [stanch_obligations::Step {
        func: kept.func,
        span: kept.span,
        kind: stanch_obligations::StepKind::Acquire,
    }];
    let done = match verb {
        "stop" => "stopped",
        _ => "closed",
    };
    let taken = format!("keeps what has to be {done} in `{name}`");
    Finding {
        check: &CHECK,
        cause: CHECK.cause,
        remedy: Remedy::ReleaseResource,
        severity: Severity::Error,
        confidence: Confidence::Likely,
        message: format!("{stop} does not {verb} `{name}`"),
        label: format!("kept in `{name}`"),
        package: ctx.path(),
        function: ctx.symbol(kept.func).to_owned(),
        location: ctx.location(kept.span),
        goroutine: None,
        also_blocked: Vec::new(),
        related,
        witness: words::witness(ctx, &made, (Action::Call, &taken), (Action::Call, "")),
        notes: vec![format!("nobody in this module ends what `{name}` holds")],
        help: Some(format!("{verb} `{name}` in {stop}")),
        fix: None,
        fingerprint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("stop-forgets-resource", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("stop-forgets-resource", include_str!("stop_forgets_resource.rs"));
    }

    #[test]
    fn started_by_a_method() {
        check(
            r#"
type logger struct { c *client; cancel context.CancelFunc; in chan int }
func newLogger(c *client) *logger { return &logger{c: c, in: make(chan int)} }
func (l *logger) Start() {
    ctx, cancel := context.WithCancel(context.Background())
    l.cancel = cancel
    go l.run(ctx)
}
func (l *logger) run(ctx context.Context) {
    for {
        select {
        case <-ctx.Done():
            return
        case <-l.in:
        }
    }
}
func (l *logger) Flush() {}
func (l *logger) Shutdown() {
    if l.cancel != nil {
        l.cancel()
    }
}
type client struct { name string; batch *logger; conn net.Conn }
func newClient(name string, logs bool) (*client, error) {
    c := client{name: name}
    if logs {
        c.batch = newLogger(&c)
        c.batch.Start()
      //^^^^^^^^^^^^^^^ leak[stop-forgets-resource]: `(*client).Close` does not stop `batch`
    }
    return &c, nil
}
func (c *client) Flush() {
    if c.batch != nil {
        c.batch.Flush()
    }
}
func (c *client) Close() { c.Flush() }
"#,
        );
    }

    #[test]
    fn given_to_a_package_that_is_missing() {
        let program = |close: &str, expected: &str| {
            format!(
                "\npackage p\nimport (\"os\"; \"example.com/missing\")
type store struct {{ f *os.File; n int }}
func newStore(name string) (*store, error) {{
    f, err := os.Open(name)
            {expected}
    if err != nil {{
        return nil, err
    }}
    return &store{{f: f}}, nil
}}
func (s *store) read(b []byte) error {{
    _, err := s.f.Read(b)
    return err
}}
func (s *store) Close() error {{ return {close} }}
"
            )
        };
        check(&program("missing.Close(s.f)", ""));
        let leak =
            "//^^^^^^^^^^^^^ leak[stop-forgets-resource]: `(*store).Close` does not close `f`";
        check(&program("missing.Note(s.n)", leak));
    }

    #[test]
    fn ticker_of_a_loop() {
        check(
            r#"
//go:build go1.22

type cache struct { tick *time.Ticker; stopped *time.Ticker; done chan struct{} }
func newCache() *cache {
    c := &cache{
        tick: time.NewTicker(time.Second),
            //^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[stop-forgets-resource]: `(*cache).run` does not stop `tick`
        stopped: time.NewTicker(time.Second),
        done: make(chan struct{}),
    }
    go c.run()
    return c
}
func (c *cache) run() {
    defer c.stopped.Stop()
    for {
        select {
        case <-c.tick.C:
        case <-c.stopped.C:
        case <-c.done:
            return
        }
    }
}
func (c *cache) finish() { close(c.done) }
type forever struct { tick *time.Ticker }
func newForever() *forever {
    f := &forever{tick: time.NewTicker(time.Second)}
    go f.run()
    return f
}
func (f *forever) run() {
    for {
        <-f.tick.C
    }
}
"#,
        );
    }

    #[test]
    fn near_misses() {
        check(
            r#"
type part struct { done chan struct{} }
func newPart() *part {
    p := &part{done: make(chan struct{})}
    go func() { <-p.done }()
    return p
}
func (p *part) Stop() { close(p.done) }
func (p *part) use() {}
type viaHelper struct { p *part; f *os.File }
func newViaHelper() *viaHelper { return &viaHelper{p: newPart()} }
func (v *viaHelper) Close() { stopAll(v.p) }
func stopAll(parts ...*part) {
    for _, p := range parts {
        p.Stop()
    }
}
type elsewhere struct { p *part }
func newElsewhere() *elsewhere { return &elsewhere{p: newPart()} }
func (e *elsewhere) Close() {}
func (e *elsewhere) detach() { e.p.Stop() }
type handedIn struct { p *part }
func newHandedIn(p *part) *handedIn {
    if p != nil {
        return &handedIn{p: p}
    }
    return &handedIn{p: newPart()}
}
func (h *handedIn) Close() { h.p.use() }
type noStop struct { p *part }
func newNoStop() *noStop { return &noStop{p: newPart()} }
func (n *noStop) get() { n.p.use() }
type byChannel struct { p *part }
func newByChannel() *byChannel { return &byChannel{p: newPart()} }
func (b *byChannel) Close() { close(b.p.done) }
type Exported struct { P *part }
func NewExported() *Exported { return &Exported{P: newPart()} }
func (e *Exported) Close() {}
type ticks struct { in *part; t *tap }
type tap struct { done chan struct{} }
func (p *part) tap() *tap {
    t := &tap{done: p.done}
    go func() { <-t.done }()
    return t
}
func (t *tap) Stop() { close(t.done) }
func newTicks() *ticks {
    in := newPart()
    return &ticks{in: in, t: in.tap()}
}
func (t *ticks) Close() { t.in.Stop() }
type asCloser struct { c io.Closer }
func newAsCloser(name string) (*asCloser, error) {
    f, err := os.Open(name)
    if err != nil {
        return nil, err
    }
    return &asCloser{c: f}, nil
}
func (a *asCloser) Close() error { return a.c.Close() }
type asMethod struct { f *os.File; end func() error }
func newAsMethod(name string) (*asMethod, error) {
    f, err := os.Open(name)
    if err != nil {
        return nil, err
    }
    return &asMethod{f: f, end: f.Close}, nil
}
func (a *asMethod) Read(b []byte) (int, error) { return a.f.Read(b) }
func (a *asMethod) Close() error { return a.end() }
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type part struct { done chan struct{} }
func newPart() *part {
    p := &part{done: make(chan struct{})}
    go func() { <-p.done }()
    return p
}
func (p *part) Stop() { close(p.done) }
type owner struct { p *part }
func newOwner() *owner {
    //stanch:ignore stop-forgets-resource it lives as long as the process
    return &owner{p: newPart()}
}
func (o *owner) Close() {}
"#,
        );
    }
}
