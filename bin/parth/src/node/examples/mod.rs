//! The examples of the language on a whole network: each function is proven in a session that a checkpoint takes.

mod town;

use parth_crypto::Felt;

use town::{Call, Town, Visit};

/// A user of the first realm: the bank of the deals.
const BANK: u32 = 1;
const ANN: u32 = 2;
/// A user of the first realm: the issuer of the token, and the registrar of the names.
const ISSUER: u32 = 3;
/// A user of the other realm.
const BOB: u32 = (1 << 31) + 1;

fn felts(numbers: &[u64]) -> Vec<Felt> {
    numbers.iter().map(|&number| Felt::reduce(number)).collect()
}

/// A call of numbers that gives numbers.
fn call(function: &'static str, inputs: &[u64], outputs: &[u64]) -> Call {
    Call { function, inputs: felts(inputs), outputs: felts(outputs) }
}

fn visit<const N: usize>(user: u32, calls: [Call; N]) -> Visit {
    Visit { user, calls: calls.into() }
}

#[test]
fn every_function_of_the_examples_is_proven_in_sessions_that_checkpoints_take() {
    let town = Town::new(&["counter", "token", "poll", "names", "deal", "shop"]);
    town.play(|town| {
        let [bank, ann, issuer, bob] = [BANK, ANN, ISSUER, BOB].map(u64::from);
        let [topic, name] = [[7, 7, 7, 7], [1, 2, 3, 4]];
        // 1: the examples are deployed.
        town.checkpoint(&[]);
        town.checkpoint(&[
            visit(
                ISSUER,
                [
                    call("Token.mint", &[1_000], &[1_000]),
                    call("Token.send", &[bob, 400], &[600]),
                    call("Token.send", &[ann, 100], &[500]),
                ],
            ),
            visit(BANK, [call("Deal.pay", &[ann, 10], &[]), call("Deal.pay", &[bob, 25], &[])]),
            visit(BOB, [call("Counter.increment", &[7], &[7]), call("Counter.get", &[], &[7])]),
        ]);
        // 3: what checkpoint 2 shows of others is taken. The balances after it weigh the votes.
        town.checkpoint(&[
            visit(
                ANN,
                [
                    call("Token.pending", &[issuer], &[100]),
                    call("Token.claim_many", &[0, issuer, 0, 0, 0, 0, 0, 0], &[100]),
                    call("Counter.catchUp", &[bob], &[7]),
                    call("Deal.collect", &[], &[10]),
                    call("Deal.offer", &[bob, 10, 20, 4], &[0]),
                ],
            ),
            visit(BOB, [call("Token.claim", &[issuer], &[400]), call("Token.held", &[], &[400])]),
        ]);
        // 4: a call that owes another, and a yes that is in time.
        town.checkpoint(&[
            visit(ISSUER, [call("Token.send", &[ann, 12], &[488])]),
            visit(BANK, [call("Poll.open", &[&topic[..], &[5]].concat(), &[])]),
            visit(
                BOB,
                [call("Names.ask", &name, &[]), call("Deal.collect", &[], &[25]), call("Deal.accept", &[ann, 0], &[])],
            ),
        ]);
        // 5: calls that make others and use what these give.
        town.checkpoint(&[
            visit(
                ANN,
                [
                    call("Shop.buy", &[3, 10], &[85]),
                    call("Shop.spend", &[issuer, 9], &[2]),
                    call("Poll.vote", &[bank, 0], &[]),
                    call("Token.held", &[], &[87]),
                ],
            ),
            visit(BOB, [call("Poll.vote", &[bank, 1], &[])]),
        ]);
        // 6: older checkpoints are read.
        town.checkpoint(&[
            visit(ISSUER, [call("Names.grant", &[bob, ann, 4], &[])]),
            visit(BOB, [call("Deal.finish", &[ann, 0], &[15])]),
            visit(ANN, [call("Deal.settle", &[0], &[20])]),
        ]);
        town.checkpoint(&[
            visit(
                ANN,
                [
                    call("Poll.count", &[bank, bob, ann, 0, 0, 0, 0, 0, 0], &[400]),
                    call("Poll.result", &[bank], &[400, 100]),
                ],
            ),
            visit(BOB, [call("Names.resolve", &name, &[bob])]),
        ]);
    });
    assert_eq!(town.unproven(), Vec::<String>::new(), "functions that no session proves");
}
