//! `stanch debug`.

use anyhow::anyhow;
use stanch_analysis::debug_dump;

use crate::args::{DebugArgs, DebugKind, Global};
use crate::check::{directory, in_pool, surroundings};
use crate::{Outcome, output};

pub(crate) fn run(args: &DebugArgs, global: &Global) -> anyhow::Result<Outcome> {
    let kind = match args.kind {
        DebugKind::Tokens => stanch_analysis::DebugKind::Tokens,
        DebugKind::Ast => stanch_analysis::DebugKind::Ast,
        DebugKind::Types => stanch_analysis::DebugKind::Types,
        DebugKind::Ir => stanch_analysis::DebugKind::Ir,
        DebugKind::Model => stanch_analysis::DebugKind::Model,
        DebugKind::Roots => stanch_analysis::DebugKind::Roots,
        DebugKind::Packages => stanch_analysis::DebugKind::Packages,
    };
    let cwd = directory(global)?;
    let (fs, env) = surroundings();
    let text = in_pool(global.threads, || debug_dump(&fs, &env, kind, &args.patterns, &cwd))?;
    let text = text.map_err(|reason| anyhow!(reason))?;
    output::to_stdout(|out| out.write_all(text.as_bytes()))?;
    Ok(Outcome::Clean)
}
