//! The body of an HTTP response that some path does not close.
//!
//! # Why it leaks
//! The connection under it is neither closed nor used again, and the two goroutines that serve it
//! wait for ever. A client under load collects them until it runs out of file descriptors.
//!
//! # Example
//! ```go
//! func fetch(url string) ([]byte, error) {
//!     resp, err := http.Get(url)
//!     if err != nil {
//!         return nil, err
//!     }
//!     if resp.StatusCode != http.StatusOK {
//!         return nil, errors.New(resp.Status) // the body stays open
//!     }
//!     defer resp.Body.Close()
//!     return io.ReadAll(resp.Body)
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Whatever leaves the function's hands is its new owner's business: returned, stored in an object
//! that lives on, appended, sent, captured by a function that others got, passed to code out of
//! view. A response that a function was given is its own to close only if its caller does not touch it any
//! more, and the function closes it on some of its ways: then it is told of where the function fails.

use crate::resource::{self, Words};
use crate::{Ctx, missing_close};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_effects::Kind;

/// The check.
pub const CHECK: Check = Check {
    code: "RS004",
    name: "body-not-closed",
    summary: "a path does not close the body of an HTTP response",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let words = Words {
        check: &CHECK,
        thing: "the body",
        done: "closed",
        note: "an open body keeps its connection and two goroutines",
        call: ".Body.Close()",
    };
    let mut findings = resource::findings(ctx, &words, &[Kind::Body]);
    let given = ctx.obligations.duties.iter().filter(|duty| duty.given_by.is_some());
    findings.extend(given.filter_map(|duty| {
        let lost = duty.lost.as_ref().filter(|lost| lost.kind == Kind::Body)?;
        Some(missing_close::given(ctx, &words, duty, lost))
    }));
    findings
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("body-not-closed", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("body-not-closed", include_str!("body_not_closed.rs"));
    }

    #[test]
    fn early_return() {
        check(
            r#"
func fetch(c *http.Client, req *http.Request) ([]byte, error) {
    resp, err := c.Do(req)
               //^^^^^^^^^ leak[body-not-closed]: the body of `resp` is not closed when `fetch` returns at line 9
    if err != nil {
        return nil, err
    }
    if resp.StatusCode != 200 {
        return nil, errors.New("status")
    }
    defer resp.Body.Close()
    return io.ReadAll(resp.Body)
}
func drop(url string) {
    http.Get(url)
  //^^^^^^^^^^^^^ leak[body-not-closed]: the body is never closed
}
func read(url string) ([]byte, error) {
    resp, err := http.Get(url)
               //^^^^^^^^^^^^^ leak[body-not-closed]: the body of `resp` is never closed
    if err != nil {
        return nil, err
    }
    return io.ReadAll(resp.Body)
}
"#,
        );
    }

    #[test]
    fn through_helpers() {
        check(
            r#"
func check(resp *http.Response) error {
    if resp.StatusCode != 200 {
        return errors.New("status")
    }
    return nil
}
func open(url string) (*http.Response, error) {
    resp, err := http.Get(url)
    if err != nil {
        return nil, err
    }
    return resp, nil
}
func use(url string) error {
    resp, err := open(url)
               //^^^^^^^^^ leak[body-not-closed]: the body of `resp` is not closed when `use` returns
    if err != nil {
        return err
    }
    if err := check(resp); err != nil {
        return err
    }
    return resp.Body.Close()
}
"#,
        );
    }

    #[test]
    fn closed_on_all_paths() {
        check(
            r#"
type client struct { last *http.Response; body io.ReadCloser }
func closeBody(resp *http.Response) { resp.Body.Close() }
func keep(resp *http.Response)
func a(url string) ([]byte, error) {
    resp, err := http.Get(url)
    if err != nil {
        return nil, err
    }
    defer func() { _ = resp.Body.Close() }()
    return io.ReadAll(resp.Body)
}
func b(url string) error {
    resp, err := http.Get(url)
    if resp != nil {
        defer closeBody(resp)
    }
    return err
}
func c(url string) (io.ReadCloser, error) {
    resp, err := http.Get(url)
    if err != nil {
        return nil, err
    }
    return resp.Body, nil
}
func (c *client) d(url string) (err error) {
    c.last, err = http.Get(url)
    return err
}
func (c *client) e(url string) error {
    resp, err := http.Get(url)
    if err != nil {
        return err
    }
    c.body = resp.Body
    return nil
}
func f(url string) {
    resp, err := http.Get(url)
    if err != nil {
        return
    }
    keep(resp)
}
func g(url string, out chan *http.Response) {
    resp, err := http.Get(url)
    if err == nil {
        out <- resp
    }
}
func h(url string) (resp *http.Response, err error) {
    for i := 0; i < 3; i++ {
        resp, err = http.Get(url)
        if err == nil {
            break
        }
    }
    return
}
func i(url string, work func(io.Reader) error) error {
    resp, err := http.Get(url)
    if err != nil {
        return err
    }
    go func() {
        defer resp.Body.Close()
        work(resp.Body)
    }()
    return nil
}
"#,
        );
    }

    #[test]
    fn read_to_its_end() {
        check(
            r#"
func all(url string) ([]byte, error) {
    resp, err := http.Get(url) // `possible` only
               //^^^^^^^^^^^^^ leak[body-not-closed]: the body of `resp` is never closed
    if err != nil {
        return nil, err
    }
    return io.ReadAll(resp.Body)
}
func some(url string) ([]byte, error) {
    resp, err := http.Get(url)
               //^^^^^^^^^^^^^ leak[body-not-closed]: the body of `resp` is never closed
    if err != nil {
        return nil, err
    }
    if resp.StatusCode != 200 {
        return nil, errors.New(resp.Status)
    }
    return io.ReadAll(resp.Body)
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func fetch(url string) {
    //stanch:ignore body-not-closed the process ends here
    http.Get(url)
}
"#,
        );
    }

    #[test]
    fn an_error_means_no_body() {
        check(
            r#"
var gone error
func fetch(url string) (*http.Response, error) {
    resp, err := http.Get(url)
    if errors.Is(err, gone) {
        return nil, gone
    }
    return resp, err
}
type refused struct{ code int }
func (r *refused) Error() string { return "refused" }
func asserted(url string) error {
    resp, err := http.Get(url)
    if r, ok := err.(*refused); ok {
        return r
    }
    if err != nil {
        return err
    }
    return resp.Body.Close()
}
func switched(url string) error {
    resp, err := http.Get(url)
    switch err := err.(type) {
    case nil:
    case *refused:
        return err
    default:
        return gone
    }
    return resp.Body.Close()
}
"#,
        );
    }

    #[test]
    fn what_callees_tell_of_the_answer() {
        check(
            r#"
func send(c *http.Client, r *http.Request) (*http.Response, error) {
    resp, err := c.Do(r)
    if err != nil {
        return nil, err
    }
    if resp.StatusCode >= 400 {
        resp.Body.Close()
        return nil, errors.New(resp.Status)
    }
    return resp, nil
}
func impossible(c *http.Client, r *http.Request) error {
    resp, err := send(c, r)
    if resp != nil && resp.StatusCode == 404 {
        return errors.New("no such zone")
    }
    if err != nil {
        return err
    }
    return resp.Body.Close()
}
func possible(c *http.Client, r *http.Request) error {
    resp, err := send(c, r)
               //^^^^^^^^^^ leak[body-not-closed]: the body of `resp` is not closed when `possible` returns
    if resp != nil && resp.StatusCode == 304 {
        return errors.New("not modified")
    }
    if err != nil {
        return err
    }
    return resp.Body.Close()
}
func copied(c *http.Client, r *http.Request, out *http.Response) error {
    resp, err := c.Do(r)
    if err != nil {
        return err
    }
    *out = *resp
    return nil
}
"#,
        );
    }

    #[test]
    fn no_body_through_helpers() {
        check(
            r#"
type client struct{ c *http.Client }
func (c *client) request(method, u string) (*http.Request, error) {
    req, err := http.NewRequest(method, u, nil)
    if err != nil {
        return nil, err
    }
    return req, nil
}
func (c *client) do(req *http.Request) (*http.Response, error) {
    resp, err := c.c.Do(req)
    if err != nil {
        return nil, err
    }
    return resp, nil
}
func (c *client) head(u string) (string, error) {
    req, err := c.request("HEAD", u)
    if err != nil {
        return "", err
    }
    resp, err := c.do(req)
    if err != nil {
        return "", err
    }
    return resp.Status, nil
}
func (c *client) headWithin(ctx context.Context, u string) (string, error) {
    req, err := c.request("HEAD", u)
    if err != nil {
        return "", err
    }
    req = req.WithContext(ctx)
    resp, err := c.do(req)
    if err != nil {
        return "", err
    }
    return resp.Status, nil
}
func (c *client) send(method, u string) (*http.Response, error) {
    req, err := c.request(method, u)
    if err != nil {
        return nil, err
    }
    return c.do(req)
}
func (c *client) headAsArgument(u string) (string, error) {
    resp, err := c.send("HEAD", u)
    if err != nil {
        return "", err
    }
    return resp.Status, nil
}
func (c *client) get(u string) (string, error) {
    req, err := c.request("GET", u)
    if err != nil {
        return "", err
    }
    resp, err := c.do(req)
               //^^^^^^^^^ leak[body-not-closed]: the body of `resp` is never closed
    if err != nil {
        return "", err
    }
    return resp.Status, nil
}
"#,
        );
    }

    #[test]
    fn tries_that_are_counted() {
        check(
            r#"
func counted(c *http.Client, url string, tries int) ([]byte, error) {
    i := 0
    var resp *http.Response
    var err error
    for ; i < tries; i++ {
        resp, err = c.Get(url)
        if err != nil {
            continue
        }
        break
    }
    if i == tries {
        return nil, err
    }
    defer resp.Body.Close()
    return io.ReadAll(resp.Body)
}
func miscounted(c *http.Client, url string, tries int) ([]byte, error) {
    i := 0
    var resp *http.Response
    var err error
    for ; i < tries; i++ {
        resp, err = c.Get(url)
                  //^^^^^^^^^^ leak[body-not-closed]: the body of `resp` is not closed when `miscounted` returns
        if err != nil {
            continue
        }
        break
    }
    if i == 1 {
        return nil, err
    }
    defer resp.Body.Close()
    return io.ReadAll(resp.Body)
}
"#,
        );
    }

    #[test]
    fn replaced() {
        check(
            r#"
type counted struct{ io.ReadCloser; n int }
func cut(c *http.Client, r *http.Request, empty io.ReadCloser) (*http.Response, error) {
    resp, err := c.Do(r)
               //^^^^^^^ leak[body-not-closed]: the body of `resp` is not closed before it is replaced
    if err != nil {
        return nil, err
    }
    resp.Body = empty
    return resp, nil
}
func wrapped(c *http.Client, r *http.Request) (*http.Response, error) {
    resp, err := c.Do(r)
    if err != nil {
        return nil, err
    }
    resp.Body = &counted{ReadCloser: resp.Body}
    return resp, nil
}
func closed(c *http.Client, r *http.Request, empty io.ReadCloser) (*http.Response, error) {
    resp, err := c.Do(r)
    if err != nil {
        return nil, err
    }
    resp.Body.Close()
    resp.Body = empty
    return resp, nil
}
"#,
        );
    }

    #[test]
    fn a_response_that_a_function_was_given() {
        let program = |body: &str, caller: &str, expectation: &str| {
            check(&format!(
                r#"
type client struct {{ hc *http.Client }}
func decode(r *http.Response, v any) error {{
          {expectation}
    {body}
}}
func (c *client) do(q *http.Request, v any) error {{
    r, err := c.hc.Do(q)
    if err != nil {{
        return err
    }}
    {caller}
}}
"#
            ));
        };
        let late = "if r.StatusCode != 200 { return errors.New(r.Status) }\n defer r.Body.Close()\n return json.NewDecoder(r.Body).Decode(v)";
        let found =
            "//^ leak[body-not-closed]: the body of `r` is not closed when `decode` returns";
        program(late, "return decode(r, v)", found);
        program(late, "defer r.Body.Close()\n return decode(r, v)", "");
        program(&format!("defer r.Body.Close()\n {late}"), "return decode(r, v)", "");
    }
}
