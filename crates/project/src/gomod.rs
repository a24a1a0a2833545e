//! go.mod and go.work files.

/// A module version as files name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ModuleVersion {
    /// Module path.
    pub path: String,
    /// Version, empty for local directories and for "all versions".
    pub version: String,
}

/// A `replace` directive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replace {
    /// What is replaced; an empty version means every version.
    pub old: ModuleVersion,
    /// By what: a module, or a directory (then `path` is a file path and `version` is empty).
    pub new: ModuleVersion,
}

impl Replace {
    /// Whether the replacement is a directory.
    pub fn is_dir(&self) -> bool {
        let path = &self.new.path;
        self.new.version.is_empty()
            && (path.starts_with("./")
                || path.starts_with("../")
                || std::path::Path::new(path).is_absolute()
                || path == "."
                || path == "..")
    }
}

/// The content of a go.mod or go.work file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ModFile {
    /// Module path (go.mod).
    pub module: Option<String>,
    /// Language version `(1, minor)`.
    pub go: Option<(u32, u32)>,
    /// Requirements.
    pub require: Vec<ModuleVersion>,
    /// Replacements.
    pub replace: Vec<Replace>,
    /// Excluded versions.
    pub exclude: Vec<ModuleVersion>,
    /// Module directories (go.work).
    pub use_dirs: Vec<String>,
    /// Directories that patterns skip (`ignore`, Go 1.25).
    pub ignore: Vec<String>,
    /// What does not parse: line and reason.
    pub errors: Vec<(u32, String)>,
}

/// Parses a go.mod or go.work file; lines that do not parse are errors and skipped.
pub fn parse(text: &str) -> ModFile {
    let mut file = ModFile::default();
    let mut block: Option<String> = None;
    for (i, line) in text.lines().enumerate() {
        let number = i as u32 + 1;
        let words = match words(line) {
            Ok(words) => words,
            Err(reason) => {
                file.errors.push((number, reason.to_owned()));
                continue;
            }
        };
        let result = match (&block, words.as_slice()) {
            (_, []) => Ok(()),
            (Some(_), [close]) if close == ")" => {
                block = None;
                Ok(())
            }
            (open_block, [verb, open]) if open == "(" => {
                let unclosed = open_block.is_some();
                block = Some(verb.clone());
                if unclosed { Err("block without `)` before it".to_owned()) } else { Ok(()) }
            }
            (Some(verb), args) => directive(&mut file, verb, args),
            (None, [verb, args @ ..]) => directive(&mut file, verb, args),
        };
        if let Err(reason) = result {
            file.errors.push((number, reason));
        }
    }
    if block.is_some() {
        file.errors.push((text.lines().count() as u32, "block without `)`".to_owned()));
    }
    file
}

/// The words of a line, quotes removed, without its comment.
fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with("//") {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '`'));
        if let Some(quote) = quote {
            let Some(end) = rest[1..].find(quote) else { return Err("string without end") };
            words.push(rest[1..=end].to_owned());
            rest = &rest[end + 2..];
        } else {
            let mut end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            if let Some(comment) = rest[..end].find("//") {
                end = comment;
            }
            let word = &rest[..end];
            // Parentheses and commas stand alone.
            if word.len() > 1 && word.ends_with('(') {
                words.push(word[..word.len() - 1].to_owned());
                words.push("(".to_owned());
            } else {
                words.push(word.to_owned());
            }
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(words)
}

fn directive(file: &mut ModFile, verb: &str, args: &[String]) -> Result<(), String> {
    match (verb, args) {
        ("module", [path]) => file.module = Some(path.clone()),
        ("go", [version]) => {
            let parsed = language_version(version);
            file.go = Some(parsed.ok_or_else(|| format!("invalid go version `{version}`"))?);
        }
        ("require", [path, version, ..]) if version.starts_with('v') => {
            file.require.push(module_version(path, version));
        }
        ("require", [_, version, ..]) => return Err(format!("invalid version `{version}`")),
        ("exclude", [path, version]) => file.exclude.push(module_version(path, version)),
        ("use", [dir]) => file.use_dirs.push(dir.clone()),
        ("ignore", [dir]) => file.ignore.push(dir.clone()),
        ("replace", _) => file.replace.push(replace(args)?),
        ("toolchain" | "godebug" | "retract" | "tool" | "deprecated", _) => {}
        ("module" | "go" | "require" | "exclude" | "use" | "ignore", _) => {
            return Err(format!("wrong number of words for `{verb}`"));
        }
        _ => return Err(format!("unknown directive `{verb}`")),
    }
    Ok(())
}

fn replace(args: &[String]) -> Result<Replace, String> {
    let arrow = args.iter().position(|w| w == "=>").ok_or("`replace` without `=>`")?;
    let side = |words: &[String]| match words {
        [path] => Ok(module_version(path, "")),
        [path, version] => Ok(module_version(path, version)),
        _ => Err("wrong number of words for `replace`".to_owned()),
    };
    Ok(Replace { old: side(&args[..arrow])?, new: side(&args[arrow + 1..])? })
}

fn module_version(path: &str, version: &str) -> ModuleVersion {
    ModuleVersion { path: path.to_owned(), version: version.to_owned() }
}

/// `(1, minor)` of `1.N`, `1.N.M`, `1.NrcM`, with or without `go` before it.
pub fn language_version(text: &str) -> Option<(u32, u32)> {
    let text = text.strip_prefix("go").unwrap_or(text);
    let (major, rest) = text.split_once('.').unwrap_or((text, "0"));
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((major.parse().ok()?, rest[..digits].parse().ok()?))
}

/// Compares two versions as semantic versioning does (`v1.2.3-pre+meta`).
pub fn compare_versions(a: &str, b: &str) -> std::cmp::Ordering {
    version_key(a).cmp(&version_key(b))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Number(usize, &'a str),
    Text(&'a str),
}

fn version_key(version: &str) -> (Vec<u64>, bool, Vec<Part<'_>>) {
    let core = version.strip_prefix('v').unwrap_or(version);
    let core = core.split('+').next().unwrap_or_default();
    let (numbers, pre) = core.split_once('-').map_or((core, None), |(n, p)| (n, Some(p)));
    let numbers = numbers.split('.').map(|n| n.parse().unwrap_or(0)).collect();
    let parts = pre.into_iter().flat_map(|p| p.split('.')).map(|part| {
        if part.bytes().all(|b| b.is_ascii_digit()) {
            let trimmed = part.trim_start_matches('0');
            Part::Number(trimmed.len(), trimmed)
        } else {
            Part::Text(part)
        }
    });
    (numbers, pre.is_none(), parts.collect())
}

/// A module path or version as the module cache spells it: capitals become `!` and the small letter.
pub(crate) fn escape(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 4);
    for c in path.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    #[test]
    fn reads_all_directives() {
        let file = parse(
            "module \"example.com/m\" // Deprecated: no\n\ngo 1.22.3\ntoolchain go1.25.0\n\
             require (\n\ta.b/c v1.2.3 // indirect\n\td/e/v2 v2.0.0\n)\n\
             replace a.b/c v1.2.3 => ../c\nreplace d/e/v2 => f/g v0.1.0\nexclude x v1.0.0\n\
             retract [v1.0.0, v1.1.0]\ntool x/cmd\nignore ./node_modules\n",
        );
        assert_eq!(file.module.as_deref(), Some("example.com/m"));
        assert_eq!(file.go, Some((1, 22)));
        assert_eq!(file.require.len(), 2);
        assert_eq!(file.require[0], module_version("a.b/c", "v1.2.3"));
        assert!(file.replace[0].is_dir() && !file.replace[1].is_dir());
        assert_eq!(file.exclude.len(), 1);
        assert_eq!(file.ignore, ["./node_modules"]);
        assert_eq!(file.errors, []);
    }

    #[test]
    fn broken_lines_are_errors_and_the_rest_counts() {
        let file = parse("module m\nrequire (\n a\n b v1.0.0\nfly high\n\"open\n");
        assert_eq!(file.require, [module_version("b", "v1.0.0")]);
        let lines: Vec<u32> = file.errors.iter().map(|e| e.0).collect();
        assert_eq!(lines, [3, 5, 6, 6]);
    }

    #[test]
    fn versions_compare_as_semver() {
        let order = [
            "v1.0.0-alpha",
            "v1.0.0-alpha.1",
            "v1.0.0-beta.2",
            "v1.0.0-beta.11",
            "v1.0.0",
            "v1.2.0",
            "v1.10.0",
        ];
        for pair in order.windows(2) {
            assert_eq!(compare_versions(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare_versions("v2.0.0+incompatible", "v2.0.0"), Ordering::Equal);
        assert_eq!(escape("github.com/Shopify/sarama"), "github.com/!shopify/sarama");
    }
}
