//! A receive, or a select, that waits for a value that nobody sends any more.
//!
//! # Why it leaks
//! A receive waits for a sender or for the channel's close. If every sender has ended without either,
//! on an error path for example, the receiving goroutine waits for ever.
//!
//! # Example
//! ```go
//! func load() error {
//!     done := make(chan struct{})
//!     go func() {
//!         if err := work(); err != nil {
//!             return // nobody sends on done
//!         }
//!         done <- struct{}{}
//!     }()
//!     <-done // waits for ever
//!     return nil
//! }
//! ```
//! `defer close(done)` in the goroutine wakes the receiver on every path.
//!
//! # Fix safety
//! There is no automatic fix yet. Closing wakes every receiver with the zero value; a result that must
//! not be lost is sent on every path instead.
//!
//! # Not reported
//! Channels that code out of view may send on or close; contexts of a caller, timers and tickers, which
//! fire some day, unless they have fired before or are stopped. In `main`, a goroutine that waits for more work is a daemon of the process, and so is
//! an empty `select`.

use crate::Ctx;
use crate::times;
use crate::waits::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_model::{LeakKind, WaitReason};

/// The check.
pub const CHECK: Check = Check {
    code: "CH002",
    name: "abandoned-receive",
    summary: "a receive waits for a sender that cannot come",
    cause: Cause::ChannelBlocking,
    stage: Stage::Stable("0.1.0"),
};

const RECEIVE: Words = Words {
    subject: "this receive",
    verb: ("blocks for ever", "can block for ever"),
    label: "nobody sends or closes any more",
    rescuer: "this would free it",
    help: "send or close on every path (`defer close(ch)` in the sender), or watch `<-ctx.Done()` too",
    remedy: Remedy::CloseChannel,
};

const UNMADE: Words = Words {
    label: "no code makes this channel: it is nil",
    help: "make the channel where its object is made, or ask whether it is nil first",
    ..RECEIVE
};

const CLOCK: Words = Words {
    label: "it has fired before, or is stopped: nothing comes any more",
    help: "drain it with a select that has a default, or remember that the value was taken",
    ..RECEIVE
};

const SELECT: Words = Words {
    subject: "this select",
    verb: ("blocks for ever", "can block for ever"),
    label: "no arm can ever be taken",
    rescuer: "this would free it",
    help: "add an arm that can end the wait: `case <-ctx.Done()`, or a channel that its owner closes",
    remedy: Remedy::UseContext,
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let leaks = waits::leaks(ctx, |ctx, seen| {
        let leak = &seen.leak.leak;
        let waits = matches!(
            leak.wait,
            WaitReason::ChanReceive | WaitReason::ChanReceiveNil | WaitReason::Select
        ) || leak.wait == WaitReason::SelectNoCases
            && (leak.goroutine != 0 || times::is_started(ctx, seen.leak.root))
            && !times::runs_once(ctx, seen.leak.root);
        leak.kind == LeakKind::BlockedForEver
            && waits
            && !waits::is_range(ctx, seen.func, seen.span)
            && waits::cancelled_context(ctx, leak).is_none()
            && !waits::parks(ctx, seen.leak)
    });
    let words = |leak: &stanch_extract::RootLeak| match leak.leak.wait {
        _ if waits::is_unmade(leak) => &UNMADE,
        WaitReason::Select | WaitReason::SelectNoCases => &SELECT,
        _ if waits::is_clock(ctx, &leak.leak) => &CLOCK,
        _ => &RECEIVE,
    };
    leaks.iter().map(|s| waits::finding(ctx, &CHECK, s, words(s.leak))).collect()
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("abandoned-receive", fixture);
    }

    #[test]
    fn the_sender_leaves_on_an_error() {
        check(
            r#"
func work() error { return nil }
func load() error {
    done := make(chan struct{})
    go func() {
        if err := work(); err != nil {
            return
        }
        done <- struct{}{}
    }()
    <-done
  //^^^^^^ leak[abandoned-receive]: this receive can block for ever
    return nil
}
"#,
        );
    }

    #[test]
    fn a_timer_fires_once_between_two_settings() {
        let turn = |drain: &str, mark: &str| {
            format!(
                "
func F(again, done <-chan bool) {{
    timer := time.NewTimer(time.Second)
    go func() {{
        for {{
            select {{
            case <-timer.C:
            case <-again:
                if !timer.Stop() {{
                    {drain}
                  {mark}
                }}
                timer.Reset(time.Second)
            case <-done:
                timer.Stop()
                return
            }}
        }}
    }}()
}}
"
            )
        };
        check(&turn(
            "<-timer.C",
            "//^^^^^^^^^ leak[abandoned-receive]: this receive blocks for ever",
        ));
        check(&turn("select { case <-timer.C: default: }", ""));
    }

    #[test]
    fn a_timer_that_is_set_before_each_wait_fires_each_time() {
        check(
            "
func F(again <-chan bool) {
    timer := time.NewTimer(time.Second)
    go func() {
        for {
            select {
            case <-timer.C:
            case <-again:
                if !timer.Stop() {
                    <-timer.C
                }
            }
            timer.Reset(time.Second)
        }
    }()
}
",
        );
    }

    #[test]
    fn a_loop_that_fills_a_map_has_a_turn() {
        let batch = |empty: &str| {
            format!(
                r#"
func F(most int, in <-chan int) {{
    timer := time.NewTimer(time.Hour)
    timer.Stop()
    seen := {empty}
    for len(seen) < most {{
        v := <-in
        seen[v] = true
        timer.Reset(time.Second)
    }}
    <-timer.C
}}
"#
            )
        };
        let found = |fixture: &str| {
            stanch_testing::findings(&stanch_testing::Fixture::parse(fixture))
                .iter()
                .filter(|f| f.check.name == "abandoned-receive")
                .map(|f| f.confidence)
                .collect::<Vec<_>>()
        };
        let doubtful = |program: &str| {
            found(program).iter().all(|c| *c == stanch_diagnostic::Confidence::Possible)
        };
        assert!(doubtful(&batch("map[int]bool{}")));
    }

    #[test]
    fn a_map_hands_on_its_keys() {
        let waits = |key: &str| {
            format!(
                r#"
type client struct {{ gone chan struct{{}} }}
var (
    mu sync.Mutex
    all = map[*client]bool{{}}
)
func Stay(other *client) {{
    c := &client{{make(chan struct{{}})}}
    mu.Lock()
    all[{key}] = true
    mu.Unlock()
    <-c.gone{mark}
}}
func Close() {{
    mu.Lock()
    defer mu.Unlock()
    for c := range all {{ close(c.gone) }}
}}
"#,
                mark = match key {
                    "c" => "",
                    _ => "\n  //^^^^^^^^ leak[abandoned-receive]: this receive can block for ever",
                }
            )
        };
        check(&waits("c"));
        check(&waits("other"));
    }

    #[test]
    fn a_range_over_signals_does_not_end() {
        let wait = |close: &str, mark: &str| {
            format!(
                "
func F() {{
    signals, done := make(chan os.Signal, 1), make(chan bool)
    signal.Notify(signals, os.Interrupt)
    go func() {{
        for range signals {{ done <- true; return }}
    }}()
    {close}
    <-done
  {mark}
}}
"
            )
        };
        check(&wait("", ""));
        check(&wait(
            "close(signals)",
            "//^^^^ leak[abandoned-receive]: this receive can block for ever",
        ));
    }

    #[test]
    fn an_option_may_replace_what_is_waited_for() {
        let made = |options: &str, others: &str| {
            format!(
                "
{others}
type waiter struct {{ ctx context.Context; n int }}
type option func(*waiter)
func start(opts ...option) *waiter {{
    w := &waiter{{ctx: context.Background()}}
    for _, o := range opts {{
        {options}
    }}
    go func() {{
        <-w.ctx.Done()
      //MARK
        w.n = 1
    }}()
    return w
}}
"
            )
        };
        let with =
            "func with(ctx context.Context) option { return func(w *waiter) { w.ctx = ctx } }";
        check(&made("o(w)", with));
        let mark = "//^^^^^^^^^^^^^^ leak[abandoned-receive]: this receive";
        check(&made("_ = o", with).replace("//MARK", mark));
        // No option sets the context, and nobody else can name it.
        let with = "func with(n int) option { return func(w *waiter) { w.n = n } }";
        check(&made("o(w)", with).replace("//MARK", mark));
    }

    #[test]
    fn the_last_call_is_a_public_stop() {
        let pool = |close: &str, mark: &str| {
            format!(
                "
type Pool struct {{ quit chan struct{{}}; jobs chan int }}
func New() *Pool {{
    p := &Pool{{quit: make(chan struct{{}}), jobs: make(chan int)}}
    go p.loop()
    return p
}}
func (p *Pool) loop() {{
    for {{
        select {{
      {mark}
        case <-p.quit: return
        case <-p.jobs:
        }}
    }}
}}
func (p *Pool) finish(last bool) {{ if last {{ close(p.quit) }} }}
{close}
type job struct {{ pool *Pool }}
func (j *job) done(last bool) {{ j.pool.finish(last) }}
"
            )
        };
        check(&pool("func (p *Pool) Close() { p.finish(true) }", ""));
        check(&pool("", "//^^^^^^ leak[abandoned-receive]: this select"));
    }

    #[test]
    fn select_whose_arms_nobody_serves() {
        check(
            r#"
func f() {
    stop := make(chan struct{})
    in := make(chan int)
    go func() {
        select {
      //^^^^^^ leak[abandoned-receive]: this select blocks for ever
        case <-in:
        case <-stop:
        }
    }()
}
"#,
        );
    }

    #[test]
    fn closed_by_a_defer() {
        check(
            r#"
func work() error { return nil }
func load() {
    done := make(chan struct{})
    go func() {
        defer close(done)
        if err := work(); err != nil {
            return
        }
    }()
    <-done
}
"#,
        );
    }

    #[test]
    fn callers_context_and_timers_end_waits() {
        check(
            r#"
func f(ctx context.Context) {
    never := make(chan int)
    go func() {
        select {
        case <-never:
        case <-ctx.Done():
        }
    }()
    <-time.After(time.Second)
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func f() {
    ch := make(chan int)
    go func() {
        <-ch //stanch:ignore abandoned-receive parks on purpose
    }()
}
"#,
        );
    }

    #[test]
    fn a_value_of_a_type_that_only_this_package_has() {
        stanch_testing::check_shown(
            "abandoned-receive",
            r#"
type late struct{}
func (late) Error() string { return "late" }
func shake() error
func connect(d time.Duration) error {
    errs := make(chan error, 2)
    var timer *time.Timer
    if d != 0 {
        timer = time.AfterFunc(d, func() { errs <- late{} })
    }
    go func() {
        err := shake()
        if timer != nil {
            timer.Stop()
        }
        errs <- err
    }()
    if err := <-errs; err != nil {
        if err == (late{}) {
            <-errs
        }
        return err
    }
    return nil
}
"#,
        );
    }

    #[test]
    fn a_function_in_another_packages_variable_may_be_called() {
        let server = |service: &str, mark: &str| {
            format!(
                r#"
//- /serve/serve.go
type Desc struct {{ Handle func(server any) }}
type entry struct {{ server any; desc *Desc }}
type Server struct {{ entries map[string]*entry }}
func New() *Server {{ return &Server{{entries: map[string]*entry{{}}}} }}
func (s *Server) Register(name string, desc *Desc, server any) {{
    s.entries[name] = &entry{{server: server, desc: desc}}
}}
func (s *Server) Serve(names []string) {{
    for _, name := range names {{
        if e := s.entries[name]; e != nil {{
            e.desc.Handle(e.server)
        }}
    }}
}}
//- /desc/desc.go
import "serve"
type Quitter interface {{ Quit() }}
func quit(server any) {{ server.(Quitter).Quit() }}
var Service = serve.Desc{{Handle: quit}}
//- /m/m.go
import ("desc"; "serve")
type worker struct {{ stop chan<- bool }}
func (w *worker) Quit() {{ w.stop <- true }}
func ping(any) {{}}
func Run(names []string) {{
    s := serve.New()
    stop := make(chan bool)
    s.Register("quit", {service}, &worker{{stop: stop}})
    s.Register("ping", &serve.Desc{{Handle: ping}}, nil)
    go func() {{
        <-stop
      {mark}
    }}()
    s.Serve(names)
}}
var _ = &desc.Service
"#
            )
        };
        stanch_testing::check_shown("abandoned-receive", &server("&desc.Service", ""));
        let mark = "//^^^^^^ leak[abandoned-receive]: this receive";
        stanch_testing::check_shown(
            "abandoned-receive",
            &server("&serve.Desc{Handle: ping}", mark),
        );
    }
}
