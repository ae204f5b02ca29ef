//! Bindings compile and turn values into felts and back.

use super::*;

/// A contract with every type, and with names that Rust cannot have.
const TYPES: &str = "export class Moved extends Event { self: hash = NONE; at: u64 = 0; }

@contract({ id: 9 })
export class Types extends Contract {
  last: hash = NONE;

  @call
  type(move: u64, some: hash, flag: bool, number: felt, users: Arr<UserId, 2>): hash {
    this.last = flag ? some : hashOf(move, number, users[0], users[1]);
    emit(Moved, { self: this.last, at: move });
    return this.last;
  }

  @view
  both(): u64 { return 7; }
}
";

/// The file of a contract with every type.
pub(super) fn types(folder: &tempfile::TempDir) -> PathBuf {
    file(folder, "types.dapen.ts", TYPES)
}

#[test]
fn rust_bindings_compile_and_encode() {
    let folder = folder();
    let bindings = folder.path().join("types.rs");
    let output = contract(&["bind", word(&types(&folder)), "--rust", "--out", word(&bindings)]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let main = "#![deny(warnings)]\nmod types { include!(\"types.rs\"); }\nuse types::functions::r#type as function;\n\
        fn main() {\n\
            let inputs = function::Inputs { r#move: 1, some: [2, 3, 4, 5], flag: true, number: 6, users_0: 7, users_1: 8 };\n\
            assert_eq!(inputs.felts(), Some(vec![1, 2, 3, 4, 5, 1, 6, 7, 8]));\n\
            assert_eq!(function::Inputs::from_felts(&[1, 2, 3, 4, 5, 1, 6, 7, 8]), Some(inputs));\n\
            assert_eq!(function::Inputs { r#move: 1 << 62, ..inputs }.felts(), None);\n\
            assert_eq!(function::Outputs::from_felts(&[1, 2, 3]), None);\n\
            assert_eq!(function::Outputs::from_felts(&[1, 2, 3, u64::MAX]), None);\n\
            let moved = types::events::Moved::Fields::from_felts(&[1, 2, 3, 4, 5]).unwrap();\n\
            assert_eq!((moved.self_, moved.at), ([1, 2, 3, 4], 5));\n\
            assert_eq!((types::NAME, types::ID), (\"Types\", Some(9)));\n\
            assert!(types::functions::both::VIEW && function::METHOD > 0 && types::CODE.len() == 66);\n\
        }\n";
    let source = file(&folder, "main.rs", main);
    let binary = folder.path().join("main");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled =
        Command::new(rustc).args(["--edition", "2024", "-o", word(&binary), word(&source)]).output().unwrap();
    assert!(compiled.status.success(), "{}", stderr(&compiled));
    let ran = Command::new(&binary).output().unwrap();
    assert!(ran.status.success(), "{}", stderr(&ran));
}

#[test]
fn one_language_is_asked_for() {
    let counter = example("counter");
    assert_eq!(code(&contract(&["bind", word(&counter)])), 2);
    assert_eq!(code(&contract(&["bind", word(&counter), "--rust", "--typescript"])), 2);
}
