//! What is put into objects that functions of the package return is still its giver's.

fn check(fixture: &str) {
    stanch_testing::check("constructor-error-leak", fixture);
}

fn program(body: &str, leaks: bool) {
    let expectation = match leaks {
        true => "//^^^^^^^^^^^^^^^^^^^^^ leak[constructor-error-leak]: `c` is not closed",
        false => "",
    };
    check(&format!(
        r#"
type reader struct {{ from io.Reader }}
func newReader(from io.Reader) *reader {{ return &reader{{from}} }}
func (r *reader) next() error {{ _, err := r.from.Read(nil); return err }}
type link struct {{ c net.Conn; r *reader }}
func newLink(c net.Conn) *link {{ return &link{{c: c, r: newReader(c)}} }}
func (l *link) hello() error {{ return l.r.next() }}
func (l *link) Close() error {{ return l.c.Close() }}
func (l *link) raw() net.Conn {{ return l.c }}
var links []*link
func register(l *link) {{ links = append(links, l) }}
type owner struct {{ l *link }}
func (o *owner) hello() error {{ return o.l.hello() }}
func (o *owner) Close() error {{ return o.l.Close() }}
func open(addr string) (*owner, error) {{
    c, err := net.Dial("tcp", addr)
            {expectation}
    if err != nil {{
        return nil, err
    }}
    {body}
}}
"#
    ));
}

#[test]
fn an_object_around_it_fails() {
    let then = "return nil, err }\n return";
    program(
        &format!(
            "r := newReader(c)\n if err := r.next(); err != nil {{ {then} &owner{{&link{{c, r}}}}, nil"
        ),
        true,
    );
    program(
        &format!(
            "l := link{{c: c, r: newReader(c)}}\n if err := l.hello(); err != nil {{ {then} &owner{{&l}}, nil"
        ),
        true,
    );
}

#[test]
fn an_object_around_it_ends_it() {
    let fails = |end: &str| {
        program(
            &format!(
                "l := newLink(c)\n if err := l.hello(); err != nil {{ {end}; return nil, err }}\n return &owner{{l}}, nil"
            ),
            false,
        );
    };
    fails("l.Close()");
    fails("c.Close()");
    fails("l.c.Close()");
    fails("l.raw().Close()");
    fails("register(l)");
    fails("defer l.Close()");
    program(
        "o := &owner{newLink(c)}\n if err := o.hello(); err != nil { o.Close(); return nil, err }\n return o, nil",
        false,
    );
    program(
        "l := newLink(c)\n links = append(links, l)\n if err := l.hello(); err != nil { return nil, err }\n return &owner{l}, nil",
        false,
    );
    program(
        "var l *link\n if addr != \"\" { l = newLink(c) } else { l = &link{c: c} }\n return &owner{l}, nil",
        false,
    );
}
