//! Why lines differ, for the differences that are meant to stay.

use super::compare::Difference;

const REPEATED: &str = "constants that repeat an expression share it, and it has the value of the \
                        last; go/types evaluates first those that types need, and any of them can \
                        come last";
const HUGE: &str = "numbers with decimal exponents beyond 20,000 are not computed: a line of hostile \
                    code must not use up memory";
const CYCLE: &str = "the length of an array in a function's signature needs that signature";

/// Differences of a corpus whose file ends so, and why.
const REASONS: &[(&str, &str, &str)] = &[
    ("std", "debug/dwarf/entry.go", REPEATED),
    ("std", "html/template/content.go", REPEATED),
    ("std", "image/jpeg/writer.go", REPEATED),
    ("std", "internal/runtime/gc/internal/gen/regalloc.go", REPEATED),
    ("std", "internal/trace/resources.go", REPEATED),
    ("std", "internal/trace/traceviewer/emitter.go", REPEATED),
    ("std", "math/big/internal/asmgen/arch.go", REPEATED),
    ("std", "runtime/metrics/value.go", REPEATED),
    ("std", "text/scanner/scanner.go", REPEATED),
    ("std", "unicode/letter.go", REPEATED),
    ("std", "vendor/golang.org/x/net/idna/trieval.go", REPEATED),
    ("std", "vendor/golang.org/x/text/unicode/bidi/trieval.go", REPEATED),
    ("testdata", "check/typeinstcycles.go", CYCLE),
    ("test", "fixedbugs/issue11326b.go", HUGE),
    ("test", "fixedbugs/issue7419.go", HUGE),
];

/// The reason for a difference.
pub(super) fn reason(corpus: &str, difference: &Difference) -> Option<&'static str> {
    let named = |(of, file, _): &&(&str, &str, &'static str)| {
        *of == corpus && difference.key.file.ends_with(file)
    };
    REASONS.iter().find(named).map(|(_, _, reason)| *reason)
}
