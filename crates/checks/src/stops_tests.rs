//! What the explorer knows of constants that functions give and get, of what nobody out of view can do, and of
//! stops that end something else.

use stanch_testing::check_shown;

#[test]
fn a_function_that_always_gives_the_same() {
    let program = |body: &str, mark: &str| {
        check_shown(
            "abandoned-send",
            &format!(
                r#"
func relay(c chan int, take func(int) error) error {{
    for v := range c {{
        if err := take(v); err != nil {{
            return err
        }}
    }}
    return nil
}}

func f(busy error) {{
    c := make(chan int)
    go func() {{
        defer close(c)
        c <- 1
        c <- 2
      {mark}
    }}()
    n := 0
    relay(c, func(v int) error {{ {body} }})
}}
"#
            ),
        );
    };
    program("n += v; return nil", "");
    program("if v == 1 { return busy }; return nil", "//^^^^^^ leak[abandoned-send]: this send");
}

#[test]
fn who_must_be_taken_or_panics() {
    let program = |must: &str, mark: &str| {
        check_shown(
            "abandoned-receive",
            &format!(
                r#"
type crew struct {{
    tasks chan func()
    over  bool
}}

func newCrew() *crew {{
    c := &crew{{tasks: make(chan func())}}
    go func() {{
        for f := range c.tasks {{
            f()
        }}
    }}()
    return c
}}

func (c *crew) submit(f func(), must bool) bool {{
    if c.over {{
        if must {{
            panic("over")
        }}
        return false
    }}
    c.tasks <- f
    return true
}}

func (c *crew) Stop() {{
    c.over = true
    close(c.tasks)
}}

func (c *crew) Must(f func()) {{ c.submit(f, {must}) }}

func (c *crew) Wait(f func()) {{
    done := make(chan struct{{}})
    c.Must(func() {{ defer close(done); f() }})
    <-done
  {mark}
}}
"#
            ),
        );
    };
    program("true", "");
    program("false", "//^^^^^^ leak[abandoned-receive]: this receive");
}

#[test]
fn a_value_that_nobody_else_can_send() {
    let program = |wait: &str, mark: &str| {
        check_shown(
            "abandoned-send",
            &format!(
                r#"
type wire struct{{ quit, gone chan struct{{}} }}

func (w *wire) start() {{
    if w.quit != nil && w.gone != nil {{
        return
    }}
    w.gone = make(chan struct{{}}, 1)
    w.quit = make(chan struct{{}}, 1)
    go w.work()
}}

func (w *wire) work() {{
    <-w.quit
    w.gone <- struct{{}}{{}}
  {mark}
}}

func (w *wire) stop() {{
    if w.quit == nil {{
        return
    }}
    w.quit <- struct{{}}{{}}
    {wait}
    w.gone = nil
    w.quit = nil
}}

type office struct{{ w wire }}

func (o *office) run() {{
    o.w.start()
    o.w.stop()
}}
"#
            ),
        );
    };
    program("<-w.gone", "");
    program("", "//^^^^^^^^^^^^^^^^^^^^ leak[abandoned-send]: this send");
}

#[test]
fn an_error_under_a_wider_type() {
    let program = |first: &str, second: &str, mark: &str| {
        check_shown(
            "abandoned-receive",
            &format!(
                r#"
func f(dial func() (int, {first})) error {{
    c := make(chan any, 1)
    go func() {{
        n, err := dial()
        if err != nil {{
            c <- err
            return
        }}
        c <- n
    }}()
    for {{
        v := <-c
           {mark}
        if err, ok := v.({second}); ok {{
            _ = err
            return nil
        }}
        if _, ok := v.(int); ok {{
            return nil
        }}
    }}
}}
"#
            ),
        );
    };
    program("error", "error", "");
    program("error", "interface{ Code() int }", "//^^^ leak[abandoned-receive]: this receive");
}

#[test]
fn a_stop_that_closes_something_else() {
    let program = |also: &str, mark: &str| {
        check_shown(
            "range-without-close",
            &format!(
                r#"
type conn interface {{
    Write(b byte)
    Close() error
}}

type Sender struct {{
    conn conn
    reqs chan byte
}}

func NewSender(c conn) *Sender {{
    s := &Sender{{conn: c, reqs: make(chan byte)}}
    go s.work()
    return s
}}

func (s *Sender) work() {{
    for r := range s.reqs {{
           {mark}
        s.conn.Write(r)
    }}
}}

func (s *Sender) Do(b byte) {{ s.reqs <- b }}

func (s *Sender) Close() error {{
    {also}
    return s.conn.Close()
}}
"#
            ),
        );
    };
    program("close(s.reqs)", "");
    program("", "//^^^^^^^^^^^^ leak[range-without-close]: this loop");
}

#[test]
fn a_stop_of_which_the_goroutine_does_not_hear() {
    let program = |tell: &str, mark: &str| {
        check_shown(
            "stuck-worker",
            &format!(
                r#"
func until(f func(), stop <-chan struct{{}}) {{
    for {{
        select {{
      {mark}
        case <-stop:
            return
        case <-time.After(time.Second):
        }}
        f()
    }}
}}

type Shelf struct {{
    mu     sync.Mutex
    cond   *sync.Cond
    stop   chan struct{{}}
    closed bool
    items  int
}}

func NewShelf() *Shelf {{
    s := &Shelf{{stop: make(chan struct{{}})}}
    s.cond = sync.NewCond(&s.mu)
    go until(func() {{ s.cond.Broadcast() }}, s.stop)
    return s
}}

func (s *Shelf) Pop() bool {{
    s.mu.Lock()
    defer s.mu.Unlock()
    for s.items == 0 {{
        if s.closed {{
            return false
        }}
        s.cond.Wait()
    }}
    s.items--
    return true
}}

func (s *Shelf) Close() {{
    s.mu.Lock()
    defer s.mu.Unlock()
    s.closed = true
    {tell}
    s.cond.Broadcast()
}}
"#
            ),
        );
    };
    program("close(s.stop)", "");
    program("", "//^^^^^^ leak[stuck-worker]: never ends");
}
