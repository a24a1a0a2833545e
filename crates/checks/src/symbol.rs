//! Symbols of functions as people read them.

/// A function's symbol without its package: `(*T).Run`, `Run.func1`.
pub(crate) fn short(symbol: &str) -> &str {
    let last = symbol.rfind('/').map_or(symbol, |slash| &symbol[slash + 1..]);
    last.split_once('.').map_or(last, |(_, name)| name)
}

/// The same in backticks, to stand in a sentence.
pub(crate) fn in_words(symbol: &str) -> String {
    format!("`{}`", short(symbol))
}
