//! `stanch explain`.

use stanch_diagnostic::Check;

use crate::Outcome;
use crate::args::{ExplainArgs, Global};
use crate::{output, registry};

pub(crate) fn run(args: &ExplainArgs, global: &Global) -> anyhow::Result<Outcome> {
    let look = output::stdout_look(global.color);
    match &args.check {
        Some(word) => {
            let (_, page) = registry::find(word)?;
            output::to_stdout(|out| stanch_render::page(out, page, look))?;
        }
        None => {
            let checks = stanch_analysis::checks();
            let width = checks.iter().map(|(check, _)| check.name.len()).max().unwrap_or(0);
            output::to_stdout(|out| {
                for (Check { code, name, summary, .. }, _) in checks {
                    writeln!(out, "{code}  {name:width$}  {summary}")?;
                }
                writeln!(out, "\n`stanch explain CHECK` tells more about one of them.")
            })?;
        }
    }
    Ok(Outcome::Clean)
}
