//! What library functions do to what a program keeps, and what values of library types keep.

use crate::{EffectError, load};
use serde::Deserialize;
use stanch_base::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// What a function does to a container or a function value that it is given; the receiver is argument 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// Adds an entry to the container in this argument; key and value are the given arguments.
    Grow {
        /// The container.
        of: usize,
        /// The key, if there is one.
        #[serde(default)]
        key: Option<usize>,
        /// The value.
        value: usize,
    },
    /// Takes entries out of the container in this argument.
    Shrink(usize),
    /// Takes all entries out of the container in this argument.
    Empty(usize),
    /// The result is argument 0 with entries added: those from this argument on.
    Longer(usize),
    /// The result is argument 0 with entries taken out.
    Shorter,
    /// The result is argument 0.
    Same,
    /// The result is a copy of argument 0.
    Copy,
    /// This argument takes the place of all that argument 0 holds.
    Set(usize),
    /// Calls a function at most once.
    CallsOnce,
    /// Calls a function for each request, event or tick.
    CallsAgain,
}

/// What a function is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Looks argument 1 up in the container in argument 0.
    LookUp,
    /// Puts argument 1 into the pool in argument 0.
    Pool,
    /// The result is all that a file or stream has.
    ReadAll,
    /// The result is all that the buffer in argument 0 has, and shares its memory.
    Whole,
    /// The first result is a piece, or are pieces, of the text or bytes that are given, and shares their memory.
    Split,
    /// Reads as much into argument 0 as argument 1 has.
    Fill,
    /// The result is a reader that ends after some bytes.
    Limit,
    /// Tells the size of the buffer in argument 0.
    Measure,
    /// Compares the time in argument 0, or makes of it the time when something ends.
    AskAge,
    /// The result is a context that keeps argument 0.
    WrapContext,
    /// As that, and it keeps argument 2 too.
    WrapValue,
    /// Calls argument 1 once, after the time in argument 0.
    After,
    /// Has the timer in argument 0 not fire.
    StopTimer,
    /// Tells something small about argument 0.
    Tell,
    /// Calls argument 1 when the context in argument 0 is over.
    AfterContext,
    /// Calls argument 1 when argument 0 is no longer reachable.
    Finalizer,
    /// Calls argument 1 with argument 2 when what argument 0 points to is no longer reachable.
    Cleanup,
    /// Adds argument 1 to the number that argument 0 points to.
    Count,
    /// The result is the number that argument 0 points to.
    ReadCount,
}

/// What a function brings into the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Brings {
    /// What came from outside.
    Input,
    /// Something new with each call.
    New,
}

/// What a library function does to what is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepEffect {
    /// What it does to a container or function value.
    #[serde(default)]
    pub does: Option<Does>,
    /// What it is for.
    #[serde(default)]
    pub role: Option<Role>,
    /// What it brings in.
    #[serde(default)]
    pub brings: Option<Brings>,
    /// It waits for a peer or the clock: a loop around it goes on as long as they want.
    #[serde(default)]
    pub waits: bool,
}

/// What all functions of a package do.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageKeeps {
    /// They keep function values, to call them later.
    #[serde(default)]
    pub keeps_functions: bool,
    /// What they bring in.
    #[serde(default)]
    pub brings: Option<Brings>,
    /// They write values as text.
    #[serde(default)]
    pub text: bool,
    /// Goroutines share what has a value of one of its types.
    #[serde(default)]
    pub shared: bool,
}

/// A property of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trait {
    /// Its values have a number of entries that changes.
    Container,
    /// A lock.
    Lock,
    /// A buffer that grows with what is written.
    Buffer,
    /// A reader that ends after some bytes.
    Limited,
    /// What a handler is asked.
    Request,
    /// Where a handler writes its answer.
    Answer,
    /// Worth letting go when a pooled object refers to it.
    Heavy,
    /// Keeps much alive.
    Large,
    /// Its values are types: as many as the program has.
    Type,
}

/// An interface through which a library takes elements out of a container.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pops {
    /// The method that it calls to have the last element taken out.
    pub method: Box<str>,
    /// Its other methods.
    pub beside: Vec<Box<str>>,
}

/// What is known of what library functions and types keep.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    functions: FxHashMap<Box<str>, KeepEffect>,
    named: FxHashMap<Box<str>, KeepEffect>,
    packages: FxHashMap<Box<str>, PackageKeeps>,
    types: FxHashMap<Box<str>, Vec<Trait>>,
    identifiers: FxHashSet<Box<str>>,
    incoming: FxHashSet<Box<str>>,
    ends: FxHashSet<Box<str>>,
    begins: FxHashSet<Box<str>>,
    trials: FxHashSet<Box<str>>,
    pops: BTreeMap<String, Pops>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFormat {
    #[serde(default)]
    identifiers: Vec<String>,
    #[serde(default)]
    incoming: Vec<String>,
    #[serde(default)]
    ends: Vec<String>,
    #[serde(default)]
    begins: Vec<String>,
    #[serde(default)]
    trials: Vec<String>,
    #[serde(default)]
    pops: BTreeMap<String, Pops>,
    #[serde(default)]
    package: BTreeMap<String, PackageKeeps>,
    #[serde(default)]
    function: BTreeMap<String, KeepEffect>,
    #[serde(default)]
    named: BTreeMap<String, KeepEffect>,
    #[serde(default, rename = "type")]
    types: BTreeMap<String, Vec<Trait>>,
}

impl Keeping {
    /// Adds what a file says; `name` stands in error messages.
    ///
    /// # Errors
    /// With file, line and field if the text is not of the format.
    pub fn read(&mut self, name: &str, text: &str) -> Result<(), EffectError> {
        let file: FileFormat =
            toml::from_str(text).map_err(|error| load::explain(name, text, &error))?;
        self.identifiers.extend(file.identifiers.into_iter().map(String::into_boxed_str));
        self.incoming.extend(file.incoming.into_iter().map(String::into_boxed_str));
        self.ends.extend(file.ends.into_iter().map(String::into_boxed_str));
        self.begins.extend(file.begins.into_iter().map(String::into_boxed_str));
        self.trials.extend(file.trials.into_iter().map(String::into_boxed_str));
        self.pops.extend(file.pops);
        self.packages.extend(file.package.into_iter().map(|(k, v)| (k.into_boxed_str(), v)));
        self.functions.extend(file.function.into_iter().map(|(k, v)| (k.into_boxed_str(), v)));
        self.named.extend(file.named.into_iter().map(|(k, v)| (k.into_boxed_str(), v)));
        self.types.extend(file.types.into_iter().map(|(k, v)| (k.into_boxed_str(), v)));
        Ok(())
    }

    /// What a function does: of this package, with this symbol and this name.
    pub fn function(&self, package: &str, symbol: Option<&str>, name: &str) -> KeepEffect {
        let exact = symbol.and_then(|symbol| self.functions.get(symbol)).copied();
        let named = self.named.get(format!("{package}.{name}").as_str()).copied();
        let (exact, named) = (exact.unwrap_or_default(), named.unwrap_or_default());
        let last = package.rsplit('/').find(|part| !is_version(part)).unwrap_or_default();
        let by_convention = || match self.packages.get(package) {
            Some(PackageKeeps { brings: Some(brings), .. }) => Some(*brings),
            _ if self.identifiers.contains(last) => Some(Brings::New),
            _ => self.incoming.contains(name).then_some(Brings::Input),
        };
        KeepEffect {
            brings: exact.brings.or(named.brings).or_else(by_convention),
            role: exact.role.or(named.role),
            waits: exact.waits || named.waits,
            ..exact
        }
    }

    /// What all functions of a package do.
    pub fn package(&self, path: &str) -> PackageKeeps {
        self.packages.get(path).copied().unwrap_or_default()
    }

    /// Whether a type of this package with this name has a property.
    pub fn is(&self, package: &str, name: &str, what: Trait) -> bool {
        let traits = self.types.get(format!("{package}.{name}").as_str());
        traits.is_some_and(|traits| traits.contains(&what))
    }

    /// Whether a method of this name sets going again what was stopped.
    pub fn begins(&self, method: &str) -> bool {
        self.begins.contains(method)
    }

    /// Whether a method of this name ends what it belongs to.
    pub fn ends(&self, method: &str) -> bool {
        self.ends.contains(method)
    }

    /// Whether a word in the name of a folder or file says that what lies there is for tests, examples or
    /// measurements.
    pub fn is_trial(&self, word: &str) -> bool {
        self.trials.contains(word)
    }

    /// The interfaces through which libraries take elements out, each with its package.
    pub fn pops(&self) -> impl Iterator<Item = (&str, &Pops)> {
        self.pops.iter().filter_map(|(name, pops)| Some((name.rsplit_once('.')?.0, pops)))
    }
}

/// Whether the part of an import path is a major version.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Effects;

    #[test]
    fn embedded_table_loads() {
        let keeping = Effects::embedded().expect("embedded tables").keeping;
        let store = keeping.function("sync", Some("(*sync.Map).Store"), "Store");
        assert_eq!(store.does, Some(Does::Grow { of: 0, key: Some(1), value: 2 }));
        let accept = keeping.function("net", Some("(*net.TCPListener).Accept"), "Accept");
        assert_eq!((accept.brings, accept.waits), (Some(Brings::Input), true));
        let made = keeping.function("example.com/uuid/v5", None, "Make");
        assert_eq!(made.brings, Some(Brings::New));
        assert_eq!(keeping.function("example.com/m", None, "F"), KeepEffect::default());
        assert!(keeping.is("net/http", "Request", Trait::Large));
        assert!(!keeping.is("net/http", "Client", Trait::Large));
        assert!(keeping.package("sync").shared && !keeping.package("os").shared);
        assert!(keeping.pops().any(|(package, pops)| {
            package == "container/heap" && &*pops.method == "Pop" && pops.beside.len() == 4
        }));
        assert!(keeping.ends("Close") && !keeping.ends("Open"));
    }

    #[test]
    fn errors_name_the_line() {
        let text = "[function]\n\"a.F\" = { role = \"moon\" }\n";
        let error = Keeping::default().read("my.toml", text).unwrap_err();
        assert!(error.to_string().starts_with("my.toml:2:"), "{error}");
    }
}
