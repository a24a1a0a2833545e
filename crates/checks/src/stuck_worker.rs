//! A goroutine that nothing can end, started by code that runs more than once.
//!
//! # Why it leaks
//! A loop around a ticker, a sleep or a timer without any way out lives as long as the process. Started
//! once that is a daemon; started for each call, connection or object, every one stays, with all that
//! it refers to.
//!
//! # Example
//! ```go
//! type Cache struct{ entries map[string]int }
//!
//! func NewCache() *Cache {
//!     c := &Cache{entries: map[string]int{}}
//!     go func() {
//!         for range time.Tick(time.Minute) { // never ends, one goroutine a cache
//!             c.expire()
//!         }
//!     }()
//!     return c
//! }
//!
//! func (c *Cache) expire() {}
//!
//! func (c *Cache) Close() { c.entries = nil }
//! ```
//! Give the goroutine a context, or a channel that the owner's `Close` closes, and watch it in a
//! `select`.
//!
//! A goroutine that has a way out stays as well where the code that should end it returns without doing
//! so, mostly on an error:
//! ```go
//! func Run(work func() error) error {
//!     stop := make(chan struct{})
//!     go heartbeat(stop) // a loop around a ticker, until stop is closed
//!     if err := work(); err != nil {
//!         return err // nobody closes stop any more
//!     }
//!     close(stop)
//!     return nil
//! }
//! ```
//! `defer close(stop)` right after the start ends it on every path. So it does where an object is stopped and its
//! goroutine waits, beside other things, for a channel by which nobody ever tells it anything.
//!
//! # Fix safety
//! There is no automatic fix yet: who ends the goroutine is a decision.
//!
//! # Not reported
//! Goroutines with any reachable return, panic or call that may end them, unless every schedule from some
//! point on shows that they do not; loops that wait for channels out of view; starters that run once, from `main`, `init`, a `sync.Once` or a package-level variable.
//! It may be one for the process, and is `possible`, where nothing in view starts it again and again (a
//! loop that waits for work, an HTTP handler, what those call), unless it serves an `io.Closer`, or an
//! object that the module only makes for its users, or has a way out that is missed on an error.

use crate::doubts;
use crate::symbol::short;
use crate::times::{self, Times};
use crate::waits::{self, Seen, Words};
use crate::{Ctx, ModuleCtx};
use stanch_base::Idx;
use stanch_diagnostic::{Cause, Check, Confidence, Finding, Remedy, Stage};
use stanch_ir::{BlockId, Callee, FuncId, InstrKind, LocalId, Operand, Terminator};
use stanch_lifetime::Often;
use stanch_model::{Leak, LeakKind};
use stanch_types::ObjectId;

/// The check.
pub const CHECK: Check = Check {
    code: "GR001",
    name: "stuck-worker",
    summary: "a goroutine without a way out is started again and again",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    subject: "this goroutine",
    verb: ("never ends", "never ends"),
    label: "the loop has no way out",
    rescuer: "this would end it",
    help: "watch a context or a stop channel in the loop: `case <-ctx.Done(): return`",
    remedy: Remedy::UseContext,
};

const FORGOTTEN: Words = Words {
    label: "nobody ends this loop any more",
    help: "end it on every path: `defer` the close or send that ends it, right after the start",
    remedy: Remedy::CloseChannel,
    ..WORDS
};

/// A goroutine without a way out of which its package does not tell whether it is one of many.
#[derive(Clone, Debug)]
pub struct Daemon {
    finding: Finding,
    /// Runtime symbol of the function that starts it.
    starter: String,
    /// Whether it is given the object that the function makes or belongs to.
    serves: bool,
}

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let all = found(ctx).into_iter();
    all.filter_map(|(finding, daemon)| daemon.is_none().then_some(finding)).collect()
}

/// What the module has to tell of one package's goroutines.
pub fn daemons(ctx: &Ctx<'_>) -> Vec<Daemon> {
    let ctx = ctx.seen();
    let asked = found(&ctx).into_iter().filter_map(|found| found.1);
    let weighed = asked.map(|mut daemon| {
        crate::weigh::weigh(&ctx, &mut daemon.finding);
        daemon
    });
    weighed.collect()
}

/// The goroutines of the module that its packages do not know enough of: those that are started from what
/// runs again and again, and those that users of the module get with each object that they make, are no
/// daemons.
pub(crate) fn run_module(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    let told = ctx.daemons.iter().map(|daemon| {
        let mut finding = daemon.finding.clone();
        let note = match ctx.lifetime.often.get(&daemon.starter) {
            Some(Often::Again) => "the module starts it again and again",
            Some(Often::Outside) if daemon.serves => "each object that users make has its own",
            _ => {
                finding.confidence = Confidence::Possible;
                "nothing in view starts it again and again: it may be one for the process"
            }
        };
        finding.notes.push(note.to_owned());
        finding
    });
    told.collect()
}

impl Daemon {
    /// Runtime symbol of the function that starts it.
    pub fn starter(&self) -> &str {
        &self.starter
    }
}

/// The findings, with what has to be asked of the module.
fn found(ctx: &Ctx<'_>) -> Vec<(Finding, Option<Daemon>)> {
    let leaks = waits::leaks(ctx, |ctx, seen| {
        let leak = &seen.leak.leak;
        leak.kind == LeakKind::AliveForEver
            && leak.created_by.is_some()
            && (no_way_out(ctx, seen) || seen.leak.client || is_forgotten(ctx, leak))
            && !times::runs_once(ctx, seen.leak.root)
    });
    let mut findings = Vec::new();
    for seen in &leaks {
        if seen.leak.client || !no_way_out(ctx, seen) {
            findings.push((forgotten(ctx, seen), None));
            continue;
        }
        let mut finding = waits::finding(ctx, &CHECK, seen, &WORDS);
        // One for the whole process is a daemon: that there are many has to be in view.
        let (many, daemon) = (is_one_of_many(ctx, seen), may_be_a_daemon(ctx, seen));
        let asked = !many && !daemon && finding.confidence != Confidence::Possible;
        let least = match (many || asked) && !daemon {
            true => Confidence::Likely,
            false => Confidence::Possible,
        };
        finding.confidence = finding.confidence.max(least);
        finding.message = match &finding.goroutine {
            Some(g) => format!("{} `{}` never ends", WORDS.subject, short(&g.entry)),
            None => finding.message.clone(),
        };
        let daemon = asked.then(|| starts(ctx, seen)).flatten().map(|(starter, block)| Daemon {
            finding: finding.clone(),
            starter: ctx.symbol(starter).to_owned(),
            serves: serves_object(ctx, starter, block),
        });
        findings.push((finding, daemon));
    }
    findings
}

/// Whether a goroutine can end in other runs, by nothing but what it waits for: a value that it looks at
/// may change out of view. Of a context that is not cancelled its own check tells.
fn is_forgotten(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let running = leak.stack.iter().map(|frame| frame.0).chain([leak.entry]);
    let mut running = running.filter_map(|id| ctx.explored.translated.func(id));
    leak.ends_elsewhere
        && !waits::waits_for_context(ctx, leak)
        && running.all(|func| !times::leaves_on_decision(ctx, func))
}

/// A goroutine with a way out that nobody opens any more. Where no error is the reason it may be meant to
/// stay.
fn forgotten(ctx: &Ctx<'_>, seen: &Seen<'_>) -> Finding {
    let mut finding = waits::finding(ctx, &CHECK, seen, &FORGOTTEN);
    let meant =
        !seen.leak.client && !doubts::fails(ctx, &seen.leak.leak) && !is_one_of_many(ctx, seen);
    if meant || may_be_a_daemon(ctx, seen) {
        finding.confidence = Confidence::Possible;
    }
    if let Some(g) = &finding.goroutine {
        let named = format!("{} `{}`", WORDS.subject, short(&g.entry));
        finding.message = finding.message.replacen(WORDS.subject, &named, 1);
    }
    finding
}

/// Whether a goroutine is given an object of a type that the function which starts it returns, or a
/// method of which it is.
fn serves_object(ctx: &Ctx<'_>, starter: FuncId, block: BlockId) -> bool {
    let func = &ctx.module.funcs[starter];
    let named = |local: &LocalId| {
        let ty = func.locals[*local].ty;
        ctx.program.named_object(ctx.program.pointee(ty).unwrap_or(ty))
    };
    let receiver = func.params.first().filter(|_| func.has_recv);
    let owners: Vec<ObjectId> = func.results.iter().chain(receiver).filter_map(named).collect();
    func.blocks[block].instrs.iter().any(|instr| {
        let InstrKind::Go(call) = &instr.kind else { return false };
        let captured = match call.callee {
            Callee::Closure(literal, _) => ctx.module.funcs[literal].captures.as_slice(),
            _ => &[],
        };
        let given = call.args.iter().filter_map(|arg| match arg {
            Operand::Local(local) => Some(*local),
            _ => None,
        });
        let mut given = given.chain(captured.iter().map(|c| c.outer));
        given.any(|local| named(&local).is_some_and(|o| owners.contains(&o)))
    })
}

/// Whether the goroutine's first function cannot return on any path, and is not ended by a panic of
/// its own.
fn no_way_out(ctx: &Ctx<'_>, seen: &Seen<'_>) -> bool {
    let Some(entry) = ctx.explored.translated.func(seen.leak.leak.entry) else { return false };
    let func = &ctx.module.funcs[entry];
    let mut seen = vec![false; func.blocks.len()];
    let mut todo: Vec<BlockId> = func.blocks.ids().take(1).collect();
    while let Some(at) = todo.pop() {
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        let term = &func.blocks[at].term;
        if matches!(term, Terminator::Return | Terminator::Panic(_) | Terminator::Unreachable) {
            return false;
        }
        let ways = term.targets().into_iter();
        todo.extend(ways.filter(|to| ctx.explored.translated.is_way(entry, at, *to)));
    }
    !seen.is_empty()
}

/// Whether what starts the goroutine runs again and again in view, or makes objects that are closed.
fn is_one_of_many(ctx: &Ctx<'_>, seen: &Seen<'_>) -> bool {
    let root = seen.leak.root;
    times::runs_again(ctx, root)
        || starts(ctx, seen).is_some_and(|(f, block)| times::waits_for_work(ctx, f, block))
        || has_closer(ctx, root)
}

/// Whether a function makes or starts an object with a method `Close`, as `io.Closer` has it.
fn has_closer(ctx: &Ctx<'_>, root: FuncId) -> bool {
    let func = &ctx.module.funcs[root];
    let receiver = func.params.first().filter(|_| func.has_recv);
    func.results.iter().chain(receiver).any(|local| {
        let ty = func.locals[*local].ty;
        let named = ctx.program.named_object(ctx.program.pointee(ty).unwrap_or(ty));
        named.is_some_and(|object| {
            let mut methods = ctx.program.methods_of(object).iter();
            methods.any(|m| ctx.program.object_name(*m) == "Close")
        })
    })
}

/// The block of the `go` statement.
fn starts(ctx: &Ctx<'_>, seen: &Seen<'_>) -> Option<(FuncId, BlockId)> {
    let (_, site) = seen.leak.leak.created_by?;
    let (func, span) = ctx.explored.translated.source(site)?;
    let mut blocks = ctx.module.funcs[func].blocks.iter_enumerated();
    let (block, _) = blocks.find(|(_, b)| b.instrs.iter().any(|i| i.span == span))?;
    Some((func, block))
}

/// Whether package-level state or a `sync.Once` decides if the goroutine is started, or nobody in view
/// starts it: so it may be one for the whole process.
fn may_be_a_daemon(ctx: &Ctx<'_>, seen: &Seen<'_>) -> bool {
    if times::times(ctx, seen.leak.root) == Times::Unknown {
        return true;
    }
    starts(ctx, seen).is_some_and(|(func, block)| {
        times::guarded_by_globals(ctx, func, block) || times::is_guarded(ctx, func)
    })
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("stuck-worker", fixture);
    }

    #[test]
    fn one_ticker_loop_for_each_object() {
        check(
            r#"
type Cache struct{ n int }
func (c *Cache) expire() { c.n = 0 }
func NewCache() *Cache {
    c := &Cache{}
    go func() {
        for {
      //^^^ leak[stuck-worker]: never ends
            time.Sleep(time.Second)
            c.expire()
        }
    }()
    return c
}
"#,
        );
    }

    #[test]
    fn ranges_over_clocks() {
        check(
            r#"
type Cache struct{ n int }
func (c *Cache) expire() { c.n = 0 }
func NewCache() *Cache {
    c := &Cache{}
    go func() {
        for range time.Tick(time.Second) {
          //^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[stuck-worker]: never ends
            c.expire()
        }
    }()
    return c
}
func other() *Cache {
    c := &Cache{}
    go c.loop(time.NewTicker(time.Second))
    return c
}
func (c *Cache) loop(t *time.Ticker) {
    for range t.C {
      //^^^^^^^^^ leak[stuck-worker]: never ends
        c.expire()
    }
}
func fed(ticks chan time.Time) *Cache {
    c := &Cache{}
    go func() {
        for range ticks {
            c.expire()
        }
    }()
    return c
}
"#,
        );
    }

    /// Confidences of what a package is told.
    fn confidences(program: &str) -> Vec<stanch_diagnostic::Confidence> {
        let all = stanch_testing::findings(&stanch_testing::Fixture::parse(program));
        all.iter().filter(|f| f.check.name == "stuck-worker").map(|f| f.confidence).collect()
    }

    #[test]
    fn one_of_many_or_one_for_the_process() {
        use stanch_diagnostic::Confidence::{Likely, Possible};
        let package = |code: &str| {
            let imports = "import (\"net\"; \"net/http\"; \"sync\"; \"time\")\n";
            let tick = "func tick() { go func() { for { time.Sleep(time.Second) } }() }\n";
            format!("\npackage p\n{imports}{tick}{code}\n")
        };
        let once = package("func Start() { tick() }\nvar once sync.Once\nvar _ net.Conn");
        assert_eq!(confidences(&once), [Possible]);
        let request = package("func Serve(w http.ResponseWriter, r *http.Request) { tick() }");
        assert_eq!(confidences(&request), [Likely]);
        let connection = package(
            "func Serve(l net.Listener) { for { if _, err := l.Accept(); err != nil { return }
                tick() } }",
        );
        assert_eq!(confidences(&connection), [Likely]);
        let message =
            package("func Serve(c chan int) { for range c { go work() } }\nfunc work() { tick() }");
        assert_eq!(confidences(&message), [Likely]);
        let pool = package("func Start() { for i := 0; i < 8; i++ { tick() } }");
        assert_eq!(confidences(&pool), [Possible]);
    }

    #[test]
    fn objects_that_are_closed() {
        use stanch_diagnostic::Confidence::Likely;
        let package = |method: &str| {
            format!(
                "\npackage p\nimport \"time\"\ntype Cache struct{{ n int }}
                func New() *Cache {{ c := &Cache{{}}; go c.run(); return c }}
                func (c *Cache) run() {{ for {{ time.Sleep(time.Second) }} }}
                func (c *Cache) {method}() {{ c.n = 0 }}\n"
            )
        };
        assert_eq!(confidences(&package("Close")), [Likely]);
        assert_eq!(confidences(&package("Reset")), [Likely]);
    }

    /// Confidences of what a module of two packages is told, of which the second uses the first.
    fn of_module(user: &str) -> Vec<stanch_diagnostic::Confidence> {
        let made = "
            //- /cache/cache.go
            package cache

            import \"time\"

            type Cache struct{ n int }

            func New() *Cache { return create(1) }

            func create(n int) *Cache {
                c := &Cache{n: n}
                go func() { for { time.Sleep(time.Second); c.n++ } }()
                return c
            }

            func Watch() { go func() { for { time.Sleep(time.Second) } }() }
            //- /user/user.go
        ";
        let made: Vec<&str> = made.lines().map(str::trim_start).collect();
        confidences(&format!("{}{user}", made.join("\n")))
    }

    #[test]
    fn what_the_module_tells_of_who_starts_it() {
        use stanch_diagnostic::Confidence::{Likely, Possible};
        let user = |body: &str| {
            of_module(&format!("package main\nimport (\"net/http\"; \"cache\")\n{body}\n"))
        };
        // Users of the module make objects as they like; what is no object's may be started once.
        assert_eq!(user("var _ http.Handler\nvar _ *cache.Cache"), [Likely, Possible]);
        assert_eq!(
            user("func main() { cache.New(); cache.Watch(); http.ListenAndServe(\"\", nil) }"),
            [Possible, Possible]
        );
        let request = "func serve(w http.ResponseWriter, r *http.Request) { cache.Watch() }
            func main() { http.HandleFunc(\"/\", serve); cache.New() }";
        assert_eq!(user(request), [Possible, Likely]);
    }

    #[test]
    fn a_stop_channel_is_a_way_out() {
        check(
            r#"
type Cache struct{ stop chan struct{} }
func NewCache() *Cache {
    c := &Cache{stop: make(chan struct{})}
    go func() {
        t := time.NewTicker(time.Second)
        for {
            select {
            case <-t.C:
            case <-c.stop:
                return
            }
        }
    }()
    return c
}
"#,
        );
    }

    /// A goroutine that beats until `stop` is closed, and a function that closes it after its work.
    fn heartbeat(work: &str, mark: &str) -> String {
        format!(
            "
func Run(beat func(), work func() error) error {{
    stop := make(chan struct{{}})
    go func() {{
        t := time.NewTicker(time.Second)
        for {{
            select {{
          {mark}
            case <-stop:
                return
            case <-t.C:
                beat()
            }}
        }}
    }}()
    {work}
}}
"
        )
    }

    #[test]
    fn a_stop_that_an_error_return_forgets() {
        check(&heartbeat(
            "if err := work(); err != nil { return err }; close(stop); return nil",
            "//^^^^^^ leak[stuck-worker]: never ends",
        ));
        check(&heartbeat("defer close(stop); return work()", ""));
        check(&heartbeat("err := work(); close(stop); return err", ""));
        check(&heartbeat(
            "if err := work(); err != nil { close(stop); return err }; close(stop); return nil",
            "",
        ));
    }

    #[test]
    fn a_flag_may_be_set_out_of_view() {
        check(
            "
type Loop struct{ closed bool }
func (l *Loop) Close() { l.closed = true }
func New(work func() error) (*Loop, error) {
    l := &Loop{}
    stop := make(chan struct{})
    go func() {
        for {
            select {
            case <-stop:
                return
            case <-time.After(time.Second):
            }
            if l.closed {
                return
            }
        }
    }()
    if err := work(); err != nil {
        return l, err
    }
    close(stop)
    return l, nil
}
",
        );
    }

    #[test]
    fn a_loop_that_only_a_failure_ends_may_be_meant_to_stay() {
        let starts =
            heartbeat("if err := work(); err != nil { close(stop); return err }; return nil", "");
        let all = confidences(&format!("\npackage p\nimport \"time\"\n{starts}"));
        assert_eq!(all, [stanch_diagnostic::Confidence::Possible]);
    }

    #[test]
    fn started_once_by_main() {
        check(
            r#"
package main

import "time"

func start() {
    go func() {
        for {
            time.Sleep(time.Second)
        }
    }()
}
func main() {
    start()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func New() {
    go func() {
        //stanch:ignore stuck-worker one a process
        for {
            time.Sleep(time.Second)
        }
    }()
}
"#,
        );
    }
}
