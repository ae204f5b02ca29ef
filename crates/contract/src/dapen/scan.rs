//! A look at the text before it is parsed, so that no input can make a parser recurse deeply.
//!
//! Brackets, and the words and signs that stand between two separators, bound how deep any syntax tree can get: each
//! level of a tree takes at least one of them. The few characters that would make telling strings, templates,
//! comments and regular expressions apart a matter of grammar are not in the language, and are refused here.

use super::codes::Code;
use super::diagnostic::Diagnostic;
use super::source::{FileId, Span};

/// Largest file, in bytes.
pub(crate) const MAX_BYTES: usize = 256 << 10;
/// Most brackets inside each other.
const MAX_BRACKETS: usize = 48;
/// Most words and signs without a separator between them, over all open brackets.
const MAX_RUN: usize = 512;

/// What is counted inside one pair of brackets.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Words and signs since the last separator.
    run: usize,
    /// `<` since the last statement: commas do not separate inside type arguments.
    angles: usize,
}

/// Refuses what must not reach the parser.
pub(crate) fn scan(file: FileId, text: &str) -> Result<(), Diagnostic> {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, at most {MAX_BYTES} are allowed", text.len());
        return Err(Diagnostic::new(Code::E0103, Span::new(file, 0, 0), message));
    }
    let bytes = text.as_bytes();
    // Editors may put a mark at the beginning that says it is UTF-8.
    let begin = text.len() - text.trim_start_matches('\u{feff}').len();
    let (mut levels, mut total, mut at) = (vec![Level::default()], 0, begin);
    // Was the last sign a `}` or a `;`? Then the next one says whether a statement ended with it.
    let mut ended = None;
    while let Some(&byte) = bytes.get(at) {
        let here = |length: usize| Span::new(file, at as u32, (at + length) as u32);
        let top = levels.len() - 1;
        let comment = byte == b'/' && matches!(bytes.get(at + 1), Some(b'/' | b'*'));
        if !comment
            && !byte.is_ascii_whitespace()
            && let Some(end) = ended.take()
        {
            let rest = &bytes[at..];
            if if end == b'}' { starts_statement(rest) } else { word(rest) != b"else" } {
                reset(&mut levels[top], &mut total, true);
            }
        }
        match byte {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = line_end(text, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let Some(length) = text[at + 2..].find("*/") else {
                    return Err(Diagnostic::new(Code::E0101, here(2), "this comment has no end"));
                };
                at += length + 4;
                continue;
            }
            b'/' => {
                let found = Diagnostic::new(Code::E0204, here(1), "`/` is not in the language");
                return Err(found.help("use `div(a, b)`, which divides whole numbers and drops the rest"));
            }
            b'`' => {
                let found = Diagnostic::new(Code::E0102, here(1), "template strings are not in the language");
                return Err(found.help("messages are plain strings in double quotes"));
            }
            b'#' => {
                let found = Diagnostic::new(Code::E0102, here(1), "`#` is not in the language");
                return Err(found.help("methods without a decorator are private already"));
            }
            b'\\' => return Err(Diagnostic::new(Code::E0102, here(1), "`\\` stands in strings only")),
            b'"' | b'\'' => {
                at = string_end(bytes, at);
                count(&mut levels[top], &mut total);
            }
            b'(' | b'[' | b'{' => {
                count(&mut levels[top], &mut total);
                levels.push(Level::default());
                at += 1;
            }
            b')' | b']' | b'}' => {
                // One closed too many is for the parser to refuse.
                let closed = levels.pop().unwrap_or_default();
                total -= closed.run + closed.angles;
                if levels.is_empty() {
                    levels.push(Level::default());
                }
                at += 1;
                ended = (byte == b'}').then_some(byte);
            }
            b';' => {
                ended = Some(byte);
                at += 1;
            }
            b',' => {
                reset(&mut levels[top], &mut total, false);
                at += 1;
            }
            b'<' => {
                levels[top].angles += 1;
                total += 1;
                at += 1;
            }
            _ if is_word(byte) => {
                while bytes.get(at).is_some_and(|&byte| is_word(byte)) {
                    at += 1;
                }
                count(&mut levels[top], &mut total);
            }
            _ if byte.is_ascii_whitespace() => at += 1,
            _ if byte >= 0x80 => {
                // Among them are spaces and line breaks, which would hide words from this scan.
                let length = text[at..].chars().next().map_or(1, char::len_utf8);
                let found =
                    Diagnostic::new(Code::E0102, here(length), "this character stands in strings and comments only");
                return Err(found.help("names have the letters a to z and A to Z, digits and _"));
            }
            _ => {
                count(&mut levels[top], &mut total);
                at += 1;
            }
        }
        if levels.len() > MAX_BRACKETS + 1 || total > MAX_RUN {
            let found =
                Diagnostic::new(Code::E0104, Span::new(file, at as u32 - 1, at as u32), "nested too deeply here");
            return Err(found.help("name parts of the expression with `const`, or move them to a helper method"));
        }
    }
    Ok(())
}

fn count(level: &mut Level, total: &mut usize) {
    level.run += 1;
    *total += 1;
}

fn reset(level: &mut Level, total: &mut usize, statement: bool) {
    *total -= level.run;
    level.run = 0;
    if statement {
        *total -= level.angles;
        level.angles = 0;
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

/// Where a line comment ends; JavaScript has four line breaks.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(['\n', '\r', '\u{2028}', '\u{2029}']).map_or(text.len(), |length| at + length)
}

/// The byte after a string. One without an end stops at the line's, which the parser refuses.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            // A line break of two characters is one.
            b'\\' if bytes.get(at + 1..at + 3) == Some(b"\r\n") => at += 3,
            b'\\' => at += 2,
            b'\n' | b'\r' => return at,
            _ if byte == bytes[start] => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Does a statement or member start here, after a `}`? Not when an `else` or an operator goes on.
fn starts_statement(rest: &[u8]) -> bool {
    let goes_on: [&[u8]; 10] =
        [b"else", b"as", b"in", b"of", b"instanceof", b"satisfies", b"extends", b"catch", b"finally", b"while"];
    match rest.first() {
        Some(b'}' | b'@') => true,
        _ => !word(rest).is_empty() && !goes_on.contains(&word(rest)),
    }
}

/// The word that a text begins with; empty when it begins with none.
fn word(text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|&&byte| is_word(byte)).count();
    text.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<Code> {
        scan(FileId(0), text).err().map(|found| found.code)
    }

    #[test]
    fn deep_text_is_refused_whatever_makes_it_deep() {
        let deep = [
            "(".repeat(100),
            "!".repeat(1000),
            "if (a) ".repeat(300),
            "if (a) { } else ".repeat(300),
            "if (a) { } /* x */ else ".repeat(300),
            "if (a) x; else ".repeat(300),
            "if (a) x; // x\n else ".repeat(300),
            format!("type A = {}", "{} extends {} ? {} : ".repeat(300)),
            format!("x = \"\\\r\n\" {}", "(".repeat(100)),
            "a => ".repeat(400),
            "A<B, ".repeat(1000),
            "a ? b : ".repeat(300),
            "a.b.".repeat(300),
        ];
        for text in deep {
            assert_eq!(refused(&text), Some(Code::E0104), "{}", &text[..20]);
        }
    }

    #[test]
    fn long_flat_text_is_let_through() {
        let flat = ["m(a: u64): void { a; }\n".repeat(500), "x = 1; ".repeat(500), "// ((((\n \"((((\" ;".repeat(500)];
        for text in flat {
            assert_eq!(refused(&text), None, "{}", &text[..20]);
        }
        assert_eq!(refused(&format!("[{}]", "1, ".repeat(2000))), None);
    }

    #[test]
    fn what_would_hide_text_is_refused() {
        assert_eq!(refused("a / b"), Some(Code::E0204));
        assert_eq!(refused("`x`"), Some(Code::E0102));
        assert_eq!(refused("#!/*"), Some(Code::E0102));
        assert_eq!(refused("/* no end"), Some(Code::E0101));
        assert_eq!(refused(&" ".repeat(MAX_BYTES + 1)), Some(Code::E0103));
        assert_eq!(refused("\"\\"), None);
        assert_eq!(refused("if (a) { }\u{2028}else"), Some(Code::E0102));
        assert_eq!(refused("let é = 1;"), Some(Code::E0102));
        assert_eq!(refused("// a line that ends here: \u{2028}[[[["), Some(Code::E0102));
        assert_eq!(refused("\u{feff}let a = \"é\"; // é"), None);
    }
}
