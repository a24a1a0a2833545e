//! Elements popped off a long-lived slice stay in its array.
//!
//! # Why it leaks
//! `q = q[1:]` and `s = s[:len(s)-1]` move the bounds of a slice. The slot outside still refers to the
//! element, and keeps it alive until the array itself goes or the slot is written again.
//!
//! # Example
//! ```go
//! type job struct {
//!     payload [4096]byte
//! }
//!
//! type queue struct {
//!     jobs []*job
//! }
//!
//! func (q *queue) push(j *job) { q.jobs = append(q.jobs, j) }
//!
//! func (q *queue) pop() *job {
//!     j := q.jobs[0]
//!     q.jobs = q.jobs[1:] // the slot before the slice still holds j
//!     return j
//! }
//!
//! func serve(q *queue, wake chan bool) {
//!     for range wake {
//!         q.pop()
//!     }
//! }
//!
//! func Start(q *queue, wake chan bool) { go serve(q, wake) }
//! ```
//! Set the slot to nil first: `q.jobs[0] = nil`.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Slices whose slots are emptied in the same function; slices that are anywhere replaced by another,
//! or by nil, such as when they run empty; elements that refer to nothing. `slices.Delete` clears what
//! it leaves behind since Go 1.22. What is never appended to is used up, and its array goes. Deletion by
//! `append(s[:i], s[i+1:]...)`, which leaves one stale slot, elements that are not seen to be large (a kilobyte, a
//! buffer, a request): what is appended next takes the slot, or moves the rest to another array; and slices of
//! which it is not known that they are popped again and again are `possible`. A slice cut to nothing, `q = q[:0]`, keeps all that was in it until as much is appended again: told
//! where the elements may be large, goroutines share the owner, and the same function does not fill it again. The `Pop` of a queue for `container/heap`, as its documentation shows it, empties the slot; a queue whose owner may be dropped with it is `possible`.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Cut, Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL006",
    name: "popped-slot-keeps-pointer",
    summary: "a popped element stays in the array of its slice",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Popped { container, elem, cut } = r.what else { return None };
    let name = retentions::name(ctx, container);
    let function = short(&r.function);
    let help = match cut {
        Cut::Moved => {
            format!("use `slices.Delete`, or `clear` the last slot of `{name}` before it is cut")
        }
        Cut::Front | Cut::Off => format!("set the slot to its zero value before `{name}` is cut"),
        Cut::ToNothing => format!("`clear({name})` before it is cut to nothing"),
    };
    Some(Words {
        message: match cut {
            Cut::Front | Cut::Off | Cut::Moved => {
                format!("`{function}` leaves popped elements in the array of `{name}`")
            }
            Cut::ToNothing => {
                format!("`{function}` empties `{name}`, and its array keeps the elements")
            }
        },
        label: match cut {
            Cut::Moved => "the last slot still refers to an element".to_owned(),
            Cut::Front | Cut::Off => "the slot outside still refers to the element".to_owned(),
            Cut::ToNothing => "the slots still refer to all that was in it".to_owned(),
        },
        related: Vec::new(),
        notes: vec![retentions::kept(ctx, r, elem)],
        help,
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, check_shown, example};

    const NAME: &str = "popped-slot-keeps-pointer";

    #[test]
    fn the_example() {
        example(NAME, include_str!("popped_slot_keeps_pointer.rs"));
    }

    #[test]
    fn a_stack_in_a_loop() {
        check(
            NAME,
            r#"
type frame struct { locals [64]int }
type machine struct { frames []*frame }
func (m *machine) push(f *frame) { m.frames = append(m.frames, f) }
func (m *machine) pop() {
    m.frames = m.frames[:len(m.frames)-1]
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[popped-slot-keeps-pointer]: the array of `frames`
}
func run(m *machine, in chan *frame) {
    for f := range in {
        m.push(f)
        m.pop()
    }
}
func Start(in chan *frame) { go run(&machine{}, in) }
"#,
        );
    }

    #[test]
    fn a_heap() {
        check(
            NAME,
            r#"
type item struct { prio, index int; data []byte }
type queue []*item
func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].prio < q[j].prio }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any) { *q = append(*q, x.(*item)) }
func (q *queue) Pop() any {
    old := *q
    n := len(old)
    x := old[n-1]
    x.index = -1
    *q = old[:n-1]
  //^^^^^^^^^^^^^^ leak[popped-slot-keeps-pointer]: `(*queue).Pop` leaves popped elements in the array of `queue`
    return x
}
type emptied []*item
func (q emptied) Len() int { return len(q) }
func (q emptied) Less(i, j int) bool { return q[i].prio < q[j].prio }
func (q emptied) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *emptied) Push(x any) { *q = append(*q, x.(*item)) }
func (q *emptied) Pop() any {
    old := *q
    n := len(old)
    x := old[n-1]
    old[n-1] = nil
    *q = old[:n-1]
    return x
}
type held struct { items []*item }
func (q *held) Len() int { return len(q.items) }
func (q *held) Less(i, j int) bool { return q.items[i].prio < q.items[j].prio }
func (q *held) Swap(i, j int) { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *held) Push(x any) { q.items = append(q.items, x.(*item)) }
func (q *held) Pop() any {
    old := q.items
    n := len(old)
    x := old[n-1]
    q.items = old[0:n-1]
  //^^^^^^^^^^^^^^^^^^^^ leak[popped-slot-keeps-pointer]: the array of `items`
    return x
}
type numbers []int
func (q numbers) Len() int { return len(q) }
func (q numbers) Less(i, j int) bool { return q[i] < q[j] }
func (q numbers) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *numbers) Push(x any) { *q = append(*q, x.(int)) }
func (q *numbers) Pop() any {
    old := *q
    n := len(old)
    x := old[n-1]
    *q = old[:n-1]
    return x
}
type store struct { mu sync.Mutex; q queue; e emptied; h *held; n numbers }
func (s *store) next() {
    heap.Pop(&s.q)
    heap.Pop(&s.e)
    heap.Pop(s.h)
    heap.Pop(&s.n)
}
"#,
        );
    }

    #[test]
    fn slots_that_are_emptied_and_slices_that_are_replaced() {
        check(
            NAME,
            r#"
type frame struct { locals [64]int }
type machine struct { frames, others []*frame; ids []int }
func (m *machine) push(f *frame) {
    m.frames = append(m.frames, f)
    m.others = append(m.others, f)
}
func (m *machine) pop() {
    m.frames[0] = nil
    m.frames = m.frames[1:]
    m.others = m.others[1:]
    if len(m.others) == 0 {
        m.others = nil
    }
    m.ids = m.ids[1:]
}
func run(m *machine, in chan *frame) {
    for f := range in {
        m.push(f)
        m.pop()
    }
}
func Start(in chan *frame) { go run(&machine{}, in) }
"#,
        );
    }

    #[test]
    fn cut_to_nothing() {
        check_shown(
            NAME,
            r#"
type call struct { data [2048]byte }
type batch struct {
    mu sync.Mutex
    pending, filling, cleared, again []*call
    ids []int
    bufs [][]byte
}
func (b *batch) Add(c *call) {
    b.mu.Lock()
    defer b.mu.Unlock()
    b.pending = append(b.pending, c)
    b.cleared = append(b.cleared, c)
    b.ids = append(b.ids, len(c.data))
    b.bufs = b.bufs[:len(b.bufs)+1]
    b.bufs[len(b.bufs)-1] = append(b.bufs[len(b.bufs)-1][:0], c.data[:]...)
}
func (b *batch) flush(send func(*call)) {
    b.mu.Lock()
    defer b.mu.Unlock()
    b.pending, b.filling = b.filling, b.pending
    for _, c := range b.filling {
        send(c)
    }
    b.filling = b.filling[:0]
  //^^^^^^^^^^^^^^^^^^^^^^^^^ leak[popped-slot-keeps-pointer]: `(*batch).flush` empties `filling`
    clear(b.cleared)
    b.cleared = b.cleared[:0]
    b.ids = b.ids[:0]
    b.bufs = b.bufs[:0]
    b.again = b.again[:0]
    for _, c := range b.pending {
        b.again = append(b.again, c)
    }
}
func (b *batch) Run(tick chan bool, send func(*call)) {
    for range tick {
        b.flush(send)
    }
}
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
type frame struct { locals [64]int }
type machine struct { frames []*frame }
func run(m *machine, in chan *frame) {
    for f := range in {
        m.frames = append(m.frames, f)
        //stanch:ignore popped-slot-keeps-pointer overwritten at once
        m.frames = m.frames[1:]
    }
}
func Start(in chan *frame) { go run(&machine{}, in) }
"#,
        );
    }
}
