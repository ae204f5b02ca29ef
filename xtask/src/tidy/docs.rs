//! Documents: relative links resolve, every chapter is in the book's summary, every crate is on the map.

use super::{File, Finding};
use crate::workspace::Package;

/// The document that must name every crate.
const MAP: &str = "ARCHITECTURE.md";
/// Where the book's chapters lie.
const BOOK: &str = "docs/src/";

/// Checks all documents. `exists` answers whether a path from the root is there.
pub(super) fn check(packages: &[Package], files: &[File], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for link in links(&file.text) {
            if let Some(what) = broken(file, &link, files, &exists) {
                findings.push(Finding::new(&file.path, link.line, what));
            }
        }
    }
    findings.extend(unlisted_chapters(files));
    findings.extend(unnamed_crates(packages, files));
    findings
}

/// A link in a document.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    line: usize,
    target: String,
}

/// All inline links and link definitions outside code.
fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (line, prose) in prose(text) {
        let mut rest = prose.as_str();
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            links.push(Link { line, target: target.trim_matches(['<', '>']).to_owned() });
        }
        if let Some((label, target)) = prose.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: "))
            && !label.contains(']')
            && !label.starts_with('^')
        {
            let target = target.split_whitespace().next().unwrap_or_default();
            links.push(Link { line, target: target.to_owned() });
        }
    }
    links
}

/// Lines outside fenced code, without their `code spans`, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let start = line.trim_start();
        let marker = ["```", "~~~"].into_iter().find(|marker| start.starts_with(marker));
        match (fence, marker) {
            (None, Some(marker)) => fence = Some(marker),
            (Some(open), Some(marker)) if open == marker => fence = None,
            (Some(_), _) => {}
            // Every other piece between backticks is code.
            (None, None) => return Some((number + 1, line.split('`').step_by(2).collect::<Vec<_>>().join(" "))),
        }
        None
    })
}

/// What is wrong with a link, if anything is. Links to the web are not followed.
fn broken(from: &File, link: &Link, files: &[File], exists: &impl Fn(&str) -> bool) -> Option<String> {
    let target = link.target.as_str();
    if ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let resolved = if path.is_empty() { Some(from.path.clone()) } else { resolve(&from.path, path) };
    let Some(resolved) = resolved.filter(|resolved| resolved.is_empty() || exists(resolved)) else {
        return Some(format!("link to `{target}`, which is not there"));
    };
    if anchor.is_empty() {
        return None;
    }
    let Some(to) = files.iter().find(|file| file.path == resolved && file.path.ends_with(".md")) else {
        return Some(format!("link to `{target}`, which is no document with headings"));
    };
    let found = headings(&to.text).any(|heading| heading == anchor);
    (!found).then(|| format!("link to `{target}`, where no heading is called that"))
}

/// The path from the root of a link from a document; nothing when it leaves the repository.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Anchors of the headings of a document, as web pages of it name them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    // With their code spans, which the prose lacks: so from the lines themselves, fences left out.
    let lines: Vec<usize> = prose(text).map(|(line, _)| line).collect();
    let text: Vec<&str> = text.lines().collect();
    lines.into_iter().filter_map(move |line| {
        let heading = text[line - 1].strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        Some(kept.map(|c| if c == ' ' { '-' } else { c }).collect())
    })
}

/// Chapters that the summary does not list, which a reader of the book would never see.
fn unlisted_chapters(files: &[File]) -> Vec<Finding> {
    let summary = format!("{BOOK}SUMMARY.md");
    let Some(listed) = files.iter().find(|file| file.path == summary) else {
        return Vec::new();
    };
    let listed: Vec<String> =
        links(&listed.text).into_iter().filter_map(|link| resolve(&summary, &link.target)).collect();
    files
        .iter()
        .filter(|file| file.path.starts_with(BOOK) && file.path.ends_with(".md") && file.path != summary)
        .filter(|file| !listed.contains(&file.path))
        .map(|file| Finding::new(&file.path, 0, "this chapter is not in SUMMARY.md"))
        .collect()
}

/// Crates that the map does not name: as `` `name` ``, with or without the prefix.
fn unnamed_crates(packages: &[Package], files: &[File]) -> Vec<Finding> {
    let map = files.iter().find(|file| file.path == MAP).map_or("", |file| file.text.as_str());
    packages
        .iter()
        .filter(|package| {
            let bare = package.name.strip_prefix("parth-").unwrap_or(&package.name);
            ![bare, &package.name].iter().any(|name| map.contains(&format!("`{name}`")))
        })
        .map(|package| Finding::new(MAP, 0, format!("crate `{}` is not on the map", package.name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn findings(files: &[File]) -> Vec<String> {
        let there = |path: &str| path == "docs" || files.iter().any(|file| file.path == path);
        check(&[], files, there).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn links_that_resolve_are_fine() {
        let none: Vec<String> = Vec::new();
        assert_eq!(
            findings(&[
                file(
                    "README.md",
                    "[map](ARCHITECTURE.md#the-map), [book](docs), [web](https://example.org/x), [up](#top)\n# Top\n[b]: ./docs/a.md"
                ),
                file("ARCHITECTURE.md", "# Parth\n## The `map`!\n"),
                file("docs/a.md", "[back](../README.md)\n```\n[not](a/link)\n```\n`[nor](this)`\n"),
            ]),
            none
        );
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        assert_eq!(
            findings(&[file("docs/a.md", "one\n[x](b.md) and [y](../../c.md)\n[z](#nowhere)\n[d]: gone.md\n")]),
            [
                "docs/a.md:2: link to `b.md`, which is not there",
                "docs/a.md:2: link to `../../c.md`, which is not there",
                "docs/a.md:3: link to `#nowhere`, where no heading is called that",
                "docs/a.md:4: link to `gone.md`, which is not there",
            ]
        );
    }

    #[test]
    fn every_chapter_is_in_the_summary() {
        assert_eq!(
            findings(&[
                file("docs/src/SUMMARY.md", "- [a](a.md)\n"),
                file("docs/src/a.md", ""),
                file("docs/src/b.md", ""),
            ]),
            ["docs/src/b.md: this chapter is not in SUMMARY.md"]
        );
    }

    #[test]
    fn every_crate_is_on_the_map() {
        let package = |name: &str| Package { name: name.to_owned(), dependencies: Vec::new() };
        let packages = [package("parth-crypto"), package("parth"), package("xtask")];
        let map = [file("ARCHITECTURE.md", "| `crypto` | … | and `xtask`, but not parth\n")];
        let found = check(&packages, &map, |_| true);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].what, "crate `parth` is not on the map");
    }
}
