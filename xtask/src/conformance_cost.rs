//! `cargo xtask conformance cost`: how much the explorer visits in real code, in counts that no machine
//! changes, kept in `conformance/cost.snap`.

use crate::conformance_triage::{CORPORA, check};
use crate::{findings, snapshot};
use anyhow::Result;
use std::fmt::Write;
use std::path::Path;

pub(crate) fn run(goroot: &Path, update: bool) -> Result<()> {
    let binary = findings::build()?;
    let mut report = "What the explorer visits in real code. A root is a function with the objects that are explored\n\
         from there. `inconclusive`: not all was explored. `less detail`: all was, but only in a slice that\n\
         does not follow all data that decides (`bounded`: and with few goroutines or objects of one place),\n\
         after `retries` explorations that were too much. `left out` counts objects, by function, with too\n\
         much around them to be explored; `largest` is the root with the most states, over all its tries.\n\
         Written by `cargo xtask conformance cost --update`.\n\n"
        .to_owned();
    for (name, module) in CORPORA {
        let s = check(&binary, goroot, module)?.summary;
        let percent = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        let _ = writeln!(
            report,
            "{name}: roots {}, inconclusive {} ({:.1} %), less detail {} ({:.1} %, bounded {}), \
             retries {}, left out {}, states {}, largest {} ({:.1} %)",
            s.roots,
            s.inconclusive,
            percent(s.inconclusive, s.roots),
            s.blurred,
            percent(s.blurred, s.roots),
            s.bounded,
            s.retries,
            s.left_out,
            s.states,
            s.largest,
            percent(s.largest, s.states),
        );
    }
    snapshot::settle("cost", &report, update)
}
