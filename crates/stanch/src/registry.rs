//! Checks by the names and codes that users write.

use std::collections::BTreeSet;

use anyhow::bail;
use stanch_diagnostic::Check;

/// The check that `word` names, by name or by code, in any case, and its page.
pub(crate) fn find(word: &str) -> anyhow::Result<(&'static Check, &'static str)> {
    let word = word.trim();
    let checks = stanch_analysis::checks();
    let named = |check: &Check| {
        check.name.eq_ignore_ascii_case(word) || check.code.eq_ignore_ascii_case(word)
    };
    match checks.iter().find(|(check, _)| named(check)) {
        Some(found) => Ok(*found),
        None => {
            let names: Vec<&str> = checks.iter().map(|(check, _)| check.name).collect();
            bail!("there is no check `{word}`; the checks are {}", names.join(", "));
        }
    }
}

/// The names of the checks that `words` name.
pub(crate) fn names(words: &[String]) -> anyhow::Result<BTreeSet<String>> {
    let words = words.iter().filter(|word| !word.trim().is_empty());
    words.map(|word| Ok(find(word)?.0.name.to_owned())).collect()
}
