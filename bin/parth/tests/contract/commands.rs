//! What each command prints and how it ends.

use super::*;

#[test]
fn the_examples_are_checked_without_an_error() {
    let files = EXAMPLES.map(example);
    let mut arguments = vec!["check"];
    arguments.extend(files.iter().map(|file| word(file)));
    let output = contract(&arguments);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).is_empty());
    assert!(stderr(&output).contains(&format!("checked {} files in", files.len())), "{}", stderr(&output));
}

#[test]
fn an_error_is_shown_with_its_place_and_ends_with_code_1() {
    let folder = folder();
    let text = "@contract()\nexport class A extends Contract {\n  n: u64 = 0;\n  @call f(by: u32): void { this.n += by; }\n}\n";
    let path = file(&folder, "a.dapen.ts", text);
    let human = contract(&["check", word(&path)]);
    assert_eq!(code(&human), 1);
    assert!(stderr(&human).starts_with("error[E0304]"), "{}", stderr(&human));
    assert!(!stderr(&human).contains('\u{1b}'), "no colours into a pipe");
    let lines = contract(&["check", word(&path), "--message-format", "json"]);
    assert_eq!(code(&lines), 1);
    let text = stdout(&lines);
    let found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found.len(), 1, "{text}");
    assert_eq!((&found[0]["code"], &found[0]["severity"]), (&"E0304".into(), &"error".into()));
    assert_eq!((&found[0]["file"], &found[0]["spans"][0]["line"]), (&word(&path).into(), &4.into()));
}

#[test]
fn a_file_that_is_missing_or_hostile_is_refused_without_a_panic() {
    let folder = folder();
    let missing = folder.path().join("none.dapen.ts");
    let output = contract(&["check", word(&missing), "--message-format", "json"]);
    assert_eq!(code(&output), 2);
    assert_eq!(json(&output)["code"], "E0105");
    for command in ["build", "cost", "info"] {
        let output = contract(&[command, word(&missing), "--json"]);
        assert_eq!(code(&output), 2, "{command}");
        assert_eq!(json(&output)["schema"], "parth/error/1");
    }
    let large = folder.path().join("large.dapen.ts");
    fs::write(&large, vec![b' '; 3 << 20]).unwrap();
    assert_eq!(code(&contract(&["check", word(&large)])), 1);
    assert!(stderr(&contract(&["check", word(&large)])).contains("E0103"));
    let bytes = folder.path().join("bytes.dapen.ts");
    fs::write(&bytes, [0xff, 0xfe, 0x00, 0x80]).unwrap();
    assert_eq!(code(&contract(&["check", word(&bytes)])), 2, "no text");
    assert_eq!(code(&contract(&["check", word(folder.path())])), 2, "a folder is no file");
}

#[test]
fn codes_are_explained_and_near_ones_are_named() {
    let page = contract(&["explain", "e0304"]);
    assert!(stdout(&page).starts_with("# E0304: "), "{}", stdout(&page));
    let list = stdout(&contract(&["explain"]));
    assert!(list.contains("E0101  the text is not TypeScript") && list.contains("W104"), "{list}");
    assert_eq!(json(&contract(&["explain", "W101", "--json"]))["codes"][0]["severity"], "warning");
    let unknown = contract(&["explain", "E0204x"]);
    assert_eq!(code(&unknown), 2);
    assert!(stderr(&unknown).contains("did you mean E0204?"), "{}", stderr(&unknown));
}

#[test]
fn a_call_shows_what_it_gives_writes_and_emits() {
    let output = contract(&["call", word(&example("counter")), "increment", "by=5", "--json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let document = json(&output);
    assert_eq!(document["schema"], "parth/call/1");
    assert_eq!(document["outputs"][0]["value"], "5");
    assert_eq!(document["writes"][0]["place"], "count");
    assert_eq!(document["events"][0]["name"], "Incremented");
    assert_eq!(document["events"][0]["fields"][1]["value"], "5");
    let text = stdout(&contract(&["call", word(&example("counter")), "increment", "5"]));
    assert!(text.contains("writes  count: 0 -> 5"), "{text}");
}

#[test]
fn a_failing_require_shows_the_values_that_decided_and_ends_with_code_5() {
    let output = contract(&["call", word(&example("token")), "send", "to=2", "amount=30", "--json"]);
    assert_eq!(code(&output), 5, "{}", stderr(&output));
    let text = stderr(&output);
    assert!(text.contains("E3001") && text.contains("the balance does not cover the amount"), "{text}");
    assert!(text.contains("is 0") && text.contains("is 30"), "{text}");
    let document = json(&output);
    assert_eq!((&document["ok"], &document["failure"]["code"]), (&false.into(), &"E3001".into()));
}

#[test]
fn arguments_are_checked_against_the_interface() {
    let token = example("token");
    for (arguments, expected) in [
        (&["send", "2"][..], "missing: argument 2, `amount`"),
        (&["send", "2", "-1"], "argument 2, `amount`: `-1` is no u64"),
        (&["send", "to=2", "amont=1"], "did you mean amount?"),
        (&["sent", "2", "1"], "did you mean send?"),
        (&["claim_many", "from_0=1", "from_8=1"], "no parameter `from_8`"),
    ] {
        let output = contract(&[&["call", word(&token)][..], arguments].concat());
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

#[test]
fn a_state_file_keeps_calls_and_other_users_see_them() {
    let folder = folder();
    let state = folder.path().join("state.json");
    let counter = example("counter");
    let call = |arguments: &[&str]| {
        let output =
            contract(&[&["call", word(&counter)][..], arguments, &["--state", word(&state), "--json"]].concat());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        json(&output)
    };
    call(&["increment", "7", "--user", "2"]);
    assert_eq!(call(&["catchUp", "friend=2"])["outputs"][0]["value"], "7");
    let last = call(&["get"]);
    assert_eq!((&last["outputs"][0]["value"], &last["checkpoint"]), (&"7".into(), &2.into()));
    fs::write(&state, "{}").unwrap();
    assert_eq!(code(&contract(&["call", word(&counter), "get", "--state", word(&state)])), 2);
}

#[test]
fn the_calls_that_a_call_owes_are_shown() {
    let name = format!("0x01{}", "0".repeat(62));
    let folder = folder();
    let state = folder.path().join("state.json");
    let output = contract(&["call", word(&example("names")), "ask", &name, "--state", word(&state), "--json"]);
    let document = json(&output);
    assert_eq!(document["owes"][0]["name"], "Token.send", "{document}");
    assert_eq!((&document["owes"][0]["contract"], &document["owes"][0]["inputs"][1]), (&2.into(), &"10".into()));
    // The caller has no tokens, so no session can end with it: no success, and nothing to keep.
    assert_eq!((code(&output), &document["ok"]), (5, &false.into()));
    let unpaid = document["unpaid"].as_str().expect("a reason");
    assert!(unpaid.contains("the balance does not cover the amount") && !state.exists(), "{unpaid}");
}

#[test]
fn a_call_that_cannot_be_kept_gives_one_document() {
    let folder = folder();
    let state = folder.path().join("none/state.json");
    let output = contract(&["call", word(&example("counter")), "increment", "5", "--state", word(&state), "--json"]);
    assert_eq!((code(&output), &json(&output)["schema"]), (2, &"parth/error/1".into()));
}

#[test]
fn tests_in_the_language_run_and_a_failing_one_ends_with_code_8() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/token.test.dapen.ts");
    let output = contract(&["test", word(&tests), "--json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let document = json(&output);
    assert_eq!((&document["schema"], &document["failed"]), (&"parth/test/1".into(), &0.into()));
    assert!(document["passed"].as_u64().unwrap() > 0, "{document}");
    let folder = folder();
    fs::copy(example("counter"), folder.path().join("counter.dapen.ts")).unwrap();
    let text = "import { Counter } from \"./counter.dapen\";\nexport class CounterTests extends Tests {\n  @test\n  \
        counts(w: World): void {\n    w.as(w.user(\"a\"));\n    expect(Counter.call().increment(2), 3);\n  }\n}\n";
    let failing = file(&folder, "counter.test.dapen.ts", text);
    let output = contract(&["test", word(&failing)]);
    assert_eq!(code(&output), 8, "{} {}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("FAILED  CounterTests.counts"), "{}", stdout(&output));
    assert!(stderr(&output).contains("counter.test.dapen.ts:6"), "{}", stderr(&output));
}

#[test]
fn without_a_test_that_runs_the_names_are_given_and_the_code_is_2() {
    let tests = example("counter.test");
    let some = json(&contract(&["test", word(&tests), "--filter", "everybody", "--json"]));
    assert_eq!((&some["passed"], &some["leftOut"]), (&1.into(), &2.into()), "{some}");
    let output = contract(&["test", word(&tests), "--filter", "no such test", "--json"]);
    assert_eq!(code(&output), 2);
    let error = json(&output)["error"].as_str().expect("an error").to_owned();
    assert!(error.contains("no test has `no such test` in its name; there are CounterTests."), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_does_not_keep_the_others_from_being_tested() {
    let (missing, tests) = ("none.test.dapen.ts", example("counter.test"));
    let arguments = ["test", missing, word(&tests)];
    let human = contract(&arguments);
    assert_eq!(code(&human), 2);
    assert!(stdout(&human).contains("  ok  ") && stderr(&human).contains(missing), "{}", stderr(&human));
    let output = contract(&[&arguments[..], &["--json"]].concat());
    let document = json(&output);
    assert_eq!((code(&output), &document["ok"], &document["failed"]), (2, &false.into(), &0.into()));
    assert_eq!(document["files"][0]["diagnostics"][0]["code"], "E0105", "{document}");
    assert!(document["passed"].as_u64().is_some_and(|passed| passed > 0), "{document}");
}

#[test]
fn a_failure_on_random_numbers_is_repeated_by_its_seed() {
    let folder = folder();
    fs::copy(example("counter"), folder.path().join("counter.dapen.ts")).unwrap();
    let text = "import { Counter } from \"./counter.dapen\";\nexport class CounterTests extends Tests {\n  @test\n  \
        counts(w: World): void {\n    w.as(w.user(\"a\"));\n    expect(Counter.call().increment(w.random(100) + 1), 0);\n  }\n}\n";
    let failing = file(&folder, "counter.test.dapen.ts", text);
    let first = contract(&["test", word(&failing), "--json"]);
    assert_eq!(code(&first), 8);
    let seed = json(&first)["seed"].as_str().unwrap().to_owned();
    assert!(stderr(&first).contains(&format!("--seed {seed}")), "{}", stderr(&first));
    let failure = |output: &Output| json(output)["files"][0]["tests"][0]["failure"]["message"].clone();
    let again = contract(&["test", word(&failing), "--json", "--seed", &seed]);
    assert_eq!(failure(&first), failure(&again));
    let others: Vec<Value> = ["1", "2", "3"]
        .iter()
        .map(|seed| failure(&contract(&["test", word(&failing), "--json", "--seed", seed])))
        .collect();
    assert!(others.iter().any(|other| *other != others[0]), "{others:?}");
}

#[test]
fn tests_are_checked_as_contracts_are_and_other_commands_say_where_they_belong() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/token.test.dapen.ts");
    let output = contract(&["check", word(&tests)]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let output = contract(&["cost", word(&tests)]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("parth contract test FILE"), "{}", stderr(&output));
    let folder = folder();
    fs::copy(example("counter"), folder.path().join("counter.dapen.ts")).unwrap();
    let text = "import { Counter } from \"./counter.dapen\";\nexport class T extends Tests {\n  @test\n  \
        a(w: World): void {\n    expect(Counter.call().incremen(2), 3);\n  }\n}\n";
    let wrong = file(&folder, "counter.test.dapen.ts", text);
    for command in ["check", "test"] {
        let output = contract(&[command, word(&wrong)]);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains("counter.test.dapen.ts:5:27"), "{}", stderr(&output));
    }
    let lines = contract(&["check", word(&wrong), "--json"]);
    assert_eq!(json(&lines)["code"], "E0306");
}

#[test]
fn files_that_cannot_be_read_or_written_are_named_with_the_reason() {
    let folder = folder();
    let counter = example("counter");
    for command in ["check", "build", "test", "cost", "info"] {
        let output = contract(&[command, word(folder.path())]);
        assert_eq!(code(&output), 2, "{command}");
        assert!(stderr(&output).contains("name a file in it"), "{command}: {}", stderr(&output));
        let output = contract(&[command, "nowhere.dapen.ts"]);
        assert_eq!(code(&output), 2, "{command}");
        assert!(stderr(&output).contains("nowhere.dapen.ts: cannot be read"), "{command}: {}", stderr(&output));
    }
    fs::write(folder.path().join("bytes.dapen.ts"), b"// \xff").unwrap();
    let output = contract(&["check", word(&folder.path().join("bytes.dapen.ts"))]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("byte 3 is no UTF-8 text"), "{}", stderr(&output));
    let bind = |out: &Path| contract(&["bind", word(&counter), "--rust", "--out", word(out)]);
    let output = bind(folder.path());
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));
    let kept = file(&folder, "kept.rs", "mine");
    let mut mode = fs::metadata(&kept).unwrap().permissions();
    mode.set_readonly(true);
    fs::set_permissions(&kept, mode).unwrap();
    let output = bind(&kept);
    assert_eq!((code(&output), fs::read_to_string(&kept).unwrap().as_str()), (2, "mine"));
    assert!(stderr(&output).contains("it is read-only"), "{}", stderr(&output));
    let fresh = folder.path().join("fresh.rs");
    assert_eq!(code(&bind(&fresh)), 0);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "nothing else is left: {left:?}");
}

#[test]
fn a_pipe_that_is_imported_does_not_keep_the_compiler_waiting() {
    let folder = folder();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.dapen.ts")).status();
    assert!(made.unwrap().success());
    let text = "import { A } from \"./pipe.dapen\";\n@contract()\nexport class B extends Contract { x: u64 = 0; }\n";
    let output = contract(&["check", word(&file(&folder, "b.dapen.ts", text))]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("it is no file"), "{}", stderr(&output));
}

#[test]
fn costs_name_rows_headroom_reads_and_the_most_expensive_lines() {
    let document = json(&contract(&["cost", word(&example("poll")), "--json"]));
    assert_eq!(document["schema"], "parth/cost/1");
    let count = document["functions"].as_array().unwrap().iter().find(|known| known["name"] == "count").unwrap();
    let number = |key: &str| count[key].as_u64().unwrap();
    assert_eq!(number("rows") + number("headroom"), number("classRows"));
    assert_eq!(count["reads"]["older"], 16, "{count}");
    let line = count["lines"][0]["source"].as_str().unwrap();
    assert!(line.contains("Token.at") || line.contains("Poll.at"), "{line}");
    let text = stdout(&contract(&["cost", word(&example("counter"))]));
    assert!(text.contains("catchUp costs most at"), "{text}");
}

#[test]
fn a_function_that_is_too_large_is_refused_with_its_most_expensive_lines() {
    let folder = folder();
    let text = "@contract()\nexport class Large extends Contract {\n  all = map<UserId, u64>();\n\n  @call\n  \
        sum(users: Arr<UserId, 64>): u64 {\n    let sum: u64 = 0;\n    for (const user of users) {\n      \
        sum += Large.of(user).all.get(ctx.user);\n    }\n    return sum;\n  }\n}\n";
    let path = file(&folder, "large.dapen.ts", text);
    for command in ["cost", "build"] {
        let output = contract(&[command, word(&path)]);
        assert_eq!(code(&output), 1, "{}", stderr(&output));
        let text = stderr(&output);
        assert!(text.contains("sum takes ") && text.contains("a call has 4096"), "{text}");
        assert!(text.contains(":9  sum += Large.of(user)"), "{text}");
    }
}

#[test]
fn a_new_folder_checks_and_a_folder_with_something_in_it_is_refused() {
    let folder = folder();
    let dir = folder.path().join("hello");
    assert_eq!(code(&contract(&["new", word(&dir)])), 0);
    let counter = dir.join("contracts/counter.dapen.ts");
    let tests = dir.join("contracts/counter.test.dapen.ts");
    for arguments in [
        ["check", word(&counter), word(&tests)],
        ["test", word(&tests), "--json"],
        ["call", word(&counter), "get"],
        ["cost", word(&counter), "--json"],
        ["info", word(&counter), "--json"],
        ["bind", word(&counter), "--typescript"],
    ] {
        let output = contract(&arguments);
        assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
    }
    assert!(fs::read_to_string(dir.join("dapen.d.ts")).unwrap().contains("declare function require"));
    assert!(dir.join("tsconfig.json").exists() && dir.join("README.md").exists());
    let again = contract(&["new", word(&dir)]);
    assert_eq!(code(&again), 2);
    assert!(stderr(&again).contains("it has README.md"), "{}", stderr(&again));
}

#[test]
fn the_counter_is_built_to_the_same_artifact_everywhere_and_info_reads_it() {
    let folder = folder();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("circuits");
    // Once where it stands, once from a copy in another folder.
    let copy = file(&folder, "other-name.dapen.ts", &fs::read_to_string(example("counter")).unwrap());
    let build = |source: &Path, out: &str| {
        let out = folder.path().join(out);
        let arguments = ["build", word(source), "--out", word(&out), "--cache", word(&cache)];
        let output = contract(&arguments);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert!(stdout(&output).is_empty());
        out.join("Counter.contract.json")
    };
    let (here, there) = (build(&example("counter"), "a"), build(&copy, "b"));
    let text = fs::read_to_string(&here).unwrap();
    assert_eq!(text, fs::read_to_string(&there).unwrap());
    assert!(!text.contains(word(folder.path())), "no paths");
    let artifact: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&artifact["schema"], &artifact["id"]), (&"parth/contract/1".into(), &1.into()));
    let info = json(&contract(&["info", word(&here), "--json"]));
    assert_eq!(info["built"]["functions"], artifact["functions"]);
    assert_eq!(info["abi"], json(&contract(&["info", word(&example("counter")), "--json"]))["abi"]);
    let rows = |functions: &Value| -> Vec<Value> {
        functions.as_array().unwrap().iter().map(|function| function["rows"].clone()).collect()
    };
    let counted = rows(&json(&contract(&["cost", word(&example("counter")), "--json"]))["functions"]);
    assert_eq!(counted, rows(&artifact["functions"]), "rows counted and built");

    let altered = file(&folder, "altered.json", &text.replacen("\"name\": \"Counter\"", "\"name\": \"Other\"", 1));
    let output = contract(&["info", word(&altered)]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("its name is not that of its code"), "{}", stderr(&output));
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in ["new", "build", "check", "test", "call", "cost", "explain", "bind", "info"] {
        let help = stdout(&contract(&[command, "--help"]));
        assert!(help.contains("Example") && help.contains(&format!("parth contract {command}")), "{help}");
    }
}
