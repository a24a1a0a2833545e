use super::check;

#[test]
fn what_a_context_carries_is_handed_on() {
    check(
        r#"
type key struct{}
type operation struct { end context.CancelFunc }
func begin(parent context.Context) context.Context {
    ctx, cancel := context.WithCancel(parent)
    return context.WithValue(ctx, key{}, cancel)
}
func within(parent context.Context) context.Context {
    ctx, cancel := context.WithCancel(parent)
    return context.WithValue(ctx, key{}, &operation{cancel})
}
func finish(ctx context.Context) { ctx.Value(key{}).(*operation).end() }
func name(parent context.Context, fail bool) (context.Context, error) {
    ctx, cancel := context.WithCancel(parent)
                 //^^^^^^^ leak[lost-cancel]: `cancel` is not called when `name` returns
    if fail {
        return nil, errors.New("x")
    }
    return context.WithValue(ctx, key{}, cancel), nil
}
"#,
    );
}

#[test]
fn a_child_ends_with_what_its_callers_end() {
    let program = |parent: &str, expected: &str| {
        format!(
            r#"
type stream struct {{
    ctx    context.Context
    cancel context.CancelFunc
}}
func newStream(ctx context.Context, name string) *stream {{
    ctx, cancel := context.WithCancel(context.WithValue(ctx, "name", name))
                 {expected}
    return &stream{{ctx, cancel}}
}}
func (s *stream) recv() error {{ <-s.ctx.Done(); return s.ctx.Err() }}
type iter struct {{
    s      *stream
    cancel context.CancelFunc
}}
func newIter(outer context.Context, name string) *iter {{
    ctx, cancel := context.WithCancel(context.Background())
    _ = ctx
    return &iter{{newStream({parent}, name), cancel}}
}}
func (i *iter) next() error {{ return i.s.recv() }}
func (i *iter) stop()       {{ i.cancel() }}
"#
        )
    };
    check(&program("ctx", ""));
    check(&program(
        "outer",
        "//^^^^^^^ leak[lost-cancel]: the cancel function in field `cancel` is never called",
    ));
}

/// A method that has nothing else to do with what is owed calls a function in a field of its object.
#[test]
fn a_method_calls_what_is_in_a_field() {
    check(
        r#"
type job struct { cancel context.CancelFunc; other func() }
func (j *job) stop() { j.cancel() }
func (j *job) note() { j.other() }
func run(ctx context.Context, work func(context.Context)) {
    j := &job{other: func() {}}
    ctx, j.cancel = context.WithCancel(ctx)
    work(ctx)
    j.stop()
}
func forgets(ctx context.Context, work func(context.Context)) {
    j := &job{other: func() {}}
    ctx, j.cancel = context.WithCancel(ctx)
                  //^^^^^^^^^^^^^^^^^^^^^^^ leak[lost-cancel]: `cancel` is never called
    work(ctx)
    j.note()
}
"#,
    );
}

/// A method calls another one, of its object or of one in a field, that does so.
#[test]
fn a_method_calls_one_that_calls_what_is_in_a_field() {
    check(
        r#"
type job struct { cancel context.CancelFunc; other func() }
func (j *job) stop() { j.cancel() }
func (j *job) note() { j.other() }
func (j *job) end() { j.stop() }
func (j *job) log() { j.note() }
type pair struct { first job; second *job }
func (p *pair) stop() { p.first.stop() }
func (p *pair) end()  { p.second.end() }
func run(ctx context.Context, work func(context.Context)) {
    j := &job{other: func() {}}
    ctx, j.cancel = context.WithCancel(ctx)
    work(ctx)
    j.end()
}
func inside(ctx context.Context, work func(context.Context)) {
    p := &pair{}
    ctx, p.first.cancel = context.WithCancel(ctx)
    work(ctx)
    p.stop()
}
func behind(ctx context.Context, work func(context.Context)) {
    p := &pair{second: &job{}}
    ctx, p.second.cancel = context.WithCancel(ctx)
    work(ctx)
    p.end()
}
func forgets(ctx context.Context, work func(context.Context)) {
    j := &job{other: func() {}}
    ctx, j.cancel = context.WithCancel(ctx)
                  //^^^^^^^^^^^^^^^^^^^^^^^ leak[lost-cancel]: `cancel` is never called
    work(ctx)
    j.log()
}
"#,
    );
}

/// What a callee makes from a context that is cancelled here ends with it.
#[test]
fn a_callee_makes_a_child() {
    check(
        r#"
func stopper(ctx context.Context, work func(context.Context)) func() {
    ctx, cancel := context.WithCancel(ctx)
    work(ctx)
    return cancel
}
func child(ctx context.Context, bad bool, work func(context.Context)) {
    ctx, cancel := context.WithCancel(ctx)
    defer cancel()
    stop := stopper(ctx, work)
    if bad {
        return
    }
    stop()
}
func forgets(ctx context.Context, bad bool, work func(context.Context)) {
    stop := stopper(ctx, work)
          //^^^^^^^^^^^^^^^^^^ leak[lost-cancel]: `stop` is not called when `forgets` returns at line 20
    if bad {
        return
    }
    stop()
}
"#,
    );
}

#[test]
fn what_a_callee_makes_ends_with_what_it_was_given() {
    let program = |body: &str, leaks: bool| {
        let expectation =
            if leaks { "//^^^^^^^ leak[lost-cancel]: `end` is not called" } else { "" };
        check(&format!(
            r#"
type tree struct {{ ctx context.Context }}
func (t *tree) with(ctx context.Context) *tree {{ n := *t; n.ctx = ctx; return &n }}
func (t *tree) sub() (*tree, func()) {{
    ctx, cancel := context.WithCancel(t.ctx)
    return t.with(ctx), cancel
}}
func (t *tree) each() func() {{
    _, cancel := context.WithCancel(t.ctx)
    return cancel
}}
func f(ctx context.Context, t *tree, bad bool) {{
    {body}
    end := t.each()
         {expectation}
    if bad {{
        return
    }}
    end()
}}
"#
        ));
    };
    let given = "ctx, cancel := context.WithCancel(ctx)\n defer cancel()\n";
    program(&format!("{given} t = &tree{{ctx}}"), false);
    program(&format!("{given} t = t.with(ctx)"), false);
    program("t, cancel := t.sub()\n defer cancel()", false);
    program("", true);
    program("ctx, cancel := context.WithCancel(ctx)\n defer cancel()\n _ = ctx", true);
}

#[test]
fn nobody_can_send() {
    let program = |last: &str, expectation: &str| {
        check(&format!(
            r#"
func f(ctx context.Context, list []func(context.Context) error) error {{
    ctx, cancel := context.WithCancel(ctx)
                 {expectation}
    done := make(chan error, len(list))
    one := func(s func(context.Context) error) {{
        done <- s(ctx)
        cancel()
    }}
    for _, s := range list {{
        go one(s)
    }}
    {last}
}}
"#
        ));
    };
    let found = "//^^^^^^^ leak[lost-cancel]: `cancel` is not called when `f` returns";
    program("return <-done", "");
    program("select { case err := <-done: return err; case <-ctx.Done(): return nil }", "");
    program("return nil", found);
    program("select { case err := <-done: return err; default: return nil }", found);
}

#[test]
fn options_keep_nothing() {
    let program = |option: &str, expectation: &str| {
        check(&format!(
            r#"
type client struct {{
    ctx    context.Context
    cancel context.CancelFunc
    name   string
}}
var all []*client
type option func(*client)
func name(s string) option {{ return func(c *client) {{ {option} }} }}
func within(ctx context.Context) option {{ return func(c *client) {{ c.ctx = ctx }} }}
func open(options ...option) (*client, error) {{
    c := &client{{}}
    for _, o := range options {{
        o(c)
    }}
    if c.ctx != nil {{
        c.ctx, c.cancel = context.WithCancel(c.ctx)
                        {expectation}
    }}
    if c.name == "" {{
        return nil, errors.New("no name")
    }}
    return c, nil
}}
func (c *client) Close() {{ c.cancel() }}
"#
        ));
    };
    program(
        "c.name = s",
        "//^^^^^^^ leak[lost-cancel]: `cancel` is not called when `open` returns",
    );
    program("c.name = s; all = append(all, c)", "");
}
