//! Objects that say that they have ended.

use super::check;

const STREAM: &str = r#"
type stream struct { events chan int; quit chan int; once sync.Once }
func open(src <-chan int) *stream {
    s := &stream{events: make(chan int), quit: make(chan int)}
    go func() {
        defer close(s.events)
        for {
            select {
            case v, ok := <-src:
                if !ok {
                    return
                }
                select {
                case s.events <- v:
                case <-s.quit:
                    return
                }
            case <-s.quit:
                return
            }
        }
    }()
    return s
}
func (s *stream) Close() { s.once.Do(func() { close(s.quit) }) }
func run(src <-chan int, halt <-chan int) int {
    s := open(src)
    return use(s, halt)
}
"#;

#[test]
fn who_is_told_so_owes_no_stop() {
    let program = |ended: &str, expectation: &str| {
        check(&format!(
            "{STREAM}
func use(s *stream, halt <-chan int) (n int) {{
       {expectation}
    for {{
        select {{
        case v, ok := <-s.events:
            if {ended} {{
                return n
            }}
            n += v
        case <-halt:
            s.Close()
            return n
        }}
    }}
}}"
        ));
    };
    program("!ok", "");
    program(
        "ok && v == 0",
        "//^ leak[missing-close]: `s` is not closed when `use` returns at line 37",
    );
}

#[test]
fn a_range_that_is_over() {
    let program = |inner: &str, expectation: &str| {
        check(&format!(
            "{STREAM}
func use(s *stream, halt <-chan int) (n int) {{
       {expectation}
    for v := range s.events {{
        if v < 0 {{
            s.Close()
            return n
        }}
        {inner}
        n += v
    }}
    return n
}}"
        ));
    };
    program("", "");
    program(
        "if v == 0 { return n }",
        "//^ leak[missing-close]: `s` is not closed when `use` returns at line 38",
    );
}
