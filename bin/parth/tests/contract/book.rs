//! The snippets of the book's chapter on contracts: each is compiled.
//!
//! A fence ```` ```ts ```` holds a whole file that compiles without a finding; ```` ```ts,E0304 ```` one that gives that
//! finding and no other.

use super::*;

/// The snippets of a chapter: what stands behind `ts` on the fence, its line, and the text.
fn snippets(chapter: &str) -> Vec<(Option<&str>, usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(Option<&str>, usize, String)> = None;
    for (at, line) in chapter.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some("")) => found.extend(open.take()),
            (Some((_, _, text)), _) => text.push_str(&format!("{line}\n")),
            (None, Some(fence)) if fence == "ts" || fence.starts_with("ts,") => {
                open = Some((fence.strip_prefix("ts,"), at + 1, String::new()));
            }
            (None, _) => {}
        }
    }
    found
}

#[test]
fn every_snippet_of_the_chapter_on_contracts_compiles_or_gives_the_finding_that_it_names() {
    let chapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/dapen.md");
    let chapter = fs::read_to_string(chapter).unwrap();
    let snippets = snippets(&chapter);
    assert!(snippets.len() >= 8, "{} snippets", snippets.len());
    let folder = folder();
    for (expected, line, text) in snippets {
        let path = file(&folder, "snippet.dapen.ts", &text);
        let output = contract(&["check", word(&path), "--message-format", "json"]);
        let codes: Vec<String> = stdout(&output)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].as_str().unwrap().to_owned())
            .collect();
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(codes, expected, "docs/src/dapen.md:{line}: {}", stdout(&output));
    }
}
