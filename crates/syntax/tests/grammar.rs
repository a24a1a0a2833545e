//! What is accepted, what is not, and what is left of broken files.

use stanch_syntax::ast::Decl;
use stanch_syntax::{ParseMode, Parsed, Token, dump, parse, parse_bytes, tokens, validate};

fn checked(text: &str) -> Parsed {
    let parsed = parse(text, ParseMode::Full);
    validate(&parsed.ast, text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    parsed
}

#[track_caller]
fn accepts(text: &str) {
    let errors = checked(text).errors;
    assert!(errors.is_empty(), "{text}\n{errors:?}");
}

#[track_caller]
fn rejects(text: &str) {
    assert!(!checked(text).errors.is_empty(), "{text}");
}

/// Each line is a top-level declaration.
#[track_caller]
fn each_decl(check: fn(&str), lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        check(&format!("package p\n{line}\n"));
    }
}

/// Each line is a statement.
#[track_caller]
fn each_stmt(check: fn(&str), lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        check(&format!("package p\nfunc _() {{\n{line}\n}}\n"));
    }
}

#[test]
fn declarations() {
    each_decl(
        accepts,
        r#"
        import ("fmt"; . "os"; _ "x"; m "y")
        const a, b = iota, 1 << iota
        const (x = 1; y; z T = 3)
        var a, b T = f()
        type T struct { a, b int `tag`; *E; pkg.F; G[int]; *pkg.H[K, V]; s []int; m [4]int }
        type I interface { m(a, b int) (c error); ~int | ~string; E; pkg.F; G[int]; *T; (T) }
        type A = B
        type A[P any] = []P
        type L[P any] struct{}
        type L[P, Q any, R interface{ m() }] struct{}
        type L[P *T,] struct{}
        type L[P *T, Q any] struct{}
        type L[P interface{ *T }] struct{}
        type L[P *T | ~int] struct{}
        type L[P []E, E any] struct{}
        type L[P (int | string),] struct{}
        type V [N]int
        type V [N * M]int
        type V [f(N)]int
        type V [2]int
        type V []int
        type V [...]int
        func f()
        func f(a, b int, c ...string) (x, y int) { return }
        func f(int, ...string) error { return nil }
        func f[P any, Q ~[]P](p P) Q { return Q{p} }
        func (r T) m() {}
        func (r *T[P]) m(x P) {}
        func (r *T) m[P any](x P) P { return x }
        func (*T[_, _]) m() {}
        func f(func(int) string, chan<- int, <-chan chan int, map[K]V, [3]int, interface{}, struct{})
        "#,
    );
    each_decl(
        rejects,
        r#"
        import fmt
        import 'a'
        func f(a int, string)
        func f(a int, b)
        func f(a ...int, b int)
        func f() (a ...int)
        func f[]()
        func f[P]()
        func ()
        type T
        type T struct { (E) }
        type T struct { *(E) }
        type T struct { int string bool }
        type L[P] 
        type I interface { m[P any]() }
        type F func[P any](P)
        type V [1, 2]int
        var x
        x := 1
        var f = func() {
        "#,
    );
    rejects("package p\nvar x int\nimport \"fmt\"\n");
    rejects("package p\nfunc f()\n{\n}\n");
    rejects("func f() {}\n");
    rejects("package\n");
    rejects("");
    accepts("package p");
}

#[test]
fn statements() {
    each_stmt(
        accepts,
        r#"
        a, b := 1, 2; a += b; a &^= b; a++; b--; ch <- v; <-ch; f(x...); f(x..., )
        L: for i := range 10 { continue L }
        for range f { break }; for k, v := range m {}; for k = range m {}; for ; ; {}; for x < y {}
        for i := 0; i < n; i++ {}
        for i := range (T{}) {}
        if x := f(); x != nil { } else if y { } else { }
        if (x == T{}) {}
        if x == (T{1}) {}
        if f(T{1}) {}
        if a[T{1}] {}
        if x == struct{}{} {}
        for _, x := range []T{{1}, {2}} {}
        switch x := y.(type) { case int, *T: case nil: default: }
        switch { case a, b: fallthrough; default: }
        switch x := f(); x.(type) { }
        switch x; y := z.(type) { }
        select { case x := <-ch: case x, ok = <-ch: case ch <- v: case <-ch: default: }
        go func() {}(); defer f.g(x)(y)
        goto L; L: { }
        L:
        var x = map[K]V{{1}: {2}, 3: 4}
        x = a.b[c](d)[e:f][g:h:i].(T)[j:][:k]
        x = *p.q; x = &T{a: b,}; x = -(-y); x = <-<-c; x = !a && b || c == d
        x = []int(nil); x = (func())(nil); x = (*T)(nil); x = chan int(nil); x = <-chan int(nil)
        x = f[int, string](y); x = pkg.F[[]int]; x = G[int]{}; x = G[a, b]{1}
        x = func(a int) func() { return nil }(1)
        x = [...]string{2: "a", "b"}
        type T[P any] struct{}; const c = 1
        if x { return }; { ; ; }
        _ = 0b_1 + 0o17 + 0x_Fp-2 + 1_000.5e+3i + 017 + 08.5 + 089i + .5 + 'a' + '\'' + '\x00' + '\u00e9'
        _ = "\a\b\f\n\r\t\v\\\"\377\xff\u1234\U0010ffff" + `raw \ "`
        "#,
    );
    each_stmt(
        rejects,
        r#"
        go f
        defer (f())
        go (func() {})
        if x { } else y
        if x := 1 { }
        if { }
        if x; { }
        if var x = 1; x { }
        for i := 0; i < 10 { }
        for i, j, k := range x { }
        switch x { y }
        select { case a, b <- c: }
        select { case a, b, c = <-d: }
        goto
        a, b
        a, b++
        x.y: z()
        f(a b)
        f(a... b)
        f(a..., b)
        x = a[]
        x = a[1::2]
        x = a[:1:]
        x = a.1
        x = (T){1}
        x = y = z
        break 1
        return return
        ~x
        func f() {}
        import "fmt"
        x = [](int){1} }
        if x == T{} { }
        x = "abc
        x = 'ab'
        x = ''
        x = '\400'
        x = "\q" + "\ud800"
        x = 0b12 + 1
        x = 08
        x = 0x
        x = 1__0
        x = 1_
        x = 0x1.0
        x = 1p5
        x = 1e
        x = 0b1.0
        x = # + @
        x = “a”
        case x:
        "#,
    );
}

#[test]
fn ambiguities_are_resolved_as_the_specification_says() {
    let tree = |text: &str| dump(&checked(text).ast, text);
    assert!(tree("package p; type T[P *C,] int").contains("Field"));
    assert!(tree("package p; type T[P *C] int").contains("Binary Mul"));
    assert!(tree("package p; type T[P *C|int] int").contains("Binary Or"));
    assert!(tree("package p; type T[P interface{}] int").contains("Field"));
    assert!(tree("package p; var x <-chan <-chan int").contains("ChanType Recv"));
    // A receive from a conversion, not a conversion to a receive-only channel.
    assert!(tree("package p; var x = <-chan int(nil)").contains("Recv 19..34"));
    assert!(tree("package p; var x = (<-chan int)(nil)").contains("ChanType Recv"));
    let swapped = tree("package p; var x = (<-chan<- chan int)(nil)");
    assert_eq!(swapped.matches("ChanType Recv").count(), 2, "{swapped}");
}

#[test]
fn a_broken_file_gives_its_good_declarations() {
    let text = "package p

import \"fmt\"

func broken(a int {
\tif x {
\t\tfmt.Println(
\t

func good1() { fmt.Println(1) }

var x = [

type good2 struct {
\ta int
\t%%%
\tb string
}

func (g *good2) good3() error {
\tx := foo.
\treturn nil
}

}

func good4() {}
";
    let parsed = checked(text);
    assert!(!parsed.errors.is_empty());
    let mut names = Vec::new();
    for decl in &parsed.ast.decls {
        if let Decl::Func(func) = decl {
            names.push(parsed.ast.name(func.name));
        }
    }
    assert_eq!(names, ["broken", "good1", "good3", "good4"]);
    assert!(dump(&parsed.ast, text).contains("name b "), "the field after the bad one");
    let heads = parse(text, ParseMode::Declarations);
    assert_eq!(heads.ast.decls.len(), parsed.ast.decls.len());
}

#[test]
fn a_broken_statement_leaves_the_others() {
    let text = "package p
func f() {
\ta := g(1, 2
\tb := 3
\tif c := ; d {
\t\te()
\t}
\th(i j)
\tk()
}
";
    let tree = dump(&checked(text).ast, text);
    for name in ["Ident a", "Ident b", "Ident e", "Ident h", "Ident k"] {
        assert!(tree.contains(name), "{name} is lost\n{tree}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let (text, parsed) =
        parse_bytes(b"package p\n// \xff\xfe\nvar x = \"\xc3\"\n", ParseMode::Full);
    assert_eq!(text, "package p\n// ??\nvar x = \"?\"\n");
    assert_eq!(parsed.errors.len(), 3);
    assert_eq!(parsed.ast.decls.len(), 1);
    rejects("package p // \0\n");
    rejects("package p // \u{feff}\n");
    accepts("\u{feff}package p\n");
    rejects("package p\n//line x.go:0\n");
    accepts("package p\n//line x.go:10\n//line :1:2\n // x //line x:0\n");
}

#[test]
fn letters_and_digits_beyond_ascii() {
    accepts("package p\nvar é, 世界, x٣, ǅ, ʰ = 1, 2, 3, 4, 5\n");
    rejects("package p\nvar ٣x = 1\n");
    rejects("package p\nvar x² = 1\n");
    rejects("package p\nvar Ⅷ = 1\n");
    rejects("package p\nvar e\u{301} = 1\n");
}

#[test]
fn tokens_with_automatic_semicolons() {
    let text = "package p // c\nx++ /* a\nb */ y";
    let list: Vec<_> = tokens(text).map(|t| (t.kind, t.automatic, t.range.of(text))).collect();
    use Token::*;
    let expected = [
        (Package, false, "package"),
        (Ident, false, "p"),
        (Comment, false, "// c"),
        (Semicolon, true, ""),
        (Ident, false, "x"),
        (Inc, false, "++"),
        (Comment, false, "/* a\nb */"),
        (Semicolon, true, ""),
        (Ident, false, "y"),
        (Semicolon, true, ""),
    ];
    assert_eq!(list, expected);
}

#[test]
fn directives_and_imports_without_the_rest() {
    let text = "//go:build linux && go1.22

package p

import \"C\"
import \"unsafe\"

//go:linkname f runtime.f
//go:noescape
func f()

//export g
func g() { this is not Go }
";
    let parsed = parse(text, ParseMode::ImportsOnly);
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.directives.go_version(), Some(22));
    let paths: Vec<_> = parsed.ast.imports.iter().map(|import| &*import.path).collect();
    assert_eq!(paths, ["C", "unsafe"]);
    let parsed = parse(text, ParseMode::Declarations);
    assert_eq!(parsed.errors, []);
    let list = parsed.directives.list.iter().map(|d| (&*d.name, &*d.args));
    let expected = [
        ("build", "linux && go1.22"),
        ("linkname", "f runtime.f"),
        ("noescape", ""),
        ("export", "g"),
    ];
    assert_eq!(list.collect::<Vec<_>>(), expected);
}
