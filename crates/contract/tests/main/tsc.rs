//! The examples and the prelude are TypeScript: the real compiler finds nothing in them.

use std::path::PathBuf;
use std::process::Command;

use parth_contract::dapen::prelude::{TSCONFIG, prelude};

#[test]
#[ignore = "tsc: TypeScript's compiler, from `npm install typescript`; PARTH_TSC names it"]
fn examples_are_typescript() {
    let tsc = std::env::var("PARTH_TSC").unwrap_or_else(|_| "tsc".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let examples: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "examples"].iter().collect();
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".dapen.ts") {
            std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    std::fs::write(folder.path().join("dapen.d.ts"), prelude()).unwrap();
    std::fs::write(folder.path().join("tsconfig.json"), TSCONFIG).unwrap();
    let output = Command::new(tsc).arg("-p").arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
