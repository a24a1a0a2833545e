//! A file, connection, listener, client or watcher that some path does not close.
//!
//! # Why it leaks
//! It keeps a file descriptor, and often a goroutine and buffers, for as long as the process runs
//! or until the collector happens to find it.
//!
//! # Example
//! ```go
//! func size(name string) (int, error) {
//!     f, err := os.Open(name)
//!     if err != nil {
//!         return 0, err
//!     }
//!     data, err := io.ReadAll(f)
//!     if err != nil {
//!         return 0, err // f stays open
//!     }
//!     return len(data), f.Close()
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Whatever leaves the function's hands is its new owner's business: returned, stored in an object
//! that lives on, appended, sent, captured by a function that others got, passed to code out of
//! view. A process that ends needs no close: `main`, and paths to `os.Exit`.

use crate::Ctx;
use crate::resource::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_effects::Kind;

/// The check.
pub const CHECK: Check = Check {
    code: "RS006",
    name: "closer-not-closed",
    summary: "a path does not close a file, connection, listener or client",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let words = Words {
        check: &CHECK,
        thing: "what this opens",
        done: "closed",
        note: "it keeps a file descriptor or goroutines until it is closed",
        call: ".Close()",
    };
    resource::findings(ctx, &words, &[Kind::Closer])
}

#[cfg(test)]
mod tests {
    mod asked;
    mod boxed;
    mod lent;
    mod together;
    mod told;
    mod wrapped;

    fn check(fixture: &str) {
        stanch_testing::check("closer-not-closed", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("closer-not-closed", include_str!("closer_not_closed.rs"));
    }

    #[test]
    fn early_return() {
        check(
            r#"
func size(name string) (int, error) {
    f, err := os.Open(name)
            //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is not closed when `size` returns at line 10
    if err != nil {
        return 0, err
    }
    data, err := io.ReadAll(f)
    if err != nil {
        return 0, err
    }
    return len(data), f.Close()
}
func loop(names []string) {
    for _, name := range names {
        f, err := os.Open(name)
                //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is never closed
        if err != nil {
            continue
        }
        io.ReadAll(f)
    }
}
"#,
        );
    }

    #[test]
    fn owners() {
        check(
            r#"
type reader struct { r io.Reader; c io.Closer }
type set struct { closers []io.Closer; byName map[string]*os.File }
func a(name string) (*reader, error) {
    f, err := os.Open(name)
    if err != nil {
        return nil, err
    }
    return &reader{r: f, c: f}, nil
}
func (s *set) b(name string) error {
    f, err := os.Open(name)
    if err != nil {
        return err
    }
    s.closers = append(s.closers, f)
    return nil
}
func (s *set) c(name string) error {
    f, err := os.Open(name)
    if err == nil {
        s.byName[name] = f
    }
    return err
}
func d(name string) (func(), error) {
    f, err := os.Open(name)
    if err != nil {
        return nil, err
    }
    return func() { f.Close() }, nil
}
func e(name string) (err error) {
    f, err := os.Open(name)
    if err != nil {
        return err
    }
    defer func() {
        if cerr := f.Close(); err == nil {
            err = cerr
        }
    }()
    _, err = io.ReadAll(f)
    return err
}
func g(name string) (f *os.File, err error) {
    f, err = os.Open(name)
    if err != nil {
        return nil, err
    }
    defer func() {
        if err != nil {
            f.Close()
        }
    }()
    _, err = io.ReadAll(f)
    return f, err
}
func h(name string) {
    f, err := os.Open(name)
    if err != nil {
        os.Exit(1)
    }
    var c io.Closer = f
    c.Close()
}
"#,
        );
    }

    #[test]
    fn a_promoted_method_closes_the_whole() {
        check(
            r#"
func ask(addr *net.UDPAddr) error {
    conn, err := net.DialUDP("udp", nil, addr)
    if err != nil {
        return err
    }
    defer conn.Close()
    _, err = conn.Write(nil)
    return err
}
func forgotten(addr *net.UDPAddr) error {
    conn, err := net.DialUDP("udp", nil, addr)
               //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[closer-not-closed]: `conn` is never closed
    if err != nil {
        return err
    }
    _, err = conn.Write(nil)
    return err
}
"#,
        );
    }

    #[test]
    fn what_an_error_is_asked_of_no_error() {
        check(
            r#"
type timeout interface{ Timeout() bool }
func isTimeout(err error) bool {
    t, ok := err.(timeout)
    return ok && t.Timeout()
}
func touch(name string) error {
    f, err := os.Open(name)
    if isTimeout(err) {
        return nil
    }
    if err != nil {
        return err
    }
    return f.Close()
}
"#,
        );
    }

    #[test]
    fn functions_of_other_packages() {
        check(
            r#"
//- /disk/disk.go
type Disk struct { f *os.File }
func Open(name string) (*os.File, error) {
    return os.Open(name)
}
func Size(f *os.File) int64 { return int64(len(f.Name())) }
func Done(f *os.File) { f.Close() }
func Keep(d *Disk, f *os.File) { d.f = f }
func Cached(d *Disk, name string) (*os.File, error) {
    if d.f != nil {
        return d.f, nil
    }
    return os.Open(name)
}
func Both(name string) (*os.File, func()) {
    f, err := os.Open(name)
    if err != nil {
        return nil, func() {}
    }
    return f, func() { f.Close() }
}
//- /use/use.go
import "disk"
func forgotten(name string) error {
    f, err := disk.Open(name)
            //^^^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is never closed
    if err != nil {
        return err
    }
    disk.Size(f)
    return nil
}
func sometimes(name string) error {
    f, err := os.Open(name)
            //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is not closed when `sometimes` returns
    if err != nil {
        return err
    }
    if disk.Size(f) == 0 {
        return nil
    }
    disk.Done(f)
    return nil
}
func closed(name string) {
    if f, err := disk.Open(name); err == nil {
        disk.Done(f)
    }
}
func kept(d *disk.Disk, name string) {
    if f, err := disk.Open(name); err == nil {
        disk.Keep(d, f)
    }
}
func cached(d *disk.Disk, name string) {
    if f, err := disk.Cached(d, name); err == nil {
        disk.Size(f)
    }
}
func both(name string) {
    f, done := disk.Both(name)
    defer done()
    disk.Size(f)
}
"#,
        );
    }

    #[test]
    fn kept_for_the_process_and_doubts() {
        check(
            r#"
func logs(name string) error {
    f, err := os.Open(name)
    if err != nil {
        return err
    }
    log.SetOutput(f)
    return nil
}
func structured(name string) error {
    f, err := os.Open(name)
    if err != nil {
        return err
    }
    slog.SetDefault(slog.New(slog.NewJSONHandler(f, nil)))
    return nil
}
func ofTransaction(tx *sql.Tx) error {
    st, err := tx.Prepare("select 1")
    if err != nil {
        return err
    }
    _, err = st.Exec()
    return err
}
var fatal func(string)
func noError(t any, err error) bool { return err == nil }
func asserted(t any, name string) {
    f, err := os.Open(name)
    if noError(t, err) {
        f.Close()
    }
}
"#,
        );
    }

    #[test]
    fn fields_of_a_named_result() {
        check(
            r#"
type out struct { raw any; n int }
func handed(name string) (o out, err error) {
    f, err := os.Open(name)
    o.raw = f
    return o, err
}
func bare(name string) (o out, err error) {
    f, err := os.Open(name)
    o.raw = f
    return
}
func lost(name string) (o out, err error) {
    f, err := os.Open(name)
            //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is never closed
    if err == nil {
        o.n, err = f.Read(nil)
    }
    return o, err
}
"#,
        );
    }

    #[test]
    fn promoted_close() {
        check(
            r#"
func literal(to *net.UDPAddr) error {
    conn, err := net.DialUDP("udp", nil, to)
    if err != nil {
        return err
    }
    defer func() { conn.Close() }()
    _, err = conn.Write(nil)
    return err
}
func shut(c *net.UDPConn) { c.Close() }
func callee(to *net.UDPAddr) error {
    conn, err := net.DialUDP("udp", nil, to)
    if err != nil {
        return err
    }
    shut(conn)
    return nil
}
func asserted(l net.Listener) {
    c, err := l.Accept()
    if err != nil {
        return
    }
    if u, ok := c.(*net.UDPConn); ok {
        u.Close()
        return
    }
    c.Close()
}
func forgotten(to *net.UDPAddr) error {
    conn, err := net.DialUDP("udp", nil, to)
               //^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[closer-not-closed]: `conn` is never closed
    if err != nil {
        return err
    }
    _, err = conn.Write(nil)
    return err
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func touch(name string) {
    //stanch:ignore closer-not-closed the process ends here
    os.Open(name)
}
"#,
        );
    }

    #[test]
    fn two_results_are_one_file() {
        check(
            r#"
func both(name string) (r io.ReadSeeker, c io.Closer, err error) {
    f, err := os.Open(name)
    if err != nil {
        return
    }
    return f, f, nil
}
func closed(name string) error {
    r, c, err := both(name)
    if err != nil {
        return err
    }
    defer c.Close()
    _, err = io.ReadAll(r)
    return err
}
func forgotten(name string) error {
    r, _, err := both(name)
               //^^^^^^^^^^ leak[closer-not-closed]: `r` is never closed
    if err != nil {
        return err
    }
    _, err = io.ReadAll(r)
    return err
}
"#,
        );
    }

    #[test]
    fn wrappers_that_do_not_close() {
        check(
            r#"
func wrap(name string) error {
    f, err := os.Open(name)
            //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is never closed
    if err != nil {
        return err
    }
    w := gzip.NewWriter(f)
    defer w.Close()
    _, err = w.Write(nil)
    return err
}
"#,
        );
    }

    #[test]
    fn the_owner_closes_once() {
        check(
            r#"
type reply struct { conn net.Conn; closed bool }
func (r *reply) Close() error {
    if r.closed {
        return nil
    }
    err := r.conn.Close()
    r.closed = true
    return err
}
type half struct { conn net.Conn }
func (r *half) Close(all bool) error {
    if all {
        return r.conn.Close()
    }
    return nil
}
func once(addr string, f func(*reply) error) (err error) {
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return err
    }
    r := &reply{conn: conn}
    defer r.Close()
    if r.conn.SetDeadline(time.Time{}) != nil {
        return errors.New("no deadline")
    }
    return nil
}
func chosen(addr string) error {
    conn, err := net.Dial("tcp", addr)
               //^^^^^^^^^^^^^^^^^^^^^ leak[closer-not-closed]: `conn` is never closed
    if err != nil {
        return err
    }
    r := &half{conn: conn}
    return r.Close(false)
}
"#,
        );
    }

    #[test]
    fn an_earlier_turn() {
        check(
            r#"
func serve(l net.Listener, over func() bool, handle func(net.Conn)) {
    for {
        conn, err := l.Accept()
                   //^^^^^^^^^^ leak[closer-not-closed]: `conn` is not closed before the next turn
        if err == nil && conn.SetDeadline(time.Time{}) != nil {
            continue
        }
        if err != nil {
            if over() {
                return
            }
            continue
        }
        go handle(conn)
    }
}
"#,
        );
    }

    #[test]
    fn in_a_field_of_what_a_function_makes() {
        check(
            r#"
type client struct { conn net.Conn; name string }
func (c *client) Ask() error { return c.conn.SetDeadline(time.Time{}) }
func (c *client) Close() error { return c.conn.Close() }
type pool struct { all []*client }
func dial(addr string) (*client, error) {
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return nil, err
    }
    return &client{conn: conn, name: addr}, nil
}
func (p *pool) dial(addr string) (*client, error) {
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return nil, err
    }
    c := &client{conn: conn}
    p.all = append(p.all, c)
    return c, nil
}
func forgets(addr string) error {
    c, err := dial(addr)
            //^^^^^^^^^^ leak[closer-not-closed]: `c` is not closed when `forgets` returns
    if err != nil {
        return err
    }
    if err := c.Ask(); err != nil {
        return err
    }
    return c.Close()
}
func drops(addr string) error {
    _, err := dial(addr)
            //^^^^^^^^^^ leak[closer-not-closed]: what this opens is never closed
    return err
}
func closes(addr string) error {
    c, err := dial(addr)
    if err != nil {
        return err
    }
    defer c.Close()
    return c.Ask()
}
func inside(addr string) error {
    c, err := dial(addr)
    if err != nil {
        return err
    }
    err = c.Ask()
    c.conn.Close()
    return err
}
func known(p *pool, addr string) error {
    c, err := p.dial(addr)
    if err != nil {
        return err
    }
    return c.Ask()
}
func keeps(addr string, all map[string]*client) error {
    c, err := dial(addr)
    if err != nil {
        return err
    }
    all[addr] = c
    return nil
}
func started(addr string) error {
    c, err := dial(addr)
    if err != nil {
        return err
    }
    go c.Ask()
    return nil
}
"#,
        );
    }

    #[test]
    fn a_function_that_closes_it() {
        check(
            r#"
func open(name string) (*os.File, func(), error) {
    f, err := os.Open(name)
    if err != nil {
        return nil, nil, err
    }
    return f, func() { f.Close() }, nil
}
func size(name string, check func() error) error {
    f, done, err := open(name)
                  //^^^^^^^^^^ leak[closer-not-closed]: `f` is not closed when `size` returns
    if err != nil {
        return err
    }
    if err := check(); err != nil {
        return err
    }
    f.Read(nil)
    done()
    return nil
}
func deferred(name string, check func() error) error {
    _, done, err := open(name)
    if err != nil {
        return err
    }
    defer done()
    return check()
}
func other(name string) error {
    f, _, err := open(name)
    if err != nil {
        return err
    }
    return f.Close()
}
"#,
        );
    }

    #[test]
    fn what_its_carrier_cannot_close() {
        check(
            r#"
type config struct { Log io.Reader }
func settings(path string) (*config, error) {
    f, err := os.Open(path)
    if err != nil {
        return nil, err
    }
    return &config{Log: f}, nil
}
func use(name string) {
    c, err := settings(name)
    if err != nil {
        return
    }
    c.Log.Read(nil)
}
"#,
        );
        check(
            r#"
type config struct { Log io.ReadCloser }
func settings(path string) (*config, error) {
    f, err := os.Open(path)
    if err != nil {
        return nil, err
    }
    return &config{Log: f}, nil
}
func use(name string) {
    c, err := settings(name)
            //^^^^^^^^^^^^^^ leak[closer-not-closed]: `c` is never closed
    if err != nil {
        return
    }
    c.Log.Read(nil)
}
"#,
        );
    }

    #[test]
    fn methods_of_libraries_use_what_they_are_called_on() {
        check(
            r#"
//- /google.golang.org/grpc/grpc.go
package grpc
import "context"
type ClientConn struct { target string }
func NewClient(target string) (*ClientConn, error)
func (c *ClientConn) Invoke(ctx context.Context, method string, args, reply any) error
func (c *ClientConn) Part() *ClientConn
func (c *ClientConn) Close() error
//- /m/a.go
package m
import ("context"; "google.golang.org/grpc")
func version(ctx context.Context, target string) (string, error) {
    cc, err := grpc.NewClient(target)
             //^^^^^^^^^^^^^^^^^^^^^^ leak[closer-not-closed]: `cc` is not closed when `version` returns
    if err != nil {
        return "", err
    }
    var v string
    if err := cc.Invoke(ctx, "Version", nil, &v); err != nil {
        return "", err
    }
    return v, cc.Close()
}
func closed(ctx context.Context, target string) error {
    cc, err := grpc.NewClient(target)
    if err != nil {
        return err
    }
    defer cc.Close()
    return cc.Invoke(ctx, "Version", nil, nil)
}
func part(ctx context.Context, target string) (*grpc.ClientConn, error) {
    cc, err := grpc.NewClient(target)
    if err != nil {
        return nil, err
    }
    return cc.Part(), nil
}
"#,
        );
    }
}
