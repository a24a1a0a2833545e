//! Inputs of one kind that double in size: the time may double too, but not more.

use crate::run::thread_cpu;
use anyhow::Result;
use stanch_analysis::{CheckRequest, Options};
use stanch_source::{Environment, MemoryFs};
use stanch_syntax::{ParseMode, parse};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

/// Sizes beyond which all bounds on depth and on errors have long been met.
const SIZES: [usize; 3] = [20_000, 40_000, 80_000];

/// Sizes for all stages together.
const WHOLE: [usize; 3] = [4_000, 8_000, 16_000];

/// Four times the input may take so many times the time: what is quadratic takes sixteen times.
const RATIO: f64 = 10.0;

/// Shorter times say nothing.
const SHORT: Duration = Duration::from_millis(60);

type Kind = (&'static str, fn(usize) -> String);

fn body(statements: &str, n: usize) -> String {
    format!("package p\n\nfunc f(a int, b []int, ch chan int) {{\n{}}}\n", statements.repeat(n))
}

fn table(statements: &str, n: usize) -> String {
    let head = "package p\n\nvar m = map[int]*int{}\nvar l []*int\n\nfunc F(a int, b *int) {\n";
    format!("{head}{}}}\n", statements.repeat(n))
}

/// What grows, by what it is called.
const KINDS: [Kind; 29] = [
    ("parentheses", |n| format!("package p\n\nvar x = {}1{}\n", "(".repeat(n), ")".repeat(n))),
    ("open parentheses", |n| format!("package p\n\nvar x = {}", "(".repeat(n))),
    ("open braces", |n| format!("package p\n\nfunc f() {{\n{}", "{\n".repeat(n))),
    ("closing braces", |n| format!("package p\n\n{}", "}\n".repeat(n))),
    ("sum on one line", |n| format!("package p\n\nvar x = 1{}\n", "+1".repeat(n))),
    ("sum of strings", |n| format!("package p\n\nconst x = \"\"{}\n", " +\n\t\"a\"".repeat(n))),
    ("calls in a chain", |n| format!("package p\n\nvar x = a{}\n", ".b()".repeat(n))),
    ("types", |n| format!("package p\n\ntype T {}int\n", "[]".repeat(n))),
    ("fields", |n| format!("package p\n\ntype T struct {{\n{}}}\n", "\ta, b int\n".repeat(n))),
    ("elements", |n| format!("package p\n\nvar x = []int{{{}}}\n", "1,\n".repeat(n))),
    ("entries", |n| {
        let entries = (0..n).map(|i| format!("{i}: \"a\",\n"));
        format!("package p\n\nvar x = map[int]string{{{}}}\n", entries.collect::<String>())
    }),
    ("lookups", |n| table("\tif v, ok := m[a]; ok {\n\t\tb = v\n\t}\n", n)),
    ("parameters", |n| format!("package p\n\nfunc f({}) {{}}\n", "a int, ".repeat(n))),
    ("constants", |n| format!("package p\n\nconst (\n\ta = iota\n{})\n", "\t_\n".repeat(n))),
    ("statements", |n| body("\ta = a + b[a]\n", n)),
    ("branches", |n| body("\tif a > 0 {\n\t\ta++\n\t}\n", n)),
    ("loops", |n| body("\tfor range b {\n\t\ta--\n\t}\n", n)),
    ("goroutines", |n| body("\tgo func() { ch <- a }()\n", n)),
    ("variables", |n| body("\t{\n\t\tx := a\n\t\t_ = &x\n\t}\n", n)),
    ("cases", |n| {
        let cases = "\tcase a > 1:\n\t\ta = 2\n".repeat(n);
        format!("package p\n\nfunc f(a int) {{\n\tswitch {{\n{cases}\t}}\n}}\n")
    }),
    ("else if", |n| {
        format!(
            "package p\n\nfunc f(a int) {{\n\tif a > 0 {{}}{}\n}}\n",
            " else if a > 1 {}".repeat(n)
        )
    }),
    ("functions", |n| {
        let functions =
            (0..n).map(|i| format!("func f{i}(x int) int {{ return f{}(x) }}\n", i / 2));
        format!("package p\n\n{}", functions.collect::<String>())
    }),
    ("equal functions", |n| format!("package p\n\n{}", "func f() { f() }\n".repeat(n))),
    ("embedded types", |n| {
        let types = (0..n).map(|i| format!("type T{i} struct{{ T{} }}\n", i + 1));
        format!("package p\n\n{}\nfunc f(t T0) {{ t.x() }}\n", types.collect::<String>())
    }),
    ("interfaces", |n| {
        let types = (0..n).map(|i| format!("type I{i} interface{{ I{}; m{i}() }}\n", i + 1));
        format!("package p\n\n{}", types.collect::<String>())
    }),
    ("variables that need each other", |n| {
        let variables = (0..n).map(|i| format!("var v{i} = v{}\n", i + 1));
        format!("package p\n\n{}", variables.collect::<String>())
    }),
    ("errors", |n| format!("package p\n\n{}", "func f() { x := := }\n".repeat(n))),
    ("labels", |n| {
        let labels = (0..n).map(|i| format!("L{i}:\n\tif a > 0 {{ goto L{} }}\n", (i * 7) % n));
        format!("package p\n\nfunc f(a int) {{\n{}}}\n", labels.collect::<String>())
    }),
    ("counted labels", |n| {
        let label = |i: usize| format!("L{i}:\n\tif a > {i} {{ a--; goto L{} }}\n", (i * 7) % n);
        format!("package p\n\nfunc f(a int) {{\n{}}}\n", (0..n).map(label).collect::<String>())
    }),
];

/// The number of kinds whose time grows too fast.
pub(crate) fn run() -> Result<usize> {
    let mut failures = 0;
    for (name, text) in KINDS {
        let parsing = |n: usize| {
            let text = text(n);
            timed(|| drop(black_box(parse(&text, ParseMode::Full))))
        };
        let checking = |n: usize| {
            let text = text(n);
            timed(|| whole(&text))
        };
        failures += usize::from(!grows_evenly(name, "parse", &SIZES.map(parsing)));
        failures += usize::from(!grows_evenly(name, "check", &WHOLE.map(checking)));
    }
    println!("growth: {} kinds, {failures} failures", KINDS.len());
    Ok(failures)
}

fn grows_evenly(name: &str, stage: &str, times: &[Duration]) -> bool {
    let even = match times {
        [small, .., large] => *large < SHORT || large.as_secs_f64() <= RATIO * small.as_secs_f64(),
        _ => true,
    };
    let mark = if even { "" } else { "FAILED: " };
    println!("{mark}{stage} {name}: {times:.1?}");
    even
}

/// The least of three.
fn timed(work: impl Fn()) -> Duration {
    let once = || {
        let start = thread_cpu();
        work();
        thread_cpu().saturating_sub(start)
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

/// All stages, without a standard library.
fn whole(text: &str) {
    let mut fs = MemoryFs::new();
    fs.insert("/m/go.mod", "module m\n\ngo 1.26\n");
    fs.insert("/m/p/p.go", text);
    let request = CheckRequest {
        patterns: vec!["./...".to_owned()],
        cwd: PathBuf::from("/m"),
        options: Options::default(),
    };
    let env = Environment::from_variables(&[]);
    black_box(stanch_analysis::check(&fs, &env, &request, &|_| {}));
}
