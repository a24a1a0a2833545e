//! Arguments, exit codes, formats and streams.

use crate::common::{LEAK, Module, stanch};
use snapbox::str;

fn leaky(name: &str) -> Module {
    Module::new(name).write("leak.go", LEAK)
}

fn clean(name: &str) -> Module {
    Module::new(name).write("clean.go", "package clean\n\nfunc F() {}\n")
}

#[test]
fn findings_give_exit_code_1() {
    leaky("exit_1").stanch(&["check"]).assert().code(1);
}

#[test]
fn no_findings_give_exit_code_0_and_a_friendly_line() {
    clean("exit_0").stanch(&["check"]).assert().code(0).stdout_eq(str![[r#"
no leaks found in 1 package (1 file, 4 lines) in [..] s

"#]]);
}

#[test]
fn no_go_files_give_exit_code_2() {
    let module = Module::new("exit_2").write("readme.txt", "nothing to see");
    module.stanch(&["check"]).assert().code(2).stdout_eq("");
}

#[test]
fn a_missing_directory_gives_exit_code_2() {
    let module = clean("missing_directory");
    let assert = module.stanch(&["check", "./nowhere"]).assert().code(2);
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(stderr.contains("nowhere"), "{stderr}");
    module.stanch(&["check", "./nowhere/..."]).assert().code(2);
    stanch().args(["-C", "/no/such/folder", "check"]).assert().code(2);
}

#[test]
fn bad_arguments_give_exit_code_2() {
    stanch().assert().code(2).stdout_eq("");
    stanch().arg("chekc").assert().code(2);
    stanch().args(["check", "--output-format", "xml"]).assert().code(2);
    stanch().args(["check", "--threads", "0"]).assert().code(2);
    stanch().args(["check", "--threads", "many"]).assert().code(2);
    stanch().args(["check", "--confidence", "certain"]).assert().code(2);
    stanch().args(["debug", "soup", "."]).assert().code(2);
    stanch().args(["debug", "ast"]).assert().code(2);
}

#[test]
fn an_unknown_check_is_named() {
    let assert = stanch().args(["check", "--select", "abandoned-sned"]).assert().code(2);
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(stderr.starts_with("error: there is no check `abandoned-sned`"), "{stderr}");
    stanch().args(["explain", "CH999"]).assert().code(2).stdout_eq("");
}

#[test]
fn help_and_version_are_no_errors() {
    stanch().arg("--version").assert().code(0).stdout_eq(str![[r#"
stanch [..]

"#]]);
    for args in [&["--help"][..], &["check", "--help"], &["explain", "-h"], &["debug", "--help"]] {
        stanch().args(args).assert().code(0).stderr_eq("");
    }
    let assert = stanch().args(["check", "--help"]).assert();
    let help = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(help.contains("//stanch:ignore abandoned-send"), "{help}");
}

#[test]
fn every_listed_check_is_explained_by_name_and_by_code() {
    let assert = stanch().arg("explain").assert().code(0);
    let list = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    let listed: Vec<&str> = list.lines().take_while(|line| !line.is_empty()).collect();
    assert!(!listed.is_empty());
    for line in listed {
        let mut words = line.split_whitespace();
        let (Some(code), Some(name)) = (words.next(), words.next()) else {
            panic!("not a check: {line}");
        };
        let page = |word: &str| {
            let output = stanch().args(["explain", word]).output().expect("the binary runs");
            assert_eq!(output.status.code(), Some(0), "{word}");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        assert_eq!(page(name), page(&code.to_lowercase()));
        assert!(page(name).starts_with(&format!("# {name} ({code})\n")), "{}", page(name));
    }
}

#[test]
fn concise_prints_one_line_a_finding() {
    let module = leaky("concise");
    let command = module.stanch(&["check", "--output-format", "concise"]);
    command.assert().code(1).stdout_eq(str![[r#"
leak.go:6:3: error[CH001 abandoned-send]: [..]

"#]]);
}

#[test]
fn full_shows_source_and_the_way_to_the_page() {
    let assert = leaky("full").stanch(&["check"]).assert().code(1);
    let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    for part in [
        "error[abandoned-send]: ",
        "--> leak.go:6:",
        "ch <- 1",
        "how the program gets there",
        "`stanch explain abandoned-send`",
        "\n1 finding in 1 package (1 file, 13 lines) in ",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "colour in a pipe:\n{text}");
}

#[test]
fn json_names_the_goroutine_as_the_runtime_does() {
    let checked = leaky("json").check(&[]);
    assert_eq!(checked.code, Some(1));
    let finding = &checked.document["findings"][0];
    assert_eq!(checked.document["version"], 1);
    assert_eq!(checked.document["tool"]["name"], "stanch");
    assert_eq!(checked.document["summary"]["findings"], 1);
    assert_eq!(finding["rule"], "CH001");
    assert_eq!(finding["package"], "example.com/m");
    assert_eq!(finding["location"]["file"], "leak.go");
    assert_eq!(finding["goroutine"]["wait"], "chan send");
    assert_eq!(finding["goroutine"]["entry"], "example.com/m.Fetch.func1");
    assert_eq!(finding["goroutine"]["created_by"]["function"], "example.com/m.Fetch");
    assert_eq!(finding["goroutine"]["created_by"]["line"], 5);
    assert!(finding["witness"].as_array().is_some_and(|steps| steps.len() > 1));
    assert!(finding["fingerprint"].as_str().is_some_and(|text| !text.is_empty()));
}

#[test]
fn json_is_written_even_when_the_job_fails() {
    let checked = Module::new("json_failed").check(&[]);
    assert_eq!(checked.code, Some(2));
    assert_eq!(checked.document["diagnostics"][0]["severity"], "error");
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let mut module = Module::new("threads");
    for n in 0..20 {
        module = module.write(&format!("p{n}/leak.go"), LEAK);
    }
    let mut documents: Vec<_> = ["1", "2", "7"]
        .iter()
        .map(|threads| {
            let mut document = module.check(&["--threads", threads]).document;
            document["summary"]["milliseconds"] = 0.into();
            document
        })
        .collect();
    documents.dedup();
    assert_eq!(documents.len(), 1);
}

#[test]
fn colour_follows_flag_and_environment() {
    let module = leaky("colour");
    let coloured = |args: &[&str], variables: &[(&str, &str)]| {
        let command = module.stanch(&["check"]).args(args).envs(variables.iter().copied());
        command.output().expect("the binary runs").stdout.contains(&0x1b)
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&["--color=always"], &[("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["--output-format", "json"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn quiet_prints_the_findings_only() {
    let module = leaky("quiet").write("broken/broken.go", "package broken\nfunc {\n");
    let assert = module.stanch(&["check", "-q"]).assert().code(1);
    let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(!text.contains(" in 2 packages"), "{text}");
    clean("quiet_clean").stanch(&["check", "--quiet"]).assert().code(0).stdout_eq("").stderr_eq("");
}

#[test]
fn a_comment_with_a_reason_silences_a_check() {
    let same_line = "ch <- 1 //stanch:ignore abandoned-send a test of this very comment";
    let module = Module::new("ignore").write("leak.go", LEAK.replace("ch <- 1", same_line));
    assert_eq!(module.check(&[]).code, Some(0));
    let no_reason = LEAK.replace("ch <- 1", "ch <- 1 //stanch:ignore abandoned-send");
    let module = Module::new("ignore_no_reason").write("leak.go", no_reason);
    assert_eq!(module.check(&[]).code, Some(1));
}

#[test]
fn checks_can_be_selected_and_ignored() {
    let module = leaky("select");
    assert_eq!(module.check(&["--select", "lost-cancel"]).code, Some(0));
    assert_eq!(module.check(&["--select", "lost-cancel,CH001"]).code, Some(1));
    assert_eq!(module.check(&["--ignore", "ch001"]).code, Some(0));
}

#[test]
fn test_files_can_be_left_out() {
    let module =
        clean("tests").write("leak_test.go", LEAK.replace("package leak", "package clean"));
    assert_eq!(module.check(&[]).findings(), ["leak_test.go:6 abandoned-send"]);
    assert_eq!(module.check(&["--no-tests"]).code, Some(0));
    assert_eq!(module.check(&["--no-tests", "--tests"]).code, Some(1));
}

#[test]
fn build_constraints_follow_the_flags() {
    let module = clean("constraints")
        .write("plan9/leak_plan9.go", LEAK)
        .write("plan9/doc.go", "package leak\n")
        .write("tagged/leak.go", format!("//go:build slow && extra\n\n{LEAK}"))
        .write("tagged/doc.go", "package leak\n");
    assert_eq!(module.check(&["--goos", "linux"]).code, Some(0));
    let plan9 = module.check(&["--goos", "plan9", "--goarch", "386"]);
    assert_eq!(plan9.findings(), ["plan9/leak_plan9.go:6 abandoned-send"]);
    let tagged = module.check(&["--tags", "slow,extra"]);
    assert_eq!(tagged.findings(), ["tagged/leak.go:8 abandoned-send"]);
}

#[test]
fn patterns_name_packages_folders_and_files() {
    let module = clean("patterns").write("a/leak.go", LEAK).write("a/b/leak.go", LEAK);
    let (a, b) = ("a/leak.go:6 abandoned-send", "a/b/leak.go:6 abandoned-send");
    assert_eq!(module.check(&["./..."]).findings(), [b, a]);
    assert_eq!(module.check(&["a/..."]).findings(), [b, a]);
    assert_eq!(module.check(&["./a"]).findings(), [a]);
    assert_eq!(module.check(&["example.com/m/a/b"]).findings(), [b]);
    assert_eq!(module.check(&["a/b/leak.go"]).findings(), [b]);
    assert_eq!(module.check(&["."]).code, Some(0));
    assert_eq!(module.check(&["-C", "a", "."]).findings(), ["leak.go:6 abandoned-send"]);
}

#[test]
fn a_nested_module_is_loaded_with_its_own_go_mod() {
    let module = Module::bare("nested")
        .write("sub/go.mod", "module example.com/sub\n\ngo 1.24\n")
        .write("sub/p/leak.go", LEAK);
    let checked = module.check(&["sub/..."]);
    assert_eq!(checked.findings(), ["sub/p/leak.go:6 abandoned-send"]);
    assert_eq!(checked.document["findings"][0]["package"], "example.com/sub/p");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut module = Module::new("pipe");
    for n in 0..200 {
        module = module.write(&format!("p{n}/leak.go"), LEAK);
    }
    for format in ["full", "concise", "json"] {
        let mut child = std::process::Command::new(snapbox::cmd::cargo_bin!("stanch"))
            .current_dir(module.path("."))
            .args(["check", "--no-cache", "--output-format", format])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the binary runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the binary ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("pipe"), "{stderr}");
    }
}

#[test]
fn debug_prints_every_stage() {
    let module = leaky("debug");
    for kind in ["tokens", "ast", "types", "ir", "model", "roots"] {
        let assert = module.stanch(&["debug", kind, "leak.go"]).assert().code(0);
        assert!(!assert.get_output().stdout.is_empty(), "{kind}");
        module.stanch(&["debug", kind, "./nowhere"]).assert().code(2);
    }
}

#[test]
fn debug_packages_describes_them_as_go_does() {
    let module = leaky("debug_packages");
    let assert = module.stanch(&["debug", "packages", "./..."]).assert().code(0);
    let text = String::from_utf8(assert.get_output().stdout.clone()).expect("UTF-8");
    let objects: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    let own: Vec<_> = objects.iter().filter(|o| o["Module"]["Main"] == true).collect();
    assert_eq!(own.len(), 1, "{text}");
    assert_eq!(own[0]["GoFiles"][0], "leak.go");
}
