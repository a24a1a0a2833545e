//! What the explorer knows of functions that the runtime calls once nobody reaches an object any more.

use stanch_testing::check_shown;

fn program(finalizer: &str, leaks: bool) {
    let mark =
        if leaks { "//^^^^^^ leak[abandoned-send]: this send can block for ever" } else { "" };
    check_shown(
        "abandoned-send",
        &format!(
            r#"
//- /notes/notes.go
package notes
import "sync"
var mu sync.Mutex
var lines = make(chan string, 1)
func Write(line string) {{
    mu.Lock()
    defer mu.Unlock()
    lines <- line
}}
//- /a/a.go
package a
import (
    "notes"
    "runtime"
)
type box struct {{ c chan int; name string; used bool }}

func (b *box) report() {{ println(b.name) }}
func (b *box) release() {{ <-b.c }}

func check() error {{ return nil }}

func f(name string) error {{
    b := &box{{c: make(chan int), name: name}}
    notes.Write(name)
    {finalizer}
    c := b.c
    go func() {{ c <- 1 }}()
              {mark}
    if err := check(); err != nil {{
        return err
    }}
    <-b.c
    return nil
}}
"#
        ),
    );
}

#[test]
fn one_that_only_looks_ends_nothing() {
    program("runtime.SetFinalizer(b, func(b *box) { if !b.used { notes.Write(b.name) } })", true);
    program("runtime.SetFinalizer(b, func(b *box) { if !b.used { panic(b.name) } })", true);
    program("runtime.SetFinalizer(b, (*box).report)", true);
    program("runtime.AddCleanup(b, func(name string) { println(name) }, b.name)", true);
}

#[test]
fn one_that_receives_ends_the_wait() {
    program("runtime.SetFinalizer(b, func(b *box) { <-b.c })", false);
    program("runtime.SetFinalizer(b, (*box).release)", false);
    program("runtime.SetFinalizer(b, func(b *box) { go b.release() })", false);
    program("runtime.SetFinalizer(b, func(b *box) { c := b.c; func() { <-c }() })", false);
    program("runtime.AddCleanup(b, func(c chan int) { <-c }, b.c)", false);
}
