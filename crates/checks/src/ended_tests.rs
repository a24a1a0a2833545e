//! Tests of sends that come after the end of those who receive, and of those that do not stay.

#[test]
fn who_asks_closes_the_channel_when_he_leaves() {
    let program = |at_the_end: &str, mark: &str| {
        stanch_testing::check_shown(
            "abandoned-send",
            &format!(
                r#"
package a

type command struct {{ done chan<- error }}

type store struct {{
    commands chan command
    closed   chan struct{{}}
}}

func (c command) ack(err error) {{
    defer func() {{ recover() }}()
    c.done <- err
  {mark}
}}

func (s *store) run(work func() error) {{
    for {{
        select {{
        case c := <-s.commands:
            c.ack(work())
        case <-s.closed:
            return
        }}
    }}
}}

func (s *store) trigger() error {{
    done := make(chan error)
    {at_the_end}
    select {{
    case s.commands <- command{{done}}:
    case <-s.closed:
        return nil
    }}
    select {{
    case err := <-done:
        return err
    case <-s.closed:
        return nil
    }}
}}

func (s *store) Close() {{ close(s.closed) }}

func Use(s *store, work func() error) error {{
    go s.run(work)
    return s.trigger()
}}
"#
            ),
        );
    };
    program("defer close(done)", "");
    program("", "//^^^^^^^^ leak[abandoned-send]: this send");
}

#[test]
fn another_arm_of_the_same_loop_watches_the_end() {
    let program = |count: &str, mark: &str| {
        stanch_testing::check_shown(
            "abandoned-send",
            &format!(
                r#"
package a

import "context"

type rooms struct {{
    ctx   context.Context
    join  chan string
    count chan chan int
}}

func New(ctx context.Context) *rooms {{
    r := &rooms{{ctx: ctx, join: make(chan string), count: make(chan chan int)}}
    go r.serve(ctx)
    return r
}}

func (r *rooms) serve(ctx context.Context) {{
    n := 0
    for {{
        select {{
        case <-r.join:
            n++
        case answer := <-r.count:
            answer <- n
        case <-ctx.Done():
            return
        }}
    }}
}}

func (r *rooms) Join(name string) {{
    select {{
    case r.join <- name:
    case <-r.ctx.Done():
    }}
}}

func (r *rooms) Count() int {{
    answer := make(chan int, 1)
    {count}
  {mark}
    return <-answer
}}
"#
            ),
        );
    };
    program("r.count <- answer", "//^^^^^^^^^^^^^ leak[abandoned-send]: this send");
    program("select { case r.count <- answer: case <-r.ctx.Done(): return 0 }", "");
}

#[test]
fn a_caller_ends_a_channel_that_he_gave() {
    let program = |end: &str, mark: &str| {
        stanch_testing::check_shown(
            "abandoned-send",
            &format!(
                r#"
package a

func List({end}, next func() (int, error)) <-chan int {{
    out := make(chan int)
    go func() {{
        defer close(out)
        for {{
            n, err := next()
            if err != nil {{
                out <- -1
              {mark}
                return
            }}
            select {{
            case out <- n:
            case <-done:
                return
            }}
        }}
    }}()
    return out
}}
"#
            ),
        );
    };
    program("done <-chan struct{}", "//^^^^^^^^ leak[abandoned-send]: this send");
    // Whoever can send there as well may be one of those who serve.
    program("done chan struct{}", "");
}

#[test]
fn users_write_the_object_out() {
    let program = |watches: &str, mark: &str| {
        stanch_testing::check_shown(
            "abandoned-send",
            &format!(
                r#"
type Pump struct {{
    Handle func(int)
    out    chan int
    stop   chan struct{{}}
}}

func (p *Pump) Start() {{
    p.out, p.stop = make(chan int), make(chan struct{{}})
    go p.loop()
    go p.fill()
}}

func (p *Pump) loop() {{
    for {{
        select {{
        case n := <-p.out:
            p.Handle(n)
        case <-p.stop:
            return
        }}
    }}
}}

func (p *Pump) fill() {{
    select {{
    case <-p.stop:
    default:
    }}
    {watches}
  {mark}
}}

func (p *Pump) Close() {{ close(p.stop) }}
"#
            ),
        );
    };
    program("p.out <- 1", "//^^^^^^^^^^ leak[abandoned-send]: this send");
    program("select { case p.out <- 1: case <-p.stop: }", "");
}

#[test]
fn a_client_gives_a_lock_back_before_it_goes_on() {
    stanch_testing::check_shown(
        "stuck-lock",
        r#"
type Shelf struct {
    mu   sync.Mutex
    stop chan struct{}
}

func New() *Shelf {
    s := &Shelf{stop: make(chan struct{})}
    go s.run()
    return s
}

func (s *Shelf) run() { <-s.stop }

func (s *Shelf) Hold() { s.mu.Lock() }

func (s *Shelf) Give() { s.mu.Unlock() }

func (s *Shelf) Close() {
    s.mu.Lock()
    close(s.stop)
    s.mu.Unlock()
}
"#,
    );
}

#[test]
fn nobody_closes_what_a_loop_takes_from() {
    let program = |close: &str, mark: &str| {
        stanch_testing::check_shown(
            "range-without-close",
            &format!(
                r#"
type Bridge struct {{
    own  chan int
    Sink chan string
}}

func New() *Bridge {{ return &Bridge{{own: make(chan int), Sink: make(chan string)}} }}

func (b *Bridge) Run() {{
    out := make(chan int)
    go func() {{
        for v := range b.own {{
            out <- v
        }}
    }}()
    for range out {{
      {mark}
        b.Sink <- "x"
    }}
}}

func (b *Bridge) Put(v int) {{ b.own <- v }}

{close}
"#
            ),
        );
    };
    program("", "");
    program(
        "func (b *Bridge) Close() { close(b.own) }",
        "//^^^^^^^^^ leak[range-without-close]: this loop can wait for ever",
    );
}

#[test]
fn a_helper_watches_where_another_send_does_not() {
    let program = |sends: &str, mark: &str| {
        stanch_testing::check_shown(
            "abandoned-send",
            &format!(
                r#"
type emitter struct {{
    to  chan string
    ctx context.Context
}}

func (e *emitter) emit(s string) error {{
    select {{
    case e.to <- s:
        return nil
    case <-e.ctx.Done():
        return e.ctx.Err()
    }}
}}

func Lines(ctx context.Context, lines []string) <-chan string {{
    out := make(chan string)
    go func() {{
        defer close(out)
        e := emitter{{to: out, ctx: ctx}}
        for _, line := range lines {{
            if line == "" {{
                {sends}
              {mark}
                return
            }}
            if e.emit(line) != nil {{
                return
            }}
        }}
    }}()
    return out
}}
"#
            ),
        );
    };
    program(r#"out <- "empty""#, "//^^^^^^^^^^^^^^ leak[abandoned-send]: this send");
    program(r#"e.emit("empty")"#, "");
}

#[test]
fn a_question_with_an_embedded_answer_stays_in_the_queue() {
    let program = |rest: &str, mark: &str| {
        stanch_testing::check_shown(
            "abandoned-receive",
            &format!(
                r#"
type promise struct {{ done chan error }}

func (p *promise) answer(err error) {{
    p.done <- err
    close(p.done)
}}

func (p *promise) Wait() error {{
    return <-p.done
         {mark}
}}

type order struct {{
    promise
    what string
}}

type Desk struct {{
    orders chan *order
    quit   chan struct{{}}
    others []func()
}}

func New(take func(string) error) *Desk {{
    d := &Desk{{orders: make(chan *order, 8), quit: make(chan struct{{}})}}
    go d.work(take)
    return d
}}

func (d *Desk) work(take func(string) error) {{
    for {{
        select {{
        case <-d.quit:
            {rest}
            return
        case o := <-d.orders:
            o.answer(take(o.what))
        }}
    }}
}}

func (d *Desk) Ask(what string) *order {{
    o := &order{{promise: promise{{done: make(chan error, 1)}}, what: what}}
    d.orders <- o
    return o
}}

func (d *Desk) Quit() {{ close(d.quit) }}
"#
            ),
        );
    };
    program("", "//^^^^^^^^ leak[abandoned-receive]: this receive");
    program("for len(d.orders) > 0 { (<-d.orders).answer(nil) }", "");
}
