//! Plays the script: one checkpoint after the other, from wherever the folder stands.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parth_circuits::registry::Registry;
use parth_client::session::Progress;
use parth_crypto::{Digest, Felt};
use parth_jobs::wire::Committed;
use parth_jobs::{Worker, WorkerId};
use parth_proof::cache::CircuitCache;
use parth_proof::{CheckpointVerifier, ClassData, Pinned, Pooled, Proof, Prover, file};
use parth_protocol::CircuitId;
use parth_protocol::ids::{Amount, CheckpointId, Time};
use parth_protocol::plan::checkpoint::PrimaryChoice;
use parth_protocol::turnstile::Holdings;
use parth_prover::Work;
use parth_runtime::Shutdown;

use super::DemoError;
use super::folder::Folder;
use super::options::{Checked, Options};
use super::people::People;
use super::report::{Checkpoint, Document, Screen, Supply, Times};
use super::script::{Scene, Script, Session};
use crate::cache;
use crate::exit::{Exit, Failure};
use crate::node::Node;
use crate::provers;

/// A demo under way.
struct Demo<'a> {
    options: &'a Checked,
    script: &'a Script,
    people: &'a People,
    registry: &'a Registry,
    node: &'a Node,
    screen: &'a Screen,
    times: &'a Times,
    /// Shared by workers and sessions, so that together they use as many threads as were asked for.
    prover: &'a dyn Prover,
    stop: &'a Shutdown,
}

/// Runs a demo to its end, or until Ctrl-C.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let stop = Shutdown::new();
    let request = stop.clone();
    let handler = ctrlc::set_handler(move || request.request());
    handler.map_err(|error| Failure::new(Exit::Other, format!("Ctrl-C cannot be handled: {error}")))?;
    play(&options.check()?, &stop)?;
    Ok(Exit::Done)
}

fn play(options: &Checked, stop: &Shutdown) -> Result<(), DemoError> {
    let started = Instant::now();
    let screen = Screen::new(options.json);
    let folder = Folder::take(&options.folder, &options.shape)?;
    announce(&screen, options, &folder);
    let (registry, times) = (registry(options)?, Times::default());
    let cache = CircuitCache::new(options.cache.path(), parth_circuits::sources());
    let script = Script::new(&options.shape);
    let set = registry.pinned().set();
    let people = std::thread::scope(|scope| {
        let people = scope.spawn(|| People::new(&options.shape, &script, &set, &cache));
        let prepared = prepare(&screen, &registry, &script.circuits(options.shape.checkpoints), options, stop);
        let people = joined(people.join());
        prepared.and(people)
    })?;
    screen.line(format!("Circuits ready in {:.1} s.", started.elapsed().as_secs_f64()));
    match cache.prune() {
        Ok(0) => {}
        Ok(freed) => screen.line(format!("Removed {} MB of circuits of other builds from the cache.", freed >> 20)),
        Err(error) => screen.line(format!("circuit cache: {}: {error}", options.cache.path().display())),
    }
    let genesis = folder.genesis(|| people.genesis(&options.shape, &script, now()))?;
    let node = Node::open(folder.path(), &genesis, &registry)?;
    let (script, people, registry, node, screen, times) = (&script, &people, &registry, &node, &screen, &times);
    let prover = &Pooled::new(provers::own(), options.workers);
    let demo = Demo { options, script, people, registry, node, screen, times, prover, stop };
    let ready = Instant::now();
    let checkpoints = demo.play(&folder)?;
    demo.finish(&folder, checkpoints, started, ready)
}

fn announce(screen: &Screen, options: &Checked, folder: &Folder) {
    let shape = &options.shape;
    let verb = if folder.resumed { "Resuming" } else { "Starting" };
    screen.line(format!(
        "{verb} a network of {} realms and {} users in {}: {} checkpoints, {} calls a session.",
        shape.realms,
        shape.users,
        options.folder.display(),
        shape.checkpoints,
        shape.calls,
    ));
    screen.line(format!(
        "Needs about {} GB of memory and 0.5 GB of disk: circuits are kept in {}.",
        3 + options.workers / 2,
        options.cache.path().display()
    ));
}

fn registry(options: &Checked) -> Result<Registry, DemoError> {
    let pinned = Pinned::standard().map_err(|error| DemoError::Circuits(error.to_string()))?;
    Ok(Registry::cached(pinned.clone(), CircuitCache::new(options.cache.path(), parth_circuits::sources())))
}

/// Builds the circuits that the script needs, or loads them, before anything is measured. Should it need another, that is
/// made ready by whoever proves with it first.
fn prepare(
    screen: &Screen,
    registry: &Registry,
    circuits: &[CircuitId],
    options: &Checked,
    stop: &Shutdown,
) -> Result<(), DemoError> {
    let bar = screen.bar("circuits".to_owned(), circuits.len());
    let proceed = || if stop.is_requested() { Err(DemoError::Interrupted) } else { Ok(()) };
    let ready = || {
        if let Some(bar) = &bar {
            bar.inc(1);
        }
    };
    cache::prepare(registry, circuits, options.workers, proceed, ready)?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    for warning in registry.take_warnings() {
        screen.line(format!("circuit cache: {warning}"));
    }
    Ok(())
}

/// The result of a thread; its panic is this thread's.
fn joined<T>(result: std::thread::Result<T>) -> T {
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Demo<'_> {
    /// Makes every checkpoint that is not there yet, with workers beside.
    fn play(&self, folder: &Folder) -> Result<Vec<Checkpoint>, DemoError> {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.options.workers).map(|n| scope.spawn(move || self.work(n))).collect();
            // Ctrl-C, and a worker that stops, wake whoever waits for the queue.
            scope.spawn(|| {
                loop {
                    let stopped = self.stop.wait(Duration::from_millis(100));
                    if stopped || over.load(Ordering::Acquire) {
                        break self.node.queue.drain();
                    }
                }
            });
            let played = self.checkpoints(folder);
            over.store(true, Ordering::Release);
            self.node.queue.drain();
            let worked = workers.into_iter().try_for_each(|worker| joined(worker.join()));
            match (played, worked) {
                // What stopped a worker is why nothing was proven.
                (_, Err(error)) => Err(error),
                (played, Ok(())) => played,
            }
        })
    }

    fn work(&self, number: usize) -> Result<(), DemoError> {
        let worker = Worker { id: WorkerId(number as u64 + 1), trusted: true };
        let work = Work { queue: &self.node.queue, registry: self.registry, prover: self.prover };
        let tell = |done: parth_prover::Done| self.times.proof(done.circuit.name(), done.took);
        let worked = parth_prover::run(&work, worker, tell);
        // Whoever waits for proofs must not wait for a worker that is gone.
        self.node.queue.drain();
        worked.map_err(|error| DemoError::Worker(error.to_string()))
    }

    fn checkpoints(&self, folder: &Folder) -> Result<Vec<Checkpoint>, DemoError> {
        let mut reports = Vec::new();
        let head = self.node.coordinator.head()?.head.public.height.get();
        for height in 1..=self.options.shape.checkpoints {
            if height <= head {
                let committed = self.node.coordinator.checkpoint(CheckpointId::constant(height))?;
                if let Some(committed) = committed {
                    reports.push(self.report(folder, &committed, None)?);
                }
                continue;
            }
            let started = Instant::now();
            let scene = self.script.scene(height);
            self.request(&scene)?;
            self.sessions(height, &scene.sessions)?;
            let committed = self.produce(folder, height)?;
            reports.push(self.report(folder, &committed, Some(started.elapsed()))?);
        }
        Ok(reports)
    }

    /// Registrations and deployments. What an earlier run asked for already is not asked for again.
    fn request(&self, scene: &Scene) -> Result<(), DemoError> {
        use parth_coordinator::{AdmitError, Refusal};
        let settle = |result: Result<(), AdmitError>| match result {
            Ok(()) => Ok(()),
            Err(AdmitError::Refused(
                Refusal::Registered { .. } | Refusal::KeyPending(_) | Refusal::ContractPending(_),
            )) => Ok(()),
            Err(AdmitError::Refused(refusal)) => Err(DemoError::Unsound(refusal.to_string())),
            Err(AdmitError::Halt(halt)) => Err(halt.into()),
        };
        for &person in &scene.registrations {
            settle(self.node.coordinator.register(self.people.commitment(person)?))?;
        }
        for &program in &scene.deployments {
            let leaf = self.people.program(program).deployed().leaf();
            if self.node.coordinator.contract_id(leaf)?.is_none() {
                settle(self.node.coordinator.deploy(leaf))?;
            }
        }
        Ok(())
    }

    /// Proves the sessions of a checkpoint, several at a time, and submits them.
    fn sessions(&self, height: u32, sessions: &[Session]) -> Result<(), DemoError> {
        let next = AtomicUsize::new(0);
        let prove = || -> Result<(), DemoError> {
            while let Some(session) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.session(height, session)?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads = self.options.workers.min(sessions.len());
            let provers: Vec<_> = (0..threads).map(|_| scope.spawn(prove)).collect();
            provers.into_iter().try_for_each(|prover| joined(prover.join()))
        })
    }

    fn session(&self, height: u32, session: &Session) -> Result<(), DemoError> {
        if self.stop.is_requested() {
            return Err(DemoError::Interrupted);
        }
        let (person, user) = (session.person, self.script.user(session.person));
        let fail = |reason: String| DemoError::Session { person, checkpoint: height, reason };
        let realm = self.node.realm(user).ok_or_else(|| fail("the user lives in no realm".to_owned()))?;
        if realm.pending(user)?.is_some() {
            return Ok(());
        }
        let started = Instant::now();
        let (key, commitment) = (self.people.key(person)?, self.people.commitment(person)?);
        let anchor = CheckpointId::constant(height - 1);
        let mut open = parth_client::Session::open(&self.node.network, self.node, commitment, anchor)
            .map_err(|error| fail(error.to_string()))?;
        for call in &session.calls {
            let inputs: Vec<Felt> = call.inputs.iter().map(|&input| Felt::reduce(input)).collect();
            let program = self.people.program(call.program);
            open.call(call.program.id(), program, call.function, &inputs).map_err(|error| fail(error.to_string()))?;
        }
        let unsigned = open.close_as(session.form, self.people.signature_circuit(), key.public().parameter());
        let unsigned = unsigned.map_err(|error| fail(error.to_string()))?;
        // The key is the demo's own, so nothing is gained by other entropy.
        let signed = unsigned.sign(&key, &[0; 32]).map_err(|error| fail(error.to_string()))?;
        let bar = self.screen.bar(format!("session of user {user}"), signed.proofs());
        let submission = signed.prove(self.registry, self.prover, |progress: Progress| {
            self.times.proof(&progress.what, progress.took);
            if let Some(bar) = &bar {
                bar.set_position(progress.done as u64);
                bar.set_message(progress.what);
            }
        });
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let submission = submission.map_err(|error| fail(error.to_string()))?;
        self.times.session(started.elapsed());
        realm.submit(&submission).map_err(|error| fail(error.to_string()))?;
        let calls: Vec<String> =
            session.calls.iter().map(|call| format!("{:?}.{}", call.program, call.function)).collect();
        self.screen.line(format!(
            "  user {user} of realm {}: {} ({:.1} s)",
            realm.index(),
            calls.join(", "),
            started.elapsed().as_secs_f64()
        ));
        Ok(())
    }

    fn produce(&self, folder: &Folder, height: u32) -> Result<Committed, DemoError> {
        let old = self.node.coordinator.head()?.head.leaf.time;
        let time = folder.time(height, || now().max(old.next().unwrap_or(old)))?;
        let contribution = Digest::from([u64::from(height), 0, 0, 0]);
        let produced = self.node.produce(PrimaryChoice { time, contribution });
        produced.map_err(|error| match error {
            crate::node::NodeError::Coordinator(parth_coordinator::Halt::Stopping) => DemoError::Interrupted,
            other => DemoError::Node(other),
        })
    }

    /// Leaves the proof in the folder and says what happened.
    fn report(&self, folder: &Folder, committed: &Committed, took: Option<Duration>) -> Result<Checkpoint, DemoError> {
        let (public, leaf) = (&committed.head.public, &committed.head.leaf);
        let proof = self.proof(committed)?;
        let bytes = file::encode(self.registry.pinned().set().digest(), &proof);
        folder.write(&format!("checkpoint-{}.proof", public.height), &bytes)?;
        let realms: Vec<String> = committed.realms.iter().map(|realm| realm.realm.to_string()).collect();
        let realms = if realms.is_empty() { "no realm".to_owned() } else { format!("realm {}", realms.join(", ")) };
        self.screen.line(format!(
            "Checkpoint {}: root {}, {} sessions and {} calls in {realms}, {} registrations, {} deployments, fees {}{}",
            public.height,
            public.root.short(),
            leaf.stats.sessions,
            leaf.stats.calls,
            leaf.registrations,
            leaf.deployments,
            leaf.stats.fees,
            took.map_or(" (made earlier)".to_owned(), |took| format!(", {:.1} s", took.as_secs_f64())),
        ));
        Ok(Checkpoint {
            height: public.height.get(),
            root: public.root,
            sessions: leaf.stats.sessions.get(),
            calls: leaf.stats.calls.get(),
            registrations: leaf.registrations.get(),
            deployments: leaf.deployments.get(),
            proof_bytes: bytes.len(),
            seconds: took.map(|took| took.as_secs_f64()),
        })
    }

    fn proof(&self, committed: &Committed) -> Result<Proof, DemoError> {
        let height = committed.head.public.height;
        let artifact = committed.proof;
        let artifact = artifact.ok_or_else(|| DemoError::Unsound(format!("checkpoint {height} has no proof")))?;
        let bytes = self.node.queue.artifacts().get(artifact)?;
        Proof::from_bytes(ClassData::checkpoint(), &bytes).map_err(|error| DemoError::Unsound(error.to_string()))
    }

    /// Verifies the last proof, adds up the supply, prints the table and the command to run next.
    fn finish(
        &self,
        folder: &Folder,
        checkpoints: Vec<Checkpoint>,
        started: Instant,
        ready: Instant,
    ) -> Result<(), DemoError> {
        let head = self.node.coordinator.head()?;
        let verifier = CheckpointVerifier::new(self.registry.pinned(), &self.node.genesis);
        let verifier = verifier.map_err(|error| DemoError::Unsound(error.to_string()))?;
        let proven = verifier.verify(&self.proof(&head)?).map_err(|error| DemoError::Unsound(error.to_string()))?;
        if proven != head.head.public {
            return Err(DemoError::Unsound("the last proof shows another checkpoint than the head".to_owned()));
        }
        let supply = self.supply(&head)?;
        if !supply.conserved {
            return Err(DemoError::Unsound(format!("native balance is not conserved: {supply:?}")));
        }
        folder.finish()?;
        let circuits = self.times.table(self.registry.pinned(), |name| self.call_rows(name));
        let public = &head.head.public;
        let proof = self.options.folder.join(format!("checkpoint-{}.proof", public.height));
        let genesis = self.options.folder.join("genesis.json");
        self.screen.table(&circuits);
        let session = self.times.session_median();
        self.screen.line(format!(
            "\nSupply: genesis {} = balances {} + in flight {} + fees {}.",
            supply.genesis, supply.balances, supply.in_flight, supply.fees
        ));
        self.screen.line(format!(
            "Done in {:.1} s, {:.1} s of it with circuits ready; {} at height {}.",
            started.elapsed().as_secs_f64(),
            ready.elapsed().as_secs_f64(),
            public.root,
            public.height
        ));
        self.screen.line("The last proof vouches for the whole chain. Check it with:");
        self.screen.line(format!("parth verify checkpoint --genesis {} {}", genesis.display(), proof.display()));
        if self.options.json {
            let document = Document {
                schema: "parth/demo/1",
                ok: true,
                circuits_digest: self.registry.pinned().set().digest(),
                seconds: started.elapsed().as_secs_f64(),
                genesis_root: public.genesis,
                head_root: public.root,
                height: public.height.get(),
                checkpoints,
                circuits,
                session_median_seconds: session,
                supply,
            };
            let text = serde_json::to_string(&document).map_err(|error| DemoError::Unsound(error.to_string()))?;
            println!("{text}");
        }
        Ok(())
    }

    fn call_rows(&self, name: &str) -> usize {
        super::script::Program::ALL.iter().find_map(|&program| self.people.program(program).rows(name)).unwrap_or(0)
    }

    fn supply(&self, head: &Committed) -> Result<Supply, DemoError> {
        let mut held = Holdings::default();
        for realm in &self.node.realms {
            held = held.with(realm.held()?);
        }
        let genesis = self.node.network.parameters.genesis_supply;
        let fees = genesis.get() - head.head.leaf.supply.get();
        let in_flight = held.sent - held.claimed;
        Ok(Supply {
            genesis,
            balances: narrow(held.balances)?,
            in_flight: narrow(in_flight)?,
            fees: Amount::constant(fees),
            conserved: held.balances + in_flight + u128::from(fees) == u128::from(genesis.get()),
        })
    }
}

fn narrow(sum: u128) -> Result<Amount, DemoError> {
    let amount = u64::try_from(sum).ok().and_then(Amount::new);
    amount.ok_or_else(|| DemoError::Unsound(format!("native balance of {sum}, which is no amount")))
}

/// The time of this machine, as a block time.
fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).ok().and_then(Time::new).unwrap_or(Time::MAX)
}
