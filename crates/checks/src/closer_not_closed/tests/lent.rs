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
