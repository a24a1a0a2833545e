//! What inference records while it walks a declaration.

use crate::api::*;
use stanch_base::Idx;
use stanch_syntax::ast::{ExprId, IdentId, NodeRange};

/// Dense tables over the nodes of one declaration (or of a whole file).
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) file: u32,
    /// Order in the file, for declarations that share nodes.
    pub(crate) order: u32,
    expr_base: u32,
    ident_base: u32,
    exprs: Vec<Option<ExprInfo>>,
    idents: Vec<Option<ObjectId>>,
    pub(crate) selections: Vec<(ExprId, Selection)>,
    pub(crate) instances: Vec<(IdentId, Box<[TypeId]>)>,
    pub(crate) clause_vars: Vec<(u32, ObjectId)>,
    /// With the type of the second value.
    pub(crate) comma_ok: Vec<(ExprId, TypeId)>,
    pub(crate) embedded: Vec<(IdentId, ObjectId)>,
    pub(crate) constants: Vec<ConstValue>,
    /// Function literals of package-level initialisers, whose bodies wait.
    pub(crate) delayed: Vec<Delayed>,
    /// What the bodies of functions see whose signatures were resolved.
    pub(crate) func_scopes: Vec<(ObjectId, crate::env::FuncScope)>,
    /// Expressions that came out invalid.
    pub(crate) n_unknown: u32,
}

/// A function literal whose body is inferred later.
#[derive(Debug)]
pub(crate) struct Delayed {
    pub(crate) literal: ExprId,
    pub(crate) scope: crate::env::FuncScope,
    pub(crate) iota: Option<u64>,
}

impl Tables {
    pub(crate) fn new(file: FileId, nodes: NodeRange) -> Self {
        Self {
            file: file.raw(),
            order: nodes.exprs.0,
            expr_base: nodes.exprs.0,
            ident_base: nodes.idents.0,
            exprs: vec![None; nodes.exprs.1.saturating_sub(nodes.exprs.0) as usize],
            idents: vec![None; nodes.idents.1.saturating_sub(nodes.idents.0) as usize],
            ..Self::default()
        }
    }

    #[inline]
    pub(crate) fn expr(&self, expr: ExprId) -> Option<ExprInfo> {
        let at = expr.raw().checked_sub(self.expr_base)?;
        self.exprs.get(at as usize).copied().flatten()
    }

    #[inline]
    pub(crate) fn set_expr(&mut self, expr: ExprId, info: ExprInfo) {
        let Some(at) = expr.raw().checked_sub(self.expr_base) else { return };
        if let Some(slot) = self.exprs.get_mut(at as usize) {
            *slot = Some(info);
        }
    }

    #[inline]
    pub(crate) fn set_ident(&mut self, ident: IdentId, object: ObjectId) {
        let Some(at) = ident.raw().checked_sub(self.ident_base) else { return };
        if let Some(slot) = self.idents.get_mut(at as usize) {
            *slot = Some(object);
        }
    }

    /// Takes over the entries of a declaration's tables; these cover the whole file.
    pub(crate) fn absorb(&mut self, other: Tables) {
        let shift = self.constants.len() as u32;
        self.constants.extend(other.constants);
        for (i, info) in other.exprs.into_iter().enumerate() {
            let Some(mut info) = info else { continue };
            info.constant = info.constant.map(|c| c + shift);
            self.set_expr(ExprId::from_usize(other.expr_base as usize + i), info);
        }
        for (i, object) in other.idents.into_iter().enumerate() {
            if let Some(object) = object {
                self.set_ident(IdentId::from_usize(other.ident_base as usize + i), object);
            }
        }
        self.selections.extend(other.selections);
        self.instances.extend(other.instances);
        self.clause_vars.extend(other.clause_vars);
        self.comma_ok.extend(other.comma_ok);
        self.embedded.extend(other.embedded);
        self.delayed.extend(other.delayed);
        self.func_scopes.extend(other.func_scopes);
        self.n_unknown += other.n_unknown;
    }

    /// Keeps only the values that an expression has in the end: untyped constants have had several.
    fn drop_unused_constants(&mut self) {
        let mut moved_to = vec![u32::MAX; self.constants.len()];
        let mut kept = Vec::with_capacity(self.constants.len() / 2);
        for info in self.exprs.iter_mut().flatten() {
            let Some(old) = info.constant else { continue };
            let Some(slot) = moved_to.get_mut(old as usize) else { continue };
            if *slot == u32::MAX {
                *slot = kept.len() as u32;
                kept.push(std::mem::replace(
                    &mut self.constants[old as usize],
                    ConstValue::Unknown,
                ));
            }
            info.constant = Some(*slot);
        }
        kept.shrink_to_fit();
        self.constants = kept;
    }

    /// The final form of tables that cover a whole file.
    pub(crate) fn into_file(mut self) -> FileTypes {
        self.drop_unused_constants();
        FileTypes {
            exprs: self.exprs.into_iter().collect(),
            idents: self.idents.into_iter().collect(),
            selections: self.selections.into(),
            instances: self.instances.into(),
            clause_vars: self.clause_vars.into(),
            constants: self.constants,
            embedded: self.embedded.into(),
            comma_ok: self.comma_ok.into(),
            n_unknown: self.n_unknown,
        }
    }
}
