//! A short piece of a large buffer is stored for long and keeps all of the buffer.
//!
//! # Why it leaks
//! A subslice or substring refers to the memory that it was cut from. As long as the piece is stored,
//! nothing of the rest can be freed.
//!
//! # Example
//! ```go
//! var magics = map[string][]byte{}
//!
//! func remember(name string) error {
//!     data, err := os.ReadFile(name)
//!     if err != nil {
//!         return err
//!     }
//!     magics[name] = data[:4] // keeps the whole file
//!     return nil
//! }
//!
//! func serve(names chan string) {
//!     for name := range names {
//!         remember(name)
//!     }
//! }
//!
//! func Forget(name string) { delete(magics, name) }
//!
//! func Start(names chan string) { go serve(names) }
//! ```
//! Store a copy: `bytes.Clone(data[:4])`, `strings.Clone(text[:4])`.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Pieces whose bounds are not constants; copies; buffers that are neither all of a file or stream nor
//! made large; containers other than those of package-level variables, and of fields, which are `possible` unless
//! their object lies in such a variable. Pieces into which text was split count. Where it is not known that pieces
//! are stored again and again, the finding is `possible`.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL008",
    name: "subslice-pins-buffer",
    summary: "a stored piece keeps a whole buffer",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Piece { container, whole } = &r.what else { return None };
    let name = retentions::name(ctx, *container);
    let declared = ctx.declared(*container);
    let lives = format!("`{name}` lives as long as the program");
    Some(Words {
        message: format!("`{}` stores a piece and keeps all of `{whole}`", short(&r.function)),
        label: format!("as long as the piece is in `{name}`, nothing of `{whole}` is freed"),
        related: declared.map(|span| ctx.label(span, lives)).into_iter().collect(),
        notes: [
            retentions::container(ctx, r, *container),
            vec![format!("`{whole}` is all of a file, stream or buffer, however long that is")],
        ]
        .concat(),
        help: "store a copy: `bytes.Clone`, `slices.Clone`, `strings.Clone`".to_owned(),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "subslice-pins-buffer";

    #[test]
    fn the_example() {
        example(NAME, include_str!("subslice_pins_buffer.rs"));
    }

    #[test]
    fn a_piece_of_a_stream() {
        check(
            NAME,
            r#"
var heads = map[int]string{}
func store(id int, r io.Reader) {
    data, _ := io.ReadAll(r)
    text := string(data)
    heads[id] = text[:8]
  //^^^^^^^^^^^^^^^^^^^^ leak[subslice-pins-buffer]: keeps all of `text`
}
func serve(in chan io.Reader) {
    id := 0
    for r := range in {
        id++
        store(id, r)
    }
}
func Start(in chan io.Reader) { go serve(in) }
"#,
        );
    }

    #[test]
    fn copies_and_small_buffers() {
        check(
            NAME,
            r#"
var heads = map[int]string{}
var raw = map[int][]byte{}
func store(id int, r io.Reader, n int) {
    data, _ := io.ReadAll(r)
    heads[id] = string(data[:8])
    raw[id] = append([]byte(nil), data[:8]...)
    raw[id+1] = data
    raw[id+2] = data[:n]
    small := make([]byte, 16)
    raw[id+3] = small[:8]
    here := map[int][]byte{}
    here[id] = data[:8]
}
func serve(in chan io.Reader) {
    for r := range in {
        store(1, r, 2)
    }
}
func Start(in chan io.Reader) { go serve(in) }
"#,
        );
    }

    #[test]
    fn of_a_field_and_a_list() {
        check(
            NAME,
            r#"
type store struct { first map[string][]byte; last [][]byte; copies []string }
var theStore = &store{first: map[string][]byte{}}
func (s *store) add(name string) {
    data, _ := os.ReadFile(name)
    s.first[name] = data[:8]
  //^^^^^^^^^^^^^ leak[subslice-pins-buffer]: keeps all of `data`
    s.last = append(s.last, data[4:8])
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[subslice-pins-buffer]: keeps all of `data`
    s.copies = append(s.copies, string(data[:8]))
}
func serve(names chan string) {
    for name := range names {
        theStore.add(name)
    }
}
func Start(names chan string) { go serve(names) }
func (s *store) Forget() { s.first, s.last, s.copies = nil, nil, nil }
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
var heads = map[int][]byte{}
func serve(in chan io.Reader) {
    for r := range in {
        data, _ := io.ReadAll(r)
        //stanch:ignore subslice-pins-buffer files are small
        heads[1] = data[:8]
    }
}
func Start(in chan io.Reader) { go serve(in) }
"#,
        );
    }
}
