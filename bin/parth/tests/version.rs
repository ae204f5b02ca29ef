//! `parth version` and `parth completions`.

use std::process::{Command, Output};

use serde_json::Value;

fn parth(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parth")).args(arguments).output().unwrap()
}

#[test]
fn the_version_names_circuits_profile_and_both_numbers_of_the_security_label() {
    let output = parth(&["version", "--json"]);
    assert!(output.status.success());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "parth/version/1");
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["profile"], "standard");
    let text = String::from_utf8(parth(&["version"]).stdout).unwrap();
    let security = &document["security"];
    let (conjectured, provable) = (&security["conjectured"], &security["provable"]);
    assert!(text.contains(document["circuitsDigest"].as_str().unwrap()), "{text}");
    assert!(text.contains(&format!("{conjectured} bits conjectured, {provable} bits provable")), "{text}");
}

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = parth(&["completions", shell]);
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains("parth"));
    }
}

#[test]
fn wrong_usage_ends_with_code_2() {
    for arguments in [&["no-such-command"][..], &["version", "--no-such-flag"], &["completions", "cmd"], &[]] {
        assert_eq!(parth(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
