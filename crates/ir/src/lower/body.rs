//! A function under construction.

use super::Lower;
use crate::data::*;
use stanch_base::{FxHashMap, IndexVec, Symbol};
use stanch_syntax::ast::{self, FieldId, List, SignatureId};
use stanch_types::{ObjectId, Program, TypeId};

/// A function under construction.
pub(super) struct FuncCtx {
    /// Its number in the module.
    pub(super) id: FuncId,
    pub(super) func: Func,
    pub(super) vars: FxHashMap<ObjectId, LocalId>,
    /// Locals of enclosing functions that have no object (flags of range bodies), by function depth.
    pub(super) outer_temps: FxHashMap<(usize, LocalId), LocalId>,
    /// The block that instructions go to.
    pub(super) at: BlockId,
    /// Blocks whose end is known.
    pub(super) ended: IndexVec<BlockId, bool>,
    /// Enclosing loops, switches, selects, innermost last.
    pub(super) targets: Vec<JumpTarget>,
    /// Blocks of labels, for `goto`.
    pub(super) labels: FxHashMap<Symbol, BlockId>,
    /// Label of the statement that comes next.
    pub(super) pending_label: Option<Symbol>,
    pub(super) is_literal: bool,
    pub(super) n_literals: u32,
    pub(super) is_range_body: bool,
    pub(super) n_range_bodies: u32,
    /// How control leaves a range body, if this is one.
    pub(super) range: Option<RangeBody>,
}

/// The body of a range over a function.
pub(super) struct RangeBody {
    /// The loop's label.
    pub(super) label: Option<Symbol>,
    /// Stack index of the function around the loop, and its variable that says how control left.
    pub(super) code: (usize, LocalId),
    /// The body's own result: whether to go on.
    pub(super) go_on: LocalId,
    /// Ways out other than `break` and `continue` of this loop; their numbers count from 1.
    pub(super) exits: Vec<(usize, Exit)>,
}

/// A way out of a range body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// The function around it returns (results are set).
    Return,
    /// To a block of the function around it.
    Jump(BlockId),
}

/// Where `break` and `continue` lead.
#[derive(Clone, Copy)]
pub(super) struct JumpTarget {
    pub(super) label: Option<Symbol>,
    pub(super) on_break: BlockId,
    /// `None` for switches and selects.
    pub(super) on_continue: Option<BlockId>,
}

impl FuncCtx {
    pub(super) fn new(
        symbol: String,
        object: Option<ObjectId>,
        span: Span,
        name_span: Span,
    ) -> Self {
        let end = span.range.end;
        let end_range = stanch_base::TextRange::new(end.saturating_sub(1), end);
        let func = Func {
            symbol,
            object,
            parent: None,
            synthetic: false,
            span,
            name_span,
            end_span: Span { range: end_range, ..span },
            params: Vec::new(),
            has_recv: false,
            variadic: false,
            results: Vec::new(),
            captures: Vec::new(),
            locals: IndexVec::new(),
            blocks: IndexVec::new(),
            closures: Vec::new(),
            has_defer: false,
            has_recover: false,
            has_body: false,
        };
        let mut ctx = Self {
            id: FuncId::from_raw(0),
            func,
            vars: FxHashMap::default(),
            outer_temps: FxHashMap::default(),
            at: BlockId::from_raw(0),
            ended: IndexVec::new(),
            targets: Vec::new(),
            labels: FxHashMap::default(),
            pending_label: None,
            is_literal: false,
            n_literals: 0,
            is_range_body: false,
            n_range_bodies: 0,
            range: None,
        };
        ctx.at = ctx.new_block();
        ctx
    }

    pub(super) fn new_block(&mut self) -> BlockId {
        let term_span = self.func.end_span;
        self.ended.push(false);
        self.func.blocks.push(Block {
            instrs: Vec::new(),
            term: Terminator::Unreachable,
            term_span,
        })
    }

    pub(super) fn push(&mut self, kind: InstrKind, span: Span) {
        let at = self.at;
        if !self.ended[at] {
            self.func.blocks[at].instrs.push(Instr { kind, span });
        }
    }

    /// Ends the current block, unless it has ended.
    pub(super) fn end(&mut self, term: Terminator, span: Span) {
        let at = self.at;
        if !self.ended[at] {
            self.ended[at] = true;
            self.func.blocks[at].term = term;
            self.func.blocks[at].term_span = span;
        }
    }

    /// Ends the current block with a jump to `to` and goes on there.
    pub(super) fn flow_to(&mut self, to: BlockId, span: Span) {
        self.end(Terminator::Goto(to), span);
        self.at = to;
    }

    pub(super) fn local(&mut self, local: Local) -> LocalId {
        if let Some(object) = local.object {
            let id = self.func.locals.next_id();
            self.vars.insert(object, id);
        }
        self.func.locals.push(local)
    }

    pub(super) fn temp(&mut self, ty: TypeId, span: Span) -> LocalId {
        self.func.locals.push(Local::temp(ty, span))
    }

    /// Source variables with their locals.
    pub(super) fn objects(&self) -> Vec<(ObjectId, LocalId)> {
        let locals = self.func.locals.iter_enumerated();
        locals.filter_map(|(id, local)| Some((local.object?, id))).collect()
    }

    /// The finished function: deferred calls run before returns, unreachable blocks are gone, chains
    /// of blocks are one.
    pub(super) fn finish(self) -> Func {
        let mut func = self.func;
        if !func.has_body {
            func.blocks = IndexVec::new();
            return func;
        }
        for (id, ended) in self.ended.iter_enumerated() {
            if !ended {
                func.blocks[id].term = Terminator::Return;
            }
        }
        if func.has_defer {
            for block in func.blocks.iter_mut().filter(|b| b.term == Terminator::Return) {
                block.instrs.push(Instr { kind: InstrKind::RunDefers, span: block.term_span });
            }
        }
        crate::simplify::simplify(&mut func);
        func
    }
}

impl Lower<'_> {
    pub(super) fn temp(&mut self, ty: TypeId, span: Span) -> LocalId {
        self.cur().temp(ty, span)
    }

    /// `dst = value` with a new temporary.
    pub(super) fn assign_temp(&mut self, value: Rvalue, ty: TypeId, span: Span) -> Operand {
        let dst = self.temp(ty, span);
        self.cur().push(InstrKind::Assign(dst, value), span);
        Operand::Local(dst)
    }

    /// A local for a declared variable (no instruction is made).
    pub(super) fn declare(&mut self, ident: ast::IdentId, kind: LocalKind) -> LocalId {
        let object = self.object(ident);
        let ty = object.map_or(Program::UNKNOWN, |o| self.program.object(o).ty);
        let ast = self.ast();
        let span = self.span(ast.idents[ident].span);
        let name = ast.name(ident).into();
        self.cur().local(Local {
            name,
            ty,
            span,
            object,
            kind,
            captured_by_ref: false,
            address_taken: false,
        })
    }

    /// Locals for the parameters or results of a field list.
    pub(super) fn params(&mut self, fields: List<FieldId>, kind: LocalKind) {
        let ast = self.ast();
        for &field in ast.list(fields) {
            let field = &ast.fields[field];
            let ty = self.ty(field.ty);
            let span = self.expr_span(field.ty);
            let names = ast.list(field.names);
            let mut locals = Vec::new();
            if names.is_empty() {
                locals.push(self.cur().func.locals.push(Local {
                    name: "".into(),
                    ty,
                    span,
                    object: None,
                    kind,
                    captured_by_ref: false,
                    address_taken: false,
                }));
            }
            for &name in names {
                locals.push(self.declare(name, kind));
            }
            let func = &mut self.cur().func;
            match kind {
                LocalKind::Result => func.results.extend(locals),
                _ => func.params.extend(locals),
            }
        }
    }

    pub(super) fn signature(&mut self, signature: SignatureId) {
        let ast = self.ast();
        let signature = &ast.signatures[signature];
        let last = ast.list(signature.params).last();
        let ellipsis = |f: &FieldId| matches!(ast.expr(ast.fields[*f].ty), ast::Expr::Ellipsis(_));
        self.cur().func.variadic = last.is_some_and(ellipsis);
        self.params(signature.params, LocalKind::Param);
        self.params(signature.results, LocalKind::Result);
    }

    pub(super) fn body(&mut self, block: ast::Block) {
        let end = block.span.end;
        let range = stanch_base::TextRange::new(end.saturating_sub(1), end);
        let end_span = self.span(range);
        self.cur().func.end_span = end_span;
        self.stmts(block.stmts);
        self.cur().end(Terminator::Return, end_span);
    }

    /// The local by which the innermost function knows a variable, capturing it if need be.
    pub(super) fn variable(&mut self, object: ObjectId) -> Option<LocalId> {
        let depth = self.stack.iter().rposition(|ctx| ctx.vars.contains_key(&object))?;
        let mut local = *self.stack[depth].vars.get(&object)?;
        for i in depth + 1..self.stack.len() {
            local = self.capture(i, local);
            self.stack[i].vars.insert(object, local);
        }
        Some(local)
    }

    /// A local without object of the function at `depth`, seen from the innermost function.
    pub(super) fn outer_temp(&mut self, depth: usize, local: LocalId) -> LocalId {
        let mut inner = local;
        for i in depth + 1..self.stack.len() {
            inner = match self.stack[i].outer_temps.get(&(depth, local)) {
                Some(&known) => known,
                None => {
                    let new = self.capture(i, inner);
                    self.stack[i].outer_temps.insert((depth, local), new);
                    new
                }
            };
        }
        inner
    }

    /// Adds a capture of the parent's local to the function at stack index `i`.
    fn capture(&mut self, i: usize, outer: LocalId) -> LocalId {
        let template = self.stack[i - 1].func.locals[outer].clone();
        let ctx = &mut self.stack[i];
        let inner = ctx.func.locals.push(Local {
            kind: LocalKind::Capture,
            captured_by_ref: false,
            ..template
        });
        ctx.func.captures.push(Capture { inner, outer, by_ref: true });
        inner
    }

    /// Begins a function that stands in the innermost one.
    pub(super) fn begin_child(&mut self, mut ctx: FuncCtx) -> FuncId {
        let parent = self.cur().id;
        ctx.func.parent = Some(parent);
        ctx.func.has_body = true;
        let id = self.funcs.push(ctx.func.clone());
        ctx.id = id;
        self.cur().func.closures.push(id);
        self.stack.push(ctx);
        id
    }
}
