//! What a leak costs: one in code for tests is told only to who asks for everything.

use crate::Ctx;
use stanch_diagnostic::{Confidence, Finding};

/// Lowers the confidence of a true finding of no consequence, and says why.
///
/// What `main` leaves behind stays as sure as it was: small programs show what is done elsewhere. Nor is
/// a schedule lowered in which the function that it begins with is stuck: the program itself hangs. The
/// caller leaves out locks that stay locked, for the same reason.
pub(crate) fn weigh(ctx: &Ctx<'_>, finding: &mut Finding) {
    if finding.confidence == Confidence::Possible
        || hangs_caller(finding)
        || !is_for_tests(ctx, finding)
    {
        return;
    }
    finding.confidence = Confidence::Possible;
    finding.notes.push("this file is for tests: their process ends soon after".to_owned());
}

/// Whether a goroutine hangs that nothing in the schedule has started.
fn hangs_caller(finding: &Finding) -> bool {
    let mut hanging = finding.goroutine.iter().chain(&finding.also_blocked);
    hanging.any(|goroutine| goroutine.created_by.is_none())
}

/// Whether the finding is in a file that imports `testing` without being a test itself: helpers of
/// tests, test suites, fakes.
fn is_for_tests(ctx: &Ctx<'_>, finding: &Finding) -> bool {
    let mut files = ctx.source().files.iter();
    let file = files.find(|file| *file.path == *finding.location.file);
    let Some(file) = file.filter(|file| !file.path.ends_with("_test.go")) else { return false };
    let mut imports = file.ast.imports.iter();
    imports.any(|import| &*import.path == "testing" || import.path.starts_with("testing/"))
}

#[cfg(test)]
mod tests {
    use stanch_diagnostic::Confidence::{self, Likely, Possible, Proved};
    use stanch_testing::{Fixture, findings};

    fn confidence(program: &str) -> Vec<Confidence> {
        findings(&Fixture::parse(program)).iter().map(|f| f.confidence).collect()
    }

    #[test]
    fn a_helper_of_tests_opens_a_file() {
        let program = |imports: &str, param: &str| {
            format!(
                "\npackage p\nimport {imports}\nfunc Open({param}) {{
                    f, err := os.Open(\"a\")
                    if err != nil {{ return }}
                    f.Stat()
                }}\n"
            )
        };
        assert_eq!(confidence(&program("(\"os\"; \"testing\")", "t *testing.T")), [Possible]);
        assert_eq!(confidence(&program("\"os\"", "")), [Likely]);
    }

    #[test]
    fn a_helper_of_tests_hangs_or_leaves_a_goroutine() {
        let program = |wait: &str| {
            format!(
                "\npackage p\nimport (\"sync\"; \"testing\")\nvar T testing.TB\nfunc F() {{
                    var wg sync.WaitGroup
                    ch := make(chan int)
                    wg.Add(1)
                    go func() {{ ch <- 1; wg.Done() }}()
                    {wait}
                }}\n"
            )
        };
        assert_eq!(confidence(&program("")), [Possible]);
        assert_eq!(confidence(&program("wg.Wait(); <-ch")), [Proved]);
        let plain = program("").replace("; \"testing\"", "").replace("var T testing.TB", "");
        assert_eq!(confidence(&plain), [Proved]);
    }
}
