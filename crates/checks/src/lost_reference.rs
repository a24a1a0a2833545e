//! A counted reference that some path does not give back.
//!
//! # Why it leaks
//! The object is shared: who asks for it adds one to the number of its users, who has done with it takes
//! one away, and the last one ends it: closes its channel, its connection, its file. A user who forgets
//! to do so keeps the number above zero for ever, and with it the object and its goroutine.
//!
//! # Example
//! ```go
//! type worker struct{ jobs chan int }
//!
//! func (w *worker) run() {
//!     for range w.jobs {
//!     }
//! }
//!
//! type pool struct {
//!     mu   sync.Mutex
//!     all  map[string]*worker
//!     refs map[*worker]int
//! }
//!
//! func (p *pool) get(name string) *worker {
//!     p.mu.Lock()
//!     defer p.mu.Unlock()
//!     w := p.all[name]
//!     if w == nil {
//!         w = &worker{jobs: make(chan int)}
//!         go w.run()
//!         p.all[name] = w
//!     }
//!     p.refs[w]++
//!     return w
//! }
//!
//! func (p *pool) put(name string, w *worker) {
//!     p.mu.Lock()
//!     defer p.mu.Unlock()
//!     p.refs[w]--
//!     if p.refs[w] == 0 {
//!         close(w.jobs)
//!         delete(p.refs, w)
//!         delete(p.all, name)
//!     }
//! }
//!
//! func (p *pool) Do(name string, job int) {
//!     w := p.get(name)
//!     w.jobs <- job // the reference is never given back
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Objects that leave the function's hands: stored, returned, sent, given to a goroutine or to code that
//! may give the reference back. Counters at whose zero nothing is ended; those that are only lowered for objects
//! which are looked up for it (of requests that are under way); functions that add one on some of their ways only.

use crate::Ctx;
use crate::resource::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_effects::Kind;

/// The check.
pub const CHECK: Check = Check {
    code: "RS022",
    name: "lost-reference",
    summary: "a path does not give back a counted reference",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let words = Words {
        check: &CHECK,
        thing: "the reference that this takes",
        done: "given back",
        note: "what it refers to is ended only when no reference is left",
        call: "",
    };
    resource::findings(ctx, &words, &[Kind::Reference])
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("lost-reference", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("lost-reference", include_str!("lost_reference.rs"));
    }

    #[test]
    fn what_an_answer_lowers_is_no_reference() {
        let program = |answer: &str, expectation: &str| {
            check(&format!(
                r#"
type peer struct {{ n int; timeout *time.Timer }}
type pool struct {{
    mu    sync.Mutex
    peers map[int]*peer
    send  func(int)
}}
func (p *peer) incr() {{ p.n++ }}
func (p *peer) decr() {{
    p.n--
    if p.n == 0 {{
        p.timeout.Stop()
    }}
}}
func (p *pool) pick(id int) *peer {{
    p.mu.Lock()
    defer p.mu.Unlock()
    q := p.peers[id]
    q.incr()
    return q
}}
func (p *pool) request(id int) {{
    q := p.pick(id)
       {expectation}
    p.send(q.n)
}}
{answer}
"#
            ));
        };
        program("func (p *pool) answer(id int) { if q := p.peers[id]; q != nil { q.decr() } }", "");
        program(
            "func (p *pool) put(q *peer) { q.decr() }",
            "//^^^^^^^^^^ leak[lost-reference]: never given back",
        );
    }

    /// A file whose counter is a field; `give` adds one through a helper.
    fn of_file(uses: &str) {
        check(&format!(
            r#"
type file struct {{
    refs atomic.Int32
    f    *os.File
}}
type cache struct {{ all map[string]*file; last *file }}
func (x *file) retain() {{ x.refs.Add(1) }}
func (x *file) release() {{
    if x.refs.Add(-1) > 0 {{
        return
    }}
    x.f.Close()
}}
func (x *file) size() int {{ return int(x.refs.Load()) }}
func (c *cache) find(name string) (*file, error) {{
    x := c.all[name]
    if x == nil {{
        return nil, errors.New("not there")
    }}
    x.retain()
    return x, nil
}}
func (c *cache) drop(x *file) {{ x.release() }}
func (c *cache) dropLater(x *file) {{ defer func() {{ x.release() }}() }}
{uses}
"#
        ));
    }

    #[test]
    fn counter_in_the_object() {
        of_file(
            r#"
func (c *cache) never(name string) int {
    x, err := c.find(name)
            //^^^^^^^^^^^^ leak[lost-reference]: `x` is never given back
    if err != nil {
        return 0
    }
    return x.size()
}
func (c *cache) early(name string, n int) int {
    x, err := c.find(name)
            //^^^^^^^^^^^^ leak[lost-reference]: `x` is not given back when `(*cache).early` returns at line 41
    if err != nil {
        return 0
    }
    if x.size() > n {
        return n
    }
    defer x.release()
    return x.size()
}
"#,
        );
    }

    #[test]
    fn given_back_or_handed_on() {
        of_file(
            r#"
func (c *cache) deferred(name string) int {
    x, err := c.find(name)
    if err != nil {
        return 0
    }
    defer x.release()
    return x.size()
}
func (c *cache) inLiteral(name string) (n int) {
    x, err := c.find(name)
    if err != nil {
        return 0
    }
    func() {
        defer x.release()
        n = x.size()
    }()
    return n
}
func (c *cache) byHelper(name string) {
    if x, err := c.find(name); err == nil {
        c.drop(x)
    }
}
func (c *cache) byLiteralOfHelper(name string) {
    if x, err := c.find(name); err == nil {
        c.dropLater(x)
    }
}
func (c *cache) kept(name string) {
    if x, err := c.find(name); err == nil {
        c.last = x
    }
}
func (c *cache) returned(name string) (*file, error) { return c.find(name) }
func (c *cache) sent(name string, to chan *file) {
    if x, err := c.find(name); err == nil {
        to <- x
    }
}
"#,
        );
    }

    /// Where nothing ends at zero, a number is only a number.
    #[test]
    fn numbers() {
        check(
            r#"
type item struct{ hits int }
type list struct{ all map[string]*item }
func (l *list) use(name string) *item {
    x := l.all[name]
    x.hits++
    return x
}
func (l *list) lower(x *item) {
    x.hits--
    if x.hits == 0 {
        println("cold")
    }
}
func (l *list) show(name string) int { return l.use(name).hits }
"#,
        );
    }

    #[test]
    fn suppressed() {
        of_file(
            r#"
func (c *cache) forEver(name string) int {
    //stanch:ignore lost-reference it stays open until the process ends
    x, err := c.find(name)
    if err != nil {
        return 0
    }
    return x.size()
}
"#,
        );
    }
}
