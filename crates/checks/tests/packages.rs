//! Goroutines that hang through calls into other packages.

const POOL: &str = r#"
//- /pool/pool.go
type Worker struct {
    jobs chan int
    done chan struct{}
    n    int
}
func New() *Worker {
    w := &Worker{jobs: make(chan int), done: make(chan struct{})}
    go w.loop()
    return w
}
func (w *Worker) loop() {
    for {
        select {
        case <-w.jobs:
        case <-w.done:
            return
        }
    }
}
func (w *Worker) Add(n int) {
    w.jobs <- n
  //ADD
}
func (w *Worker) Stop() { close(w.done) }
func (w *Worker) Name() string { w.n = 1; return "worker" }

func Run(out chan<- int, f func() int) {
    go func() {
        out <- f()
      //RUN
    }()
}
func First(in <-chan int) int { return <-in }
func Wait(ctx context.Context, in <-chan int) int {
    select {
    case v := <-in:
        return v
    case <-ctx.Done():
        return 0
    }
}
func All(in <-chan int, f func(int)) {
    for v := range in {
           //ALL
        f(v)
    }
}
var kept chan int
func Keep(c chan int) { kept = c }
//- /use/use.go
import "pool"
"#;

/// Checks functions of a package that uses the pool; `found` are marks in the pool with what is expected
/// there.
fn check(name: &str, found: &[(&str, &str)], functions: &str) {
    let mut pool = POOL.to_owned();
    for (mark, finding) in found {
        pool = pool.replace(&format!("//{mark}"), &format!("//^^ leak[{name}]: {finding}"));
    }
    stanch_testing::check(name, &format!("{pool}{functions}"));
}

#[test]
fn a_sender_there_whose_receiver_leaves_there() {
    let leaves = r#"
func f(ctx context.Context) int {
    out := make(chan int)
    pool.Run(out, func() int { return 1 })
    return pool.Wait(ctx, out)
}
"#;
    check("abandoned-send", &[("RUN", "this send blocks for ever")], leaves);
    check("abandoned-send", &[], &leaves.replace("make(chan int)", "make(chan int, 1)"));
    check("abandoned-send", &[], &leaves.replace("pool.Wait(ctx, out)", "pool.First(out)"));
}

#[test]
fn a_receiver_there_that_is_not_called_on_one_way() {
    check(
        "abandoned-send",
        &[],
        r#"
func f(fail bool) int {
    out := make(chan int)
    go func() { out <- 1 }()
              //^^ leak[abandoned-send]: this send can block for ever
    if fail {
        return 0
    }
    return pool.First(out)
}
func g() int {
    out := make(chan int)
    go func() { out <- 1 }()
    return pool.First(out)
}
"#,
    );
}

#[test]
fn a_loop_there_over_what_nobody_closes() {
    let unclosed = r#"
func f(xs []int) {
    in := make(chan int)
    go pool.All(in, func(int) {})
    for _, x := range xs {
        in <- x
    }
    END
}
"#;
    check("range-without-close", &[("ALL", "this loop")], &unclosed.replace("END", ""));
    check("range-without-close", &[], &unclosed.replace("END", "close(in)"));
}

#[test]
fn an_object_of_another_package_is_used_after_its_end() {
    let used = r#"
func f() {
    w := pool.New()
    w.Add(1)
    END
}
"#;
    let after = "w.Stop()\n    _ = w.Name()\n    go w.Add(2)";
    check("abandoned-send", &[("ADD", "this send blocks for ever")], &used.replace("END", after));
    check("abandoned-send", &[], &used.replace("END", "_ = w.Name()\n    w.Stop()"));
}

#[test]
fn what_another_package_keeps_is_out_of_view() {
    check(
        "abandoned-send",
        &[],
        r#"
func f(fail bool) {
    out := make(chan int)
    go func() { out <- 1 }()
    pool.Keep(out)
}
"#,
    );
}
