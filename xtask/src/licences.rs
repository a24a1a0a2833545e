//! `cargo xtask licences`: the licences of all dependencies against the list in deny.toml.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;

/// Fails if a package cannot be used under licences of the list alone.
pub(crate) fn run() -> Result<()> {
    let allowed = allowed()?;
    let metadata = workspace::full_metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let mut refused = Vec::new();
    for package in packages {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        let licence = text("license");
        if !permits(licence, &allowed) {
            let licence = if licence.is_empty() { "no licence expression" } else { licence };
            refused.push(format!("{} {}: {licence}", text("name"), text("version")));
        }
    }
    if !refused.is_empty() {
        bail!("licences that deny.toml does not allow:\n  {}", refused.join("\n  "));
    }
    println!("licences: {} packages are in order", packages.len());
    Ok(())
}

/// `licenses.allow` of deny.toml.
fn allowed() -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(workspace::root().join("deny.toml"));
    let deny: toml::Table = text.context("cannot read deny.toml")?.parse().context("deny.toml")?;
    let list = deny.get("licenses").and_then(|table| table.get("allow"));
    let list = list.and_then(toml::Value::as_array).context("deny.toml has no licenses.allow")?;
    Ok(list.iter().filter_map(toml::Value::as_str).map(Into::into).collect())
}

/// Whether an SPDX expression holds under the allowed licences; `/` is an old spelling of OR.
/// OR binds weakest, then AND, then WITH. What is malformed is refused.
fn permits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    // The alternatives of each open parenthesis: the finished ones, and the one being read.
    let mut open: Vec<Group> = vec![Group::default()];
    let mut words = spaced.split_whitespace().peekable();
    while let Some(word) = words.next() {
        match word {
            "(" => open.push(Group::default()),
            ")" => {
                let Some(inner) = open.pop() else { return false };
                let Some(outer) = open.last_mut() else { return false };
                outer.term(inner.holds());
            }
            "OR" => open.iter_mut().next_back().into_iter().for_each(Group::or),
            "AND" => open.iter_mut().next_back().into_iter().for_each(Group::and),
            licence => {
                let mut name = licence.to_owned();
                if words.next_if_eq(&"WITH").is_some() {
                    name = format!("{name} WITH {}", words.next().unwrap_or_default());
                }
                let Some(group) = open.last_mut() else { return false };
                group.term(allowed.contains(&name));
            }
        }
    }
    matches!(&*open, [group] if group.holds())
}

/// A part of an expression, read from the left.
#[derive(Default)]
struct Group {
    /// A finished alternative holds.
    finished: bool,
    /// What the alternative being read says so far.
    current: Option<bool>,
    /// An operator is waiting for its right side.
    pending: bool,
    malformed: bool,
}

impl Group {
    fn term(&mut self, value: bool) {
        self.malformed |= self.current.is_some() && !self.pending;
        self.current = Some(self.current.unwrap_or(true) && value);
        self.pending = false;
    }

    fn and(&mut self) {
        self.malformed |= self.pending || self.current.is_none();
        self.pending = true;
    }

    fn or(&mut self) {
        self.and();
        self.finished |= self.current.take().unwrap_or(false);
    }

    fn holds(&self) -> bool {
        let complete = !self.malformed && !self.pending && self.current.is_some();
        complete && (self.finished || self.current == Some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        let cases = [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0/MIT", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR GPL-3.0) AND Zlib", true),
            ("(MIT AND GPL-3.0) OR Zlib", true),
            ("MIT AND GPL-3.0 OR Zlib", true),
            ("Zlib OR MIT AND GPL-3.0", true),
            ("(MIT OR Zlib) AND GPL-3.0", false),
            ("Apache-2.0", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH LLVM-exception", false),
            ("", false),
            ("MIT OR", false),
            ("MIT Zlib", false),
            ("(MIT", false),
            ("MIT)", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(permits(expression, &allowed), expected, "{expression}");
        }
    }
}
