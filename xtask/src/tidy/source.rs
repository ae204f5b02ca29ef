//! Rust text without its comments and strings, so that rules about words look at code only.

/// The text with every comment, string and character literal replaced by spaces. Line breaks stay, so lines keep their
/// numbers.
pub(super) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_end(bytes, at);
        if end == at {
            code.push(bytes[at]);
            at += 1;
        } else {
            code.extend(bytes[at..end].iter().map(|&byte| if byte == b'\n' { b'\n' } else { b' ' }));
            at = end;
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// Where the comment or literal that starts at `at` ends; `at` itself when none starts there.
fn literal_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return rest.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |n| at + n);
    }
    if rest.starts_with(b"/*") {
        return block_comment_end(bytes, at);
    }
    if rest[0] == b'"' {
        return quoted_end(bytes, at + 1, b'"');
    }
    if rest[0] == b'\'' {
        return character_end(bytes, at);
    }
    if rest[0] == b'r' && (at == 0 || !continues_word(bytes[at - 1]) || matches!(bytes[at - 1], b'b' | b'c')) {
        return raw_string_end(bytes, at);
    }
    at
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn quoted_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A character literal, or nothing when the quote starts a lifetime.
fn character_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'\\') => quoted_end(bytes, at + 1, b'\''),
        Some(&first) => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            if bytes.get(at + 1 + width) == Some(&b'\'') { at + 2 + width } else { at }
        }
        None => at,
    }
}

fn raw_string_end(bytes: &[u8], at: usize) -> usize {
    let hashes = bytes[at + 1..].iter().take_while(|&&byte| byte == b'#').count();
    if bytes.get(at + 1 + hashes) != Some(&b'"') {
        return at; // an ordinary word, or a raw identifier
    }
    let close: Vec<u8> = [b'"'].into_iter().chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = at + 2 + hashes;
    bytes[body..]
        .windows(close.len())
        .position(|window| window == close)
        .map_or(bytes.len(), |n| body + n + close.len())
}

fn continues_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Keywords that are looked for. As raw identifiers (`r#async`) they are names, and mean nothing.
const KEYWORDS: [&str; 2] = ["async", "unsafe"];

/// Lines (from 1) on which the word or path stands in the code. A pattern that ends with `*` matches words that start
/// so.
pub(super) fn lines_with(code: &str, pattern: &str) -> Vec<usize> {
    let (needle, open) = pattern.strip_suffix('*').map_or((pattern, false), |prefix| (prefix, true));
    let mut lines = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let bytes = line.as_bytes();
        let stands_alone = |(start, _): &(usize, &str)| {
            let before = start.checked_sub(1).map(|at| bytes[at]);
            let after = bytes.get(start + needle.len()).copied();
            let raw = KEYWORDS.contains(&needle) && line[..*start].ends_with("r#");
            !raw && !before.is_some_and(continues_word) && (open || !after.is_some_and(continues_word))
        };
        if line.match_indices(needle).any(|hit| stands_alone(&hit)) {
            lines.push(number + 1);
        }
    }
    lines
}

/// The line (from 1) at which the file's test module starts, if it has one: from there on it is test code.
pub(super) fn tests_start(code: &str) -> Option<usize> {
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let opens_module = |at: usize| {
        let item = lines[at + 1..].iter().find(|line| !line.is_empty() && !line.starts_with("#["));
        item.is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
    };
    let is_for_tests = |line: &str| line.starts_with("#[cfg(") && line.contains("test");
    (0..lines.len()).find(|&at| is_for_tests(lines[at]) && opens_module(at)).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_vanish_and_lines_stay() {
        let text = "let a = 1; // unsafe\n/* unsafe\n /* unsafe */ unsafe */ let b = \"un\\\"safe\";\nlet c = 'u';\n";
        let stripped = code(text);
        assert_eq!(stripped.lines().count(), text.lines().count());
        assert!(!stripped.contains("unsafe") && !stripped.contains("safe"));
        assert!(stripped.contains("let a = 1;") && stripped.contains("let b =") && stripped.contains("let c ="));
    }

    #[test]
    fn raw_strings_end_at_their_own_hashes() {
        let stripped = code("let a = r#\"one \" two\"#; let b = br\"three\"; let r#type = four;");
        assert!(!stripped.contains("two") && !stripped.contains("three"), "{stripped}");
        assert!(stripped.contains("r#type = four"));
    }

    #[test]
    fn lifetimes_are_not_characters() {
        let stripped = code("fn f<'a>(x: &'a str) -> &'a str { x } // end\nlet q = '\\''; let z = 'é'; word");
        assert!(stripped.contains("fn f<'a>(x: &'a str) -> &'a str { x }"));
        assert!(stripped.contains("word") && !stripped.contains('é'));
    }

    #[test]
    fn words_match_whole_or_by_their_start() {
        let text = "permute(x);\npermute_swapped(x);\nmy_permute(x);\nstd::fs::read(p);";
        assert_eq!(lines_with(text, "permute"), [1]);
        assert_eq!(lines_with(text, "permute*"), [1, 2]);
        assert_eq!(lines_with(text, "std::fs"), [4]);
        assert!(lines_with(text, "unsafe").is_empty());
        assert_eq!(lines_with("if method.r#async {}\nasync fn f() {}\nr#permute(x);", "async"), [2]);
        assert_eq!(lines_with("r#permute(x);", "permute"), [1]);
    }

    #[test]
    fn test_code_starts_at_the_test_module() {
        assert_eq!(tests_start("fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n"), Some(3));
        assert_eq!(tests_start("fn a() {}\n#[cfg(all(test, unix))]\nmod tests {\n}\n"), Some(2));
        assert_eq!(tests_start("#[cfg(test)]\nmod tests;\nfn a() {}\n"), None);
        assert_eq!(tests_start("fn a() {}\n"), None);
    }
}
