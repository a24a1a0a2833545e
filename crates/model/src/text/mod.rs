//! The text form: one instruction a line, blocks with labels.
//!
//! ```text
//! fn worker(ch, done) {
//! loop:
//!   select { v, ok = recv ch -> got; recv done -> out }
//! got:
//!   if ok work else out
//! work:
//!   f(v)
//!   goto loop
//! out:
//!   return
//! }
//! ```
//!
//! `@7` after an instruction, terminator or select arm is its [`Site`](crate::Site); without it, the
//! line number is. A block without terminator goes on at the next; the last returns. `//` starts a
//! comment.

mod lex;
mod parse;
mod print;

use crate::program::{Prim, Program};
use std::fmt;

/// Why a text is not a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// Line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

impl Program {
    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::parse(text)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::program(f, self)
    }
}

/// Names of the built-ins.
const PRIMS: [(Prim, &str); 42] = [
    (Prim::Send, "send"),
    (Prim::Recv, "recv"),
    (Prim::Close, "close"),
    (Prim::ChanLen, "chanlen"),
    (Prim::ChanCap, "chancap"),
    (Prim::Lock, "lock"),
    (Prim::TryLock, "trylock"),
    (Prim::Unlock, "unlock"),
    (Prim::RLock, "rlock"),
    (Prim::TryRLock, "tryrlock"),
    (Prim::RUnlock, "runlock"),
    (Prim::WgAdd, "add"),
    (Prim::WgDone, "done"),
    (Prim::WgWait, "wait"),
    (Prim::CondWait, "condwait"),
    (Prim::CondSignal, "signal"),
    (Prim::CondBroadcast, "broadcast"),
    (Prim::OnceDo, "do"),
    (Prim::Cancel, "cancel"),
    (Prim::CtxDone, "ctxdone"),
    (Prim::CtxErr, "ctxerr"),
    (Prim::TimerStop, "stop"),
    (Prim::TimerReset, "reset"),
    (Prim::SemAcquire, "acquire"),
    (Prim::SemTryAcquire, "tryacquire"),
    (Prim::SemRelease, "release"),
    (Prim::Yield, "yield"),
    (Prim::Escape, "escape"),
    (Prim::SeqLen, "len"),
    (Prim::SeqGet, "get"),
    (Prim::SeqSet, "set"),
    (Prim::SeqAppend, "append"),
    (Prim::SeqPart, "part_of"),
    (Prim::MapGet, "mapget"),
    (Prim::MapSet, "mapset"),
    (Prim::MapDelete, "mapdelete"),
    (Prim::MapAt, "mapat"),
    (Prim::Forget, "forget"),
    (Prim::AsksOf, "asks"),
    (Prim::Panic, "panics"),
    (Prim::Goexit, "goexits"),
    (Prim::Exit, "exits"),
];

/// Words that are not names.
const KEYWORDS: [&str; 58] = [
    "fn",
    "main",
    "captures",
    "global",
    "method",
    "nil",
    "true",
    "false",
    "unknown",
    "nonnil",
    "size",
    "choose",
    "cell",
    "struct",
    "chan",
    "mutex",
    "rwmutex",
    "waitgroup",
    "cond",
    "once",
    "timer",
    "ticker",
    "afterfunc",
    "aftercontext",
    "semaphore",
    "seq",
    "map",
    "token",
    "context",
    "closure",
    "part",
    "copy",
    "tag",
    "assert",
    "keep",
    "recvonly",
    "sendonly",
    "go",
    "defer",
    "rundefers",
    "recover",
    "goto",
    "if",
    "else",
    "typeswitch",
    "select",
    "default",
    "return",
    "panic",
    "goexit",
    "exit",
    "opaque",
    "pure",
    "zero",
    "object",
    "open",
    "deadline",
    "_",
];

fn prim_named(name: &str) -> Option<Prim> {
    PRIMS.iter().find(|p| p.1 == name).map(|p| p.0)
}

fn prim_name(prim: Prim) -> &'static str {
    PRIMS.iter().find(|p| p.0 == prim).map_or("yield", |p| p.1)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the text can stand for a slot or global: the names of built-ins can, but for those that
/// start an arm.
fn is_slot_name(name: &str) -> bool {
    is_plain_name(name) || (prim_named(name).is_some() && !matches!(name, "send" | "recv"))
}

/// Whether the text can stand for a function without quotes.
fn is_plain_name(name: &str) -> bool {
    name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(is_word)
        && !KEYWORDS.contains(&name)
        && prim_named(name).is_none()
}
