//! Functions of other packages in a module.

use crate::common::{parsed, validate};
use stanch_base::{FxHashMap, Idx};
use stanch_ir::{Family, FuncId, Module, link, lower_package};
use stanch_types::{Import, ObjectId, PackageId, PackageProvider, PackageSource, Program, Target};

const LIBRARY: &str = r#"
package lib

type Pool struct { jobs chan func() }

func New() *Pool {
    p := &Pool{jobs: make(chan func())}
    for range 2 {
        go func() {
            for job := range p.jobs {
                func() { job() }()
            }
        }()
    }
    return p
}

func (p *Pool) Close() { stop(p.jobs) }
func stop(c chan func()) { close(c) }
func Unused() { select {} }
"#;

const USER: &str = r#"
package user

import "lib"

func f() {
    c := lib.New()
    defer c.Close()
}
"#;

struct Two([PackageSource; 2]);

impl PackageProvider for Two {
    fn package(&self, id: PackageId) -> PackageSource {
        self.0[id.index()].clone()
    }
}

fn linked(limit: usize) -> (Vec<String>, Module) {
    let lib = PackageId::from_usize(0);
    let user = PackageId::from_usize(1);
    let imports: FxHashMap<Box<str>, Import> =
        [("lib".into(), Import::Package(lib))].into_iter().collect();
    let sources = Two([parsed("lib", LIBRARY), PackageSource { imports, ..parsed("user", USER) }]);
    let program = Program::new(2, &sources, Target { word_size: 8 });
    let library = lower_package(&program, lib);
    let mut module = lower_package(&program, user);
    let family = |(id, f): (FuncId, &stanch_ir::Func)| Some((f.object?, Family::of(&library, id)));
    let families: FxHashMap<ObjectId, Family> =
        library.funcs.iter_enumerated().filter_map(family).collect();
    link(&mut module, limit, &mut |object| families.get(&object));
    validate(&module).expect("a valid module");
    assert_eq!(module.n_own, 1);
    (module.funcs.iter().map(|f| f.symbol.clone()).collect(), module)
}

#[test]
fn what_may_run_is_linked_with_its_literals() {
    let (symbols, module) = linked(100);
    let expected =
        ["user.f", "lib.New", "lib.New.func1", "lib.New.func1.1", "lib.(*Pool).Close", "lib.stop"];
    assert_eq!(symbols, expected);
    assert_eq!(module.linked, [PackageId::from_usize(0)]);
    let literal = &module.funcs[FuncId::from_usize(3)];
    assert_eq!(literal.parent, Some(FuncId::from_usize(2)));
    assert_eq!(literal.span.package, PackageId::from_usize(0));
    assert!(literal.locals.iter().all(|local| local.object.is_none()));
}

#[test]
fn the_limit_keeps_the_nearest() {
    let nearest = ["user.f", "lib.New", "lib.New.func1", "lib.New.func1.1"];
    assert_eq!(linked(3).0, nearest);
    assert_eq!(linked(2).0, ["user.f"]);
    assert_eq!(linked(0).0, ["user.f"]);
}
