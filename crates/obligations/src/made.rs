//! Whether a function makes what it returns: then two calls give two objects, also where the function
//! writes nothing and is given the same.

use crate::origin::Origins;
use crate::package::Package;
use crate::visit;
use stanch_ir::{Func, FuncId, InstrKind, LocalId, Operand, PlaceBase, Proj, Rvalue};
use stanch_types::TypeKind;

/// Calls are followed so far to who makes the object.
const MAX_DEPTH: u32 = 3;

/// Whether a result of a function is a pointer to a new object whenever it is not nil. What is found in
/// something else, or sometimes so, is not.
pub(crate) fn makes(package: &Package<'_>, id: FuncId, result: usize) -> bool {
    let Some(facts) = package.facts.get(id) else { return false };
    facts.makes.get_or_init(|| results(package, id, MAX_DEPTH)).get(result) == Some(&true)
}

/// For each result of a function.
fn results(package: &Package<'_>, id: FuncId, depth: u32) -> Vec<bool> {
    let Some(func) = package.module.funcs.get(id) else { return Vec::new() };
    let is_pointer = |local: LocalId| {
        matches!(package.program.kind(func.locals[local].ty), TypeKind::Pointer(_))
    };
    if !func.results.iter().any(|&local| is_pointer(local)) {
        return Vec::new();
    }
    let origins = Origins::new(func);
    let search = Search { package, func, origins, depth };
    func.results.iter().map(|&local| is_pointer(local) && search.makes(local)).collect()
}

struct Search<'s, 'a> {
    package: &'s Package<'a>,
    func: &'s Func,
    origins: Origins,
    depth: u32,
}

impl Search<'_, '_> {
    fn makes(&self, result: LocalId) -> bool {
        let mut any = false;
        for kind in visit::kinds(self.func) {
            let mut defines = false;
            visit::defs(kind, &mut |local| defines |= local == result);
            if !defines {
                continue;
            }
            match kind {
                InstrKind::DeclareVar(_)
                | InstrKind::Assign(_, Rvalue::Use(Operand::Nil(_) | Operand::Zero(_))) => {}
                InstrKind::Assign(_, Rvalue::Use(Operand::Local(local))) if self.is_new(*local) => {
                    any = true;
                }
                _ => return false,
            }
        }
        any
    }

    fn is_new(&self, local: LocalId) -> bool {
        let source = self.origins.source(self.func, local);
        match self.origins.value(self.func, source) {
            Some(Rvalue::New(_)) => true,
            // A variable of the function's own.
            Some(Rvalue::AddressOf(place)) => {
                matches!(place.base, PlaceBase::Local(_)) && !place.proj.contains(&Proj::Deref)
            }
            Some(_) => false,
            None => self.is_made_by_call(source),
        }
    }

    fn is_made_by_call(&self, local: LocalId) -> bool {
        let Some(depth) = self.depth.checked_sub(1) else { return false };
        let Some((call, result)) = self.origins.call(self.func, local) else { return false };
        let body = self.package.body(&call.callee);
        body.is_some_and(|body| results(self.package, body, depth).get(result) == Some(&true))
    }
}
