//! What callees ask of their arguments is written out at calls.

use crate::common::{OnePackage, validate};
use stanch_ir::{Callee, Func, InstrKind, Module, Returns, Terminator, guard};
use stanch_types::{ObjectId, Program};

const CALLEES: &str = "
package p

func exit()
func note(err error)
func check(err error) { if err != nil { exit() } }
func early(err error) { if err == nil { return }; exit() }
func panics(err error) { if err != nil { panic(err) } }
func spins(err error) { if err != nil { for {} } }
func two(n int, err error) { note(err); check(err) }
func require(ok bool) { if !ok { exit() } }
func none(err error) { require(err == nil) }
func some(err error) { none := err == nil; if none { exit() } }
func value(x int, err error) int { if err != nil { exit() }; return x }
func loops(n int, err error) { for i := 0; i < n; i++ { note(err) }; check(err) }
type box struct { f *int }
func (b *box) ask() { if b == nil { exit() } }
func comes(err error) { if err != nil { note(err) } }
func once(n int, err error) { if n > 0 { check(err) } }
func other(err error) { err = nil; check(err) }
func either(err error) { if err != nil && err != nil { note(err) }; note(err) }
func saved(err error) { defer note(err); check(err) }
func late(n int, err error) { var none bool; if n > 0 { none = err == nil }; if none { exit() } }
func turns(n int, err error) { for i := 0; i < n; i++ { check(err) } }
";

/// Lowers `func f(x int, ok bool, err error, b *box) { BODY }`, writes out, and counts the calls after which
/// there is nothing.
fn ends(body: &str) -> usize {
    let text = format!("{CALLEES}\nfunc f(x int, ok bool, err error, b *box) {{\n{body}\n}}\n");
    OnePackage::new("p", &text, (1, 26)).lower(|program: &Program<'_>, module: &Module| {
        let mut module = module.clone();
        let known = |function: ObjectId| Returns {
            never: program.object_name(function) == "exit",
            only_if: Vec::new(),
        };
        guard(program, &mut module, &known);
        if let Err(problem) = validate(&module) {
            panic!("{problem}\n{}", module.display(program));
        }
        let func = module.funcs.iter().find(|func| func.symbol == "p.f").expect("it is there");
        last_calls(func)
    })
}

fn last_calls(func: &Func) -> usize {
    let blocks = func.blocks.iter().filter(|b| b.term == Terminator::Unreachable);
    blocks
        .filter(|b| match b.instrs.last().map(|i| &i.kind) {
            Some(InstrKind::Call(call)) => matches!(call.callee, Callee::Static(..)),
            _ => false,
        })
        .count()
}

#[test]
fn a_call_that_checks_its_argument_ends_where_it_fails() {
    for call in [
        "check(err)",
        "early(err)",
        "panics(err)",
        "spins(err)",
        "two(x, err)",
        "require(ok)",
        "none(err)",
        "some(err)",
        "x = value(x, err); note(err)",
        "loops(x, err)",
        "b.ask()",
        "for range x { check(err) }",
        "func() { note(err) }(); check(err); note(err)",
    ] {
        assert_eq!(ends(call), 1, "{call}");
    }
    assert_eq!(
        ends("check(err); require(ok); for i := range x { early(err); note(err); _ = i }"),
        3
    );
}

#[test]
fn one_that_may_come_back_stays() {
    for call in [
        "comes(err)",
        "once(x, err)",
        "other(err)",
        "either(err)",
        "saved(err)",
        "late(x, err)",
        "turns(x, err)",
        "go check(err)",
        "defer check(err)",
        "check(nil)",
    ] {
        assert_eq!(ends(call), 0, "{call}");
    }
}
