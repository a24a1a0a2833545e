//! Words that the checks on what is kept too long share.

use crate::growths::{doubt_words, entry_words, pointed};
use crate::module::ModuleCtx;
use stanch_diagnostic::{Check, Confidence, Finding, Label, Location, Remedy, Severity};
use stanch_lifetime::{Part, Retention};
use stanch_types::{TypeId, TypeKind};

/// What a check says of one retention.
pub(crate) struct Words {
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) related: Vec<Label>,
    pub(crate) notes: Vec<String>,
    pub(crate) help: String,
    pub(crate) remedy: Remedy,
}

/// The findings of the retentions for which `words` has some.
pub(crate) fn findings(
    ctx: &ModuleCtx<'_>,
    check: &'static Check,
    words: impl Fn(&Retention) -> Option<Words>,
) -> Vec<Finding> {
    let said = |r| Some(finding(ctx, check, r, words(r)?));
    ctx.lifetime.retentions.iter().filter_map(said).collect()
}

fn finding(
    ctx: &ModuleCtx<'_>,
    check: &'static Check,
    retention: &Retention,
    words: Words,
) -> Finding {
    let mut notes = words.notes;
    notes.extend(retention.doubts.iter().map(|doubt| doubt_words(*doubt).to_owned()));
    Finding {
        check,
        cause: check.cause,
        remedy: words.remedy,
        severity: Severity::Error,
        confidence: match retention.doubts.is_empty() {
            true => Confidence::Likely,
            false => Confidence::Possible,
        },
        message: words.message,
        label: words.label,
        package: ctx.program.source(retention.package).path.to_string(),
        function: retention.function.clone(),
        location: Location { file: ctx.file(retention.span), range: retention.span.range },
        goroutine: None,
        also_blocked: Vec::new(),
        related: words.related,
        witness: Vec::new(),
        notes,
        help: Some(words.help),
        fix: None,
        fingerprint: String::new(),
    }
}

/// What one value of a type keeps, in words: `` a `*T`, 96 bytes and what they refer to ``.
pub(crate) fn kept(ctx: &ModuleCtx<'_>, retention: &Retention, ty: TypeId) -> String {
    let text = ctx.ty(ty, retention.package);
    let size = pointed(ctx, ty).or_else(|| ctx.program.size_of(ty));
    match size {
        Some(size) => format!("a `{text}` keeps {size} bytes and what they refer to"),
        None => format!("a `{text}` keeps what it refers to"),
    }
}

/// The type of a container, and what one entry of it holds.
pub(crate) fn container(
    ctx: &ModuleCtx<'_>,
    retention: &Retention,
    object: stanch_types::ObjectId,
) -> Vec<String> {
    let program = ctx.program;
    let ty = program.object(object).ty;
    let is = format!("`{}` is a `{}`", name(ctx, object), ctx.ty(ty, retention.package));
    let to = program.pointee(ty).unwrap_or(ty);
    let entry = match program.core_type(to).map(|t| program.kind(t)) {
        Some(TypeKind::Map(key, value)) => Some((Some(*key), *value)),
        Some(TypeKind::Slice(elem)) => Some((None, *elem)),
        _ => None,
    };
    match entry {
        Some(entry) => {
            let holds = entry_words(ctx, retention.package, entry, retention.span);
            vec![format!("{is}; {holds}")]
        }
        None => vec![is],
    }
}

/// What is needed of a variable, as code.
pub(crate) fn part(ctx: &ModuleCtx<'_>, variable: &str, part: &Part) -> String {
    match part {
        Part::Field(field) => format!("{variable}.{}", name(ctx, *field)),
        Part::Length => format!("len({variable})"),
        Part::Told(method) => format!("{variable}.{}()", name(ctx, *method)),
        Part::Nothing { .. } => variable.to_owned(),
    }
}

/// The name of a field or variable.
pub(crate) fn name(ctx: &ModuleCtx<'_>, object: stanch_types::ObjectId) -> String {
    ctx.program.object_name(object).to_owned()
}
