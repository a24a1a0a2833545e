//! A path on which the cancel function of a context is neither called nor handed on.
//!
//! # Why it leaks
//! `context.WithCancel` and its kin register the new context with its parent, start a timer if there
//! is a deadline, and start a goroutine if the parent is of a foreign type. All of that, with every
//! value and callback the context carries, stays until the cancel function is called or the parent
//! ends; a parent such as the server's own context does not end.
//!
//! # Example
//! ```go
//! func fetch(parent context.Context, url string) error {
//!     ctx, cancel := context.WithCancel(parent)
//!     if url == "" {
//!         return errors.New("no url") // cancel is not called on this path
//!     }
//!     defer cancel()
//!     return get(ctx, url)
//! }
//! ```
//! Put `defer cancel()` right after the call that makes it.
//!
//! # Fix safety
//! There is no automatic fix yet. `defer cancel()` is wrong where the context outlives the function
//! on purpose: then hand the cancel function on to whoever ends that work.
//!
//! # Not reported
//! Whoever gets the cancel function owns it: a caller by `return`, the owner of a field, map, slice,
//! channel or context's value it is put in, a function out of view it is passed to, a goroutine or registered function
//! that captures it. Functions of the same package that it is passed to are looked into: one that
//! ignores it does not count. A child of a context that is cancelled here ends with it. In `main` the
//! process ends, so only loops matter. Contexts with a deadline leak only until then and are reported
//! as `likely`.

use crate::waits::{self, Words};
use crate::{Ctx, words};
use stanch_diagnostic::{Action, Cause, Check, Confidence, Finding, Remedy, Severity, Stage};
use stanch_ir::Span;
use stanch_obligations::{Loss, LostCancel};

/// The check.
pub const CHECK: Check = Check {
    code: "RS001",
    name: "lost-cancel",
    summary: "a cancel function is neither called nor handed on",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    // A test that discards one means it: the process ends soon after.
    let meant = |lost: &&LostCancel| {
        lost.how == Loss::Discarded && ctx.file(lost.span).ends_with("_test.go")
    };
    let lost = ctx.obligations.lost_cancels.iter();
    let lost = lost.filter(|lost| lost.how != Loss::Overwritten && !meant(lost));
    let mut findings: Vec<Finding> = lost.map(|lost| finding(ctx, &CHECK, lost)).collect();
    let known: Vec<Span> = ctx.obligations.lost_cancels.iter().map(|lost| lost.span).collect();
    findings.extend(waiting(ctx, &known));
    findings
}

const WAITING: Words = Words {
    subject: "this goroutine",
    verb: ("waits for ever for its context", "can wait for ever for its context"),
    label: "nobody cancels this context any more",
    rescuer: "this would free it",
    help: "call the cancel function on every path, error paths included",
    remedy: Remedy::UseContext,
};

/// Goroutines that wait for a context that nobody cancels any more, unless its loss is `known`.
fn waiting(ctx: &Ctx<'_>, known: &[Span]) -> Vec<Finding> {
    let ctx = &ctx.seen();
    let leaks = waits::leaks(ctx, |ctx, seen| {
        let made = waits::cancelled_context(ctx, &seen.leak.leak);
        made.is_some_and(|made| !known.contains(&made))
    });
    leaks.iter().map(|seen| waits::finding(ctx, &CHECK, seen, &WAITING)).collect()
}

/// One finding, of this check or another on cancel functions.
pub(crate) fn finding(ctx: &Ctx<'_>, check: &'static Check, lost: &LostCancel) -> Finding {
    let name = lost.name.as_deref().unwrap_or("cancel");
    let mut related = Vec::new();
    let helper = lost.helper.and_then(|helper| ctx.name_span(helper));
    let words = "this function returns the cancel function to its caller";
    related.extend(helper.map(|place| ctx.label(place, words)));
    if let Loss::Return(exit) = lost.how {
        related.extend(words::decision(ctx, &lost.path));
        related.push(ctx.label(exit, format!("`{name}` is not called on this path")));
    }
    let mut notes = Vec::new();
    if lost.deadline {
        notes.push("the context and its timer stay until its deadline".to_owned());
    } else if lost.rooted {
        notes.push("nothing else ends the context: who waits for it waits for ever".to_owned());
    } else {
        notes.push("the context stays registered with its parent until that ends".to_owned());
    }
    Finding {
        check,
        cause: check.cause,
        remedy: Remedy::ReleaseResource,
        severity: Severity::Error,
        confidence: confidence(lost),
        message: headline(ctx, lost, name),
        label: label(lost, name),
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
            (Action::Cancel, "calls a cancel function"),
        ),
        notes,
        help: Some(help(lost, name)),
        fix: None,
        fingerprint: String::new(),
    }
}

fn confidence(lost: &LostCancel) -> Confidence {
    if lost.rooted && !lost.served {
        Confidence::Possible
    } else if lost.deadline || lost.rooted || lost.asks_twice || matches!(lost.how, Loss::Field(_))
    {
        Confidence::Likely
    } else {
        Confidence::Proved
    }
}

fn headline(ctx: &Ctx<'_>, lost: &LostCancel, name: &str) -> String {
    let until = if lost.deadline { " until its deadline" } else { "" };
    match &lost.how {
        Loss::Discarded if lost.deadline => {
            "the cancel function is discarded: the context stays until its deadline".to_owned()
        }
        Loss::Discarded => {
            "the cancel function is discarded: nothing can end the context".to_owned()
        }
        Loss::Return(_) if !lost.sometimes_released && until.is_empty() => {
            format!("`{name}` is never called")
        }
        Loss::Return(_) if !lost.sometimes_released => {
            format!("`{name}` is never called: the context stays until its deadline")
        }
        Loss::Return(exit) => {
            let func = ctx.name(lost.func);
            format!("`{name}` is not called when {func} returns at line {}", ctx.line(*exit))
        }
        Loss::Overwritten => format!("`{name}` is replaced in a loop before it is called"),
        Loss::Field(field) => format!("the cancel function in field `{field}` is never called"),
    }
}

fn label(lost: &LostCancel, name: &str) -> String {
    match &lost.how {
        Loss::Discarded => "its second result is the only way to end it".to_owned(),
        Loss::Return(_) | Loss::Overwritten => format!("makes `{name}`"),
        Loss::Field(field) => format!("nothing in the package reads `{field}`"),
    }
}

fn help(lost: &LostCancel, name: &str) -> String {
    match &lost.how {
        Loss::Discarded => "keep the cancel function and `defer` its call".to_owned(),
        Loss::Return(_) => format!("put `defer {name}()` right after this call"),
        Loss::Overwritten => format!("call `{name}()` at the end of each turn"),
        Loss::Field(field) => format!("call `{field}` where its owner is closed or stopped"),
    }
}

#[cfg(test)]
mod tests {
    mod carried;

    fn check(fixture: &str) {
        stanch_testing::check("lost-cancel", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("lost-cancel", include_str!("lost_cancel.rs"));
    }

    #[test]
    fn early_return() {
        check(
            r#"
func get(ctx context.Context) error { return ctx.Err() }
func f(parent context.Context, url string) error {
    ctx, cancel := context.WithCancel(parent)
                 //^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[lost-cancel]: `cancel` is not called when `f` returns at line 7
    if url == "" {
        return errors.New("no url")
      //^^^^^^^^^^^^^^^^^^^^^^^^^^^ label: `cancel` is not called on this path
    }
    defer cancel()
    return get(ctx)
}
"#,
        );
    }

    #[test]
    fn never_called() {
        check(
            r#"
func f(parent context.Context) context.Context {
    ctx, cancel := context.WithCancel(parent)
                 //^^^^^^^ leak[lost-cancel]: `cancel` is never called
    if cancel == nil {
        return nil
    }
    return ctx
}
"#,
        );
    }

    #[test]
    fn discarded() {
        check(
            r#"
func f(parent context.Context) context.Context {
    ctx, _ := context.WithCancel(parent)
            //^^^^^^^ leak[lost-cancel]: discarded
    return ctx
}
func g(parent context.Context) context.Context {
    ctx, _ := context.WithTimeout(parent, time.Second)
            //^^^^^^^ leak[lost-cancel]: until its deadline
    return ctx
}
"#,
        );
    }

    #[test]
    fn only_on_failure() {
        check(
            r#"
func dial(ctx context.Context) error
func f(parent context.Context) error {
    ctx, cancel := context.WithTimeout(parent, time.Second)
                 //^^^^^^^ leak[lost-cancel]: `cancel` is not called
    err := dial(ctx)
    if err != nil {
        cancel()
        return err
    }
    return nil
}
"#,
        );
    }

    #[test]
    fn only_on_failure_deferred() {
        check(
            r#"
func dial(ctx context.Context) error
func f(parent context.Context) (err error) {
    ctx, cancel := context.WithTimeout(parent, time.Second)
                 //^^^^^^^ leak[lost-cancel]: `cancel` is not called
    defer func() {
        if err != nil {
            cancel()
        }
    }()
    return dial(ctx)
}
"#,
        );
    }

    #[test]
    fn a_helper_hands_it_over() {
        check(
            r#"
func with(parent context.Context) (context.Context, context.CancelFunc) {
    ctx, cancel := context.WithCancel(parent)
    return ctx, cancel
}
func use(ctx context.Context)
func f(parent context.Context) {
    ctx, cancel := with(parent)
                 //^^^^^^^ leak[lost-cancel]: `cancel` is not called
    if parent.Err() != nil {
        return
    }
    use(ctx)
    cancel()
}
"#,
        );
    }

    #[test]
    fn a_callee_that_ignores_it_does_not_own_it() {
        check(
            r#"
func ignore(cancel context.CancelFunc) {}
func sometimes(cancel context.CancelFunc, yes bool) {
    if yes {
        cancel()
    }
}
func f(parent context.Context) context.Context {
    ctx, cancel := context.WithCancel(parent)
                 //^^^^^^^ leak[lost-cancel]: `cancel`
    ignore(cancel)
    return ctx
}
func g(parent context.Context, yes bool) context.Context {
    ctx, cancel := context.WithCancel(parent)
                 //^^^^^^^ leak[lost-cancel]: `cancel`
    sometimes(cancel, yes)
    return ctx
}
"#,
        );
    }

    #[test]
    fn a_local_owner_that_is_dropped() {
        check(
            r#"
type stream struct {
    ctx    context.Context
    cancel context.CancelFunc
}
func (s *stream) close() { s.cancel() }
func ok() bool
func open(parent context.Context) *stream {
    s := &stream{}
    s.ctx, s.cancel = context.WithCancel(parent)
                    //^^^^^^^ leak[lost-cancel]: is not called
    if !ok() {
        return nil
    }
    return s
}
"#,
        );
    }

    #[test]
    fn a_field_that_nobody_reads() {
        check(
            r#"
type server struct {
    ctx  context.Context
    stop context.CancelFunc
}
func start(parent context.Context) *server {
    ctx, cancel := context.WithCancel(parent)
                 //^^^^^^^ leak[lost-cancel]: the cancel function in field `stop` is never called
    return &server{ctx: ctx, stop: cancel}
}
"#,
        );
    }

    #[test]
    fn handed_on() {
        check(
            r#"
type owner struct{ cancel func(); all []func(); byName map[string]context.CancelFunc; sub *owner }
func (o *owner) Close() {
    o.cancel()
    for _, f := range o.all {
        f()
    }
}
var global context.CancelFunc
func background(ctx context.Context)
func elsewhere(f func())
type keeper interface{ Keep(any) }
type option func(*owner)

func returned(p context.Context) (context.Context, func()) {
    ctx, cancel := context.WithCancel(p)
    return ctx, cancel
}
func returnedClosure(p context.Context) func() {
    _, cancel := context.WithCancel(p)
    return func() { cancel() }
}
func field(p context.Context, o *owner) {
    _, cancel := context.WithCancel(p)
    o.cancel = cancel
}
func directField(p context.Context, o *owner) (err error) {
    var ctx context.Context
    ctx, o.cancel = context.WithCancel(p)
    return ctx.Err()
}
func literal(p context.Context) *owner {
    _, cancel := context.WithCancel(p)
    return &owner{cancel: cancel}
}
func value(p context.Context) owner {
    _, cancel := context.WithCancel(p)
    return owner{cancel: cancel}
}
func nested(p context.Context) *owner {
    _, cancel := context.WithCancel(p)
    o := &owner{sub: &owner{}}
    o.sub.cancel = cancel
    return o
}
func list(p context.Context, o *owner) {
    _, cancel := context.WithCancel(p)
    o.all = append(o.all, cancel)
}
func mapped(p context.Context, o *owner) {
    _, cancel := context.WithCancel(p)
    o.byName["x"] = cancel
}
func channel(p context.Context, ch chan func()) {
    _, cancel := context.WithCancel(p)
    ch <- cancel
}
func toGlobal(p context.Context) {
    _, global = context.WithCancel(p)
}
func goroutine(p context.Context) {
    ctx, cancel := context.WithCancel(p)
    go func() {
        defer cancel()
        background(ctx)
    }()
}
func goroutineArgument(p context.Context) {
    ctx, cancel := context.WithCancel(p)
    go func(stop func()) {
        defer stop()
        background(ctx)
    }(cancel)
}
func called(p context.Context, yes bool) error {
    ctx, cancel := context.WithCancel(p)
    if yes {
        cancel()
        return nil
    }
    background(ctx)
    cancel()
    return ctx.Err()
}
func deferredClosure(p context.Context) {
    ctx, cancel := context.WithCancel(p)
    defer func() { cancel() }()
    background(ctx)
}
func deferredGuard(p context.Context, yes bool) {
    var cancel context.CancelFunc
    defer func() {
        if cancel != nil {
            cancel()
        }
    }()
    if yes {
        p, cancel = context.WithCancel(p)
    }
    background(p)
}
func afterFunc(p context.Context) {
    ctx, cancel := context.WithCancel(p)
    context.AfterFunc(p, cancel)
    background(ctx)
}
func timer(p context.Context) {
    ctx, cancel := context.WithCancel(p)
    time.AfterFunc(time.Second, cancel)
    background(ctx)
}
func cleanup(t *testing.T) {
    ctx, cancel := context.WithCancel(context.Background())
    t.Cleanup(cancel)
    background(ctx)
}
func outOfView(p context.Context) {
    _, cancel := context.WithCancel(p)
    elsewhere(cancel)
}
func viaInterface(p context.Context, k keeper) {
    _, cancel := context.WithCancel(p)
    k.Keep(cancel)
}
func optionFunc(p context.Context) option {
    _, cancel := context.WithCancel(p)
    return func(o *owner) { o.cancel = cancel }
}
func deadlineOf(p context.Context, o *owner) {
    ctx, cancel := context.WithTimeout(p, time.Second)
    o.sub = &owner{cancel: cancel}
    background(ctx)
}
func methodTakesIt(p context.Context, o *owner) {
    _, cancel := context.WithCancel(p)
    o.adopt(cancel)
}
func (o *owner) adopt(f func()) { o.all = append(o.all, f) }
func storedClosure(p context.Context, o *owner) {
    ctx, cancel := context.WithCancel(p)
    o.cancel = func() {
        cancel()
        background(ctx)
    }
}
func localClosure(p context.Context) {
    ctx, cancel := context.WithCancel(p)
    done := func() { cancel() }
    background(ctx)
    done()
}
func conditional(p context.Context, timeout time.Duration) {
    cancel := func() {}
    if timeout > 0 {
        p, cancel = context.WithTimeout(p, timeout)
    }
    defer cancel()
    background(p)
}
func sameFlag(p context.Context, timeout time.Duration) {
    var cancel context.CancelFunc
    if timeout > 0 {
        p, cancel = context.WithTimeout(p, timeout)
    }
    background(p)
    if timeout > 0 {
        cancel()
    }
}
func child(p context.Context) context.Context {
    ctx, cancel := context.WithCancel(p)
    defer cancel()
    inner, stop := context.WithCancel(ctx)
    if inner.Err() != nil {
        return nil
    }
    stop()
    return nil
}
func exits(p context.Context) {
    _, cancel := context.WithCancel(p)
    if p.Err() != nil {
        os.Exit(1)
    }
    cancel()
}
func fatal(p context.Context) {
    _, cancel := context.WithCancel(p)
    if p.Err() != nil {
        die()
    }
    cancel()
}
func die() { panic("dead") }
func named(p context.Context) (ctx context.Context, cancel context.CancelFunc, err error) {
    ctx, cancel = context.WithCancel(p)
    return
}
func loop(p context.Context) {
    for i := 0; i < 3; i++ {
        ctx, cancel := context.WithCancel(p)
        background(ctx)
        cancel()
    }
}
func method(p context.Context) {
    s := &owner{}
    _, s.cancel = context.WithCancel(p)
    defer s.Close()
}
func viaSlice(p context.Context) {
    var all []context.CancelFunc
    for i := 0; i < 3; i++ {
        _, cancel := context.WithCancel(p)
        all = append(all, cancel)
    }
    for _, f := range all {
        f()
    }
}
"#,
        );
    }

    #[test]
    fn the_end_of_main_ends_all() {
        check(
            r#"
//- /main/main.go
package main

import "context"

func main() {
    ctx, cancel := context.WithCancel(context.Background())
    if ctx.Err() != nil {
        return
    }
    cancel()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func f(parent context.Context) context.Context {
    //stanch:ignore lost-cancel the parent ends with the request
    ctx, _ := context.WithCancel(parent)
    return ctx
}
"#,
        );
    }

    #[test]
    fn nothing_outlives_the_return() {
        check(
            r#"
type resolver struct { ctx context.Context; cancel context.CancelFunc }
func (r *resolver) watch()
func (r *resolver) Close() { r.cancel() }
func lookup() error
func build() (*resolver, error) {
    ctx, cancel := context.WithCancel(context.Background())
    r := &resolver{ctx: ctx, cancel: cancel}
    if err := lookup(); err != nil {
        return nil, err // nobody knows the context
    }
    go r.watch()
    return r, nil
}
"#,
        );
    }

    #[test]
    fn a_deferred_owner_closes_on_failure() {
        check(
            r#"
type conn struct { ctx context.Context; cancel context.CancelFunc; open bool }
func (c *conn) Close() error {
    defer c.cancel()
    if !c.open {
        return errors.New("closed")
    }
    return nil
}
func wrap(err error) error
func handshake(ctx context.Context) error
func dial(parent context.Context) (c *conn, err error) {
    c = &conn{}
    c.ctx, c.cancel = context.WithCancel(parent)
    defer func() {
        if err != nil {
            c.Close()
        }
    }()
    if err := handshake(c.ctx); err != nil {
        return nil, wrap(err)
    }
    return c, nil
}
"#,
        );
    }

    #[test]
    fn caller_and_callee_ask_the_same() {
        check(
            r#"
func nothing() {}
func begin(ctx context.Context, deadline time.Time) (context.Context, func()) {
    if deadline.IsZero() {
        return ctx, nothing
    }
    return context.WithDeadline(ctx, deadline)
}
func send(ctx context.Context) error
func same(parent context.Context, deadline time.Time) (func(), error) {
    ctx, stop := begin(parent, deadline)
    if err := send(ctx); err != nil {
        stop()
        return nil, err
    }
    if !deadline.IsZero() {
        return stop, nil
    }
    return nil, nil
}
func another(parent context.Context, deadline, late time.Time) error {
    ctx, stop := begin(parent, deadline)
               //^^^^^^^^^^^^^^^^^^^^^^^ leak[lost-cancel]: `stop` is not called when `another` returns
    if err := send(ctx); err != nil {
        stop()
        return err
    }
    if !late.IsZero() {
        stop()
    }
    return nil
}
"#,
        );
    }

    #[test]
    fn what_is_over_needs_no_cancel() {
        check(
            r#"
func waits(parent context.Context, use func(context.Context)) {
    ctx, cancel := context.WithCancel(parent)
    _ = cancel
    use(ctx)
    <-ctx.Done()
}
func serves(parent context.Context, use func(context.Context), fails <-chan error) error {
    ctx, cancel := context.WithCancel(parent)
                 //^^^^^^^ leak[lost-cancel]: `cancel` is not called when `serves` returns at line 16
    use(ctx)
    select {
    case <-parent.Done():
        return parent.Err()
    case err := <-fails:
        return err
    case <-time.After(time.Second):
        cancel()
        return nil
    }
}
"#,
        );
    }

    #[test]
    fn own_wrappers() {
        check(
            r#"
type traced struct { context.Context; end context.CancelFunc }
func (t *traced) cancel() { t.end() }
func withTrace(parent context.Context) (context.Context, context.CancelFunc) {
    t := &traced{}
    t.Context, t.end = context.WithCancel(parent)
    return t, t.cancel
}
func withNote(parent context.Context, note func()) (context.Context, func()) {
    ctx, cancel := context.WithCancel(parent)
    return ctx, func() { note(); cancel() }
}
func try(ctx context.Context) error
func a(parent context.Context) error {
    ctx, cancel := withTrace(parent)
                 //^^^^^^^^^ leak[lost-cancel]: `cancel` is not called when `a` returns
    if err := try(ctx); err != nil {
        return err
    }
    cancel()
    return nil
}
func b(parent context.Context) error {
    ctx, end := withNote(parent, func() {})
              //^^^^^^^^ leak[lost-cancel]: `end` is not called when `b` returns
    if err := try(ctx); err != nil {
        return err
    }
    end()
    return nil
}
func c(parent context.Context) error {
    ctx, cancel := withTrace(parent)
    defer cancel()
    return try(ctx)
}
"#,
        );
    }
}
