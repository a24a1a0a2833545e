//! Text to program.

use super::lex::{Token, lex};
use super::{ParseError, is_plain_name, is_slot_name, prim_named};
use crate::program::*;
use stanch_base::{FxHashMap, Idx};

type Parsed<T> = Result<T, ParseError>;

/// Reads a program.
pub(super) fn parse(text: &str) -> Parsed<Program> {
    let mut p = Parser {
        tokens: lex(text)?,
        at: 0,
        program: Program::default(),
        fns: FxHashMap::default(),
        globals: FxHashMap::default(),
        f: Function::new(""),
        locals: FxHashMap::default(),
        blocks: FxHashMap::default(),
        n_blocks: 0,
    };
    p.declare()?;
    p.at = 0;
    while !p.finished() {
        p.item()?;
    }
    if !p.program.is_valid() {
        return Err(ParseError {
            line: 0,
            message: "a name is used where it may not be".to_owned(),
        });
    }
    Ok(p.program)
}

struct Parser {
    tokens: Vec<(Token, u32)>,
    at: usize,
    program: Program,
    fns: FxHashMap<String, FnId>,
    globals: FxHashMap<String, GlobalId>,
    /// The function being read.
    f: Function,
    locals: FxHashMap<String, LocalId>,
    blocks: FxHashMap<String, BlockId>,
    n_blocks: usize,
}

impl Parser {
    fn error<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(ParseError { line: self.line(), message: message.into() })
    }

    fn line(&self) -> u32 {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |t| t.1)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|t| &t.0)
    }

    fn peek_at(&self, n: usize) -> Option<&Token> {
        self.tokens.get(self.at + n).map(|t| &t.0)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).map(|t| t.0.clone());
        self.at += 1;
        token
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(s)) if *s == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(w)) if w == word)
    }

    fn eat_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.eat_sign(sign) { Ok(()) } else { self.error(format!("expected `{sign}`")) }
    }

    fn skip_ends(&mut self) {
        while self.peek() == Some(&Token::End) {
            self.at += 1;
        }
    }

    fn finished(&mut self) -> bool {
        self.skip_ends();
        self.at >= self.tokens.len()
    }

    fn int(&mut self) -> Parsed<i64> {
        let negative = self.eat_sign("-");
        match self.next() {
            Some(Token::Int(n)) => Ok(if negative { -n } else { n }),
            _ => {
                self.at -= 1;
                self.error("expected a number")
            }
        }
    }

    fn number(&mut self) -> Parsed<u32> {
        let n = self.int()?;
        u32::try_from(n).or_else(|_| self.error("expected a small number"))
    }

    /// A function's name: plain or quoted, with `#n` made part of it by quotes.
    fn fn_name(&mut self) -> Parsed<String> {
        match self.next() {
            Some(Token::Word(w)) if is_plain_name(&w) || w == "main" => Ok(w),
            Some(Token::Quoted(q)) => Ok(q),
            _ => {
                self.at -= 1;
                self.error("expected a function's name")
            }
        }
    }

    /// First pass: names of functions and globals.
    fn declare(&mut self) -> Parsed<()> {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            let starts = depth == 0 && self.is_word("fn");
            if starts {
                self.at += 1;
                let name = self.fn_name()?;
                let shown = name.split_once('#').map_or(&*name, |n| n.0);
                let id = self.program.functions.push(Function::new(shown));
                if self.fns.insert(name, id).is_some() {
                    return self.error("this function's name is taken");
                }
            } else if depth == 0 && self.eat_word("global") {
                let name = self.name()?;
                let global =
                    Global { name: name.as_str().into(), init: GlobalInit::Const(Const::Nil) };
                let id = self.program.globals.push(global);
                self.globals.insert(name, id);
            } else {
                depth += i32::from(self.is_sign("{")) - i32::from(self.is_sign("}"));
                self.at += 1;
            }
        }
        Ok(())
    }

    fn name(&mut self) -> Parsed<String> {
        match self.next() {
            Some(Token::Word(w)) if is_slot_name(&w) => Ok(w),
            _ => {
                self.at -= 1;
                self.error("expected a name")
            }
        }
    }

    fn item(&mut self) -> Parsed<()> {
        if self.eat_word("global") {
            return self.global();
        }
        if self.eat_word("method") {
            let (tag, method) = (TypeTag(self.number()?), MethodId(self.number()?));
            self.sign("=")?;
            let function = self.function_ref()?;
            self.program.methods.push(Method { tag, method, function });
            return Ok(());
        }
        let main = self.eat_word("main");
        if !self.eat_word("fn") {
            return self.error("expected `fn`, `global` or `method`");
        }
        self.function(main)
    }

    fn function_ref(&mut self) -> Parsed<FnId> {
        let name = self.fn_name()?;
        match self.fns.get(&name) {
            Some(id) => Ok(*id),
            None => self.error(format!("no function `{name}`")),
        }
    }

    fn global(&mut self) -> Parsed<()> {
        let name = self.name()?;
        self.sign("=")?;
        let init = if self.eat_word("object") {
            match self.alloc_kind()? {
                Some(kind) => GlobalInit::Object(kind),
                None => return self.error("expected a kind of object"),
            }
        } else if self.eat_word("open") {
            GlobalInit::OpenObject(self.open_kind()?)
        } else if let Some(kind) = self.unknown_kind() {
            GlobalInit::Unknown(kind)
        } else {
            match self.operand()? {
                Operand::Const(c) => GlobalInit::Const(c),
                Operand::Func(f) => GlobalInit::Func(f),
                Operand::Unknown => GlobalInit::Unknown(UnknownKind::Any),
                Operand::Local(_) => return self.error("a global cannot start as a slot"),
            }
        };
        if let Some(id) = self.globals.get(&name) {
            self.program.globals[*id].init = init;
        }
        Ok(())
    }

    fn open_kind(&mut self) -> Parsed<OpenKind> {
        Ok(match self.next() {
            Some(Token::Word(w)) => match &*w {
                "struct" => OpenKind::Struct,
                "chan" => OpenKind::Chan,
                "context" => OpenKind::Context,
                "background" => OpenKind::Background,
                _ => OpenKind::Other,
            },
            _ => return self.error("expected a kind of object"),
        })
    }

    fn unknown_kind(&mut self) -> Option<UnknownKind> {
        if self.eat_word("unknown") {
            Some(UnknownKind::Any)
        } else if self.eat_word("nonnil") {
            Some(UnknownKind::NonNil)
        } else if self.eat_word("size") {
            Some(UnknownKind::Size)
        } else {
            None
        }
    }

    fn function(&mut self, main: bool) -> Parsed<()> {
        let name = self.fn_name()?;
        let Some(id) = self.fns.get(&name).copied() else { return self.error("not declared") };
        self.f = Function::new(name.split_once('#').map_or(&*name, |n| n.0));
        self.f.main = main;
        self.locals.clear();
        self.blocks.clear();
        self.n_blocks = 0;
        let params = self.names("(", ")")?;
        let captures = if self.eat_word("captures") { self.names("(", ")")? } else { Vec::new() };
        self.f.n_captures = captures.len() as u32;
        self.f.n_params = params.len() as u32;
        for name in captures.into_iter().chain(params) {
            let local = self.f.local(&name);
            self.locals.insert(name, local);
        }
        if self.eat_sign("->") {
            self.sign("(")?;
            while !self.eat_sign(")") {
                let cell = self.eat_sign("*");
                let local = self.local()?;
                self.f.results.push(ResultSlot { local, cell });
                self.eat_sign(",");
            }
        }
        if self.eat_sign("{") {
            self.body()?;
        }
        self.program.functions[id] = std::mem::replace(&mut self.f, Function::new(""));
        Ok(())
    }

    fn names(&mut self, open: &str, close: &str) -> Parsed<Vec<String>> {
        self.sign(open)?;
        let mut names = Vec::new();
        while !self.eat_sign(close) {
            names.push(self.name()?);
            self.eat_sign(",");
        }
        Ok(names)
    }

    fn local(&mut self) -> Parsed<LocalId> {
        let name = self.name()?;
        if let Some(local) = self.locals.get(&name) {
            return Ok(*local);
        }
        let local = self.f.local(&name);
        self.locals.insert(name, local);
        Ok(local)
    }

    /// The block of a label. Blocks that are only mentioned are made at the end of the function.
    fn block(&mut self) -> Parsed<BlockId> {
        let name = match self.next() {
            Some(Token::Word(w)) => w,
            _ => return self.error("expected a label"),
        };
        Ok(self.block_named(name))
    }

    fn block_named(&mut self, name: String) -> BlockId {
        let next = BlockId::from_usize(self.n_blocks);
        let id = *self.blocks.entry(name).or_insert(next);
        if id == next {
            self.n_blocks += 1;
        }
        id
    }

    /// The instructions of a function, up to its brace.
    fn body(&mut self) -> Parsed<()> {
        let mut done: FxHashMap<BlockId, Block> = FxHashMap::default();
        self.skip_ends();
        let mut current =
            if self.is_label() { self.label()? } else { self.block_named(String::new()) };
        let mut instrs = Vec::new();
        let mut open = true;
        loop {
            self.skip_ends();
            let site = Site(self.line());
            if self.is_sign("}") || self.is_label() {
                let last = self.eat_sign("}");
                let next = if last { None } else { Some(self.label()?) };
                if open {
                    let term = next.map_or(Term::Return, Term::Goto);
                    let instrs = std::mem::take(&mut instrs);
                    done.insert(current, Block { instrs, term, term_site: site });
                }
                let Some(next) = next else { break };
                (current, open) = (next, true);
                if done.contains_key(&current) {
                    return self.error("this label is taken");
                }
                continue;
            }
            if !open {
                return self.error("this cannot be reached: a label is missing");
            }
            if self.peek().is_none() {
                return self.error("expected `}`");
            }
            match self.statement()? {
                Stmt::Op(op) => {
                    let site = self.site(site)?;
                    instrs.push(Instr { op, site });
                }
                Stmt::Term(term) => {
                    let term_site = self.site(site)?;
                    let instrs = std::mem::take(&mut instrs);
                    done.insert(current, Block { instrs, term, term_site });
                    open = false;
                }
            }
            if !self.is_sign("}") && self.peek() != Some(&Token::End) {
                return self.error("expected the end of the instruction");
            }
        }
        for n in 0..self.n_blocks {
            match done.remove(&BlockId::from_usize(n)) {
                Some(block) => self.f.blocks.push(block),
                None => return self.error("a label is used that does not stand anywhere"),
            };
        }
        Ok(())
    }

    fn is_label(&self) -> bool {
        matches!(self.peek(), Some(Token::Word(_))) && self.peek_at(1) == Some(&Token::Sign(":"))
    }

    fn label(&mut self) -> Parsed<BlockId> {
        let block = self.block()?;
        self.sign(":")?;
        Ok(block)
    }

    fn site(&mut self, line: Site) -> Parsed<Site> {
        if self.eat_sign("@") { Ok(Site(self.number()?)) } else { Ok(line) }
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        if let Some(term) = self.term()? {
            return Ok(Stmt::Term(term));
        }
        Ok(Stmt::Op(self.op()?))
    }

    fn term(&mut self) -> Parsed<Option<Term>> {
        Ok(Some(if self.eat_word("goto") {
            Term::Goto(self.block()?)
        } else if self.eat_word("if") {
            let cond = self.operand()?;
            let then = self.block()?;
            if !self.eat_word("else") {
                return self.error("expected `else`");
            }
            Term::Branch { cond, then, els: self.block()? }
        } else if self.eat_word("typeswitch") {
            self.type_switch()?
        } else if self.eat_word("select") {
            self.select()?
        } else if self.eat_word("return") {
            Term::Return
        } else if self.eat_word("panic") {
            Term::Panic(self.operand()?)
        } else if self.eat_word("goexit") {
            Term::Goexit
        } else if self.eat_word("exit") {
            Term::Exit
        } else {
            return Ok(None);
        }))
    }

    fn type_switch(&mut self) -> Parsed<Term> {
        let value = self.operand()?;
        self.sign("{")?;
        let mut cases = Vec::new();
        let mut default = None;
        loop {
            self.skip_ends();
            if self.eat_sign("}") {
                break;
            }
            if self.eat_word("else") {
                default = Some(self.block()?);
                continue;
            }
            let tags = if self.is_sign("[") { self.tags()? } else { Vec::new() };
            let nil = self.eat_word("nil");
            cases.push(TypeCase { tags, nil, target: self.block()? });
        }
        match default {
            Some(default) => Ok(Term::TypeSwitch { value, cases, default }),
            None => self.error("expected an `else` case"),
        }
    }

    fn tags(&mut self) -> Parsed<Vec<TypeTag>> {
        self.sign("[")?;
        let mut tags = Vec::new();
        while !self.eat_sign("]") {
            tags.push(TypeTag(self.number()?));
            self.eat_sign(",");
        }
        Ok(tags)
    }

    fn select(&mut self) -> Parsed<Term> {
        self.sign("{")?;
        let mut arms = Vec::new();
        let mut default = None;
        loop {
            self.skip_ends();
            if self.eat_sign("}") {
                break;
            }
            let line = Site(self.line());
            if self.eat_word("default") {
                self.sign("->")?;
                default = Some(self.block()?);
                continue;
            }
            let op = if self.eat_word("send") {
                let chan = self.operand()?;
                self.sign(",")?;
                SelectOp::Send { chan, value: self.operand()? }
            } else {
                let dsts = if self.is_word("recv") { Vec::new() } else { self.dsts()? };
                if !self.eat_word("recv") {
                    return self.error("expected `recv`");
                }
                let slot = |n: usize| dsts.get(n).copied().flatten();
                let (dst, ok) = (slot(0), slot(1));
                let chan = self.operand()?;
                let zero = match self.eat_sign(",") {
                    true => match self.operand()? {
                        Operand::Const(zero) => Some(zero),
                        _ => return self.error("expected a constant"),
                    },
                    false => None,
                };
                SelectOp::Recv { chan, dst, ok, zero }
            };
            self.sign("->")?;
            let target = self.block()?;
            arms.push(SelectArm { op, target, site: self.site(line)? });
        }
        Ok(Term::Select { arms, default })
    }

    /// `a, _, b =`
    fn dsts(&mut self) -> Parsed<Vec<Option<LocalId>>> {
        let mut dsts = Vec::new();
        loop {
            dsts.push(if self.eat_word("_") { None } else { Some(self.local()?) });
            if self.eat_sign("=") {
                return Ok(dsts);
            }
            self.sign(",")?;
        }
    }

    /// Whether the line starts with result slots.
    fn has_dsts(&self) -> bool {
        let mut n = 0;
        while matches!(self.peek_at(n), Some(Token::Word(_))) {
            match self.peek_at(n + 1) {
                Some(Token::Sign("=")) => return true,
                Some(Token::Sign(",")) => n += 2,
                _ => return false,
            }
        }
        false
    }

    fn op(&mut self) -> Parsed<Op> {
        if self.eat_word("go") {
            return Ok(Op::Go(self.call(Vec::new())?));
        }
        if self.eat_word("defer") {
            return Ok(Op::Defer(self.call(Vec::new())?));
        }
        if self.eat_word("rundefers") {
            return Ok(Op::RunDefers);
        }
        if self.eat_sign("$") {
            let global = self.global_ref()?;
            self.sign("=")?;
            return Ok(Op::StoreGlobal { global, src: self.operand()? });
        }
        if self.is_sign("*") && self.peek_at(2) == Some(&Token::Sign("=")) {
            self.sign("*")?;
            let cell = self.operand()?;
            self.sign("=")?;
            return Ok(Op::StoreCell { cell, src: self.operand()? });
        }
        if self.peek_at(1) == Some(&Token::Sign(".")) && self.peek_at(3) == Some(&Token::Sign("="))
        {
            let base = self.operand()?;
            self.sign(".")?;
            let field = self.number()?;
            self.sign("=")?;
            return Ok(Op::StoreField { base, field, src: self.operand()? });
        }
        if !self.has_dsts() {
            return Ok(Op::Call(self.call(Vec::new())?));
        }
        let dsts = self.dsts()?;
        self.assignment(dsts)
    }

    fn global_ref(&mut self) -> Parsed<GlobalId> {
        let name = self.name()?;
        match self.globals.get(&name) {
            Some(id) => Ok(*id),
            None => self.error(format!("no global `{name}`")),
        }
    }

    fn assignment(&mut self, dsts: Vec<Option<LocalId>>) -> Parsed<Op> {
        if self.starts_call() {
            return Ok(Op::Call(self.call(dsts)?));
        }
        let slot = |n: usize| dsts.get(n).copied().flatten();
        let Some(dst) = slot(0) else { return self.error("expected a call") };
        if let Some(kind) = self.unknown_kind() {
            return Ok(Op::Unknown { dst, kind });
        }
        if self.eat_word("context") {
            let kind = match self.next() {
                Some(Token::Word(w)) if w == "cancel" => ContextKind::Cancel,
                Some(Token::Word(w)) if w == "deadline" => ContextKind::Deadline,
                Some(Token::Word(w)) if w == "detached" => ContextKind::Detached,
                _ => return self.error("expected `cancel`, `deadline` or `detached`"),
            };
            return Ok(Op::NewContext { dst, cancel: slot(1), parent: self.operand()?, kind });
        }
        if let Some(kind) = self.alloc_kind()? {
            return Ok(Op::Alloc { dst, kind });
        }
        if self.eat_word("choose") {
            return Ok(Op::Choose { dst, n: self.number()? });
        }
        if self.eat_word("recover") {
            return Ok(Op::Recover { dst });
        }
        if self.eat_word("copy") {
            return Ok(Op::CopyStruct { dst, src: self.operand()? });
        }
        if self.eat_word("tag") {
            let tag = TypeTag(self.number()?);
            return Ok(Op::SetTag { dst, src: self.operand()?, tag });
        }
        if self.eat_word("assert") {
            let tags = self.tags()?;
            let src = self.operand()?;
            return Ok(Op::Assert { dst, ok: slot(1), src, tags, keep: self.eat_word("keep") });
        }
        for (word, dir) in [("recvonly", ChanDir::Recv), ("sendonly", ChanDir::Send)] {
            if self.eat_word(word) {
                return Ok(Op::Direction { dst, src: self.operand()?, dir });
            }
        }
        if self.eat_word("part") {
            let base = self.operand()?;
            self.sign(".")?;
            let field = self.number()?;
            return match self.alloc_kind()? {
                Some(kind) => Ok(Op::Part { dst, base, field, kind }),
                None => self.error("expected a kind of object"),
            };
        }
        if self.eat_word("closure") {
            return self.closure(dst);
        }
        self.expression(dst)
    }

    fn closure(&mut self, dst: LocalId) -> Parsed<Op> {
        let callee = if self.eat_word("method") {
            Bindable::Method(MethodId(self.number()?))
        } else if let Some(Token::Word(w)) = self.peek()
            && let Some(prim) = prim_named(w)
        {
            self.at += 1;
            Bindable::Prim(prim)
        } else {
            Bindable::Fn(self.function_ref()?)
        };
        Ok(Op::Closure { dst, callee, env: self.arguments()? })
    }

    fn expression(&mut self, dst: LocalId) -> Parsed<Op> {
        if self.eat_sign("$") {
            return Ok(Op::LoadGlobal { dst, global: self.global_ref()? });
        }
        if self.eat_sign("*") {
            return Ok(Op::LoadCell { dst, cell: self.operand()? });
        }
        if self.eat_sign("!") {
            return Ok(Op::Not { dst, a: self.operand()? });
        }
        let a = self.operand()?;
        if self.eat_sign(".") {
            let field = self.number()?;
            let zero = if self.eat_word("zero") { self.operand()? } else { Const::Nil.into() };
            return Ok(Op::LoadField { dst, base: a, field, zero });
        }
        for (sign, op) in RELATIONS {
            if self.eat_sign(sign) {
                return Ok(Op::Compare { dst, op, a, b: self.operand()? });
            }
        }
        for (sign, op) in ARITHMETIC {
            if self.eat_sign(sign) {
                return Ok(Op::Arith { dst, op, a, b: self.operand()? });
            }
        }
        Ok(Op::Assign { dst, src: a })
    }

    /// Whether a call starts here: a callee, then `(`.
    fn starts_call(&self) -> bool {
        let open = |n| self.peek_at(n) == Some(&Token::Sign("("));
        match self.peek() {
            Some(Token::Word(w)) if w == "pure" => true,
            Some(Token::Word(_)) if self.peek_at(1) == Some(&Token::Sign(".")) => open(3),
            Some(Token::Word(_) | Token::Quoted(_)) => open(1),
            Some(Token::Sign("*")) => open(2),
            _ => false,
        }
    }

    fn call(&mut self, dst: Vec<Option<LocalId>>) -> Parsed<Call> {
        let callee = if self.eat_sign("*") {
            Callee::Value(self.operand()?)
        } else if self.peek_at(1) == Some(&Token::Sign(".")) {
            let value = self.operand()?;
            self.sign(".")?;
            Callee::Method(value, MethodId(self.number()?))
        } else if self.eat_word("opaque") {
            Callee::Opaque
        } else if self.eat_word("pure") {
            Callee::Pure(self.unknown_kind().unwrap_or(UnknownKind::Any))
        } else if let Some(Token::Word(w)) = self.peek()
            && let Some(prim) = prim_named(w)
        {
            self.at += 1;
            Callee::Prim(prim)
        } else {
            Callee::Fn(self.function_ref()?)
        };
        Ok(Call { callee, args: self.arguments()?, dst })
    }

    fn arguments(&mut self) -> Parsed<Vec<Operand>> {
        self.sign("(")?;
        let mut args = Vec::new();
        while !self.eat_sign(")") {
            args.push(self.operand()?);
            if !self.eat_sign(",") {
                self.sign(")")?;
                break;
            }
        }
        Ok(args)
    }

    fn operand(&mut self) -> Parsed<Operand> {
        if self.eat_sign("?") {
            return Ok(Operand::Unknown);
        }
        if self.eat_sign("'") {
            return Ok(Const::Sym(Sym(self.number()?)).into());
        }
        if self.is_sign("-") || matches!(self.peek(), Some(Token::Int(_))) {
            return Ok(Const::Int(self.int()?).into());
        }
        if self.eat_word("nil") {
            return Ok(Const::Nil.into());
        }
        for (word, value) in [("true", true), ("false", false)] {
            if self.eat_word(word) {
                return Ok(Const::Bool(value).into());
            }
        }
        if self.eat_word("fn") {
            return Ok(Operand::Func(self.function_ref()?));
        }
        Ok(Operand::Local(self.local()?))
    }

    fn alloc_kind(&mut self) -> Parsed<Option<AllocKind>> {
        let Some(Token::Word(word)) = self.peek() else { return Ok(None) };
        let word = word.clone();
        let simple = match &*word {
            "struct" => AllocKind::Struct,
            "mutex" => AllocKind::Mutex,
            "rwmutex" => AllocKind::RwMutex,
            "waitgroup" => AllocKind::WaitGroup,
            "once" => AllocKind::Once,
            "timer" => AllocKind::Timer,
            "ticker" => AllocKind::Ticker,
            "map" => AllocKind::Map,
            "token" => AllocKind::Token,
            "cell" | "chan" | "cond" | "afterfunc" | "semaphore" | "aftercontext" | "seq" => {
                self.at += 1;
                let a = self.operand()?;
                return Ok(Some(match &*word {
                    "cell" => AllocKind::Cell(a),
                    "chan" => AllocKind::Chan(a),
                    "cond" => AllocKind::Cond(a),
                    "afterfunc" => AllocKind::AfterFunc(a),
                    "semaphore" => AllocKind::Semaphore(a),
                    "seq" => AllocKind::Seq(a, self.operand()?),
                    _ => AllocKind::AfterContext(a, self.operand()?),
                }));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(simple))
    }
}

enum Stmt {
    Op(Op),
    Term(Term),
}

pub(super) const RELATIONS: [(&str, Relation); 6] = [
    ("==", Relation::Eq),
    ("!=", Relation::Ne),
    ("<=", Relation::Le),
    (">=", Relation::Ge),
    ("<", Relation::Lt),
    (">", Relation::Gt),
];

pub(super) const ARITHMETIC: [(&str, ArithOp); 5] = [
    ("+", ArithOp::Add),
    ("-", ArithOp::Sub),
    ("*", ArithOp::Mul),
    ("/", ArithOp::Div),
    ("%", ArithOp::Rem),
];
