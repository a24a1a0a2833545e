//! Which library functions hand out something that has to be closed or stopped, which give it back, and
//! which only use it.

use crate::{Args, EffectError, load};
use serde::Deserialize;
use stanch_base::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of thing has to be given back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The body of an HTTP response, in its field `Body`.
    Body,
    /// Rows of a query: they hold a connection until they are closed or read to their end.
    Rows,
    /// A transaction: it holds a connection until it is committed or rolled back.
    Transaction,
    /// A file, connection, listener, client, watcher: closed by a method.
    Closer,
    /// A ticker; since Go 1.23 the collector takes unreferenced ones.
    Ticker,
    /// The channel of a ticker that nobody can stop.
    Ticks,
    /// An object with a goroutine that one of its methods ends.
    Worker,
    /// A function that has to be called, such as the stop of `iter.Pull`.
    Stop,
    /// A counted reference to an object, which is ended when none is left.
    Reference,
}

/// What a function does to such things.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceEffect {
    /// It returns a new one.
    #[serde(default)]
    pub acquires: Option<Kind>,
    /// The result that is one.
    #[serde(default)]
    pub result: u32,
    /// The argument whose end is that of the new one too.
    #[serde(default)]
    pub of: Option<u32>,
    /// Another result that is one.
    #[serde(default)]
    pub also: Option<u32>,
    /// This argument becomes the first result: who closes that closes it. With an error it is closed.
    #[serde(default)]
    pub becomes: Option<u32>,
    /// It does not fail if this argument is a constant, or came from a function that is `proper`.
    #[serde(default)]
    pub sure: Option<u32>,
    /// What it returns is well formed.
    #[serde(default)]
    pub proper: bool,
    /// It gives this argument back, the receiver being 0.
    #[serde(default)]
    pub releases: Option<u32>,
    /// The receiver is given back when the first result is false.
    #[serde(default)]
    pub ends_when_false: bool,
    /// It reads this argument to its end: a body that was read so holds nothing any more.
    #[serde(default)]
    pub drains: Option<u32>,
    /// The fate of other arguments.
    #[serde(default)]
    pub args: Option<Args>,
}

/// The effects on resources of all known functions.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    functions: FxHashMap<Box<str>, ResourceEffect>,
    borrowing: FxHashSet<Box<str>>,
    borrowing_fields: FxHashSet<Box<str>>,
    types: FxHashSet<Box<str>>,
    release_words: BTreeSet<Box<str>>,
    /// These and others that mean so in some types, in small letters.
    like_words: BTreeSet<Box<str>>,
    dynamic: FxHashMap<Box<str>, BTreeMap<Box<str>, Box<str>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFormat {
    /// Packages whose functions keep nothing unless they are listed.
    #[serde(default)]
    borrowing: Vec<String>,
    /// Fields of packages' types that do not own what is put in them.
    #[serde(default)]
    borrowing_fields: Vec<String>,
    /// Types that functions are followed for that take them.
    #[serde(default)]
    types: Vec<String>,
    /// Names of methods that give their receiver back by convention.
    #[serde(default)]
    release_words: Vec<String>,
    /// Names of methods that give their receiver back in some types.
    #[serde(default)]
    maybe_words: Vec<String>,
    /// The types that interfaces hold which functions return, by the beginning of their first argument.
    #[serde(default)]
    dynamic: BTreeMap<Box<str>, BTreeMap<Box<str>, Box<str>>>,
    #[serde(default)]
    function: BTreeMap<String, ResourceEffect>,
}

impl Resources {
    /// Adds what a file says; `name` stands in error messages.
    ///
    /// # Errors
    /// With file, line and field if the text is not of the format.
    pub fn read(&mut self, name: &str, text: &str) -> Result<(), EffectError> {
        let file: FileFormat =
            toml::from_str(text).map_err(|error| load::explain(name, text, &error))?;
        self.borrowing.extend(file.borrowing.into_iter().map(String::into_boxed_str));
        let fields = file.borrowing_fields.into_iter();
        self.borrowing_fields.extend(fields.map(String::into_boxed_str));
        self.types.extend(file.types.into_iter().map(String::into_boxed_str));
        let words = file.release_words.iter().chain(&file.maybe_words);
        self.like_words.extend(words.map(|word| word.to_lowercase().into_boxed_str()));
        self.release_words.extend(file.release_words.into_iter().map(String::into_boxed_str));
        self.dynamic.extend(file.dynamic);
        let functions = file.function.into_iter();
        self.functions.extend(functions.map(|(symbol, effect)| (symbol.into_boxed_str(), effect)));
        Ok(())
    }

    /// What the function with this symbol does.
    pub fn function(&self, symbol: &str) -> Option<&ResourceEffect> {
        self.functions.get(symbol)
    }

    /// The type that the interface holds which a function returns, given its first argument, if that is
    /// known.
    pub fn dynamic(&self, symbol: &str, first: &str) -> Option<&str> {
        let types = self.dynamic.get(symbol)?.iter();
        types.into_iter().find(|(begins, _)| first.starts_with(&***begins)).map(|(_, ty)| &**ty)
    }

    /// Whether the functions of a package keep nothing unless they are listed.
    pub fn borrows(&self, package: &str) -> bool {
        self.borrowing.contains(package)
    }

    /// Whether a field of a package's types (`os/exec.Stdout`) does not own what is put in it.
    pub fn borrows_field(&self, field: &str) -> bool {
        self.borrowing_fields.contains(field)
    }

    /// Names of methods that give their receiver back by convention.
    pub fn release_words(&self) -> impl Iterator<Item = &str> {
        self.release_words.iter().map(|word| &**word)
    }

    /// Whether a method of this name gives its receiver back by convention.
    pub fn is_release_word(&self, name: &str) -> bool {
        self.release_words.contains(name)
    }

    /// Whether a method may give its receiver back: its name has such a name in it, as `GracefulStop`,
    /// or a name that means so in some types.
    pub fn is_release_like(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.like_words.iter().any(|word| name.contains(&**word))
    }

    /// Whether values of the type with this symbol may have to be given back.
    pub fn is_resource(&self, symbol: &str) -> bool {
        self.types.contains(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Effects;

    #[test]
    fn embedded_tables_load() {
        let resources = Effects::embedded().expect("embedded tables").resources;
        let get = resources.function("net/http.Get").expect("known");
        assert_eq!((get.acquires, get.result), (Some(Kind::Body), 0));
        assert_eq!(resources.function("(*os.File).Close").expect("known").releases, Some(0));
        assert!(resources.borrows("io"));
        assert!(resources.borrows_field("os/exec.Stdout"));
        assert!(resources.is_resource("os.File"));
        assert!(resources.is_release_word("Close") && !resources.is_release_word("Read"));
    }

    #[test]
    fn errors_name_the_line() {
        let text = "[function]\n\"a.F\" = { acquires = \"moon\" }\n";
        let error = Resources::default().read("my.toml", text).unwrap_err();
        assert!(error.to_string().starts_with("my.toml:2:"), "{error}");
    }
}
