//! Two sets of lines, file by file, without holding their text.

use anyhow::{Context, Result};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Definition,
    Use,
    /// An expression that is not constant.
    Type,
    Constant,
}

impl Class {
    pub(super) const ALL: [Class; 4] =
        [Class::Definition, Class::Use, Class::Type, Class::Constant];

    pub(super) fn name(self) -> &'static str {
        match self {
            Class::Definition => "definitions",
            Class::Use => "uses",
            Class::Type => "types",
            Class::Constant => "constants",
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) agree: u64,
    pub(super) differ: u64,
}

/// Bytes of a file that one side, or each side differently, says something about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) file: String,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) class: Class,
}

/// What the sides say beyond what they agree on.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    pub(super) key: Key,
    pub(super) theirs: Vec<String>,
    pub(super) ours: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// By class.
    pub(super) counts: [Count; 4],
    /// Sorted by key.
    pub(super) differences: Vec<Difference>,
    pub(super) only_theirs: Vec<String>,
    pub(super) only_ours: Vec<String>,
}

/// Compares two outputs. Lines that occur more than once (packages and their test variants share
/// files) count once.
pub(super) fn compare(theirs: &Path, ours: &Path) -> Result<Comparison> {
    let (a, b) = (digests(theirs)?, digests(ours)?);
    let mut result = Comparison::default();
    let (mut differ_a, mut differ_b) = (HashMap::new(), HashMap::new());
    for (file, a) in &a {
        let Some(b) = b.get(file) else {
            result.only_theirs.push(file.clone());
            differ_a.insert(file.clone(), a.iter().map(|d| d.hash).collect());
            continue;
        };
        for digest in a {
            match b.binary_search(digest) {
                Ok(_) => result.counts[digest.class as usize].agree += 1,
                Err(_) => push(&mut differ_a, file, digest.hash),
            }
        }
        for digest in b.iter().filter(|digest| a.binary_search(digest).is_err()) {
            push(&mut differ_b, file, digest.hash);
        }
    }
    for (file, digests) in b.iter().filter(|(file, _)| !a.contains_key(*file)) {
        result.only_ours.push(file.clone());
        differ_b.insert(file.clone(), digests.iter().map(|d| d.hash).collect());
    }
    drop((a, b));
    let mut found: BTreeMap<(String, u32, u32, bool), [Vec<String>; 2]> = BTreeMap::new();
    collect(theirs, &differ_a, 0, &mut found)?;
    collect(ours, &differ_b, 1, &mut found)?;
    for ((file, start, end, _), [theirs, ours]) in found {
        // The reference decides what the bytes are.
        let class = theirs.first().or(ours.first()).map_or(Class::Type, |line| class(line));
        result.counts[class as usize].differ += theirs.len().max(ours.len()) as u64;
        let key = Key { file, start, end, class };
        result.differences.push(Difference { key, theirs, ours });
    }
    Ok(result)
}

type Hashes = HashMap<String, Vec<u64>>;

fn push(hashes: &mut Hashes, file: &str, hash: u64) {
    match hashes.get_mut(file) {
        Some(list) => list.push(hash),
        None => _ = hashes.insert(file.to_owned(), vec![hash]),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Digest {
    hash: u64,
    class: Class,
}

/// The sorted digests of every file's lines, each once.
fn digests(path: &Path) -> Result<BTreeMap<String, Vec<Digest>>> {
    let mut files: BTreeMap<String, Vec<Digest>> = BTreeMap::new();
    each_line(path, |file, line| {
        let digest = Digest { hash: hash(line), class: class(after_span(line)) };
        match files.get_mut(file) {
            Some(list) => list.push(digest),
            None => _ = files.insert(file.to_owned(), vec![digest]),
        }
        Ok(())
    })?;
    for list in files.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    Ok(files)
}

/// Finds the lines with these hashes.
fn collect(
    path: &Path,
    hashes: &Hashes,
    side: usize,
    found: &mut BTreeMap<(String, u32, u32, bool), [Vec<String>; 2]>,
) -> Result<()> {
    each_line(path, |file, line| {
        // Sorted, as the digests were.
        let wanted = hashes.get(file).is_some_and(|list| {
            let hash = hash(line);
            if list.len() > 1000 { list.binary_search(&hash).is_ok() } else { list.contains(&hash) }
        });
        if wanted {
            let (span, rest) = line.split_once('\t').context("a line without a tab")?;
            let (start, end) = span.split_once(':').context("a line without a span")?;
            let identifier = matches!(class(rest), Class::Definition | Class::Use);
            let key = (file.to_owned(), start.parse()?, end.parse()?, identifier);
            let list = &mut found.entry(key).or_default()[side];
            if !list.iter().any(|known| known == rest) {
                list.push(rest.to_owned());
                list.sort_unstable();
            }
        }
        Ok(())
    })
}

/// Calls `with` for every line: the file, and the rest after its colon.
fn each_line(path: &Path, mut with: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let text = line.trim_end_matches('\n');
        let head = text.split('\t').next().unwrap_or_default();
        let colon = head.rmatch_indices(':').nth(1).map(|(at, _)| at);
        let colon = colon.with_context(|| format!("{}: malformed line {text}", path.display()))?;
        with(&text[..colon], &text[colon + 1..])?;
        line.clear();
    }
    Ok(())
}

fn after_span(line: &str) -> &str {
    line.split_once('\t').map_or("", |(_, rest)| rest)
}

/// The class of a line after its span.
fn class(rest: &str) -> Class {
    match rest.split('\t').next() {
        Some("def") => Class::Definition,
        Some("use") => Class::Use,
        Some("const") => Class::Constant,
        _ => Class::Type,
    }
}

fn hash(line: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_agree_differ_or_are_missing() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("stanch-compare-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let (theirs, ours) = (folder.join("theirs"), folder.join("ours"));
        let common = "a.go:1:2\tdef\ta.go:1\na.go:5:6\tconst\tint\t1\n";
        std::fs::write(
            &theirs,
            format!("{common}{common}a.go:3:4\tvalue\tint\nb.go:1:2\tuse\tb.go:1\n"),
        )?;
        std::fs::write(&ours, format!("{common}a.go:3:4\tconst\tint\t7\na.go:7:8\tuse\tm\n"))?;
        let result = compare(&theirs, &ours)?;
        std::fs::remove_dir_all(&folder)?;
        let counts: Vec<_> = result.counts.iter().map(|c| (c.agree, c.differ)).collect();
        assert_eq!(counts, [(1, 0), (0, 2), (0, 1), (1, 0)]);
        assert_eq!(result.only_theirs, ["b.go"]);
        let first = result.differences.first().context("no difference")?;
        assert_eq!((first.key.start, first.key.class), (3, Class::Type));
        assert_eq!((&*first.theirs[0], &*first.ours[0]), ("value\tint", "const\tint\t7"));
        Ok(())
    }
}
