//! The standard streams: colour, width, and pipes that close early.

use std::env;
use std::io::{self, BufWriter, IsTerminal, Write};

use stanch_render::Look;

use crate::args::Color;

/// Columns to stay within when nobody looks.
const FILE_WIDTH: usize = 100;

/// How to write to standard output.
pub(crate) fn stdout_look(color: Color) -> Look {
    look(color, io::stdout().is_terminal(), &console::Term::stdout())
}

/// How to write to standard error.
pub(crate) fn stderr_look(color: Color) -> Look {
    look(color, io::stderr().is_terminal(), &console::Term::stderr())
}

fn look(color: Color, terminal: bool, term: &console::Term) -> Look {
    let width = term.size_checked().map_or(FILE_WIDTH, |(_, columns)| usize::from(columns));
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            auto_color(terminal, |name| env::var_os(name).map(|v| v.to_string_lossy().into()))
        }
    };
    Look { color, width: if terminal { width.max(40) } else { FILE_WIDTH } }
}

/// Whether to use colour when the user leaves it to us.
fn auto_color(terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    if set("NO_COLOR") {
        return false;
    }
    if variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") {
        return true;
    }
    let dumb = variable("TERM").is_some_and(|value| value == "dumb");
    let off = variable("CLICOLOR").is_some_and(|value| value == "0");
    terminal && !dumb && !off
}

/// Writes to standard output; a reader that has gone is no error.
pub(crate) fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is left in the buffer would fail again.
            let _ = out.into_parts();
            Ok(())
        }
        result => result,
    }
}

/// Writes to standard error, as far as anybody reads it.
pub(crate) fn to_stderr(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let mut err = BufWriter::new(io::stderr().lock());
    let _ = write(&mut err).and_then(|()| err.flush());
}

/// Prints `error: …` on standard error.
pub(crate) fn error(message: &str) {
    to_stderr(|err| writeln!(err, "error: {message}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_decide_on_colour() {
        let auto = |terminal, variables: &[(&str, &str)]| {
            auto_color(terminal, |name| {
                variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
            })
        };
        assert!(auto(true, &[]));
        assert!(!auto(false, &[]));
        assert!(!auto(true, &[("NO_COLOR", "1")]));
        assert!(auto(true, &[("NO_COLOR", "")]));
        assert!(auto(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!auto(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!auto(false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!auto(true, &[("TERM", "dumb")]));
        assert!(!auto(true, &[("CLICOLOR", "0")]));
    }
}
