//! What objects begin with, and which ways are certain.

use super::check;
use stanch_diagnostic::Confidence::{self, Likely, Proved};
use stanch_testing::{Fixture, findings};

const TYPES: &str = r#"
type settings struct { n int; on bool; f *os.File; within part }
type part struct { level int }
func (s settings) high() bool { return s.n > 3 }
var mu sync.Mutex
"#;

#[test]
fn fields_of_new_objects_are_zero() {
    let silent = |make: &str, condition: &str| {
        let program = |condition: &str, expectation: &str| {
            check(&format!(
                "{TYPES}
func f() {{
    mu.Lock()
  {expectation}
    {make}
    if {condition} {{
        mu.Unlock()
    }}
}}"
            ));
        };
        program(condition, "");
        program(
            &format!("!({condition})"),
            "//^^^^^^^^^ leak[missing-unlock]: `mu` stays locked when `f` returns at line 14",
        );
    };
    silent("var s settings", "s.f == nil && s.n == 0");
    silent("s := new(settings)", "!s.on");
    silent("s := &settings{n: 1}", "s.f == nil && s.n == 1");
    silent("s := settings{on: true}", "s.on");
    silent("a := settings{n: 3}; s := a", "s.n == 3");
    silent("a := &settings{n: 3}; s := *a", "s.n == 3");
    silent("s := settings{within: part{level: 2}}", "s.within.level == 2");
    silent("s := settings{n: 4}", "s.high()");
}

#[test]
fn new_lists_have_so_many_elements() {
    let silent = |make: &str, condition: &str| {
        check(&format!(
            "func f(mu *sync.Mutex) {{ mu.Lock(); {make}; if {condition} {{ mu.Unlock() }} }}"
        ));
    };
    silent("a := []int{1, 2, 3}", "len(a) > 2");
    silent("a := make([]int, 3)", "len(a) == 3");
    silent("var a []int; a = append(a, 1)", "len(a) > 0");
    silent("m := map[string]bool{}", "!m[\"a\"]");
    silent("m := map[string]bool{\"a\": true}", "len(m) == 1");
    check(
        r#"
func f(mu *sync.Mutex, key string) {
    m := map[string]bool{}
    m[key] = true
    mu.Lock()
  //^^^^^^^^^ leak[missing-unlock]: `mu` stays locked when `f` returns at line 10
    if !m["a"] {
        mu.Unlock()
    }
}
"#,
    );
}

#[test]
fn what_left_view_may_have_changed() {
    check(
        r#"
type object struct { on bool }
func fill(o *object) { o.on = os.Getenv("on") != "" }
func show(x any) { println(x) }
func filled(mu *sync.Mutex) {
    o := &object{}
    fill(o)
    mu.Lock()
  //^^^^^^^^^ leak[missing-unlock]: `mu` stays locked when `filled` returns at line 13
    if !o.on {
        mu.Unlock()
    }
}
func read(mu *sync.Mutex, data []byte) {
    var o object
    json.Unmarshal(data, &o)
    mu.Lock()
  //^^^^^^^^^ leak[missing-unlock]: `mu` stays locked when `read` returns at line 22
    if !o.on {
        mu.Unlock()
    }
}
"#,
    );
}

/// A flag in a message says whether its sender has the lock.
#[test]
fn a_flag_in_a_struct_that_is_a_value() {
    let program = |flag: &str, expectation: &str| {
        stanch_testing::check(
            "double-lock",
            &format!(
                "
type message struct {{ name string; locked bool }}
type conn struct {{ mu sync.Mutex; n int }}
func (c *conn) do(m message) int {{
    if !m.locked {{
        c.mu.Lock()
        defer c.mu.Unlock()
    }}
    return c.n
}}
func (c *conn) all(names []string) (n int) {{
    c.mu.Lock()
    defer c.mu.Unlock()
    m := message{{locked: {flag}}}
    for _, name := range names {{
        m.name = name
        n += c.do(m)
           {expectation}
    }}
    return n
}}"
            ),
        );
    };
    program("true", "");
    program(
        "false",
        "//^^^^^^ leak[double-lock]: `(*conn).do` blocks for ever: it locks `c.mu`, which is held here",
    );
}

/// A wrapper of a lock notes in itself whether it has the lock.
#[test]
fn a_wrapper_knows_whether_it_has_the_lock() {
    check(
        r#"
type path struct { mu sync.Mutex; n int }
type holder struct { p *path; locked bool }
func (h *holder) unlock() {
    if h.locked {
        h.p.mu.Unlock()
        h.locked = false
    }
}
func (h *holder) relock() {
    if !h.locked {
        h.p.mu.Lock()
        h.locked = true
    }
}
func (p *path) send(ops []func(), h *holder) {
    for _, op := range ops {
        h.relock()
        if p.n != 0 {
            h.unlock()
            op()
        }
    }
}
func (p *path) plain(fail bool) error {
    p.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `p.mu` stays locked when `(*path).plain` returns at line 29
    if fail {
        return errors.New("fail")
    }
    p.mu.Unlock()
    return nil
}
"#,
    );
}

fn confidence(body: &str) -> Vec<Confidence> {
    let program = format!(
        "
package p
import (\"fmt\"; \"io\"; \"os\"; \"strings\"; \"sync\")
type box struct {{ ok bool }}
var level = 3
func limit(n int) int {{ for n > 9 {{ n -= 9 }}; return n }}
func work(name string) error {{ _, err := os.Stat(name); return err }}
func nothing() (int, error) {{ return 1, nil }}
func f(mu *sync.Mutex, r io.Reader, b *box, n int, c chan error, text string) {{
    mu.Lock()
    {body}
}}
var _ = fmt.Sprint
var _ = strings.Index
"
    );
    findings(&Fixture::parse(&program)).iter().map(|f| f.confidence).collect()
}

#[test]
fn what_comes_from_outside_may_be_anything() {
    for condition in
        ["n > 3", "b.ok", "<-c == nil", "work(\"a\") == nil", "strings.HasPrefix(text, \"a\")"]
    {
        let body = format!("if {condition} {{ mu.Unlock() }}");
        assert_eq!(confidence(&body), [Proved], "{condition}");
    }
    let read = "if _, err := r.Read(nil); err == nil { mu.Unlock() }";
    assert_eq!(confidence(read), [Proved]);
    // Both sides of a branch come to the same.
    let both = "if level > 2 { println() }; if n > 3 { mu.Unlock() }";
    assert_eq!(confidence(both), [Proved]);
}

#[test]
fn what_the_program_decides_is_not_certain() {
    for condition in [
        "level > 2",
        "limit(30) == 3",
        "fmt.Sprint(1) != \"\"",
        "strings.HasPrefix(\"abc\", \"a\")",
    ] {
        let body = format!("if {condition} {{ mu.Unlock() }}");
        assert_eq!(confidence(&body), [Likely], "{condition}");
    }
    let sum = "n = 0; for range 3 { n++ }; if n == 3 { mu.Unlock() }";
    assert_eq!(confidence(sum), [Likely]);
    let never = "if _, err := nothing(); err == nil { mu.Unlock() }";
    assert_eq!(confidence(never), [Likely]);
}
