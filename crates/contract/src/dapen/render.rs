//! Diagnostics as text for people and as one JSON object a line for programs.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use super::diagnostic::{Diagnostic, Severity};
use super::source::{FileId, Sources, Span};

/// A diagnostic as a block of text, with the lines it is about. `color` adds terminal colours.
pub fn human(sources: &Sources, diagnostic: &Diagnostic, color: bool) -> String {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut files: Vec<FileId> = Vec::new();
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let message = plain(&diagnostic.message);
    let snippet = |file: FileId| {
        let source = sources.file(file);
        let labels = diagnostic.labels.iter().enumerate().filter(move |(_, label)| label.span.file == file);
        let annotations = labels.map(move |(position, label)| {
            let kind = if position == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(inside(source.text(), label.span));
            if label.text.is_empty() { annotation } else { annotation.label(plain(&label.text)) }
        });
        Snippet::source(source.text()).path(plain(source.path())).line_start(1).annotations(annotations)
    };
    let title = level.primary_title(message).id(diagnostic.code.name());
    let mut group = Group::with_title(title).elements(files.into_iter().map(snippet));
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(plain(help)));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    text.push('\n');
    text
}

/// Without control characters, which sources may have inside messages, and files in their names.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

/// The bytes of a span that exist, on character boundaries.
fn inside(text: &str, span: Span) -> std::ops::Range<usize> {
    let floor = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan<'a> {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    label: &'a str,
    /// Only when it is not the file of the diagnostic.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonLine<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    file: Option<&'a str>,
    spans: Vec<JsonSpan<'a>>,
    help: Option<&'a str>,
}

/// A diagnostic as one line of JSON, without the line break.
pub fn json(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let main = diagnostic.span().map(|span| span.file);
    let spans = diagnostic.labels.iter().map(|label| {
        let file = sources.file(label.span.file);
        let (start, end) = (file.position(label.span.start), file.position(label.span.end));
        JsonSpan {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            label: &label.text,
            file: (Some(label.span.file) != main).then(|| file.path()),
        }
    });
    let line = JsonLine {
        code: diagnostic.code.name(),
        severity: diagnostic.severity().word(),
        message: &diagnostic.message,
        file: main.map(|file| sources.file(file).path()),
        spans: spans.collect(),
        help: diagnostic.help.as_deref(),
    };
    // Strings and numbers always have a JSON form.
    serde_json::to_string(&line).unwrap_or_default()
}
