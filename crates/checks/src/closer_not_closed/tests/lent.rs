//! What is lent to code out of view stays with who closes it afterwards.

use super::check;

fn program(expectation: &str, body: &str) {
    check(&format!(
        r#"
type sink interface {{
    Put(r io.Reader) error
    Add(c net.Conn) error
    Try(c net.Conn) bool
}}
func f(s sink, put func(io.Reader) error, addr string, ok bool) error {{
    c, err := net.Dial("tcp", addr)
            {expectation}
    if err != nil {{
        return err
    }}
    {body}
}}
"#
    ));
}

fn leaks(body: &str) {
    program("//^^^^^^^^^^^^^^^^^^^^^ leak[closer-not-closed]: `c` is not closed", body);
}

fn silent(body: &str) {
    program("", body);
}

#[test]
fn closed_when_all_goes_well() {
    leaks("if err := s.Put(c); err != nil { return err }\n c.Close()\n return nil");
    leaks("if err := put(c); err != nil { return err }\n return c.Close()");
    leaks("if err := s.Put(c); err != nil { return err }\n defer c.Close()\n return nil");
    silent("defer c.Close()\n return s.Put(c)");
}

#[test]
fn closed_only_where_it_is_not_taken() {
    silent("if err := s.Add(c); err != nil { c.Close(); return err }\n return nil");
    silent("if !s.Try(c) { c.Close() }\n return nil");
    silent("if ok { return s.Add(c) }\n return c.Close()");
    silent("kept := false\n if ok { s.Put(c); kept = true }\n if !kept { c.Close() }\n return nil");
}

fn with_helpers(body: &str, leaks: bool) {
    let expectation = match leaks {
        true => "//^^^^^^^^^^^^^^^^^^^^^ leak[closer-not-closed]: `c` is n",
        false => "",
    };
    check(&format!(
        r#"
type sink interface {{
    Put(r io.Reader) error
    Reset(r io.Reader) error
    Take(r io.ReadCloser) error
    Open(r io.Reader) (io.ReadCloser, error)
    Each(func() error) error
}}
type app struct{{ w *exec.Cmd }}
type port struct{{ c io.Reader }}
func (p port) use() error {{
    if ender, ok := p.c.(interface{{ End() error }}); ok {{
        return ender.End()
    }}
    return nil
}}
var kept []func() error
func times(n int, f func() error) error {{
    for ; n > 0; n-- {{
        if err := f(); err != nil {{
            return err
        }}
    }}
    return nil
}}
func keep(n int, f func() error) error {{
    kept = append(kept, f)
    return f()
}}
func f(s sink, a *app, addr string, stop chan bool, wg *sync.WaitGroup) error {{
    c, err := net.Dial("tcp", addr)
            {expectation}
    if err != nil {{
        return err
    }}
    {body}
}}
"#
    ));
}

#[test]
fn given_to_a_method_that_takes_a_reader() {
    with_helpers("return s.Put(c)", true);
    with_helpers(
        "kept := addr != \"\"\n if kept { s.Put(c) } else { c.Close() }\n return nil",
        false,
    );
    with_helpers("defer c.Close()\n return s.Put(c)", false);
    with_helpers("return s.Reset(c)", false);
    with_helpers("return s.Take(c)", false);
    with_helpers("_, err = s.Open(c)\n return err", false);
}

#[test]
fn used_by_a_literal_that_others_call() {
    let read = "_, err := c.Read(nil); return err";
    let then = "; err != nil { return err }\n return c.Close()";
    with_helpers(&format!("if err := times(3, func() error {{ {read} }}){then}"), true);
    with_helpers(&format!("if err := s.Each(func() error {{ {read} }}){then}"), true);
    with_helpers(&format!("if err := keep(3, func() error {{ {read} }}){then}"), false);
    with_helpers(
        &format!("err = times(3, func() error {{ {read} }})\n c.Close()\n return err"),
        false,
    );
    with_helpers(&format!("return s.Each(func() error {{ {read} }})"), false);
}

#[test]
fn what_a_literal_puts_into_an_object_is_for_that() {
    let then = "; err != nil { return err }\n return c.Close()";
    with_helpers(
        &format!("if err := times(3, func() error {{ w := port{{c: c}}; return w.use() }}){then}"),
        false,
    );
    with_helpers(
        &format!(
            "if err := times(3, func() error {{ w := &port{{}}; w.c = c; return w.use() }}){then}"
        ),
        false,
    );
}

#[test]
fn used_by_a_goroutine() {
    with_helpers("go func() { c.Read(nil) }()\n return nil", true);
    with_helpers("go func() { defer c.Close(); c.Read(nil) }()\n return nil", false);
    with_helpers(
        "go func() { c.Read(nil) }()\n go func() { <-stop; c.Close() }()\n return nil",
        false,
    );
    with_helpers(
        "wg.Add(1)\n go func() { defer wg.Done(); c.Read(nil) }()\n wg.Wait()\n return c.Close()",
        false,
    );
}

#[test]
fn an_output_of_a_command() {
    let run = "; err != nil { return err }\n return c.Close()";
    with_helpers(
        &format!("cmd := exec.Command(addr)\n cmd.Stdout = c\n if err := cmd.Run(){run}"),
        true,
    );
    with_helpers(&format!("cmd := &exec.Cmd{{Stdout: c}}\n if err := cmd.Run(){run}"), true);
    with_helpers(
        "cmd := exec.Command(addr)\n cmd.Stdin = c\n defer c.Close()\n return cmd.Run()",
        false,
    );
}

#[test]
fn read_by_a_missing_package() {
    let program = |body: &str, leaks: bool| {
        let expectation = match leaks {
            true => "//^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is never closed",
            false => "",
        };
        check(&format!(
            r#"
package p
import "os"
import "io"
import "example.com/missing"
type zone struct {{ n int; p any }}
func parse(r io.Reader) (*zone, error) {{
    {body}
}}
func load(name string) (*zone, error) {{
    f, err := os.Open(name)
            {expectation}
    if err != nil {{
        return nil, err
    }}
    return parse(f)
}}
"#
        ));
    };
    program("p := missing.NewParser(r)\n n, err := p.Next()\n return &zone{n: n}, err", true);
    program(
        "n, err := missing.Read(r)\n if err != nil { return nil, err }\n return &zone{n: 1}, nil",
        true,
    );
    program("p := missing.NewParser(r)\n return &zone{p: p}, nil", false);
    program("p := missing.NewParser(r)\n defer p.Close()\n return &zone{}, nil", false);
    program("missing.Register(r)\n return &zone{}, nil", false);
}
