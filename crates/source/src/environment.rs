//! What the process' environment says about Go, as plain data.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The environment variables that decide how Go code is loaded. Values of the process win over
/// those of Go's own settings file (`go env -w`).
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// Candidates for GOROOT in order of preference; the first with a `VERSION` file counts.
    pub goroots: Vec<PathBuf>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The machine's operating system in Go's spelling.
    pub host_os: &'static str,
    /// The machine's architecture in Go's spelling.
    pub host_arch: &'static str,
}

const NAMES: [&str; 14] = [
    "GOROOT",
    "GOPATH",
    "GOMODCACHE",
    "GOFLAGS",
    "GOOS",
    "GOARCH",
    "GOWORK",
    "GO111MODULE",
    "CGO_ENABLED",
    "GOEXPERIMENT",
    "GOAMD64",
    "GOARM64",
    "GOARM",
    "GO386",
];

impl Environment {
    /// An environment with these variables and nothing else, for tests.
    pub fn from_variables(variables: &[(&str, &str)]) -> Self {
        let variables: BTreeMap<String, String> =
            variables.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        let goroots = variables.get("GOROOT").map(PathBuf::from).into_iter().collect();
        Self { variables, goroots, home: None, host_os: "linux", host_arch: "amd64" }
    }

    /// The environment of this process.
    pub fn from_process() -> Self {
        let home = std::env::home_dir();
        let mut variables = settings_file(home.as_deref());
        for name in NAMES {
            if let Ok(value) = std::env::var(name)
                && !value.is_empty()
            {
                variables.insert(name.to_owned(), value);
            }
        }
        let mut goroots: Vec<PathBuf> =
            variables.get("GOROOT").map(PathBuf::from).into_iter().collect();
        goroots.extend(goroot_on_path(std::env::var_os("PATH")));
        for place in [
            "/usr/local/go",
            "/usr/lib/go",
            "/usr/lib/golang",
            "/opt/homebrew/opt/go/libexec",
            "C:\\Program Files\\Go",
        ] {
            goroots.push(PathBuf::from(place));
        }
        if let Some(home) = &home {
            goroots.push(home.join("go-sdk"));
            goroots.extend(newest_sdks(&home.join("sdk")));
        }
        Self { variables, goroots, home, host_os: host_os(), host_arch: host_arch() }
    }

    /// Sets variables; an empty value unsets.
    pub fn set(&mut self, variables: &[(&str, &str)]) {
        for &(name, value) in variables {
            match value {
                "" => self.variables.remove(name),
                _ => self.variables.insert(name.to_owned(), value.to_owned()),
            };
        }
    }

    /// The value of a variable, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The module cache: `GOMODCACHE`, else `pkg/mod` below the first of `GOPATH`.
    pub fn module_cache(&self) -> Option<PathBuf> {
        if let Some(dir) = self.get("GOMODCACHE") {
            return Some(PathBuf::from(dir));
        }
        self.gopaths().first().map(|p| p.join("pkg").join("mod"))
    }

    /// The folders of `GOPATH`, or its default `~/go`.
    pub fn gopaths(&self) -> Vec<PathBuf> {
        match self.get("GOPATH") {
            Some(list) => std::env::split_paths(list).filter(|p| p.is_absolute()).collect(),
            None => self.home.iter().map(|h| h.join("go")).collect(),
        }
    }
}

/// The variables of `go env -w`.
fn settings_file(home: Option<&Path>) -> BTreeMap<String, String> {
    let path = match std::env::var_os("GOENV") {
        Some(path) if path == "off" => return BTreeMap::new(),
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => match (std::env::var_os("XDG_CONFIG_HOME"), home) {
            (Some(dir), _) if !dir.is_empty() => PathBuf::from(dir).join("go").join("env"),
            (_, Some(home)) if cfg!(target_os = "macos") => {
                home.join("Library").join("Application Support").join("go").join("env")
            }
            (_, Some(home)) => home.join(".config").join("go").join("env"),
            (_, None) => return BTreeMap::new(),
        },
    };
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, value)| NAMES.contains(name) && !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// GOROOT of each `go` on PATH: the folder above the `bin` that the command lies in, links resolved.
fn goroot_on_path(path: Option<std::ffi::OsString>) -> Vec<PathBuf> {
    let Some(path) = path else { return Vec::new() };
    let command = if cfg!(windows) { "go.exe" } else { "go" };
    std::env::split_paths(&path)
        .map(|dir| dir.join(command))
        .filter(|file| file.is_file())
        .filter_map(|file| std::fs::canonicalize(file).ok())
        .filter_map(|file| Some(file.parent()?.parent()?.to_path_buf()))
        .collect()
}

/// Folders that `golang.org/dl` made, newest version first.
fn newest_sdks(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut sdks: Vec<(Vec<u32>, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version =
                name.strip_prefix("go")?.split('.').map_while(|n| n.parse().ok()).collect();
            Some((version, entry.path()))
        })
        .collect();
    sdks.sort_by(|a, b| b.cmp(a));
    sdks.into_iter().map(|(_, path)| path).collect()
}

const fn host_os() -> &'static str {
    if cfg!(target_os = "macos") {
        "darwin"
    } else if cfg!(target_os = "windows") {
        "windows"
    } else if cfg!(target_os = "freebsd") {
        "freebsd"
    } else {
        "linux"
    }
}

const fn host_arch() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else if cfg!(target_arch = "x86") {
        "386"
    } else if cfg!(target_arch = "arm") {
        "arm"
    } else if cfg!(target_arch = "riscv64") {
        "riscv64"
    } else {
        "amd64"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_cache_follows_gopath() {
        let mut env = Environment::from_variables(&[("GOPATH", "/a:/b")]);
        assert_eq!(env.gopaths(), [Path::new("/a"), Path::new("/b")]);
        assert_eq!(env.module_cache(), Some(PathBuf::from("/a/pkg/mod")));
        env.set(&[("GOMODCACHE", "/c"), ("GOPATH", "")]);
        assert_eq!(env.module_cache(), Some(PathBuf::from("/c")));
        assert_eq!(env.gopaths(), [] as [PathBuf; 0]);
        env.home = Some(PathBuf::from("/home/gopher"));
        assert_eq!(env.gopaths(), [Path::new("/home/gopher/go")]);
    }

    #[test]
    fn the_process_names_a_platform() {
        let env = Environment::from_process();
        assert!(!env.host_os.is_empty() && !env.host_arch.is_empty());
    }
}
