//! The functions of a package, as all engines take them.

use rustc_hash::FxHashMap;
use stanch_effects::{Effects, Is, Op};
use stanch_ir::{Guard, Module, Returns, Test};
use stanch_types::{ObjectId, PackageId, Program, Symbols};

/// When the functions of a package return that do not always return.
pub type AllReturns = FxHashMap<ObjectId, Returns>;

/// The functions of a package, and when they return. `imported` is what is known of those that it imports.
pub fn lower(
    program: &Program<'_>,
    package: PackageId,
    effects: &Effects,
    imported: &dyn Fn(ObjectId) -> Option<Returns>,
) -> (Module, AllReturns) {
    let mut module = stanch_ir::lower_package(program, package);
    let symbols = Symbols::new(program);
    let returns = stanch_ir::guard(program, &mut module, &|function| {
        imported(function).unwrap_or_else(|| {
            let symbol = symbols.of(function);
            let effect = symbol.and_then(|symbol| effects.get(symbols.path(function), &symbol));
            effect.map_or_else(Returns::default, of_effect)
        })
    });
    stanch_ir::share(program, &mut module, &|function| {
        effects.is_alike(program.package_path(function.package), program.object_name(function))
    });
    (module, returns)
}

fn of_effect(effect: &stanch_effects::Effect) -> Returns {
    let test = |is| match is {
        Is::Nil => Test::Nil,
        Is::NotNil => Test::NotNil,
        Is::True => Test::True,
        Is::False => Test::False,
    };
    let guard = |n: &stanch_effects::Needed| Guard { arg: n.arg, test: test(n.is), inside: true };
    Returns {
        never: matches!(effect.op, Op::Exit | Op::Goexit | Op::Panic),
        only_if: effect.returns_if.iter().map(guard).collect(),
    }
}
