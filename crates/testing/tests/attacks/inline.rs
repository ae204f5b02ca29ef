//! A1 with the code of contracts: the inline result that justifies itself, and how an honest callee stops it.
//!
//! A hostile client need not search for the results of inline calls: it claims what it likes, and sees whether the session
//! takes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_contract::dapen::{self, Compilation, Options};
use parth_contract::debt::{InlineDebt, inline_list};
use parth_contract::error::ExecError;
use parth_contract::interpret::{Execution, execute_with_values};
use parth_contract::mine::InSession;
use parth_contract::opening::Reader;
use parth_contract::sandbox::Sandbox;
use parth_crypto::merkle::SparseTree;
use parth_crypto::{Digest, Felt};
use parth_protocol::circuit::Rules;
use parth_protocol::ids::{Amount, Caller, CheckpointId, ContractId, UserId};
use parth_protocol::records::session::Session;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::debt::Frame;
use parth_protocol::tree::{Siblings, TreeKind, UserContracts};
use parth_protocol::{CircuitSet, Profile, Reject, Rule};

const PROFILE: Profile = Profile::SMALL;
const ORACLE: ContractId = ContractId::constant(1);
const ASKER: ContractId = ContractId::constant(2);
const USER: UserId = UserId::constant(1);

const ASKER_CODE: &str = r#"
    import { Oracle } from "./oracle.dapen";

    @contract({ id: 2 })
    export class Asker extends Contract {
      price: u64 = 0;
      @call ask(): u64 {
        this.price = Oracle.call().quote();
        return this.price;
      }
    }"#;

/// An oracle whose price comes of something in the asker's state.
fn oracle(read: &str) -> String {
    format!(
        "import {{ Asker }} from \"./asker.dapen\";\n@contract({{ id: 1 }})\nexport class Oracle extends Contract {{\n  \
         @call quote(): u64 {{ return {read}.price; }}\n}}\n"
    )
}

fn compile(oracle: &str, root: &str) -> Compilation {
    let files = [("oracle.dapen.ts", oracle), ("asker.dapen.ts", ASKER_CODE)];
    let files: BTreeMap<String, String> = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    dapen::compile(&files, root, &Options::default())
}

/// The first session of a user who calls the asker, claims a price, and lets the oracle be called after it. Gives what the
/// oracle gave, and whether the session takes it.
fn claim(oracle: &str, price: u64) -> (Vec<Felt>, Result<Session, Reject>) {
    let contracts = ["oracle.dapen.ts", "asker.dapen.ts"].map(|root| compile(oracle, root).compiled.unwrap().contract);
    let contracts = std::iter::once(parth_contract::contracts::system::contract()).chain(contracts).collect();
    let chain = Sandbox::new(PROFILE, contracts, &[(USER, Amount::constant(100))]).unwrap();
    let rules = Rules::new(PROFILE, &CircuitSet::stand_in());
    let anchor = chain.checkpoint_leaf(CheckpointId::ZERO).unwrap();
    let start = chain.open(USER).unwrap().session().clone();
    let mut tree = SparseTree::new(UserContracts::DOMAIN, UserContracts::height(&PROFILE));
    let mut states = BTreeMap::new();

    let run = |session: &Session, tree: &SparseTree, states: &_, contract, function: &str, caller, claims: &[_]| {
        let code = chain.code(contract).unwrap();
        let own = code.empty_state();
        let reader = InSession { chain: &chain, anchor: CheckpointId::ZERO, user: USER, contracts: tree, states };
        let function = code.function(function).unwrap();
        execute_with_values(&PROFILE, contract, function, caller, session, anchor, &[], &own, &reader, claims)
    };
    let taken = |tree: &SparseTree, execution: &Execution| {
        let contract = execution.call.contract;
        let placed = chain.deployed(contract).unwrap().function(execution.call.method).unwrap();
        let opening = chain.contract(CheckpointId::ZERO, contract).unwrap();
        let at = u64::from(contract.get());
        TakenCall {
            contract: opening.leaf,
            contract_path: opening.path,
            function: placed.leaf,
            function_index: placed.index,
            function_path: placed.path,
            call: execution.call.clone(),
            context: execution.context.clone(),
            state_leaf: tree.leaf(at),
            state_path: Siblings::new(tree.path(at).siblings),
        }
    };

    let unknown = run(&start, &tree, &states, ASKER, "ask", Caller::USER, &[]).unwrap_err().0;
    let ExecError::NeedsResults { call, .. } = unknown else { panic!("{unknown}") };
    let claims = [InlineDebt { debt: *call, outputs: vec![Felt::constant(price)] }];
    let asked = run(&start, &tree, &states, ASKER, "ask", Caller::USER, &claims).unwrap();
    assert_eq!(asked.outputs, claims[0].outputs);
    let session = taken(&tree, &asked).take_top_level(&rules, anchor, &start).unwrap();
    // A call that changes nothing leaves a leaf that was never used empty.
    if asked.context.new_state != asked.context.state {
        tree.set(ASKER.get().into(), asked.context.new_state);
    }
    let mut state = chain.code(ASKER).unwrap().empty_state();
    for write in &asked.writes {
        state.set(write.index.get(), write.new);
    }
    states.insert(ASKER, Arc::new(state));

    let quoted = run(&session, &tree, &states, ORACLE, "quote", Caller::contract(ASKER), &[]).unwrap();
    let frame = Frame { below: Digest::ZERO, caller: ASKER, rest: inline_list(&[]) };
    let paid = taken(&tree, &quoted).take_inline(&rules, anchor, &session, &frame);
    (quoted.outputs, paid)
}

/// The oracle reads with `mine()` what the asker has just written: any claimed price is its own reason, and no rule of the
/// protocol can tell. So the compiler warns of the oracle.
#[test]
fn a_price_that_its_asker_wrote_passes_and_the_compiler_warns_of_such_an_oracle() {
    let echo = oracle("Asker.mine()");
    for price in [5, 1_000_000] {
        let (quoted, paid) = claim(&echo, price);
        assert_eq!(quoted, [Felt::constant(price)]);
        let session = paid.unwrap();
        assert!(session.state.inline.is_zero() && session.state.deferred.is_zero(), "the session may end");
    }
    let warned = compile(&echo, "oracle.dapen.ts");
    let codes: Vec<_> = warned.diagnostics.iter().map(|found| found.code.name()).collect();
    assert_eq!(codes, ["W105"]);
}

/// F5: an oracle whose price comes of a checkpoint gives one price only, and the session takes no other.
#[test]
fn a_price_that_no_asker_can_write_cannot_be_claimed() {
    let honest = oracle("Asker.of(ctx.user)");
    assert!(compile(&honest, "oracle.dapen.ts").diagnostics.is_empty());
    assert!(claim(&honest, 0).1.is_ok());
    let (quoted, refused) = claim(&honest, 5);
    assert_eq!(quoted, [Felt::ZERO]);
    assert_eq!(refused.unwrap_err().rule, Rule::InlineCall);
}
