//! A result that is kept is the result that a new analysis would give, or it is not used.

use stanch_analysis::{Cache, CheckRequest, Options, Report, check, check_cached};
use stanch_diagnostic::Confidence;
use stanch_source::{Entry, EntryKind, Environment, FileSystem, MemoryFs, ReadError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const MODULE: &str = "
//- /m/go.mod
module example.com/m

go 1.24

require example.com/dep v1.0.0

replace example.com/dep => ../dep
//- /m/a/a.go
package a

import \"example.com/dep\"

func Fetch(fail dep.Flag) int {
	ch := make(chan int)
	go func() {
		ch <- 1
	}()
	if fail {
		return 0
	}
	return <-ch
}
//- /m/b/b.go
package b

import \"example.com/absent\"

func Quiet() { absent.Do() }

func broken( {
//- /dep/go.mod
module example.com/dep

go 1.24
//- /dep/dep.go
package dep

type Flag bool
";

/// Entries in memory, and how many were asked for and found.
#[derive(Default)]
struct Kept {
    build: &'static str,
    entries: Mutex<BTreeMap<String, Vec<u8>>>,
    found: AtomicUsize,
}

impl Kept {
    fn entries(&self) -> BTreeMap<String, Vec<u8>> {
        self.entries.lock().expect("no panic").clone()
    }

    fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }
}

impl Cache for Kept {
    fn build(&self) -> &[u8] {
        self.build.as_bytes()
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let entry = self.entries.lock().expect("no panic").get(key).cloned();
        self.found.fetch_add(usize::from(entry.is_some()), Ordering::Relaxed);
        entry
    }

    fn put(&self, key: &str, entry: &[u8]) {
        self.entries.lock().expect("no panic").insert(key.to_owned(), entry.to_vec());
    }
}

fn request() -> CheckRequest {
    CheckRequest {
        patterns: vec!["./...".to_owned()],
        cwd: PathBuf::from("/m"),
        options: Options::default(),
    }
}

fn cached(fs: &dyn FileSystem, request: &CheckRequest, cache: &Kept) -> Report {
    check_cached(fs, &Environment::from_variables(&[]), request, cache, &|_| {})
}

/// All of a report, the texts it is shown with too.
fn shown(report: &Report) -> String {
    let text = |file: &str| report.sources.text(file).map(|text| text.len());
    let texts = report.findings.iter().map(|f| text(&f.location.file));
    let told = report.diagnostics.iter().map(|d| d.location.as_ref().and_then(|l| text(&l.file)));
    let texts: Vec<_> = texts.chain(told).collect();
    format!("{:#?}{:#?}{:?}{texts:?}", report.findings, report.diagnostics, report.summary)
}

#[test]
fn what_is_kept_is_what_a_new_analysis_says() {
    let fs = MemoryFs::from_fixture(MODULE);
    let fresh = check(&fs, &Environment::from_variables(&[]), &request(), &|_| {});
    assert!(fresh.findings.len() == 1 && fresh.diagnostics.len() > 1, "{fresh:?}");
    let kept = Kept::default();
    for round in 0..3 {
        assert_eq!(shown(&cached(&fs, &request(), &kept)), shown(&fresh));
        assert_eq!((kept.entries().len(), kept.found()), (1, round));
    }
}

#[test]
fn whatever_a_result_follows_from_makes_another_entry() {
    let mut fs = MemoryFs::from_fixture(MODULE);
    let kept = Kept::default();
    let mut entries = 0;
    let mut grown = |kept: &Kept, what: &str| {
        entries += 1;
        assert_eq!((kept.entries().len(), kept.found()), (entries, 0), "{what}");
    };
    cached(&fs, &request(), &kept);
    grown(&kept, "nothing was kept");
    fs.insert("/m/b/b.go", "package b\n");
    cached(&fs, &request(), &kept);
    grown(&kept, "a file");
    fs.insert("/dep/dep.go", "package dep\n\ntype Flag = bool\n");
    cached(&fs, &request(), &kept);
    grown(&kept, "a dependency");
    fs.insert("/m/a/more_test.go", "package a\n");
    cached(&fs, &request(), &kept);
    grown(&kept, "a new file");
    fs.insert("/m/go.mod", "module example.com/m\n\ngo 1.21\n");
    cached(&fs, &request(), &kept);
    grown(&kept, "the language version, and a dependency that is missing now");
    fs.forbid("/m/b/b.go", "permission denied");
    cached(&fs, &request(), &kept);
    grown(&kept, "a file that cannot be read");
    for change in [
        |options: &mut Options| options.confidence = Confidence::Possible,
        |options: &mut Options| options.tests = false,
        |options: &mut Options| _ = options.ignore.insert("abandoned-send".to_owned()),
        |options: &mut Options| options.goarch = Some("386".to_owned()),
    ] {
        let mut request = request();
        change(&mut request.options);
        cached(&fs, &request, &kept);
        grown(&kept, &format!("{request:?}"));
    }
    let entries = kept.entries.into_inner().expect("no panic");
    let other = Kept { build: "another build", entries: Mutex::new(entries), ..Kept::default() };
    cached(&fs, &request(), &other);
    grown(&other, "another build of stanch");
}

#[test]
fn an_entry_that_is_not_as_it_was_written_is_not_used() {
    let fs = MemoryFs::from_fixture(MODULE);
    let kept = Kept::default();
    let fresh = shown(&cached(&fs, &request(), &kept));
    let (key, whole) = kept.entries().pop_first().expect("an entry");
    let damaged = (0..whole.len()).step_by(7).flat_map(|at| {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x40;
        [whole[..at].to_vec(), flipped]
    });
    let longer = [whole.clone(), vec![0]].concat();
    for entry in damaged.chain([longer]) {
        kept.put(&key, &entry);
        assert_eq!(shown(&cached(&fs, &request(), &kept)), fresh);
        assert_eq!(kept.entries()[&key], whole, "it is written anew");
    }
}

/// Files of which one changes when it has been read `reads` times.
struct Saved {
    before: MemoryFs,
    after: MemoryFs,
    reads: AtomicUsize,
}

impl FileSystem for Saved {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        if !path.ends_with("a.go") {
            return self.before.read(path);
        }
        let left = |n: usize| Some(n.saturating_sub(1));
        match self.reads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left) {
            Ok(0) => self.after.read(path),
            _ => self.before.read(path),
        }
    }

    fn read_start(&self, path: &Path, len: usize) -> Result<Vec<u8>, ReadError> {
        self.before.read_start(path, len)
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, ReadError> {
        self.before.list(path)
    }

    fn kind(&self, path: &Path) -> Option<EntryKind> {
        self.before.kind(path)
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        self.before.resolve(path)
    }
}

#[test]
fn what_is_saved_during_a_run_is_not_taken_for_what_was_analysed() {
    let before = MemoryFs::from_fixture(MODULE);
    let mut after = MemoryFs::from_fixture(MODULE);
    after.insert("/m/a/a.go", "package a\n");
    for reads in 0..3 {
        let (before, after) = (before.clone(), after.clone());
        let fs = Saved { before, after, reads: AtomicUsize::new(reads) };
        let kept = Kept::default();
        let report = cached(&fs, &request(), &kept);
        // Not read before it changed: the key is that of the new file, and so is what is found.
        let expected = usize::from(reads == 0);
        assert_eq!(kept.entries().len(), expected, "after {reads} reads: {report:?}");
    }
}
