//! A package-level map, slice or list to which entries are added again and again, and never taken out.
//!
//! # Why it leaks
//! A package-level variable lives as long as the program, and so does everything it refers to. If
//! requests, loops or goroutines add entries under ever new keys and no code deletes, replaces or
//! bounds them, memory grows with the work that was ever done.
//!
//! # Example
//! ```go
//! var profiles = map[string][]byte{}
//!
//! func profile(user string) []byte {
//!     p, ok := profiles[user]
//!     if !ok {
//!         p = make([]byte, 1<<10)
//!         profiles[user] = p // one more for every user there ever was
//!     }
//!     return p
//! }
//!
//! func serve(users chan string) {
//!     for user := range users {
//!         profile(user)
//!     }
//! }
//!
//! func Start(users chan string) { go serve(users) }
//! ```
//! Put a bound on the map, expire or delete entries, or give the map to an owner that ends.
//!
//! # Fix safety
//! There is no automatic fix: which entries may go is for people to decide.
//!
//! # Not reported
//! Every operation of the module on the variable counts, through helpers, parameters, methods, fields
//! and closures: one that deletes, clears, replaces, cuts or compares the length with a bound makes it
//! silent. So do keys of which there are only a few: constants, enumerations, small integers, types;
//! and growth that happens only while the program starts. State that code out of view may shrink
//! (exported, or handed out), registries, and growth of which it is not known how often it happens are
//! `possible`, which is not shown by default; so is what only remembers a result under a name (it is looked
//! up, and made if it is not there), unless the key is another one each time: there may be as few names as
//! settings. A map that a loop fills and that is cleared again keeps the room of its largest size: `possible`.
//! A list that the program links by hand grows with each node that refers to what stood at its beginning, or
//! comes after its end; any other store into a link, anywhere in the module, makes lists of such nodes silent. A
//! changed copy that takes the place of the original, an atomic pointer's too, is the original, changed.
//! Tests count neither way; what lies in folders of tests, examples and benchmarks beside other code is `possible`.

use crate::growths;
use crate::module::ModuleCtx;
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_lifetime::Place;

/// The check.
pub const CHECK: Check = Check {
    code: "GL001",
    name: "growing-global",
    summary: "package-level state only grows",
    cause: Cause::GlobalLifetime,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    let growths = ctx.lifetime.growths.iter();
    growths
        .filter(|g| matches!(g.place, Place::Global) && !growths::keeps_functions(ctx, g))
        .filter_map(|g| growths::finding(ctx, &CHECK, g))
        .collect()
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, check_shown, example};

    const NAME: &str = "growing-global";

    #[test]
    fn the_example() {
        example(NAME, include_str!("growing_global.rs"));
    }

    #[test]
    fn a_cache_that_a_handler_fills() {
        check(
            NAME,
            r#"
//- /a/a.go
package a
import "a/http"
var cache = map[string][]byte{}
  //^^^^^ label: lives as long as the program
func lookup(k string) []byte {
    if v, ok := cache[k]; ok { return v }
    v := make([]byte, 100)
    cache[k] = v
  //^^^^^^^^^^^^ leak[growing-global]: `cache` only grows
    return v
}
func worker(in chan string) {
    for k := range in {
        lookup(k)
      //^^^^^^^^^ label: leads to it again and again
    }
}
func init() { http.Use(worker) }
//- /a/http/http.go
package http
func Use(f func(chan string)) { go f(make(chan string)) }
"#,
        );
    }

    #[test]
    fn what_is_tried_beside_other_code_is_possible_only() {
        check_shown(
            NAME,
            r#"
//- /a/a.go
package a
var seen []int
func run(in chan int) {
    for n := range in { seen = append(seen, n) }
                      //^^^^^^^^^^^^^^^^^^^^^^ leak[growing-global]: `seen` only grows
}
func Start(in chan int) { go run(in) }
//- /a/tests/app/app.go
package app
var seen []int
func run(in chan int) {
    for n := range in { seen = append(seen, n) }
}
func Start(in chan int) { go run(in) }
"#,
        );
    }

    #[test]
    fn a_method_of_the_same_name_that_takes_something_else_is_not_called() {
        check_shown(
            NAME,
            r#"
type handler interface { Handle(n int, s string) }
type conf struct{}
var all []handler
func (c *conf) Handle(h handler) { all = append(all, h) }
type served struct{ h handler }
func (s *served) run(in chan int) {
    for n := range in { s.h.Handle(n, "") }
}
func Start(h handler, in chan int) { go (&served{h}).run(in) }
"#,
        );
    }

    #[test]
    fn a_log_through_a_helper_of_another_package() {
        check(
            NAME,
            r#"
//- /log2/l.go
package log2
func Put(m map[string]int, k string) { m[k] = 1 }
//- /a/a.go
package a
import "log2"
var seen = map[string]int{}
func run(in chan string) {
    for k := range in { log2.Put(seen, k) }
                      //^^^^^^^^^^^^^^^^^ leak[growing-global]: `seen` only grows
}
func Start(in chan string) { go run(in) }
"#,
        );
    }

    #[test]
    fn a_delete_in_another_package_is_seen() {
        check(
            NAME,
            r#"
//- /b/b.go
package b
var Seen = map[string]int{}
func run(in chan string) {
    for k := range in { Seen[k] = 1 }
}
func Start(in chan string) { go run(in) }
//- /a/a.go
package a
import "b"
func Forget(k string) { delete(b.Seen, k) }
"#,
        );
    }

    #[test]
    fn keys_of_few_kinds_and_bounds() {
        check(
            NAME,
            r#"
type Level int
const (
    Low Level = iota
    High
)
var byLevel = map[Level]int{}
var byHash = map[int]int{}
var last []string
func run(in chan string) {
    for k := range in {
        byLevel[Level(len(k))]++
        byHash[len(k)%16]++
        last = append(last, k)
        if len(last) > 100 {
            last = last[1:]
        }
    }
}
func Start(in chan string) { go run(in) }
"#,
        );
    }

    #[test]
    fn filled_once() {
        check(
            NAME,
            r#"
var names, all []string
var known = map[string]bool{}
func Names(in chan string) []string {
    if len(names) > 0 {
        return names
    }
    for name := range in {
        names = append(names, name)
    }
    return names
}
func Known(in chan string) {
    if len(known) == 0 {
        for name := range in {
            known[name] = true
        }
    }
}
func All(in chan string) []string {
    if len(all) > 0 {
        println(all[0])
    }
    for name := range in {
        all = append(all, name)
      //^^^^^^^^^^^^^^^^^^^^^^^ leak[growing-global]: `all` only grows
    }
    return all
}
"#,
        );
    }

    #[test]
    fn a_map_that_was_huge_once() {
        check(
            NAME,
            r#"
var batch, fresh = map[string]int{}, map[string]int{}
func load(names []string) {
    for _, name := range names {
        batch[name] = 1
      //^^^^^^^^^^^ leak[growing-global]: `batch` keeps the room of its largest size
        fresh[name] = 1
    }
    clear(batch)
    fresh = map[string]int{}
}
func serve(in chan []string) {
    for names := range in {
        load(names)
    }
}
func Start(in chan []string) { go serve(in) }
"#,
        );
    }

    #[test]
    fn made_where_there_is_none_yet() {
        check_shown(
            NAME,
            r#"
type client struct { name string; data [64]byte }
type manager struct { mu sync.Mutex; made map[string]*client }
func (m *manager) get(name string, create func() *client) *client {
    m.mu.Lock()
    defer m.mu.Unlock()
    if c, ok := m.made[name]; ok {
        return c
    }
    c := create()
    m.made[name] = c
    return c
}
var theManager = &manager{made: map[string]*client{}}
var clients, seen []*client
func serve(in chan string) {
    for name := range in {
        theManager.get(name, func() *client {
            c := &client{name: name}
            clients = append(clients, c)
            return c
        })
        seen = append(seen, &client{name: name})
      //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[growing-global]: `seen` only grows
    }
}
func Start(in chan string) { go serve(in) }
"#,
        );
    }

    #[test]
    fn one_of_many_implementations() {
        check_shown(
            NAME,
            r#"
type step interface { run(string) }
type a struct{}
type b struct{}
type c struct{}
type d struct{}
type e struct{}
var log, direct []string
func (a) run(s string) { log = append(log, s) }
func (b) run(string) {}
func (c) run(string) {}
func (d) run(string) {}
func (e) run(string) {}
func serve(s step, in chan string) {
    for m := range in {
        s.run(m)
        direct = append(direct, m)
      //^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[growing-global]: `direct` only grows
    }
}
func Start(s step, in chan string) { go serve(s, in) }
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
var all []string
func run(in chan string) {
    for k := range in {
        all = append(all, k) //stanch:ignore growing-global the report at the end needs all
    }
}
func Start(in chan string) { go run(in) }
"#,
        );
    }
}
