//! The prelude, the examples and the bindings under the TypeScript compiler, which comes from npm: a need of its own.
//!
//! The version is pinned by the lock file in `typescript/`. What `tsc` refuses makes editors helpful; what the compiler
//! of Parth refuses is what counts, so the mistakes that `tsc` misses are no concern of these tests.

use std::io::Write;
use std::sync::OnceLock;

use super::*;

/// The TypeScript compiler, installed at the first use; nothing when it cannot be, and then why.
fn tsc() -> &'static Result<PathBuf, String> {
    static TSC: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    TSC.get_or_init(|| {
        let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/typescript");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript");
        let (compiler, lock) = (folder.join("node_modules/typescript/bin/tsc"), "package-lock.json");
        let same = || Some(fs::read(pinned.join(lock)).ok()? == fs::read(folder.join("installed-lock.json")).ok()?);
        if compiler.exists() && same() == Some(true) {
            return Ok(compiler);
        }
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for name in ["package.json", lock] {
            fs::copy(pinned.join(name), folder.join(name)).map_err(|error| error.to_string())?;
        }
        // The lock file names the hash of what is fetched.
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]).current_dir(&folder);
        let output = npm.output().map_err(|error| format!("npm cannot be run: {error}"))?;
        if !output.status.success() {
            let last = stderr(&output).lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
            return Err(format!("npm cannot install TypeScript: {last}"));
        }
        fs::copy(pinned.join(lock), folder.join("installed-lock.json")).map_err(|error| error.to_string())?;
        Ok(compiler)
    })
}

/// Runs the TypeScript compiler; says that the test is skipped when there is none.
fn run(test: &str, arguments: &[&str], folder: &Path) -> Option<Output> {
    match tsc() {
        Ok(compiler) => Some(Command::new("node").arg(compiler).args(arguments).current_dir(folder).output().unwrap()),
        Err(why) => {
            let skips = std::env::var_os("PARTH_SKIPS");
            if let Some(mut skips) =
                skips.and_then(|path| fs::OpenOptions::new().append(true).create(true).open(path).ok())
            {
                let _ = writeln!(skips, "npm: {}\t{test}", why.replace(['\n', '\t'], " "));
            }
            None
        }
    }
}

/// A new folder as `parth contract new` makes it.
fn project() -> tempfile::TempDir {
    let folder = folder();
    let output = contract(&["new", word(folder.path())]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    folder
}

#[test]
fn the_typescript_compiler_accepts_all_examples_with_the_prelude() {
    let project = project();
    // With the tests that are written in the language.
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut copied = 0;
    for path in fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path()) {
        if path.to_string_lossy().ends_with(".dapen.ts") {
            fs::copy(&path, project.path().join("contracts").join(path.file_name().unwrap())).unwrap();
            copied += 1;
        }
    }
    assert!(copied > EXAMPLES.len(), "{copied} files");
    let test = "the_typescript_compiler_accepts_all_examples_with_the_prelude";
    let Some(output) = run(test, &["--project", "."], project.path()) else { return };
    assert!(output.status.success(), "{}", stdout(&output));
}

#[test]
fn the_typescript_compiler_catches_what_an_editor_should_show() {
    let mistakes = [
        ("a write to another user's field", "Sample.of(friend).count = 1;"),
        ("a method of another user", "Sample.of(friend).run(friend);"),
        ("a change of another user's map", "Sample.of(friend).paid.set(friend, 1);"),
        ("a name of the console", "console.log(1);"),
        ("a name of JavaScript", "this.count = Math.abs(1);"),
        ("the result of a deferred call", "const late: u64 = Sample.defer().run(friend);"),
        ("a user as a number", "const id: u64 = friend; this.count = id;"),
    ];
    let project = project();
    for (at, (_, line)) in mistakes.iter().enumerate() {
        let text = format!(
            "@contract({{ id: 7 }})\nexport class Sample extends Contract {{\n  count: u64 = 0;\n  \
             paid = map<UserId, u64>();\n\n  @call\n  run(friend: UserId): u64 {{\n    {line}\n    return 1;\n  }}\n}}\n"
        );
        fs::write(project.path().join(format!("contracts/mistake{at}.dapen.ts")), text).unwrap();
    }
    let test = "the_typescript_compiler_catches_what_an_editor_should_show";
    let Some(output) = run(test, &["--project", "."], project.path()) else { return };
    let text = stdout(&output);
    for (at, (what, _)) in mistakes.iter().enumerate() {
        assert!(text.contains(&format!("contracts/mistake{at}.dapen.ts(8,")), "{what}: {text}");
    }
    assert!(!text.contains("counter.dapen.ts"), "{text}");
}

#[test]
fn typescript_bindings_compile_and_encode() {
    let folder = folder();
    let bindings = folder.path().join("types.ts");
    let output = contract(&["bind", word(&bindings::types(&folder)), "--typescript", "--out", word(&bindings)]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let some = format!("0x02{}03{}04{}05{}", "0".repeat(14), "0".repeat(14), "0".repeat(14), "0".repeat(14));
    let main = format!(
        "import {{ contract, decode, encode, event }} from \"./types.js\";\n\
         const same = (a: unknown, b: unknown) => {{ if (a !== b) throw new Error(`${{String(a)}} is not ${{String(b)}}`); }};\n\
         const refused = (run: () => unknown) => {{ try {{ run(); }} catch {{ return; }} throw new Error(\"accepted\"); }};\n\
         const inputs = {{ move: 1n, some: \"{some}\", flag: true, number: 6n, users_0: 7, users_1: 8 }} as const;\n\
         same(encode(\"type\", inputs).join(), \"1,2,3,4,5,1,6,7,8\");\n\
         same(decode(\"type\", [\"2\", \"3\", \"4\", \"5\"]).result, \"{some}\");\n\
         same(decode(\"both\", [\"7\"]).result, 7n);\n\
         refused(() => encode(\"type\", {{ ...inputs, move: 1n << 62n }}));\n\
         refused(() => encode(\"type\", {{ ...inputs, users_0: -1 }}));\n\
         refused(() => decode(\"type\", [\"2\"]));\n\
         refused(() => decode(\"both\", [\"7\", \"8\"]));\n\
         same(event([contract.events.Moved.id.toString(), \"2\", \"3\", \"4\", \"5\", \"9\"])?.fields.at, 9n);\n\
         same(event([\"1\"]), undefined);\n\
         // @ts-expect-error: a number is no bigint\n\
         refused(() => encode(\"type\", {{ ...inputs, move: \"1\" }}));\n"
    );
    file(&folder, "main.ts", &main);
    let flags = "--strict --noUncheckedIndexedAccess --target es2022 --module nodenext --moduleResolution nodenext";
    let mut arguments: Vec<&str> = flags.split(' ').collect();
    arguments.extend(["--outDir", "out", "main.ts"]);
    file(&folder, "package.json", "{ \"type\": \"module\" }");
    let Some(output) = run("typescript_bindings_compile_and_encode", &arguments, folder.path()) else { return };
    assert!(output.status.success(), "{}", stdout(&output));
    let ran = Command::new("node").arg("out/main.js").current_dir(folder.path()).output().unwrap();
    assert!(ran.status.success(), "{}", stderr(&ran));
}
