//! Equal computations become one, others stay.

use crate::common::{OnePackage, validate};
use stanch_ir::{Callee, Func, InstrKind, Module, Rvalue, share};
use stanch_syntax::ast::BinaryOp;
use stanch_types::Program;

const CALLEES: &str = "
package p

var mode int

type pair struct { a, b int }

func odd(x int) bool { return x%2 == 1 }
func both(p pair) bool { return odd(p.a) && odd(p.b) }
func (p pair) sum() int { s := 0; for i := range 3 { s += i*p.a }; return s + p.b }
func reads(x int) bool { return x == mode }
func through(p *pair) bool { return p.a > 2 }
func ask(x int) bool
func itself(x int) bool { return x == 0 || itself(x-1) }
func next() int
func a()
func b()
";

/// Calls of pure functions of the list above, and operations that are no comparison and no sum.
fn computations(func: &Func) -> usize {
    let is_one = |kind: &InstrKind| match kind {
        InstrKind::Call(call) => matches!(call.callee, Callee::Static(..)) && call.dst.len() == 1,
        InstrKind::Assign(_, Rvalue::Binary(op, ..)) => {
            matches!(op, BinaryOp::Mul | BinaryOp::Quo | BinaryOp::Rem | BinaryOp::And)
        }
        _ => false,
    };
    func.blocks.iter().flat_map(|block| &block.instrs).filter(|instr| is_one(&instr.kind)).count()
}

/// Lowers `func f(x, y int, p pair, q *pair, c bool) { BODY }`, shares, and counts.
fn left(body: &str) -> usize {
    let text = format!("{CALLEES}\nfunc f(x, y int, p pair, q *pair, c bool) {{\n{body}\n}}\n");
    OnePackage::new("p", &text, (1, 26)).lower(|program: &Program<'_>, module: &Module| {
        let mut module = module.clone();
        share(program, &mut module, &|_| false);
        if let Err(problem) = validate(&module) {
            panic!("{problem}\n{}", module.display(program));
        }
        let func = module.funcs.iter().find(|func| func.symbol == "p.f").expect("it is there");
        computations(func)
    })
}

#[test]
fn the_same_question_is_asked_once() {
    for body in [
        "if odd(x) { a() }; if odd(x) { b() }",
        "if c { if odd(x) { a() } } else { if odd(x) { b() } }",
        "if both(p) { a() }; if both(p) { b() }",
        "if p.sum() > 2 { a() }; if p.sum() > 2 { b() }",
        "if x&y != 0 { a() }; if x&y == 0 { return }; b()",
        "if x*y > 3 { a() }; if x*y > 3 { b() }",
        "if c && x%2 == 1 { a() }; if c && x%2 == 1 { b() }",
        "for _, x := range []int{1, 2} { if odd(x) { a() }; if odd(x) { b() } }",
        "for i := 0; i < x; i++ { if odd(i) { a() }; if odd(i) { b() } }",
        "z := x; if c { z = y }; if odd(z) { a() }; if odd(z) { b() }",
        "t := 0; for { t = x+1; if odd(t) { a() }; if c { break } }; if odd(t) { b() }",
        "u := uint(x); v := uint(x); if u&1 == 1 { a() }; if v&1 == 1 { b() }",
        "if odd(3) { a() }; if odd(3) { b() }",
    ] {
        assert_eq!(left(body), 1, "{body}");
    }
}

#[test]
fn another_question_is_asked_anew() {
    for (body, n) in [
        ("if odd(x) { a() }; x++; if odd(x) { b() }", 2),
        ("if odd(x) { a() }; if odd(y) { b() }", 2),
        ("if odd(x) { a() }; if c { x = y }; if odd(x) { b() }", 2),
        ("if reads(x) { a() }; if reads(x) { b() }", 2),
        ("if through(q) { a() }; if through(q) { b() }", 2),
        ("if ask(x) { a() }; if ask(x) { b() }", 2),
        ("if itself(x) { a() }; if itself(x) { b() }", 2),
        ("if both(p) { a() }; p.b = 3; if both(p) { b() }", 2),
        ("if odd(x) { a() }; go func() { x = 3 }(); if odd(x) { b() }", 2),
        ("r := &x; if odd(x) { a() }; *r = 3; if odd(x) { b() }", 2),
        // Where the first is not asked, it may not be done.
        ("if y != 0 && x/y > 1 { a() }; if y != 0 && x/y > 1 { b() }", 2),
        ("if x&y != 0 { a() }; if x&3 != 0 { b() }", 2),
        ("t := next(); for odd(t) { t = next(); if odd(t) { a() } }; b()", 4),
    ] {
        assert_eq!(left(body), n, "{body}");
    }
}

#[test]
fn one_serves_those_that_it_comes_before() {
    // Before the loop and in it nothing is the same; the two in the loop are.
    let body = "z := x; if odd(z) { a() }; for c { z = y*z; if odd(z) { a() }; if odd(z) { b() } }";
    assert_eq!(left(body), 3);
}
