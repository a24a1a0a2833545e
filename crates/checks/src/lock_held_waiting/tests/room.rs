//! Channels with room, and locks that are given back before the wait.

use super::check;

/// A table of calls; who answers one sends under the lock.
fn table(made: &str, answer: &str) -> String {
    format!(
        r#"
type call struct {{ ch chan error }}
type table struct {{ mu sync.Mutex; all map[string]*call }}
func (t *table) store(key string, c *call) {{
    t.mu.Lock()
    defer t.mu.Unlock()
    t.all[key] = c
}}
func (t *table) remove(key string) {{
    t.mu.Lock()
    defer t.mu.Unlock()
    delete(t.all, key)
}}
func (t *table) done(key string, err error) {{
    t.mu.Lock()
    defer t.mu.Unlock()
    c, ok := t.all[key]
    if !ok {{
        return
    }}
    {answer}
}}
func (t *table) ask(ctx context.Context, key string) error {{
    ch := {made}
    t.store(key, &call{{ch: ch}})
    defer t.remove(key)
    select {{
    case err := <-ch:
        return err
    case <-ctx.Done():
        return ctx.Err()
    }}
}}
"#
    )
}

#[test]
fn one_answer_has_room() {
    check(&table("make(chan error, 1)", "delete(t.all, key); c.ch <- err"));
    check(&table(
        "make(chan error)",
        "delete(t.all, key)
    c.ch <- err
  //^^^^^^^^^^^ leak[lock-held-waiting]: this waits for",
    ));
}

#[test]
fn a_condition_gives_the_lock_back() {
    let program = |first: &str, last: &str, expected: &str| {
        format!(
            r#"
type cond struct {{ l sync.Locker; signal chan struct{{}} }}
func (c *cond) wait() {{
    {first}
    <-c.signal
    {last}
}}
type file struct {{ mu sync.Mutex; cond *cond; ready bool }}
func newFile() *file {{
    f := &file{{}}
    f.cond = &cond{{l: &f.mu, signal: make(chan struct{{}})}}
    return f
}}
func (f *file) fill() {{
    f.mu.Lock()
    f.ready = true
    f.mu.Unlock()
    f.cond.signal <- struct{{}}{{}}
}}
func (f *file) read() int {{
    go f.fill()
    f.mu.Lock()
    defer f.mu.Unlock()
    f.cond.wait()
  {expected}
    return 1
}}
"#
        )
    };
    check(&program("c.l.Unlock()", "c.l.Lock()", ""));
    check(&program("", "", "//^^^^^^^^^^^^^ leak[lock-held-waiting]: this waits for"));
}
