//! Which of the toolchain's experiments are on, as `goexperiment.x` tags.

use crate::context::BuildContext;
use stanch_base::FxHashSet;
use stanch_source::FileSystem;
use std::path::Path;

/// Experiments that are on in Go 1.26, where no GOROOT tells, and those of the releases since 1.24 that
/// later ones made permanent.
const DEFAULT: [&str; 9] = [
    "regabiwrappers",
    "regabiargs",
    "dwarf5",
    "randomizedheapbase64",
    "greenteagc",
    "aliastypeparams",
    "swissmap",
    "spinbitmutex",
    "synchashtriemap",
];

/// The tags of the experiments that are on: the release's defaults, changed by `wanted`
/// (`GOEXPERIMENT`).
pub(crate) fn tags(
    fs: &dyn FileSystem,
    goroot: Option<&Path>,
    build: &BuildContext,
    wanted: &str,
) -> FxHashSet<String> {
    let file = goroot.map(|dir| dir.join("src").join("internal").join("buildcfg").join("exp.go"));
    let text = file.and_then(|file| fs.read(&file).ok());
    let baseline = text.and_then(|bytes| baseline(&String::from_utf8_lossy(&bytes), build));
    let mut on = baseline.unwrap_or_else(|| {
        let supported = |name: &str| match name {
            "dwarf5" => dwarf5(build),
            name => !name.starts_with("regabi") || register_abi(build),
        };
        DEFAULT.into_iter().filter(|name| supported(name)).map(str::to_owned).collect()
    });
    for word in wanted.split(',').filter(|w| !w.is_empty()) {
        let (name, is_on) = match word.strip_prefix("no") {
            _ if word == "none" => {
                on.clear();
                continue;
            }
            Some(name) => (name, false),
            None => (word, true),
        };
        let both = ["regabiwrappers", "regabiargs"];
        let names = if name == "regabi" { &both[..] } else { std::slice::from_ref(&name) };
        for name in names {
            if is_on {
                on.insert((*name).to_owned())
            } else {
                on.remove(*name)
            };
        }
    }
    on.into_iter().map(|name| format!("goexperiment.{name}")).collect()
}

/// The flags that the toolchain's own table sets; `None` if it does not look as expected.
fn baseline(text: &str, build: &BuildContext) -> Option<FxHashSet<String>> {
    let (_, table) = text.split_once("baseline := goexperiment.Flags{")?;
    let (table, _) = table.split_once('}')?;
    let entries = table.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(':'));
    let is_on = |value: &str| match value {
        "false" => false,
        "regabiSupported" | "regabiAlwaysOn" => register_abi(build),
        "dwarf5Supported" => dwarf5(build),
        _ => true,
    };
    let on = entries.filter(|(_, value)| is_on(value.trim()));
    Some(on.map(|(name, _)| name.trim().to_ascii_lowercase()).collect())
}

fn register_abi(build: &BuildContext) -> bool {
    let supported = ["amd64", "arm64", "loong64", "ppc64", "ppc64le", "riscv64", "s390x"];
    supported.contains(&build.goarch.as_str())
}

fn dwarf5(build: &BuildContext) -> bool {
    !matches!(build.goos.as_str(), "darwin" | "ios" | "aix")
}

#[cfg(test)]
mod tests {
    use super::*;
    use stanch_source::MemoryFs;

    fn on(goarch: &str, wanted: &str) -> Vec<String> {
        let fs = MemoryFs::from_fixture(
            "//- /go/src/internal/buildcfg/exp.go\n\tbaseline := goexperiment.Flags{\n\
             \t\tRegabiArgs: regabiSupported,\n\t\tOld: false,\n\t\tNewMap:   true,\n\t}\n",
        );
        let build = BuildContext {
            goos: "linux".to_owned(),
            goarch: goarch.to_owned(),
            cgo: false,
            tags: FxHashSet::default(),
            release: 30,
        };
        let mut on: Vec<String> =
            tags(&fs, Some(Path::new("/go")), &build, wanted).into_iter().collect();
        on.sort();
        on
    }

    #[test]
    fn defaults_come_from_the_toolchain() {
        assert_eq!(on("amd64", ""), ["goexperiment.newmap", "goexperiment.regabiargs"]);
        assert_eq!(on("386", ""), ["goexperiment.newmap"]);
    }

    #[test]
    fn the_variable_changes_them() {
        assert_eq!(on("386", "nonewmap,x"), ["goexperiment.x"]);
        assert_eq!(on("386", "none,y"), ["goexperiment.y"]);
    }
}
