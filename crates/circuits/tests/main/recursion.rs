//! Composition with real proofs: an honest parent proves, and every way of passing off another child is refused.

use std::sync::LazyLock;
use std::time::Instant;

use parth_circuits::gadgets::hash::DigestTarget;
use parth_circuits::gadgets::hash::{hash, link};
use parth_circuits::recursion::{Child, ChildClaim};
use parth_circuits::statement::{Outcome, ProvingCircuit, RuleCircuit, Skeleton, StatementCircuit, StatementError};
use parth_circuits::twin::{FillError, ListedTarget, TargetOf, Twin};
use parth_crypto::{Digest, Domain, Felt};
use parth_proof::{Builder, Class, ClassData, Proof, ProveError, StockProver, VerifierKey, Witness};
use parth_protocol::circuit::{CircuitId, CircuitSet, Listed};
use parth_protocol::ids::{Amount, Fingerprint};
use parth_protocol::reject::{Reject, Rule};
use parth_protocol::statement::{ChildProof, Statement};
use parth_protocol::tree::GutaWhitelist;
use parth_protocol::{Felts, Profile, Record, Rules};

/// "I know a leaf of this value": a statement without children. `EVIL` makes another circuit of the same class.
#[derive(Clone, Debug)]
struct Leaf<const EVIL: bool> {
    value: Amount,
}

/// "Two proofs of whitelisted circuits, left and right": a statement with two children.
#[derive(Clone, Debug)]
struct Pair {
    whitelist: Digest,
    left: Side,
    right: Side,
}

#[derive(Clone, Debug)]
struct Side {
    public: Digest,
    circuit: Listed<GutaWhitelist>,
}

/// A header of one digest.
struct Header(Digest);

impl Felts for Header {
    fn write_felts(&self, out: &mut Vec<Felt>) {
        out.extend(self.0.0);
    }
}

impl Record for Header {
    const DOMAIN: Domain = Domain::Effects;

    fn digest(&self) -> Digest {
        self.0
    }
}

impl<const EVIL: bool> Statement for Leaf<EVIL> {
    type Header = Header;
    const CIRCUIT: CircuitId = if EVIL { CircuitId::EndCap } else { CircuitId::GutaNoChange };

    fn apply(&self, _: &Rules) -> Result<Header, Reject> {
        let added = if EVIL { Felt::ONE } else { Felt::ZERO };
        Ok(Header(parth_crypto::hash(Domain::Inputs, &[Felt::reduce(self.value.get()) + added])))
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}

impl Statement for Pair {
    type Header = Header;
    const CIRCUIT: CircuitId = CircuitId::GutaTwoGuta;

    fn apply(&self, rules: &Rules) -> Result<Header, Reject> {
        for Side { circuit, .. } in [&self.left, &self.right] {
            let at = u64::from(circuit.index.get());
            circuit.path.check(&rules.profile, Rule::GutaWhitelist, self.whitelist, at, circuit.fingerprint.0)?;
        }
        Ok(Header(parth_crypto::hash::link(Domain::Effects, self.left.public, self.right.public)))
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        let proof = |side: &Side| ChildProof { fingerprint: side.circuit.fingerprint, public: side.public };
        vec![proof(&self.left), proof(&self.right)]
    }
}

impl<const EVIL: bool> Twin for Leaf<EVIL> {
    type Target = TargetOf<Amount>;

    fn alloc(b: &mut Builder, profile: &Profile) -> Self::Target {
        Amount::alloc(b, profile)
    }

    fn fill(&self, target: &Self::Target, witness: &mut Witness) -> Result<(), FillError> {
        self.value.fill(target, witness)
    }

    fn clear(target: &Self::Target, witness: &mut Witness) -> Result<(), FillError> {
        Amount::clear(target, witness)
    }
}

impl Twin for Pair {
    type Target = (DigestTarget, [(DigestTarget, ListedTarget); 2]);

    fn alloc(b: &mut Builder, profile: &Profile) -> Self::Target {
        let whitelist = Digest::alloc(b, profile);
        let sides = [(); 2].map(|()| (Digest::alloc(b, profile), Listed::<GutaWhitelist>::alloc(b, profile)));
        (whitelist, sides)
    }

    fn fill(&self, target: &Self::Target, witness: &mut Witness) -> Result<(), FillError> {
        self.whitelist.fill(&target.0, witness)?;
        for (side, (public, circuit)) in [&self.left, &self.right].into_iter().zip(&target.1) {
            side.public.fill(public, witness)?;
            side.circuit.fill(circuit, witness)?;
        }
        Ok(())
    }

    fn clear((whitelist, sides): &Self::Target, witness: &mut Witness) -> Result<(), FillError> {
        Digest::clear(whitelist, witness)?;
        sides.iter().try_for_each(|(public, circuit)| {
            Digest::clear(public, witness)?;
            Listed::<GutaWhitelist>::clear(circuit, witness)
        })
    }
}

impl<const EVIL: bool> StatementCircuit for Leaf<EVIL> {
    const CLASS: Class = Class::Node;

    fn rules(b: &mut Builder, _: &Rules, value: &Self::Target) -> Outcome {
        let one = if EVIL { b.one() } else { b.zero() };
        let value = b.add(*value, one);
        Outcome::new(hash(b, Domain::Inputs, &[value]), Vec::new())
    }
}

impl StatementCircuit for Pair {
    const CLASS: Class = Class::Node;

    fn rules(b: &mut Builder, _: &Rules, (whitelist, sides): &Self::Target) -> Outcome {
        let children = sides.iter().map(|(public, circuit)| {
            circuit.check(b, *whitelist);
            ChildClaim::new(Class::Node, circuit.fingerprint, *public)
        });
        let children = children.collect();
        Outcome::new(link(b, Domain::Effects, sides[0].0, sides[1].0), children)
    }
}

/// The circuits, and the whitelist of them in which the leaf and the pair stand.
struct World {
    rules: Rules,
    set: CircuitSet,
    leaf: ProvingCircuit<Leaf<false>>,
    evil: ProvingCircuit<Leaf<true>>,
    pair: ProvingCircuit<Pair>,
    one: Proof,
    two: Proof,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let stand_in = Rules::new(Profile::STANDARD, &CircuitSet::stand_in());
    let leaf = Skeleton::new(&stand_in).build().unwrap();
    let evil = Skeleton::new(&stand_in).build().unwrap();
    let started = Instant::now();
    let skeleton = Skeleton::<Pair>::new(&stand_in);
    let placed = started.elapsed();
    let pair = skeleton.build().unwrap();
    println!("pair: {} rows, placed in {placed:?}, built in {:?}", pair.circuit().rows(), started.elapsed());
    let set = CircuitSet::from_fn(|id| match id {
        CircuitId::GutaNoChange => leaf.circuit().fingerprint(),
        CircuitId::GutaTwoGuta => pair.circuit().fingerprint(),
        other => CircuitSet::stand_in().fingerprint(other),
    });
    let rules = Rules::new(Profile::STANDARD, &set);
    let prove = |value| leaf.prove(&StockProver, &Leaf { value: Amount::constant(value) }, &[]).unwrap();
    let (one, two) = (prove(1), prove(2));
    World { rules, set, leaf, evil, pair, one, two }
});

impl World {
    fn listed(&self, id: CircuitId) -> Listed<GutaWhitelist> {
        self.set.listed(&self.rules.profile, id).unwrap()
    }

    fn pair(&self, left: &Proof, right: &Proof) -> Pair {
        let side = |proof: &Proof| Side {
            public: proof.public_digest().unwrap(),
            circuit: self.listed(CircuitId::GutaNoChange),
        };
        Pair { whitelist: self.rules.guta_whitelist, left: side(left), right: side(right) }
    }

    fn prove(&self, pair: &Pair, left: Child<'_>, right: Child<'_>) -> Result<Proof, StatementError> {
        self.pair.prove(&StockProver, pair, &[left, right])
    }

    fn leaf<'a>(&'a self, proof: &'a Proof) -> Child<'a> {
        Child { key: self.leaf.circuit().key(), proof }
    }
}

fn refused(result: Result<Proof, StatementError>) -> bool {
    matches!(result, Err(StatementError::Prove(_)))
}

#[test]
fn a_parent_of_two_whitelisted_children_proves_and_is_a_child_itself() {
    let world = &*WORLD;
    let pair = world.pair(&world.one, &world.two);
    let started = Instant::now();
    let proof = world.prove(&pair, world.leaf(&world.one), world.leaf(&world.two)).unwrap();
    println!("pair proven in {:?}", started.elapsed());
    assert_eq!(proof.public_digest(), Some(pair.apply(&world.rules).unwrap().0));
    let started = Instant::now();
    assert_eq!(world.pair.circuit().key().verify(ClassData::node(), &proof), Ok(()));
    println!("pair verified in {:?}, {} bytes", started.elapsed(), proof.to_bytes().len());

    let mut above = world.pair(&proof, &world.two);
    above.left.circuit = world.listed(CircuitId::GutaTwoGuta);
    let left = Child { key: world.pair.circuit().key(), proof: &proof };
    let proof = world.prove(&above, left, world.leaf(&world.two)).unwrap();
    assert_eq!(world.pair.circuit().key().verify(ClassData::node(), &proof), Ok(()));
}

#[test]
fn children_in_the_wrong_order_or_under_another_digest_are_refused() {
    let world = &*WORLD;
    let (one, two) = (world.leaf(&world.one), world.leaf(&world.two));
    assert!(refused(world.prove(&world.pair(&world.one, &world.two), two, one)));
    assert!(refused(world.prove(&world.pair(&world.one, &world.one), one, two)));
    let few = world.pair.prove(&StockProver, &world.pair(&world.one, &world.two), &[one]);
    assert_eq!(few.unwrap_err(), StatementError::Fill(FillError::Children { expected: 2, actual: 1 }));
}

#[test]
fn a_child_of_another_circuit_of_the_same_class_is_refused() {
    let world = &*WORLD;
    let evil = world.evil.prove(&StockProver, &Leaf { value: Amount::constant(4) }, &[]).unwrap();
    let honest = world.leaf(&world.two);
    let pair = world.pair(&evil, &world.two);
    // Under the leaf's key the proof does not verify; under its own, the fingerprint is another.
    assert!(refused(world.prove(&pair, world.leaf(&evil), honest)));
    let own = Child { key: world.evil.circuit().key(), proof: &evil };
    assert!(refused(world.prove(&pair, own, honest)));
    // With its own fingerprint claimed, the whitelist path leads elsewhere.
    let mut claimed = pair.clone();
    claimed.left.circuit.fingerprint = world.evil.circuit().fingerprint();
    assert!(claimed.apply(&world.rules).is_err());
    assert!(refused(world.prove(&claimed, own, honest)));
}

#[test]
fn the_right_digest_with_the_cap_of_another_circuit_is_refused() {
    let world = &*WORLD;
    let evil = world.evil.prove(&StockProver, &Leaf { value: Amount::constant(4) }, &[]).unwrap();
    let pair = world.pair(&evil, &world.two);
    for swap_cap in [true, false] {
        let mut mixed = world.leaf.circuit().key().data().clone();
        if swap_cap {
            mixed.constants_sigmas_cap = world.evil.circuit().key().data().constants_sigmas_cap.clone();
        } else {
            mixed.circuit_digest = world.evil.circuit().key().data().circuit_digest;
        }
        let key = VerifierKey::new(Class::Node, mixed);
        assert!(refused(world.prove(&pair, Child { key: &key, proof: &evil }, world.leaf(&world.two))));
    }
}

#[test]
fn a_child_of_another_class_does_not_even_fit() {
    let world = &*WORLD;
    let key = VerifierKey::new(Class::Call, world.leaf.circuit().key().data().clone());
    let pair = world.pair(&world.one, &world.two);
    let result = world.prove(&pair, Child { key: &key, proof: &world.one }, world.leaf(&world.two));
    let class = FillError::Class { expected: Class::Node, actual: Class::Call };
    assert_eq!(result.unwrap_err(), StatementError::Fill(class));
}

#[test]
fn the_rules_alone_give_the_native_header_and_children() {
    let world = &*WORLD;
    let rules = RuleCircuit::<Pair>::build(&world.rules);
    let checker = rules.checker();
    let pair = world.pair(&world.one, &world.two);
    let outcome = rules.check(&checker, &pair).unwrap();
    assert_eq!(outcome.public, pair.apply(&world.rules).unwrap().0.felts());
    assert_eq!(outcome.children, pair.children(&world.rules));

    let mut bad = pair.clone();
    bad.right.circuit.fingerprint = Fingerprint(Digest::from([9; 4]));
    assert!(rules.check(&checker, &bad).is_err());
    let mut bad = pair.clone();
    bad.left.circuit = world.listed(CircuitId::GutaTwoGuta);
    assert!(rules.check(&checker, &bad).is_ok(), "any circuit of the whitelist will do");
    bad.left.circuit.index = world.listed(CircuitId::GutaNoChange).index;
    assert!(rules.check(&checker, &bad).is_err());
}

#[test]
fn an_unsatisfied_witness_is_an_error_of_its_own() {
    let world = &*WORLD;
    let pair = world.pair(&world.one, &world.two);
    let mut other = pair.clone();
    other.whitelist = Digest::ZERO;
    let result = world.prove(&other, world.leaf(&world.one), world.leaf(&world.two));
    assert!(matches!(result, Err(StatementError::Prove(ProveError::Witness { .. }))), "{result:?}");
}
