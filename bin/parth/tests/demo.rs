//! `parth demo` as a user runs it, every proof real. Few runs, since each takes minutes; they share built circuits and
//! take turns, since each wants the whole machine.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parth_proof::cache::CircuitCache;
use parth_proof::{CheckpointVerifier, Pinned};
use parth_protocol::CircuitId;
use parth_protocol::genesis::{Genesis, GenesisState};
use serde_json::Value;

/// What the demo says when nothing but sessions and checkpoints lies ahead.
const READY: &str = "Circuits ready";
/// Longer than any step of a demo takes on the slowest machine that runs these tests.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// Built circuits, 0.3 GB of them: made by the first demo of the first run, found by all others.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("circuits")
}

/// One demo at a time, whatever number of threads runs the tests.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // What older sources left would fill the disk of whoever runs these tests day after day.
    CircuitCache::new(cache(), parth_circuits::sources()).prune().unwrap();
    turn
}

/// A demo in a folder of its own.
struct Demo {
    parent: tempfile::TempDir,
    flags: Vec<String>,
}

/// A demo process.
struct Running {
    child: Child,
    lines: Receiver<String>,
    output: JoinHandle<Vec<u8>>,
}

/// How a demo process ended.
struct Ended {
    status: ExitStatus,
    output: Vec<u8>,
    lines: Vec<String>,
}

impl Demo {
    fn new(flags: &str) -> Demo {
        Demo {
            parent: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            flags: flags.split(' ').map(str::to_owned).collect(),
        }
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("demo")
    }

    fn start(&self) -> Running {
        self.start_with(&[])
    }

    fn start_with(&self, more: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parth"));
        command.arg("demo").args(&self.flags).args(more).arg("--json");
        command.arg("--dir").arg(self.folder()).arg("--cache").arg(cache());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let output = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        Running { child, lines, output }
    }

    /// Runs to the end and reads the document.
    fn finish(&self) -> Value {
        let ended = self.start().wait();
        assert_eq!(ended.code(), Some(0), "{:#?}", ended.lines);
        ended.document()
    }

    /// Refused before anything is built: exit code 2, and what the one line says.
    fn refused(&self, more: &[&str]) -> String {
        let ended = self.start_with(more).wait();
        assert_eq!(ended.code(), Some(2), "{:#?}", ended.lines);
        assert_eq!(ended.document()["ok"], false);
        ended.document()["error"].as_str().unwrap().to_owned()
    }

    fn genesis(&self) -> GenesisState {
        let text = fs::read(self.folder().join("genesis.json")).unwrap();
        let genesis: Genesis = serde_json::from_slice(&text).unwrap();
        genesis.state(&Pinned::standard().unwrap().set()).unwrap()
    }

    fn proof(&self, height: u64) -> PathBuf {
        self.folder().join(format!("checkpoint-{height}.proof"))
    }

    /// Verifies each checkpoint proof against the genesis, each root against the one before, all against the document.
    fn check_chain(&self, document: &Value) {
        let genesis = self.genesis();
        let verifier = CheckpointVerifier::new(Pinned::standard().unwrap(), &genesis).unwrap();
        assert_eq!(document["genesisRoot"], genesis.head.public.root.to_string());
        let mut previous = genesis.head.public;
        let checkpoints = document["checkpoints"].as_array().unwrap();
        for (height, checkpoint) in (1u64..).zip(checkpoints) {
            let bytes = fs::read(self.proof(height)).unwrap();
            let shown = verifier.verify_file(&bytes).unwrap();
            assert_eq!((shown.previous, u64::from(shown.height.get())), (previous.root, height));
            assert_eq!(
                (&checkpoint["height"], checkpoint["root"].as_str()),
                (&height.into(), Some(&*shown.root.to_string()))
            );
            assert_eq!(checkpoint["proofBytes"], bytes.len());
            previous = shown;
        }
        assert_eq!(document["height"], checkpoints.len());
        assert_eq!(document["headRoot"], previous.root.to_string());
        assert!(!self.proof(checkpoints.len() as u64 + 1).exists());
    }
}

impl Running {
    /// Waits for a line that begins so.
    fn until(&self, start: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()));
            if line.unwrap_or_else(|_| panic!("the demo ended, or hung, before it said `{start}`")).starts_with(start) {
                return;
            }
        }
    }

    /// Ctrl-C. By the shell, which has `kill` built in wherever there is one.
    fn interrupt(&self) {
        let kill = format!("kill -INT {}", self.child.id());
        assert!(Command::new("sh").arg("-c").arg(kill).status().unwrap().success());
    }

    /// kill -9 after a while, or as soon as it is far enough, unless it ends before.
    fn kill_after(mut self, delay: Duration, far: impl Fn() -> bool) -> Ended {
        let end = Instant::now() + delay;
        while Instant::now() < end && !far() && self.child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        self.wait()
    }

    fn wait(mut self) -> Ended {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > end {
                let _ = self.child.kill();
                panic!("the demo hangs: {:#?}", self.lines.try_iter().collect::<Vec<_>>());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        Ended { status, output: self.output.join().unwrap(), lines: self.lines.iter().collect() }
    }
}

impl Ended {
    /// Nothing for a process that was killed.
    fn code(&self) -> Option<i32> {
        self.status.code()
    }

    fn document(&self) -> Value {
        serde_json::from_slice(&self.output).expect("one JSON document and nothing else")
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Amounts are text in JSON: not every one is a number that every reader of JSON keeps.
fn amount(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no amount"))
}

/// Checks the sum in the document, and that every amount is one.
fn check_supply(document: &Value) {
    let supply = &document["supply"];
    let [genesis, balances, in_flight, fees] =
        ["genesis", "balances", "inFlight", "fees"].map(|part| amount(&supply[part]));
    assert_eq!(supply["conserved"], true);
    assert_eq!(genesis, balances + in_flight + fees);
}

fn verify(genesis: &Demo, proof: &Path) -> i32 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parth"));
    command.args(["verify", "checkpoint", "--genesis"]).arg(genesis.folder().join("genesis.json")).arg(proof);
    command.output().unwrap().status.code().unwrap()
}

#[test]
fn a_wide_demo_makes_a_real_proof_of_every_circuit_and_its_folder_is_refused_afterwards() {
    let _turn = turn();
    let demo = Demo::new("--users 8 --realms 1 --checkpoints 5 --workers 2");
    let document = demo.finish();
    assert_eq!((&document["schema"], &document["ok"]), (&"parth/demo/1".into(), &true.into()));
    assert_eq!(document["circuitsDigest"], Pinned::standard().unwrap().set().digest().to_string());
    assert!(document["seconds"].as_f64().unwrap() > 0.0 && document["sessionMedianSeconds"].as_f64().unwrap() > 0.0);
    let circuits = document["circuits"].as_array().unwrap();
    for circuit in circuits {
        let counts = [&circuit["rows"], &circuit["count"]].map(number);
        assert!(counts.iter().all(|&count| count > 0) && circuit["class"].is_string(), "{circuit}");
        assert!(circuit["medianMs"].as_f64().unwrap() > 0.0, "{circuit}");
    }
    let proven: BTreeSet<&str> = circuits.iter().map(|circuit| circuit["name"].as_str().unwrap()).collect();
    // No contract of the demo owes calls; the tests of circuits prove the steps that pay them.
    let owed = [CircuitId::SessionDeferredStep, CircuitId::SessionInlineStep];
    let expected = CircuitId::ALL.iter().filter(|circuit| !owed.contains(circuit));
    let missing: Vec<_> = expected.filter(|circuit| !proven.contains(circuit.name())).collect();
    assert!(missing.is_empty(), "no proof of {missing:?}");
    check_supply(&document);
    demo.check_chain(&document);
    let happened = |of: &str| -> Vec<u64> {
        document["checkpoints"].as_array().unwrap().iter().map(|checkpoint| number(&checkpoint[of])).collect()
    };
    assert_eq!(happened("sessions"), [1, 3, 8, 2, 0]);
    assert_eq!(happened("calls"), [3, 4, 9, 2, 0]);
    assert_eq!(happened("registrations"), [3, 0, 0, 0, 0]);
    assert_eq!(happened("deployments"), [2, 0, 0, 0, 0]);

    assert!(demo.refused(&[]).contains("it holds a finished demo"));
    for other in [["--seed", "another"], ["--calls", "2"]] {
        let refusal = demo.refused(&other);
        assert!(refusal.contains("it holds a demo with other flags (--users 8 --realms 1"), "{refusal}");
    }
    assert!(verify(&demo, &demo.proof(5)) == 0);
}

#[test]
fn an_interrupted_demo_ends_with_130_and_goes_on_and_another_seed_makes_another_network() {
    let _turn = turn();
    let flags = "--users 2 --realms 1 --checkpoints 1 --seed";
    let (demo, other) = (Demo::new(&format!("{flags} one")), Demo::new(&format!("{flags} other")));
    for demo in [&demo, &other] {
        let running = demo.start();
        running.until(READY);
        let refusal = demo.refused(&[]);
        assert!(refusal.contains(&format!("in use by process {}", running.child.id())), "{refusal}");
        running.interrupt();
        let ended = running.wait();
        assert_eq!(ended.code(), Some(130), "{:#?}", ended.lines);
        assert!(!demo.proof(1).exists());
    }
    assert_ne!(demo.genesis().head.public.root, other.genesis().head.public.root);
    let document = demo.finish();
    check_supply(&document);
    demo.check_chain(&document);
    assert_eq!(verify(&demo, &demo.proof(1)), 0);
    assert_eq!(verify(&other, &demo.proof(1)), 9);
}

/// Random numbers that a printed seed brings back.
struct Random(u64);

impl Random {
    /// `PARTH_TEST_SEED`, or the time.
    fn seeded() -> Random {
        let named =
            std::env::var("PARTH_TEST_SEED").ok().map(|text| text.parse().expect("PARTH_TEST_SEED is a number"));
        let time = || std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos().into();
        let seed = named.unwrap_or_else(time);
        println!("PARTH_TEST_SEED={seed}");
        Random(seed)
    }

    /// A time below `limit`: SplitMix64, which is plenty for choosing moments.
    fn below(&mut self, limit: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        limit.mul_f64(((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// Artifacts that are kept: statements and proofs, so a measure of how far a demo is.
fn artifacts(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let entries = entries.map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { artifacts(&path) } else { 1 }).sum()
}

#[test]
fn a_demo_killed_at_twenty_random_moments_completes_with_the_same_supply_and_an_unbroken_chain() {
    const KILLS: usize = 20;
    /// Artifacts that this demo has at its end.
    const ALL: usize = 30;
    let (_turn, mut random) = (turn(), Random::seeded());
    let demo = Demo::new("--users 2 --realms 2 --checkpoints 2 --workers 2");
    let mut longest = Duration::from_secs(4);
    for kill in 0..KILLS {
        let before = artifacts(&demo.folder().join("artifacts"));
        // Spread over its life: ahead of an even pace it dies soon, behind it lives longer.
        let (ahead, loading) = (before * KILLS > kill * ALL || before >= ALL - 2, kill % 7 == 3);
        let limit = match (loading, ahead) {
            (true, _) => Duration::from_secs(3),
            (false, true) => Duration::from_millis(300),
            (false, false) => longest,
        };
        let delay = random.below(limit);
        let running = demo.start();
        if !loading {
            running.until(READY);
        }
        // Whatever the machine, it must not be done before all kills are.
        let far = (before + 1).max((kill * ALL).div_ceil(KILLS) + 3).min(ALL - 2);
        let ended = running.kill_after(delay, || before < far && artifacts(&demo.folder().join("artifacts")) >= far);
        let after = artifacts(&demo.folder().join("artifacts"));
        let moment = if loading { "its start" } else { "circuits were ready" };
        println!("kill {}: {:.3} s after {moment}, {before} artifacts, then {after}", kill + 1, delay.as_secs_f64());
        assert_eq!(ended.code(), None, "it must live until it is killed: {:#?}", ended.lines);
        if !ahead && !loading {
            // A session is proven whole or not at all: none came through, so give more; one did, so be short again.
            let factor = if after == before { 1.5 } else { 0.5 };
            longest = longest.mul_f64(factor).max(Duration::from_secs(4));
        }
    }
    let document = demo.finish();
    println!("{} artifacts at the end", artifacts(&demo.folder().join("artifacts")));
    check_supply(&document);
    demo.check_chain(&document);
    let happened = |of: &str| -> Vec<u64> {
        document["checkpoints"].as_array().unwrap().iter().map(|checkpoint| number(&checkpoint[of])).collect()
    };
    assert_eq!((happened("sessions"), happened("calls")), (vec![1, 1], vec![1, 1]));
    assert_eq!((happened("registrations"), happened("deployments")), (vec![1, 0], vec![2, 0]));
    // Two sessions of one call that writes one word each, and all that was sent is claimed.
    let supply = ["genesis", "inFlight", "fees"].map(|part| amount(&document["supply"][part]));
    assert_eq!(supply, [2_000_000, 0, 2 * (100 + 10 + 1)]);
}
