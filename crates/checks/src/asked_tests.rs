//! What the explorer knows of questions that are asked twice, and of ends that come too late or from elsewhere.

use stanch_testing::check_shown;

#[test]
fn one_question_has_one_answer() {
    let program = |condition: &str, again: &str, mark: &str| {
        check_shown(
            "abandoned-send",
            &format!(
                r#"
func odd(x int) bool {{ return x%2 == 1 }}
func ext(s string) bool {{ return s[0] == '.' || len(s) > 9 }}

type server struct {{
    pending map[string]chan int
    id      string
}}

func (s *server) name() string {{ s.id += "x"; return s.id }}

func f(x, y int, s string, t *server) {{
    c := make(chan int)
    if {condition} {{
        go func() {{ c <- 1 }}()
                  {mark}
    }}
    if {again} {{
        <-c
    }}
}}
"#
            ),
        );
    };
    let mark = "//^^^^^^ leak[abandoned-send]: this send";
    program("odd(x)", "odd(x)", "");
    program("ext(s)", "ext(s)", "");
    program("x&y != 0", "x&y != 0", "");
    program("odd(x)", "odd(y)", mark);
    program("t.name() == s", "t.name() == s", mark);
}

#[test]
fn an_end_after_the_last_send() {
    let program = |before: &str, after: &str, mark: &str| {
        check_shown(
            "abandoned-send",
            &format!(
                r#"
type hub struct {{
    in   chan int
    stop chan struct{{}}
    reg  chan *client
    all  map[*client]bool
}}
type client struct {{ send chan int }}

func (h *hub) run() {{
    for {{
        select {{
        case v := <-h.in:
            for c := range h.all {{
                select {{
                case c.send <- v:
                default:
                }}
            }}
        case c := <-h.reg:
            h.all[c] = true
        case <-h.stop:
            return
        }}
    }}
}}

func (h *hub) serve() {{
    select {{
    case h.reg <- &client{{make(chan int, 4)}}:
    case <-h.stop:
    }}
}}

func f(vs, ws []int) {{
    h := &hub{{make(chan int), make(chan struct{{}}), make(chan *client), map[*client]bool{{}}}}
    go h.run()
    for range ws {{
        go h.serve()
    }}
    {before}
    for _, v := range vs {{
        h.in <- v
      {mark}
    }}
    {after}
}}
"#
            ),
        );
    };
    let mark = "//^^^^^^ leak[abandoned-send]: this send";
    program("", "close(h.stop)", "");
    program("defer close(h.stop)", "", "");
    program("go func() { close(h.stop) }()", "", mark);
}

#[test]
fn senders_that_watch_show_what_others_miss() {
    let program = |room: &str, more: &str, drain: &str, mark: &str| {
        check_shown(
            "abandoned-send",
            &format!(
                r#"
import (
    "net"
    "sync"
)

type Conn struct {{
    in     chan []byte
    closed chan struct{{}}
    once   sync.Once
}}

func New(n int) *Conn {{
    return &Conn{{in: make(chan []byte{room}), closed: make(chan struct{{}})}}
}}

func (c *Conn) Add(conn net.Conn, first []byte) {{
    go func() {{
        {more}
      {mark}
        b := make([]byte, 10)
        for {{
            n, err := conn.Read(b)
            if err != nil {{ return }}
            c.take(b[:n])
        }}
    }}()
}}

func (c *Conn) take(b []byte) {{
    select {{
    case c.in <- b:
    case <-c.closed:
    }}
}}

func (c *Conn) Read() []byte {{ return <-c.in }}

func (c *Conn) Close() {{
    c.once.Do(func() {{ close(c.closed) }})
    {drain}
}}
"#
            ),
        );
    };
    let mark = "//^^^^^^^^^^^^^ leak[abandoned-send]: this send";
    program(", n", "c.in <- first", "", mark);
    program("", "c.in <- first", "", mark);
    program(", n", "c.take(first)", "", "");
    program(", 8", "c.in <- first", "", "");
    program("", "c.in <- first", "c.Read()", "");
}

#[test]
fn slots_of_a_local_semaphore() {
    let program = |skip: &str, mark: &str| {
        check_shown(
            "abandoned-send",
            &format!(
                r#"
func f(names []string, n int, work func(string)) {{
    slots := make(chan struct{{}}, n)
    for _, name := range names {{
        slots <- struct{{}}{{}}
      {mark}
        if name == "" {{
            {skip}
            continue
        }}
        go func() {{
            defer func() {{ <-slots }}()
            work(name)
        }}()
    }}
}}
"#
            ),
        );
    };
    program("", "//^^^^^^^^^^^^^^^^^^^ leak[abandoned-send]: this send");
    program("<-slots", "");
}

#[test]
fn what_others_give_may_be_of_any_type() {
    let program = |asserted: &str, room: &str, mark: &str| {
        check_shown(
            "abandoned-send",
            &format!(
                r#"
type flusher interface {{ Flush() }}
type own interface {{ Foo() }}
type refused struct {{}}

func (r *refused) Foo() {{}}

func f(w interface {{ Write([]byte) }}, get func() error) {{
    if _, ok := {asserted}; !ok {{
        return
    }}
    errs := make(chan error{room})
    go func() {{ errs <- get() }}()
              {mark}
    go func() {{ errs <- get() }}()
              {mark}
    <-errs
}}
"#
            ),
        );
    };
    let mark = "//^^^^^^^^^^^^^ leak[abandoned-send]: this send";
    program("w.(flusher)", "", mark);
    program("any(w).(own)", "", mark);
    program("w.(flusher)", ", 1", "");
    program("any(&refused{}).(flusher)", "", "");
}

#[test]
fn who_takes_gives_back() {
    let program = |wake: &str, mark: &str| {
        check_shown(
            "missed-signal",
            &format!(
                r#"
import "sync"

type Pool struct {{
    mu   sync.Mutex
    cond *sync.Cond
    out  int
    done bool
}}

func New() *Pool {{
    p := &Pool{{}}
    p.cond = sync.NewCond(&p.mu)
    return p
}}

func (p *Pool) Get() int {{
    p.mu.Lock()
    defer p.mu.Unlock()
    p.out++
    return p.out
}}

func (p *Pool) Put(n int) {{
    p.mu.Lock()
    p.out--
    {wake}
    p.mu.Unlock()
}}

func (p *Pool) Close() {{
    p.mu.Lock()
    defer p.mu.Unlock()
    p.done = true
    p.cond.Broadcast()
    for p.out > 0 {{
        p.cond.Wait()
      {mark}
    }}
}}

func (p *Pool) Work() {{
    p.mu.Lock()
    for !p.done {{
        p.cond.Wait()
    }}
    p.mu.Unlock()
}}
"#
            ),
        );
    };
    program("p.cond.Broadcast()", "");
    program("", "//^^^^^^^^^^^^^ leak[missed-signal]: this wait");
}
