//! Words that the checks on the locks of a whole module share.

use crate::module::ModuleCtx;
use crate::symbol::in_words;
use stanch_diagnostic::{
    Action, Check, Confidence, Finding, Frame, Goroutine, Label, Remedy, Severity, Step,
};
use stanch_ir::Span;
use stanch_obligations::{Back, LockMode, Spotted};

/// Longer source text is not quoted.
const MAX_QUOTE: usize = 40;

impl ModuleCtx<'_> {
    fn text(&self, span: Span) -> &str {
        let file = self.program.source(span.package).files.get(span.file);
        file.map_or("", |f| span.range.of(&f.text))
    }

    /// The receiver as written in a call such as `s.mu.Lock()`, in backticks, or `the lock`.
    pub(crate) fn lock_at(&self, call: Span) -> String {
        let text = self.text(call);
        if let Some((once, _)) = text.split_once(".Do(").filter(|(once, _)| is_path(once)) {
            return format!("`{once}`");
        }
        let fits = text.len() <= MAX_QUOTE && !text.contains(['\n', '`']);
        let text = text.trim_start_matches("defer ");
        let methods = [".Lock()", ".RLock()", ".TryLock()", ".TryRLock()"];
        let written = methods.iter().find_map(|m| text.strip_suffix(m)).filter(|_| fits);
        written.map_or_else(|| "the lock".to_owned(), |receiver| format!("`{receiver}`"))
    }
}

/// Why a lock that was reached by way of what its object keeps is the object's own.
pub(crate) fn leads_back(back: &Back) -> String {
    format!("what `{}` keeps points back by `{}`", back.child, back.parent)
}

/// Whether a text is made of names and dots alone.
fn is_path(text: &str) -> bool {
    let name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    text.len() <= MAX_QUOTE && text.chars().all(name)
}

/// A finding about locks at a place, of which nothing is said yet.
pub(crate) fn finding(ctx: &ModuleCtx<'_>, check: &'static Check, here: &Spotted) -> Finding {
    Finding {
        check,
        cause: check.cause,
        remedy: Remedy::Restructure,
        severity: Severity::Error,
        confidence: Confidence::Likely,
        message: String::new(),
        label: String::new(),
        package: ctx.package_of(here.span),
        function: here.symbol.to_string(),
        location: ctx.location(here.span),
        goroutine: None,
        also_blocked: Vec::new(),
        related: Vec::new(),
        witness: Vec::new(),
        notes: Vec::new(),
        help: None,
        fix: None,
        fingerprint: String::new(),
    }
}

/// ` for reading`, if so.
pub(crate) fn side(mode: LockMode) -> &'static str {
    match mode {
        LockMode::Write => "",
        LockMode::Read => " for reading",
    }
}

/// What a goroutine that takes a lock waits for, as the runtime says it.
pub(crate) fn wait_reason(rw: bool, mode: LockMode) -> &'static str {
    match (rw, mode) {
        (false, LockMode::Write) => "sync.Mutex.Lock",
        (true, LockMode::Write) => "sync.RWMutex.Lock",
        (_, LockMode::Read) => "sync.RWMutex.RLock",
    }
}

/// Labels on the way from a function that holds a lock to the place of another operation: the first
/// place, which the finding itself labels, is left out.
pub(crate) fn way(ctx: &ModuleCtx<'_>, path: &[Spotted], last: &str) -> Vec<Label> {
    let mut labels = Vec::new();
    for (i, at) in path.iter().enumerate().skip(1) {
        let message = match i + 1 == path.len() {
            true => format!("{} {last}", in_words(&at.symbol)),
            false => format!("{} calls on here", in_words(&at.symbol)),
        };
        labels.push(ctx.label(at.span, message));
    }
    labels
}

/// The steps of one goroutine: it takes a lock, and calls on to another operation.
pub(crate) fn steps(
    ctx: &ModuleCtx<'_>,
    goroutine: u32,
    first: &Spotted,
    path: &[Spotted],
    (last, detail): (Action, String),
) -> Vec<Step> {
    let step = |at: &Spotted, action: Action, detail: String| Step {
        goroutine,
        function: at.symbol.to_string(),
        location: ctx.location(at.span),
        action,
        detail,
    };
    let mut steps = vec![step(first, Action::Lock, format!("locks {}", ctx.lock_at(first.span)))];
    for (at, next) in path.iter().zip(path.iter().skip(1)) {
        steps.push(step(at, Action::Call, format!("calls {}", in_words(&next.symbol))));
    }
    steps.extend(path.last().map(|at| step(at, last, detail)));
    steps
}

/// The blocked goroutine, as far up as the analysis looks.
pub(crate) fn goroutine(ctx: &ModuleCtx<'_>, path: &[Spotted], wait: &str) -> Goroutine {
    let frame =
        |at: &Spotted| Frame { function: at.symbol.to_string(), location: ctx.location(at.span) };
    Goroutine {
        entry: path.first().map(|at| at.symbol.to_string()).unwrap_or_default(),
        wait: wait.to_owned(),
        frames: path.iter().rev().map(frame).collect(),
        created_by: None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_next_turn_begins_with_an_element_locked() {
        stanch_testing::check(
            "missing-unlock",
            r#"
type peer struct { sync.Mutex; gone bool; n int }
func sweep(peers []*peer) {
    for _, p := range peers {
        p.Lock()
      //^^^^^^^^ leak[missing-unlock]: stays locked when a turn of the loop ends
        if p.gone {
            continue
        }
        p.n++
        p.Unlock()
    }
}
func all(peers []*peer) {
    for _, p := range peers {
        p.Lock()
        if p.n == 0 {
            p.Unlock()
        }
    }
    for _, p := range peers {
        if p.n != 0 {
            p.Unlock()
        }
    }
}
func collects(peers []*peer) (kept []*peer) {
    for _, p := range peers {
        p.Lock()
        if !p.gone {
            kept = append(kept, p)
            continue
        }
        p.Unlock()
    }
    return kept
}
func tries(peers []*peer) {
    for _, p := range peers {
        if !p.TryLock() {
            continue
        }
        p.n++
        p.Unlock()
    }
}
func hands(peers []*peer, to chan *peer) {
    for _, p := range peers {
        p.Lock()
        if p.gone {
            to <- p
            continue
        }
        p.Unlock()
    }
}
"#,
        );
    }
}
