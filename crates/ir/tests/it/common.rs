//! Packages in memory, and what must hold of every module.

use stanch_base::{FxHashMap, Idx, IndexVec};
use stanch_ir::{Func, InstrKind, LocalId, Module, PlaceBase, Rvalue, Terminator, lower_package};
use stanch_syntax::ParseMode;
use stanch_types::{
    FileId, Import, PackageId, PackageProvider, PackageSource, Program, SourceFile, Target,
};
use std::sync::Arc;

/// One package without imports.
pub(crate) struct OnePackage {
    source: PackageSource,
}

impl PackageProvider for OnePackage {
    fn package(&self, _: PackageId) -> PackageSource {
        self.source.clone()
    }
}

impl OnePackage {
    /// A package of one file. Imports are missing.
    pub(crate) fn new(path: &str, text: &str, language: (u32, u32)) -> Self {
        let mut source = parsed(path, text);
        source.files.iter_mut().for_each(|file| file.language = language);
        Self { source }
    }

    pub(crate) fn lower<R>(&self, f: impl FnOnce(&Program<'_>, &Module) -> R) -> R {
        let program = Program::new(1, self, Target { word_size: 8 });
        let module = lower_package(&program, PackageId::from_usize(0));
        if let Err(problem) = validate(&module) {
            panic!("{problem}\n{}", module.display(&program));
        }
        f(&program, &module)
    }
}

/// A package of one file with the newest language. Imports are missing.
pub(crate) fn parsed(path: &str, text: &str) -> PackageSource {
    let (text, parsed) = stanch_syntax::parse_bytes(text.as_bytes(), ParseMode::Full);
    let imports: FxHashMap<Box<str>, Import> =
        parsed.ast.imports.iter().map(|i| (i.path.clone(), Import::Missing)).collect();
    let name = parsed.ast.package.map_or("p", |ident| parsed.ast.name(ident)).into();
    let mut files: IndexVec<FileId, SourceFile> = IndexVec::new();
    files.push(SourceFile {
        path: "p.go".into(),
        text: text.into_owned().into(),
        ast: Arc::new(parsed.ast),
        language: (1, 26),
    });
    PackageSource { path: path.into(), name, files, imports }
}

/// Checks what [`stanch_ir::data`] promises of the numbers in a module.
pub(crate) fn validate(module: &Module) -> Result<(), String> {
    for (id, func) in module.funcs.iter_enumerated() {
        let problem = |text: String| Err(format!("{}: {text}", func.symbol));
        if func.has_body == func.blocks.is_empty() {
            return problem("a body without blocks, or blocks without a body".to_owned());
        }
        if let Some(parent) = func.parent {
            let Some(parent) = module.funcs.get(parent) else {
                return problem("no such parent".to_owned());
            };
            if !parent.closures.contains(&id) {
                return problem("the parent does not know its literal".to_owned());
            }
            for capture in &func.captures {
                if capture.outer.index() >= parent.locals.len() {
                    return problem(format!("captures {:?} of the parent", capture.outer));
                }
                let outer = &parent.locals[capture.outer];
                if capture.by_ref && !outer.captured_by_ref {
                    return problem(format!("{} does not know it is captured", outer.name));
                }
            }
        } else if !func.captures.is_empty() {
            return problem("captures without a parent".to_owned());
        }
        if let Err(text) = blocks(func, module) {
            return problem(text);
        }
    }
    let mut symbols: Vec<&str> = module.funcs.iter().map(|f| f.symbol.as_str()).collect();
    symbols.sort_unstable();
    let twice = symbols.windows(2).find(|w| w[0] == w[1] && !w[0].contains("._"));
    match twice {
        Some(twice) => Err(format!("two functions are called {}", twice[0])),
        None => Ok(()),
    }
}

fn blocks(func: &Func, module: &Module) -> Result<(), String> {
    let n_blocks = func.blocks.len();
    let order = func.reverse_postorder();
    if order.len() != n_blocks {
        return Err("unreachable blocks are left".to_owned());
    }
    let mut bad: Option<String> = None;
    for (id, block) in func.blocks.iter_enumerated() {
        block.term.for_each_target(|t| {
            if t.index() >= n_blocks {
                bad = Some(format!("{id:?} leads to {t:?}"));
            }
        });
        if let Terminator::RangeNext { preheader, .. } = &block.term
            && func.blocks[*preheader].term != Terminator::Goto(id)
        {
            bad = Some(format!("{preheader:?} does not lead to the loop {id:?} only"));
        }
        let mut local = |l: LocalId| {
            if l.index() >= func.locals.len() {
                bad = Some(format!("{id:?} uses {l:?}"));
            }
        };
        for instr in &block.instrs {
            instr.kind.for_each_use(&mut local);
            instr.kind.for_each_def(&mut local);
        }
        block.term.for_each_use(&mut local);
        block.term.for_each_def(&mut local);
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Store(place, _)
                    if place.proj.is_empty() && matches!(place.base, PlaceBase::Local(_)) =>
                {
                    bad = Some("a store to a local".to_owned());
                }
                InstrKind::Assign(_, Rvalue::MakeClosure(child))
                    if module.funcs.get(*child).is_none_or(|c| c.parent.is_none()) =>
                {
                    bad = Some(format!("makes a closure of {child:?}"));
                }
                _ => {}
            }
        }
    }
    bad.map_or(Ok(()), Err)
}
