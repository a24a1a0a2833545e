//! What could not be found, gathered so that it is said once.

use crate::Message;
use std::collections::{BTreeMap, BTreeSet};

/// Modules and packages that were asked for in vain.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    /// Why, by `module@version`.
    modules: BTreeMap<String, Why>,
    /// Import paths by the reason and by the repository they seem to belong to.
    packages: BTreeMap<(&'static str, String), BTreeSet<String>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Why {
    /// The module cache does not hold it.
    NotInCache,
    /// The folder that replaces it does not exist.
    NoFolder(String),
}

/// More modules than this are one message.
const MAX_SINGLE: usize = 5;

impl Missing {
    pub(crate) fn module(&mut self, module: String, why: Why) {
        self.modules.insert(module, why);
    }

    pub(crate) fn package(&mut self, import: &str, why: &'static str) {
        let key = (why, repository(import).to_owned());
        self.packages.entry(key).or_default().insert(import.to_owned());
    }

    /// The messages, deterministic, at most a few lines for each reason.
    pub(crate) fn messages(self) -> Vec<Message> {
        let mut messages = Vec::new();
        let mut absent: Vec<&String> = Vec::new();
        for (module, why) in &self.modules {
            match why {
                Why::NotInCache => absent.push(module),
                Why::NoFolder(folder) => messages.push(Message::warning(format!(
                    "the folder {folder}, which replaces module {module}, does not exist; its \
                     types are unknown"
                ))),
            }
        }
        if absent.len() > MAX_SINGLE {
            let first: Vec<&str> = absent.iter().take(3).map(|m| m.as_str()).collect();
            messages.push(Message::warning(format!(
                "{} modules are not in the module cache ({} and {} more); their types are unknown \
                 until `go mod download` fetches them",
                absent.len(),
                first.join(", "),
                absent.len() - first.len(),
            )));
        } else {
            messages.extend(absent.iter().map(|module| {
                Message::warning(format!(
                    "module {module} is not in the module cache; its types are unknown"
                ))
            }));
        }
        let mut by_reason: BTreeMap<&str, Vec<(&String, &BTreeSet<String>)>> = BTreeMap::new();
        for ((why, repository), packages) in &self.packages {
            by_reason.entry(why).or_default().push((repository, packages));
        }
        for (why, groups) in by_reason {
            if groups.len() > MAX_SINGLE {
                messages.push(many_packages(why, &groups));
            } else {
                messages.extend(groups.into_iter().map(|(r, p)| packages_of(why, r, p)));
            }
        }
        messages
    }
}

fn packages_of(why: &str, repository: &str, packages: &BTreeSet<String>) -> Message {
    let first = packages.first().map_or("", String::as_str);
    Message::warning(match packages.len() {
        1 => format!("package {first} cannot be found ({why}); its types are unknown"),
        n => format!(
            "{n} packages of {repository} cannot be found ({why}), {first} for one; their types are \
             unknown"
        ),
    })
}

fn many_packages(why: &str, groups: &[(&String, &BTreeSet<String>)]) -> Message {
    let n: usize = groups.iter().map(|(_, packages)| packages.len()).sum();
    let first: Vec<&str> = groups
        .iter()
        .take(3)
        .filter_map(|(_, packages)| Some(packages.first()?.as_str()))
        .collect();
    Message::warning(format!(
        "{n} packages cannot be found ({why}): {} and {} more; their types are unknown",
        first.join(", "),
        n - first.len(),
    ))
}

/// The part of an import path that usually names a repository.
fn repository(import: &str) -> &str {
    let host = import.split('/').next().unwrap_or_default();
    let n = match host {
        "github.com" | "gitlab.com" | "bitbucket.org" => 3,
        _ if host.contains('.') => 2,
        _ => 1,
    };
    import.match_indices('/').nth(n - 1).map_or(import, |(end, _)| &import[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(missing: Missing) -> Vec<String> {
        missing.messages().into_iter().map(|m| m.text).collect()
    }

    #[test]
    fn packages_of_one_repository_are_one_message() {
        let mut missing = Missing::default();
        for import in ["github.com/a/b/c", "github.com/a/b", "github.com/a/d", "x.y/z"] {
            missing.package(import, "no reason");
        }
        assert_eq!(
            texts(missing),
            [
                "2 packages of github.com/a/b cannot be found (no reason), github.com/a/b for \
                 one; their types are unknown",
                "package github.com/a/d cannot be found (no reason); its types are unknown",
                "package x.y/z cannot be found (no reason); its types are unknown",
            ]
        );
    }

    #[test]
    fn many_repositories_are_one_message() {
        let mut missing = Missing::default();
        for n in 0..1000 {
            missing.package(&format!("x.y/z{n:03}"), "no reason");
        }
        assert_eq!(
            texts(missing),
            [
                "1000 packages cannot be found (no reason): x.y/z000, x.y/z001, x.y/z002 and 997 more; \
              their types are unknown"
            ]
        );
    }

    #[test]
    fn many_modules_are_one_message() {
        let mut missing = Missing::default();
        for n in 0..6 {
            missing.module(format!("m{n}@v1.0.0"), Why::NotInCache);
        }
        assert_eq!(
            texts(missing),
            [
                "6 modules are not in the module cache (m0@v1.0.0, m1@v1.0.0, m2@v1.0.0 and 3 more); \
              their types are unknown until `go mod download` fetches them"
            ]
        );
    }
}
