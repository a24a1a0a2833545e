//! Helpers that are given an error tell whether it is one.

use super::check;

fn program(ask: &str, leaks: bool) {
    let expectation = match leaks {
        true => "//^^^^^^^^^^^^^^^^^^^^^ leak[closer-not-closed]: `c` is not closed",
        false => "",
    };
    check(&format!(
        r#"
var errGone = errors.New("gone")
var last error
var failures int
type log struct {{ n int; first error }}
func wrap(err error) error {{
    if err == nil {{ return nil }}
    return fmt.Errorf("dial: %w", err)
}}
func name(err error) error {{
    switch {{
    case err == nil:
        return nil
    case errors.Is(err, io.EOF):
        return errGone
    }}
    return err
}}
func earlier(err error) error {{
    if err == nil {{ return nil }}
    return last
}}
func (l *log) ok(err error) bool {{
    if err != nil && l.first == nil {{ l.first = err }}
    return err == nil
}}
func failed(err error) bool {{
    bad := err != nil
    if bad {{ failures++ }}
    return bad
}}
func odd(err error) bool {{
    if err != nil {{ failures++ }}
    return failures%2 == 1
}}
func f(addr string, l *log, limit int) error {{
    c, err := net.Dial("tcp", addr)
            {expectation}
    {ask}
    if limit == 0 {{
        return io.EOF
    }}
    return c.Close()
}}
func g() {{ last = io.EOF }}
"#
    ));
}

#[test]
fn where_it_failed_nothing_is_open() {
    program("if err := wrap(err); err != nil { return err }", true);
    program("if err = name(err); err != nil { return err }", true);
    program("if !l.ok(err) { return l.first }", true);
    program("if failed(err) { return err }", true);
    for ask in ["wrap(err)", "name(err)"] {
        program(&format!("if err := {ask}; err != nil {{ return err }}\n defer c.Close()"), false);
    }
    for ask in ["!l.ok(err)", "failed(err)"] {
        program(&format!("if {ask} {{ return err }}\n defer c.Close()"), false);
    }
}

#[test]
fn what_was_noted_is_asked_for_later() {
    program("l.ok(err)\n if l.first != nil { return l.first }\n defer c.Close()", false);
}
