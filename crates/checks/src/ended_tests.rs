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
