//! The one table of codes: what each is called and where its page is. Numbers are never used again.
//!
//! `E01` files and syntax, `E02` what the language leaves out, `E03` names and types, `E04` limits,
//! `E09` mistakes of the compiler itself, `E30` calls that fail while they run, `W1` warnings.

use super::diagnostic::Severity;

macro_rules! codes {
    ($($name:ident $title:literal,)+) => {
        /// What kind of finding a diagnostic is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code as it is written, `E0101`.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$name => stringify!($name),)+ }
            }

            /// What it is about, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)+ }
            }

            /// The page that explains it, as Markdown.
            pub const fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("explain/", stringify!($name), ".md")),)+ }
            }
        }
    };
}

codes! {
    E0101 "the text is not TypeScript",
    E0102 "a character that the language does not have",
    E0103 "a file is too large",
    E0104 "nested too deeply",
    E0105 "a file is missing",
    E0106 "an import of this kind is not possible",
    E0107 "too many files",
    E0108 "too much code",
    E0109 "only imports, classes and tests stand at the top of a file",
    E0110 "a file that is compiled needs one contract",
    E0201 "a statement that the language does not have",
    E0202 "an expression that the language does not have",
    E0203 "a type that the language does not have",
    E0204 "an operator that the language does not have",
    E0205 "a class member that the language does not have",
    E0206 "an unknown decorator",
    E0207 "numbers are whole",
    E0208 "a loop needs constant bounds",
    E0209 "parameters are plain names with types",
    E0210 "a loop without a fixed length",
    E0211 "text is no value",
    E0301 "an unknown name",
    E0302 "a name is taken",
    E0303 "types do not match",
    E0304 "integer types are mixed",
    E0305 "an operator does not fit the type",
    E0306 "there is no such member",
    E0307 "a wrong number of arguments",
    E0308 "this cannot be assigned to",
    E0309 "not every path returns a value",
    E0310 "a method calls itself",
    E0311 "a number does not fit its type",
    E0312 "the type of a number is not clear",
    E0313 "a struct or array is copied silently",
    E0314 "a call that gives nothing is used as a value",
    E0315 "a view changes state",
    E0316 "the state of others is read-only",
    E0317 "this method cannot be called here",
    E0318 "an index is outside the array",
    E0319 "constant arithmetic fails",
    E0320 "state begins as zeros",
    E0321 "storage of this kind is not possible",
    E0322 "the id of a contract is not known",
    E0323 "mine() after call()",
    E0324 "only the system contract may do this",
    E0325 "the result of a deferred call is used",
    E0401 "a function is too large once unrolled",
    E0402 "the state is too large",
    E0403 "a function has too many inputs, outputs or values in one list",
    E0404 "a name or message cannot be kept",
    E0901 "the compiler made a mistake",
    E3001 "a require failed",
    E3002 "arithmetic left the range of its type",
    E3003 "a call cannot be made",
    W101 "a decision on another user's value that can change",
    W102 "the writer checks its own deadline",
    W103 "the writer reports its own time",
    W104 "a sum over everybody cannot be complete",
    W105 "a result that its caller can choose",
}

impl Code {
    /// Does it stop a compilation?
    pub fn severity(self) -> Severity {
        if self.name().starts_with('W') { Severity::Warning } else { Severity::Error }
    }

    /// The code of a name, whatever its case.
    pub fn parse(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_that_begins_with_its_name_and_title() {
        for code in Code::ALL {
            let head = format!("# {}: {}\n", code.name(), code.title());
            assert!(code.page().starts_with(&head), "{head}");
            assert_eq!(Code::parse(&code.name().to_lowercase()), Some(*code));
        }
    }
}
