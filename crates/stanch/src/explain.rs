//! `stanch explain`.

use stanch_diagnostic::{Check, Stage};

use crate::Outcome;
use crate::args::{ExplainArgs, Global};
use crate::{output, registry};

pub(crate) fn run(args: &ExplainArgs, global: &Global) -> anyhow::Result<Outcome> {
    let look = output::stdout_look(global.color);
    match &args.check {
        Some(word) => {
            let (check, page) = registry::find(word)?;
            let page = with_head(check, page);
            output::to_stdout(|out| stanch_render::page(out, &page, look))?;
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

/// `page` under a heading that names the check.
fn with_head(check: &Check, page: &str) -> String {
    let Check { code, name, summary, cause, stage } = check;
    let stage = match stage {
        Stage::Preview(version) => format!("preview since {version}"),
        Stage::Stable(version) => format!("stable since {version}"),
    };
    let page = if page.is_empty() { summary } else { page };
    format!("# {name} ({code})\n\nCause: {}. Stage: {stage}.\n\n{page}", cause.as_str())
}
