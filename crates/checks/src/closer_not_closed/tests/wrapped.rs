//! Errors that functions of missing packages wrap.

use super::check;

#[test]
fn a_missing_package_wraps_an_error() {
    let program = |result: &str, expectation: &str| {
        check(&format!(
            r#"
package p
import "os"
import "example.com/missing/errors"
func write(name string, texts []string) (err error) {{
    f, err := os.Open(name)
            {expectation}
    if err != nil {{
        return err
    }}
    defer func() {{
        if err != nil {{
            f.Close()
        }}
    }}()
    for _, text := range texts {{
        if _, err := f.Read([]byte(text)); err != nil {{
            {result}
        }}
    }}
    return f.Close()
}}
"#
        ));
    };
    program("return errors.Wrap(err, text)", "");
    program("return errors.Wrapf(err, \"%s\", text)", "");
    program(
        "return errors.Next()",
        "//^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is not closed when `write` returns at line 18",
    );
}
