//! One line a finding.

use std::io;

use crate::files::Files;
use crate::style::{one_line, severity_style};
use crate::{Document, Look};

pub(crate) fn write(
    out: &mut dyn io::Write,
    document: &Document<'_>,
    look: Look,
) -> io::Result<()> {
    let mut files = Files::new(document.sources);
    for finding in document.findings {
        let at = files.start(&finding.location);
        let file = one_line(&finding.location.file);
        let style = look.paint(severity_style(finding.severity));
        writeln!(
            out,
            "{file}:{}:{}: {style}{}[{} {}]{style:#}: {}",
            at.line,
            at.column,
            finding.severity.as_str(),
            finding.check.code,
            finding.check.name,
            one_line(&finding.message),
        )?;
    }
    Ok(())
}
