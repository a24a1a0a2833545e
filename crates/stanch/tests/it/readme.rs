//! README.md shows what the binary prints.

use crate::common::stanch;

const README: &str = include_str!("../../../../README.md");

#[test]
fn the_picture_is_what_the_binary_prints() {
    let picture = README.split("```text\n").nth(1).and_then(|rest| rest.split("```").next());
    let picture = picture.unwrap_or_default();
    let (command, shown) = picture.split_once('\n').unwrap_or_default();
    let args = command.strip_prefix("$ stanch ").unwrap_or_default().split(' ');
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = stanch().current_dir(root).args(args).output().expect("the binary runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(without_time(shown), without_time(&printed));
}

#[test]
fn the_table_lists_every_check() {
    let output = stanch().arg("explain").output().expect("the binary runs");
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in list.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().nth(1).unwrap_or_default();
        assert!(README.contains(&format!("| `{name}` |")), "README.md lacks {name}");
    }
}

/// `text` up to the time that the run took.
fn without_time(text: &str) -> &str {
    text.trim_end().rsplit_once(" in ").map_or(text, |(before, _)| before)
}
