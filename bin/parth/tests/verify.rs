//! `parth verify checkpoint` as a user runs it, on the golden chain.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const LEN: usize = 133_036;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/proof/golden").join(name)
}

fn parth(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parth")).args(arguments).output().unwrap()
}

/// Runs `parth verify checkpoint` on files, with the golden genesis or another one.
fn verify(genesis: &Path, files: &[PathBuf], json: bool) -> Output {
    let mut arguments = vec!["verify", "checkpoint", "--genesis", genesis.to_str().unwrap()];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    arguments.extend(json.then_some("--json"));
    parth(&arguments)
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code, not a signal")
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON document and nothing else")
}

fn complaints(output: &Output) -> Vec<String> {
    String::from_utf8(output.stderr.clone()).unwrap().lines().map(str::to_owned).collect()
}

/// A changed copy of the second golden proof.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

#[test]
fn both_golden_proofs_are_accepted_and_their_heights_and_roots_reported() {
    let files = [golden("checkpoint-0.proof"), golden("checkpoint-1.proof")];
    let output = verify(&golden("genesis.json"), &files, true);
    assert_eq!(code(&output), 0, "{:?}", complaints(&output));
    let document = document(&output);
    assert_eq!(document["schema"], "parth/verify/1");
    assert_eq!(document["ok"], true);
    let names: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 6);
    for name in ["schema", "ok", "genesisRoot", "circuitsDigest", "security", "proofs"] {
        assert!(document.get(name).is_some(), "{name} is missing in {names:?}");
    }
    assert!(document["security"]["conjectured"].is_u64() && document["security"]["provable"].is_u64());
    let proofs = document["proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), 2);
    for (height, (proof, file)) in proofs.iter().zip(&files).enumerate() {
        let names: Vec<&String> = proof.as_object().unwrap().keys().collect();
        assert_eq!(names.len(), 5, "{names:?}");
        assert_eq!(proof["file"], file.to_str().unwrap());
        assert_eq!(proof["height"], height);
        assert_eq!((&proof["ok"], &proof["error"]), (&Value::Bool(true), &Value::Null));
        assert!(proof["root"].as_str().unwrap().starts_with("0x"));
    }
    assert_eq!(proofs[0]["root"], document["genesisRoot"]);

    let output = verify(&golden("genesis.json"), &files, false);
    assert_eq!((code(&output), complaints(&output).len()), (0, 0));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["height 1", "bits conjectured", "bits provable", document["genesisRoot"].as_str().unwrap()] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn each_of_200_random_mutations_of_one_byte_is_refused() {
    let good = fs::read(golden("checkpoint-1.proof")).unwrap();
    assert_eq!(good.len(), LEN);
    let scratch = Scratch::new();
    // SplitMix64, so that a failure happens again.
    let mut state = 0x5eed_u64;
    let mut random = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    };
    let files: Vec<PathBuf> = (0..200)
        .map(|_| {
            let mut bytes = good.clone();
            let (at, change) = (random() as usize % LEN, 1 + (random() % 255) as u8);
            bytes[at] ^= change;
            scratch.file(&format!("byte-{at}-xor-{change}.proof"), &bytes)
        })
        .collect();
    let output = verify(&golden("genesis.json"), &files, true);
    assert_eq!(code(&output), 9);
    let document = document(&output);
    let proofs = document["proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), 200);
    for proof in proofs {
        assert_eq!(proof["ok"], false, "{proof}");
        assert!(proof["error"].is_string() && proof["root"].is_null(), "{proof}");
    }
    assert_eq!(complaints(&output).len(), 200, "one line a file");
}

#[test]
fn truncated_extended_empty_and_other_files_are_refused_with_one_line_each() {
    let good = fs::read(golden("checkpoint-1.proof")).unwrap();
    let scratch = Scratch::new();
    let mut other_set = good.clone();
    other_set[20] ^= 1;
    let refused = [
        ("truncated.proof", &good[..LEN - 1], "truncated"),
        ("header.proof", &good[..44], "truncated"),
        ("extended.proof", &[&good[..], b"\n"].concat(), "extended"),
        ("twice.proof", &[&good[..], &good].concat(), "extended"),
        ("empty.proof", b"", "not a checkpoint proof"),
        ("garbage.proof", &[0x5a; LEN], "not a checkpoint proof"),
        ("text.proof", b"checkpoint", "not a checkpoint proof"),
        ("huge.proof", &vec![0; 2 << 20], "not a checkpoint proof"),
        ("set.proof", &other_set, "a proof of another circuit set"),
    ];
    for (name, bytes, reason) in refused {
        let output = verify(&golden("genesis.json"), &[scratch.file(name, bytes)], false);
        assert_eq!(code(&output), 9, "{name}");
        let lines = complaints(&output);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(name) && lines[0].contains(reason), "{lines:?}");
    }
}

#[test]
fn a_proof_of_another_genesis_is_refused_and_says_so() {
    let text = fs::read_to_string(golden("genesis.json")).unwrap();
    let scratch = Scratch::new();
    let other = scratch.file("other.json", text.replace("\"golden\"", "\"gilded\"").as_bytes());
    for name in ["checkpoint-0.proof", "checkpoint-1.proof"] {
        let output = verify(&other, &[golden(name)], false);
        assert_eq!(code(&output), 9);
        assert!(complaints(&output)[0].contains("a proof of another genesis"), "{:?}", complaints(&output));
    }
}

#[test]
fn a_genesis_with_another_system_contract_is_refused_in_one_line() {
    let text = fs::read_to_string(golden("genesis.json")).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["contracts"][0]["functions"] = document["contracts"][0]["code"].clone();
    let scratch = Scratch::new();
    let genesis = scratch.file("minting.json", document.to_string().as_bytes());
    let output = verify(&genesis, &[golden("checkpoint-0.proof")], false);
    assert_eq!(code(&output), 9);
    let lines = complaints(&output);
    assert!(lines[0].contains("the system contract of these circuits is"), "{lines:?}");
}

#[test]
fn several_files_are_all_reported_and_one_bad_one_fails_the_run() {
    let scratch = Scratch::new();
    let (good, bad) = (golden("checkpoint-1.proof"), scratch.file("bad.proof", b"no proof"));
    let missing = scratch.0.path().join("missing.proof");
    let oks = |files: &[PathBuf]| {
        let output = verify(&golden("genesis.json"), files, true);
        let document = document(&output);
        let proofs = document["proofs"].as_array().unwrap().clone();
        (code(&output), proofs.iter().map(|proof| proof["ok"] == true).collect::<Vec<_>>())
    };
    assert_eq!(oks(&[bad.clone(), good.clone(), good.clone()]), (9, vec![false, true, true]));
    assert_eq!(oks(&[missing.clone(), good.clone()]), (2, vec![false, true]));
    assert_eq!(oks(&[missing, bad, good]), (9, vec![false, false, true]));
}

#[test]
fn what_cannot_be_read_ends_with_code_2() {
    let scratch = Scratch::new();
    let proof = [golden("checkpoint-1.proof")];
    let folder = scratch.0.path().to_owned();
    assert_eq!(code(&verify(&golden("genesis.json"), std::slice::from_ref(&folder), false)), 2);
    let text = fs::read_to_string(golden("genesis.json")).unwrap();
    let bad = [
        scratch.file("cut.json", &text.as_bytes()[..100]),
        scratch.file("schema.json", text.replace("parth/genesis/1", "parth/genesis/9").as_bytes()),
        scratch.file("profile.json", text.replace("\"standard\"", "\"small\"").as_bytes()),
        scratch.file("field.json", text.replacen('{', "{\"more\": 1,", 1).as_bytes()),
        scratch.file("deep.json", "[".repeat(100_000).as_bytes()),
        scratch.file("nothing.json", b""),
        golden("checkpoint-0.proof"),
        folder,
        PathBuf::from("missing.json"),
    ];
    for genesis in bad {
        let output = verify(&genesis, &proof, true);
        assert_eq!(code(&output), 2, "{}", genesis.display());
        assert_eq!(complaints(&output).len(), 1, "{:?}", complaints(&output));
        let document = document(&output);
        assert_eq!((&document["schema"], &document["ok"]), (&"parth/error/1".into(), &Value::Bool(false)));
        assert_eq!(document["exit"], 2);
    }
    assert_eq!(code(&parth(&["verify", "checkpoint", "--genesis", "genesis.json"])), 2, "no proof named");
}

#[test]
fn an_unknown_profile_is_refused_by_name() {
    let text = fs::read_to_string(golden("genesis.json")).unwrap();
    let scratch = Scratch::new();
    let genesis = scratch.file("profile.json", text.replace("\"standard\"", "\"hardened\"").as_bytes());
    let lines = complaints(&verify(&genesis, &[golden("checkpoint-0.proof")], false));
    assert!(lines[0].contains("unknown profile hardened"), "{lines:?}");
}
