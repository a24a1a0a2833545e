//! Turns of loops that do not replace what is open.

use super::check;

#[test]
fn two_calls_by_turns() {
    check(
        r#"
type part struct { quit chan struct{} }
func newPart() *part {
    p := &part{quit: make(chan struct{})}
    go p.run()
    return p
}
func (p *part) run()  { <-p.quit }
func (p *part) Stop() { close(p.quit) }
type leader struct { events chan bool; part *part }
func (l *leader) lead() { l.part = newPart() }
func (l *leader) follow() {
    l.part.Stop()
    l.part = nil
}
func (l *leader) Run() {
    for e := range l.events {
        if e {
            l.lead()
        } else {
            l.follow()
        }
    }
}
type sometimes struct { events chan bool; part *part }
func (s *sometimes) lead() {
    s.part = newPart()
  //^^^^^^^^^^^^^^^^^^ leak[dropped-while-open]: `part` is replaced while it may be open
}
func (s *sometimes) follow() {
    s.part.Stop()
    s.part = nil
}
func (s *sometimes) Run() {
    for e := range s.events {
        s.lead()
        if e {
            continue
        }
        s.follow()
    }
}
"#,
    );
}

#[test]
fn a_call_that_failed_has_replaced_nothing() {
    let program = |after: &str| {
        format!(
            r#"
type client struct {{ again chan error; conn net.Conn }}
func (c *client) hello() error
func (c *client) dial() error {{
    conn, err := net.Dial("tcp", "a")
    if err != nil {{
        return err
    }}
    {after}
    return nil
}}
func (c *client) redial() error {{
    for i := 0; i < 3; i++ {{
        err := c.dial()
        if err == nil {{
            return nil
        }}
    }}
    return errors.New("no connection")
}}
func (c *client) Run() {{
    for range c.again {{
        if err := c.redial(); err != nil {{
            return
        }}
        go c.read()
    }}
}}
func (c *client) read() {{
    defer c.conn.Close()
    c.conn.Read(nil)
}}
"#
        )
    };
    check(&program("c.conn = conn"));
    check(&program(
        "c.conn = conn
  //^^^^^^^^^^^^^ leak[dropped-while-open]: `conn` is replaced while it may be open
    if err := c.hello(); err != nil {
        return err
    }",
    ));
}

#[test]
fn functions_of_other_packages_in_the_loop() {
    check(
        r#"
//- /notes/notes.go
package notes
import "sync"
var mu sync.Mutex
func Write(line string) error {
    mu.Lock()
    if line == "" {
        return nil
    }
    mu.Unlock()
    return nil
}
//- /a/a.go
package a
import "notes"
type part struct { quit chan struct{} }
func newPart() *part {
    p := &part{quit: make(chan struct{})}
    go p.run()
    return p
}
func (p *part) run()  { <-p.quit }
func (p *part) Stop() { close(p.quit) }
type leader struct { events chan bool; part *part }
func (l *leader) lead() { l.part = newPart() }
func (l *leader) follow() {
    l.part.Stop()
    l.part = nil
}
func (l *leader) Run() {
    for e := range l.events {
        if e {
            l.lead()
        } else {
            notes.Write("follows")
            l.follow()
        }
    }
}
"#,
    );
}
