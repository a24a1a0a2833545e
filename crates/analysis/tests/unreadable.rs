//! What may not be read is told and costs nothing else, whoever runs the test: the superuser may read
//! everything on a disk.

use stanch_analysis::{CheckRequest, Options, Report, check};
use stanch_source::{Environment, MemoryFs};
use std::path::PathBuf;

const MODULE: &str = "
//- /m/go.mod
module example.com/m

go 1.24
//- /m/good/leak.go
package good

func Fetch(fail bool) int {
	ch := make(chan int)
	go func() {
		ch <- 1
	}()
	if fail {
		return 0
	}
	return <-ch
}
//- /m/half/secret.go
package half

func secret() {}
//- /m/half/open.go
package half

func Open(fail bool) int {
	secret()
	ch := make(chan int)
	go func() {
		ch <- 1
	}()
	if fail {
		return 0
	}
	return <-ch
}
//- /m/locked/locked.go
package locked
";

fn run(forbid: &[&str]) -> Report {
    let mut fs = MemoryFs::from_fixture(MODULE);
    for path in forbid {
        fs.forbid(*path, "permission denied");
    }
    let request = CheckRequest {
        patterns: vec!["./...".to_owned()],
        cwd: PathBuf::from("/m"),
        options: Options::default(),
    };
    check(&fs, &Environment::from_variables(&[]), &request, &|_| {})
}

/// The files with findings, and for each path whether a diagnostic names it as not to be read.
fn seen(report: &Report, paths: &[&str]) -> (Vec<String>, Vec<bool>) {
    let found = report.findings.iter().map(|f| f.location.file.clone()).collect();
    let told = |path: &&str| {
        report.diagnostics.iter().any(|d| {
            let file = d.location.as_ref().map_or("", |l| &l.file);
            d.message.contains("permission denied")
                && (file.ends_with(path) || d.message.contains(path))
        })
    };
    (found, paths.iter().map(told).collect())
}

#[test]
fn what_may_not_be_read_is_told_and_the_rest_is_analysed() {
    let paths = ["half/secret.go", "locked"];
    let (found, told) = seen(&run(&[]), &paths);
    assert_eq!(found, ["good/leak.go", "half/open.go"]);
    assert_eq!(told, [false, false]);
    let (found, told) = seen(&run(&["/m/half/secret.go", "/m/locked"]), &paths);
    assert_eq!(found, ["good/leak.go", "half/open.go"]);
    assert_eq!(told, [true, true]);
}
