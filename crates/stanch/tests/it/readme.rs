//! README.md shows what the binary prints.

use std::path::Path;

use snapbox::data::DataFormat;
use snapbox::{Data, assert_data_eq};

use crate::common::stanch;

/// `SNAPSHOTS=overwrite cargo test -p stanch` draws the picture anew.
#[test]
fn the_picture_is_what_the_binary_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = stanch()
        .current_dir(&root)
        .args(["check", "--quiet", "--color=always", "examples/timeout/leak"])
        .output()
        .expect("the binary runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let picture = Data::read_from(&root.join("docs/finding.svg"), Some(DataFormat::TermSvg));
    assert_data_eq!(printed, picture);
}

#[test]
fn the_table_lists_every_check() {
    let readme = include_str!("../../../../README.md");
    let output = stanch().arg("explain").output().expect("the binary runs");
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in list.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().nth(1).unwrap_or_default();
        assert!(readme.contains(&format!("| `{name}` |")), "README.md lacks {name}");
    }
}
