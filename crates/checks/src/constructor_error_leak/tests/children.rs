use super::check;

#[test]
fn a_child_that_works_for_its_parent() {
    let program = |more: &str, body: &str, expectation: &str| {
        check(&format!(
            r#"
type child struct {{ in chan int; stop chan struct{{}}; f func(int) }}
func newChild(f func(int)) *child {{
    c := &child{{in: make(chan int), stop: make(chan struct{{}}), f: f}}
    {more}
    go c.run()
    return c
}}
var all []func(int)
func (c *child) run() {{
    for {{
        select {{
        case n := <-c.in:
            c.f(n)
        case <-c.stop:
            return
        }}
    }}
}}
func (c *child) Close() {{ close(c.stop) }}
type parent struct {{ c *child; n int }}
func (p *parent) take(n int) {{ p.n += n }}
func (p *parent) check() error {{
    if p.n > 3 {{ return errors.New("many") }}
    return nil
}}
func newParent() (*parent, error) {{
    p := &parent{{}}
    p.c = newChild(p.take)
    {expectation}
    if err := p.check(); err != nil {{
        {body}
        return nil, err
    }}
    return p, nil
}}
"#
        ));
    };
    let found = "    //^^^^^^^^^^^^^^^^ leak[constructor-error-leak]: the goroutine of what this makes is not stopped";
    program("", "", found);
    program("", "p.c.Close()", "");
    // Others may end it through the parent.
    program("all = append(all, f)", "", "");
}

#[test]
fn a_child_that_ends_parts_of_its_parent() {
    let program = |take: &str, made: &str, found: &str| {
        check(
            &format!(
                r#"
type child struct {{ in chan int; stop chan struct{{}}; f func(int) }}
func newChild(f func(int)) *child {{
    c := &child{{in: make(chan int), stop: make(chan struct{{}}), f: f}}
    go func() {{
        for {{
            select {{
            case n := <-c.in:
                c.f(n)
            case <-c.stop:
                return
            }}
        }}
    }}()
    return c
}}
func (c *child) Close() {{ close(c.stop) }}
type parent struct {{ c *child; root, now *os.File; more closer }}
type closer interface {{ Close() error }}
func (p *parent) take(int) {{
    p.renew()
}}
func (p *parent) renew() {{
    {take}
}}
func (p *parent) Close() {{
    p.c.Close()
    p.root.Close()
}}
func newParent(name string) (*parent, error) {{
    p := &parent{{}}
    {made}
    if _, err := os.Stat(name); err != nil {{
        p.c.Close()
        return nil, err
    }}
    return p, nil
}}
"#
            )
            .replace("FOUND", found),
        );
    };
    let opens = "f, err := os.Open(name)
FOUND
if err != nil { return nil, err }
p.root = f
";
    let before = format!("{opens}    p.c = newChild(p.take)");
    let after = format!(
        "p.c = newChild(p.take)
{}",
        opens.replace("return nil, err", "p.c.Close(); return nil, err")
    );
    let found = "            //^^^^^^^^^^^^^ leak[constructor-error-leak]: `f` is not closed";
    program("p.now.Close()", &before, found);
    // The child's goroutine may close it, or has something that may hold it.
    program("p.root.Close()", &before, "");
    program("p.root.Close()", &after, "");
    program("p.more.Close()", &before, "");
}

#[test]
fn refused_for_its_state() {
    let program = |condition: &str, expectation: &str| {
        check(&format!(
            r#"
type client interface {{ Closed() bool; Close(); Ask(n int) bool }}
type conn struct {{ stop chan struct{{}}; over bool }}
func (c *conn) Closed() bool {{ return c.over }}
func (c *conn) Ask(n int) bool {{ return n > 0 }}
func (c *conn) Close() {{ close(c.stop) }}
func newConn() (client, error) {{
    c := &conn{{stop: make(chan struct{{}})}}
    go func() {{ <-c.stop }}()
    return c, nil
}}
type reader struct {{ c client }}
func (r *reader) Close() {{ r.c.Close() }}
var errClosed = errors.New("closed")
func over(c client) (*reader, error) {{
    if {condition} {{
        return nil, errClosed
    }}
    return &reader{{c: c}}, nil
}}
func newReader() (*reader, error) {{
    c, err := newConn()
{expectation}
    if err != nil {{
        return nil, err
    }}
    return over(c)
}}
func newReaderChecked() (*reader, error) {{
    c, err := newConn()
{expectation}
    if err != nil {{
        return nil, err
    }}
    r, err := over(c)
    if err != nil {{
        return nil, err
    }}
    return r, nil
}}
"#
        ));
    };
    // Who has just made it knows that it is not closed.
    program("c.Closed()", "");
}
