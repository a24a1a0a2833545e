//! Reads an effects file.

use crate::{Args, Callback, Effect, Effects, Gives, MethodCall, Needed, Op, Times, When};
use serde::Deserialize;
use stanch_base::FxHashMap;
use std::collections::BTreeMap;

/// Why an effects file could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EffectError {
    /// `file:line:` and the reason.
    message: String,
}

impl std::fmt::Display for EffectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EffectError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFormat {
    #[serde(default)]
    package: BTreeMap<String, Entry>,
    #[serde(default)]
    function: BTreeMap<String, Entry>,
    /// Functions, and methods of any type of a package, by `package.Name`.
    #[serde(default)]
    named: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    op: Op,
    #[serde(default)]
    args: Option<Args>,
    /// Arguments called now, any number of times: the common case of `calls`.
    #[serde(default)]
    calls_now: Vec<u32>,
    #[serde(default)]
    calls: Vec<Callback>,
    #[serde(default)]
    methods: Vec<MethodCall>,
    #[serde(default)]
    gives: Gives,
    #[serde(default)]
    returns_if: Vec<Needed>,
    #[serde(default)]
    formats: bool,
    #[serde(default)]
    fails_if_stuck: bool,
}

/// Parses an effects file; `name` stands in error messages.
///
/// # Errors
/// With file, line and field if the text is not of the format.
pub fn parse(name: &str, text: &str) -> Result<Effects, EffectError> {
    let file: FileFormat = toml::from_str(text).map_err(|e| explain(name, text, &e))?;
    let table = |entries: BTreeMap<String, Entry>| -> FxHashMap<Box<str>, Effect> {
        entries.into_iter().map(|(k, e)| (k.into_boxed_str(), effect(e))).collect()
    };
    let (functions, packages) = (table(file.function), table(file.package));
    let mut named: FxHashMap<Box<str>, FxHashMap<Box<str>, Effect>> = FxHashMap::default();
    for (symbol, entry) in table(file.named) {
        if let Some((package, name)) = symbol.rsplit_once('.') {
            named.entry(package.into()).or_default().insert(name.into(), entry);
        }
    }
    Ok(Effects { functions, named, packages, ..Effects::default() })
}

pub(crate) fn explain(name: &str, text: &str, error: &toml::de::Error) -> EffectError {
    let line = error.span().map_or(1, |s| 1 + text[..s.start].matches('\n').count());
    EffectError { message: format!("{name}:{line}: {}", error.message()) }
}

fn effect(entry: Entry) -> Effect {
    let now = entry.calls_now.iter();
    let mut callbacks: Vec<Callback> =
        now.map(|&arg| Callback { arg, when: When::Now, times: Times::Any }).collect();
    callbacks.extend(entry.calls);
    // A function that is described at all keeps nothing unless it says so.
    let args = entry.args.unwrap_or(Args::Borrow);
    let Entry { op, methods, gives, returns_if, formats, fails_if_stuck, .. } = entry;
    Effect { op, callbacks, methods, args, gives, returns_if, formats, fails_if_stuck }
}
