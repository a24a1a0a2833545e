//! Colours, and text that may stand in a terminal.

use annotate_snippets::renderer::{AnsiColor, Effects, Style};
use stanch_diagnostic::Severity;

use crate::Look;

impl Look {
    /// `style`, or none where the look has no colour.
    pub(crate) fn paint(self, style: Style) -> Style {
        if self.color { style } else { Style::new() }
    }
}

/// The colour of the word for a severity.
pub(crate) fn severity_style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Error => AnsiColor::BrightRed,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::BrightGreen,
    };
    color.on_default().effects(Effects::BOLD)
}

/// `text` on one line and without characters that would steer the terminal.
pub(crate) fn one_line(text: &str) -> String {
    let flat: String =
        text.chars().map(|c| if c.is_ascii_whitespace() { ' ' } else { c }).collect();
    annotate_snippets::normalize_untrusted_str(&flat)
}
