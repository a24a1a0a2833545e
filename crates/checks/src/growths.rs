//! Words that the checks on growing containers share.

use crate::module::ModuleCtx;
use crate::symbol::short;
use stanch_diagnostic::{Check, Confidence, Finding, Label, Location, Remedy, Severity};
use stanch_ir::Span;
use stanch_lifetime::{Doubt, Evidence, Growth, Place, Repeated, Site};
use stanch_types::{ObjectId, PackageId, TypeId, TypeKind};

/// Function values named in one finding.
const MAX_KEPT: usize = 3;
/// Places of growth shown in one finding.
const MAX_SITES: usize = 4;

impl ModuleCtx<'_> {
    fn name(&self, growth: &Growth) -> String {
        let field = self.program.object_name(growth.object);
        match growth.place {
            Place::Global => field.to_owned(),
            Place::InGlobal(owner) | Place::InProgram(owner) | Place::InService(owner) => {
                format!("{}.{field}", self.program.object_name(owner))
            }
        }
    }
}

/// Whether a growth keeps function values.
pub(crate) fn keeps_functions(ctx: &ModuleCtx<'_>, growth: &Growth) -> bool {
    let program = ctx.program;
    growth.sites.first().is_some_and(|site| {
        matches!(program.kind(program.underlying(site.value)), TypeKind::Signature(_))
            || !site.functions.is_empty()
    })
}

/// The finding of a growth.
pub(crate) fn finding(
    ctx: &ModuleCtx<'_>,
    check: &'static Check,
    growth: &Growth,
) -> Option<Finding> {
    let site = growth.sites.first()?;
    let functions = keeps_functions(ctx, growth);
    let name = ctx.name(growth);
    let mut related = vec![ctx.label(growth.declared, declared(ctx, growth))];
    related.extend(origin(ctx, site));
    related.extend(growth.evidence.iter().flat_map(|evidence| told(ctx, &name, evidence)));
    for other in growth.sites.iter().skip(1).take(MAX_SITES) {
        related.push(ctx.label(other.span, format!("`{}` adds to it too", short(&other.function))));
    }
    for kept in site.functions.iter().take(MAX_KEPT) {
        related.push(ctx.label(kept.span, holds(ctx, growth.package, &kept.captures)));
    }
    let mut notes = vec![entry_words(ctx, growth.package, (site.key, site.value), site.span)];
    notes.extend(growth.doubts.iter().map(|doubt| doubt_words(*doubt).to_owned()));
    Some(Finding {
        check,
        cause: check.cause,
        remedy: if functions { Remedy::ReleaseReference } else { Remedy::AvoidGlobal },
        severity: Severity::Error,
        confidence: match growth.doubts.is_empty() {
            true => Confidence::Likely,
            false => Confidence::Possible,
        },
        message: match (functions, &growth.evidence) {
            (_, Some(evidence)) => headline(ctx, &name, evidence),
            (true, _) => {
                format!("`{name}` keeps every function that `{}` adds", short(&site.function))
            }
            (false, _) => format!("`{name}` only grows: nothing takes entries out"),
        },
        label: match site.key {
            _ if matches!(growth.evidence, Some(Evidence::Room { .. })) => {
                "each new key makes it larger".to_owned()
            }
            Some(_) => "each new key stays for ever".to_owned(),
            None => "each call adds an element that stays for ever".to_owned(),
        },
        package: ctx.program.source(growth.package).path.to_string(),
        function: site.function.clone(),
        location: Location { file: ctx.file(site.span), range: site.span.range },
        goroutine: None,
        also_blocked: Vec::new(),
        related,
        witness: Vec::new(),
        notes,
        help: Some(match &growth.evidence {
            Some(evidence) => remedy(evidence).to_owned(),
            None => help(functions, site).to_owned(),
        }),
        fix: None,
        fingerprint: String::new(),
    })
}

fn headline(ctx: &ModuleCtx<'_>, name: &str, evidence: &Evidence) -> String {
    match evidence {
        Evidence::Sibling(sibling) => {
            let of = ctx.program.object_name(sibling.object);
            format!("`{name}` keeps what is taken out of `{of}`")
        }
        Evidence::Emptied { .. } => {
            format!("`{name}` keeps each key when its last element is gone")
        }
        Evidence::Aged { .. } => format!("`{name}` keeps entries that have expired"),
        Evidence::Lock => format!("`{name}` keeps a lock for each key there ever was"),
        Evidence::Room { .. } => format!("`{name}` keeps the room of its largest size"),
        Evidence::Served { what, .. } => {
            format!("`{name}` keeps each `{what}` after it has ended")
        }
    }
}

fn told(ctx: &ModuleCtx<'_>, name: &str, evidence: &Evidence) -> Vec<Label> {
    match evidence {
        Evidence::Sibling(sibling) => {
            let of = ctx.program.object_name(sibling.object);
            let function = short(&sibling.function);
            let taken = format!("`{function}` takes it out of `{of}`, and leaves it in `{name}`");
            vec![
                ctx.label(sibling.filled, format!("`{of}` gets an entry with it")),
                ctx.label(sibling.taken, taken),
            ]
        }
        Evidence::Emptied { taken, function } => {
            let function = short(function);
            let message = format!("`{function}` empties an entry here, and its key stays");
            vec![ctx.label(*taken, message)]
        }
        Evidence::Aged { field, asked } => {
            let field = ctx.program.object_name(*field);
            vec![ctx.label(*asked, format!("`{field}` is looked at here, and nothing is deleted"))]
        }
        Evidence::Room { cleared } => {
            vec![ctx.label(*cleared, "this takes the entries out, and the map stays as large")]
        }
        Evidence::Lock | Evidence::Served { cleared: None, .. } => Vec::new(),
        Evidence::Served { cleared: Some(cleared), .. } => {
            vec![ctx.label(*cleared, "only this takes entries out, all at once")]
        }
    }
}

fn remedy(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Sibling(_) => "take the entry out of both in one place",
        Evidence::Emptied { .. } => "delete the key when its last element goes",
        Evidence::Aged { .. } => {
            "delete expired entries from time to time, or put a bound on the map"
        }
        Evidence::Room { .. } => "make a new map where it was large: `m = make(map[K]V)`",
        Evidence::Served { .. } => "delete the entry where what it stands for ends",
        Evidence::Lock => {
            "count the users of each lock and delete it with the last, or hash the keys onto a few locks"
        }
    }
}

fn declared(ctx: &ModuleCtx<'_>, growth: &Growth) -> String {
    let ty = ctx.ty(growth.ty, growth.declared.package);
    let owner = |owner: ObjectId| ctx.program.object_name(owner).to_owned();
    match growth.place {
        Place::Global => format!("this `{ty}` lives as long as the program"),
        Place::InGlobal(global) => {
            format!("this `{ty}` lives in the package-level variable `{}`", owner(global))
        }
        Place::InProgram(of) => {
            format!("this `{ty}` is of the one `{}` that the program makes", owner(of))
        }
        Place::InService(of) => format!("this `{ty}` lives as long as its `{}`", owner(of)),
    }
}

fn origin(ctx: &ModuleCtx<'_>, site: &Site) -> Option<Label> {
    let (caller, span) = site.reached.first()?;
    let caller = short(caller);
    let message = match site.repeated {
        Repeated::Handler => format!("the handler `{caller}` leads to it for every request"),
        Repeated::Loop => format!("`{caller}` leads to it again and again"),
        Repeated::Outside | Repeated::Callback => format!("`{caller}` leads to it"),
    };
    Some(ctx.label(*span, message))
}

/// What a captured environment keeps.
fn holds(ctx: &ModuleCtx<'_>, package: PackageId, captures: &[(Box<str>, TypeId)]) -> String {
    if captures.is_empty() {
        return "this function is kept".to_owned();
    }
    let one = |(name, ty): &(Box<str>, TypeId)| {
        let text = ctx.ty(*ty, package);
        match pointed(ctx, *ty) {
            Some(size) => format!("`{name}` ({text}, {size} bytes and what they refer to)"),
            None => format!("`{name}` ({text})"),
        }
    };
    let list: Vec<String> = captures.iter().map(one).collect();
    format!("this function keeps {}", list.join(", "))
}

/// Size of what a pointer points to.
pub(crate) fn pointed(ctx: &ModuleCtx<'_>, ty: TypeId) -> Option<u64> {
    ctx.program.size_of(ctx.program.pointee(ty)?)
}

/// What one entry holds, with its key if there is one.
pub(crate) fn entry_words(
    ctx: &ModuleCtx<'_>,
    package: PackageId,
    (key, value): (Option<TypeId>, TypeId),
    span: Span,
) -> String {
    let program = ctx.program;
    let ty = |t: TypeId| ctx.ty(t, package);
    let size = |t: TypeId| Some(program.size_of(t)? + pointed(ctx, t).unwrap_or(0));
    let bytes = size(value).and_then(|v| Some(v + key.map_or(Some(0), size)?));
    let what = match key {
        Some(key) => format!("a key `{}` and a value `{}`", ty(key), ty(value)),
        None => format!("one `{}`", ty(value)),
    };
    match bytes {
        Some(bytes) => format!(
            "an entry is {what}: at least {bytes} bytes and what they refer to (line {})",
            ctx.line(span)
        ),
        None => format!("each entry is {what}"),
    }
}

pub(crate) fn doubt_words(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Exported => "it is exported: whoever imports the package may take entries out",
        Doubt::Escapes => "code out of view is given it and may take entries out",
        Doubt::Registration => "it looks like a registry that is filled once by each user",
        Doubt::Labels => "it counts by label, and there may be only a few labels",
        Doubt::Keys => {
            "nothing in view tells that there are many different keys: they may come from settings"
        }
        Doubt::Small => "what is kept is little",
        Doubt::Reused => "the elements may be kept to be used again",
        Doubt::Frequency => "how often this function runs is not in view",
        Doubt::Once => "it lets go of what it captured when it is called",
        Doubt::Overwritten => {
            "the slot is used again some day, and nothing tells that what lies there is large"
        }
        Doubt::Trial => "it belongs to a test, an example or a benchmark, and ends with it",
        Doubt::Owner => "whether its owner lives as long as the program is not in view",
    }
}

fn help(functions: bool, site: &Site) -> &'static str {
    match (functions, site.key.is_some()) {
        (true, _) => {
            "give registration a way back (return a function that removes the entry), and capture only \
             what the function needs"
        }
        (false, true) => {
            "delete entries when they are no longer needed, bound or expire them, or move the map into \
             an owner that ends"
        }
        (false, false) => {
            "drop elements when they are no longer needed, keep only the last few, or move them \
             into an owner that ends"
        }
    }
}
