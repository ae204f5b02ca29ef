//! Integer arithmetic at the edges of its widths.

use super::*;
use parth_contract::builder::kind::{self, Integer};
use parth_contract::builder::{ContractBuilder, Expr, FunctionBuilder};
use parth_contract::ir::IntegerOp;
use parth_crypto::{Domain, hash};

type Operation<T> = fn(&mut FunctionBuilder, Expr<T>, Expr<T>);

/// A function of two integers, and the witness of its call with (1, 1), which every operation here allows.
fn function<T: Integer + 'static>(operation: Operation<T>) -> (Compiled, CallWitness) {
    let mut contract = ContractBuilder::new("Arithmetic", 1);
    contract.function("f", |f| {
        let (a, b) = (f.input::<T>("a"), f.input::<T>("b"));
        operation(f, a, b);
    });
    let contract = contract.build().unwrap();
    let chain = chain_of(Profile::SMALL, vec![contract.clone()]);
    let mut session = chain.open(user(1)).unwrap();
    let execution = chain.call(&mut session, SYSTEM, "f", &felts(&[1, 1])).unwrap();
    (Compiled::new(&contract.functions()[0]), execution.witness)
}

fn operations<T: Integer>() -> [Operation<T>; 7] {
    [
        |f, a, b| {
            let sum = f.add(a, b);
            f.output("sum", sum);
        },
        |f, a, b| {
            let difference = f.sub(a, b);
            f.output("difference", difference);
        },
        |f, a, b| {
            let product = f.mul(a, b);
            f.output("product", product);
        },
        |f, a, b| {
            let (less, equal) = (f.less(a, b), f.equal(a, b));
            f.output("less", less);
            f.output("equal", equal);
        },
        |f, a, b| {
            let (quotient, rest) = (f.div(a, b), f.rem(a, b));
            f.output("quotient", quotient);
            f.output("rest", rest);
            // Keeps the refusals of the others: what is divided by itself is not zero.
            f.div(b, a);
        },
        |f, a, b| by_constants(f, [a, b], [1, 2, 1 << 13, 1 << 31]),
        |f, a, b| by_constants(f, [a, b], [3, 7, 1_000_003, u32::MAX]),
    ]
}

/// Divides the sum of two numbers by constants, which refuses nothing of its own.
fn by_constants<T: Integer>(f: &mut FunctionBuilder, [a, b]: [Expr<T>; 2], constants: [u32; 4]) {
    let sum = f.add(a, b);
    for (at, constant) in constants.into_iter().enumerate() {
        let constant = f.u32(constant);
        let constant = f.convert::<_, T>(constant);
        let (quotient, rest) = (f.div(sum, constant), f.rem(sum, constant));
        f.output(&format!("quotient{at}"), quotient);
        f.output(&format!("rest{at}"), rest);
    }
}

/// The operations on bits, one a function, and by constants.
fn bitwise() -> Vec<Operation<kind::U32>> {
    vec![
        |f, a, b| {
            for (name, operator) in [("and", IntegerOp::BitAnd), ("or", IntegerOp::BitOr), ("xor", IntegerOp::BitXor)] {
                let result = f.bits(operator, a, b);
                f.output(name, result);
            }
        },
        |f, a, b| {
            let result = f.bits(IntegerOp::ShiftLeft, a, b);
            f.output("left", result);
        },
        |f, a, b| {
            let result = f.bits(IntegerOp::ShiftRight, a, b);
            f.output("right", result);
        },
        |f, a, b| {
            for (at, constant) in [0, 1, 15, 16, 31].into_iter().enumerate() {
                let constant = f.u32(constant);
                let right = f.bits(IntegerOp::ShiftRight, a, constant);
                let mask = f.bits(IntegerOp::BitXor, constant, b);
                let both = f.bits(IntegerOp::BitAnd, mask, right);
                f.output(&format!("both{at}"), both);
            }
            let far = f.u32(7);
            let left = f.bits(IntegerOp::ShiftLeft, b, far);
            f.output("left", left);
        },
    ]
}

fn agree<T: Integer + 'static>(operations: &[Operation<T>], edges: &[u64]) {
    for &operation in operations {
        let (compiled, template) = function(operation);
        let checker = compiled.rules.checker();
        let (mut accepted, mut refused) = (0, 0);
        for &a in edges {
            for &b in edges {
                let mut witness = template.clone();
                witness.inputs = vec![Felt::reduce(a), Felt::reduce(b)];
                witness.call.inputs = hash(Domain::Inputs, &witness.inputs);
                let counter = if compiled.agree_by(&checker, &witness) { &mut accepted } else { &mut refused };
                *counter += 1;
            }
        }
        assert!(accepted > 5 && refused > 5, "{accepted} accepted, {refused} refused");
    }
}

#[test]
fn circuits_agree_with_the_interpreter_on_u64_at_its_edges() {
    let half = 1 << 31;
    let edges = [0, 1, 2, 3, half - 1, half, half + 1, (1 << 32) - 1, 1 << 32, (1 << 61) - 1, 1 << 61];
    let wide = [(1 << 62) / 3, (1 << 62) - 1, 1 << 62, 1 << 63, Felt::ORDER - 1, Felt::ORDER - (1 << 32)];
    agree::<kind::U64>(&operations(), &[&edges[..], &wide].concat());
}

#[test]
fn circuits_agree_with_the_interpreter_on_u32_at_its_edges() {
    let edges = [0, 1, 2, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 31, (1 << 32) - 2, (1 << 32) - 1];
    agree::<kind::U32>(&operations(), &[&edges[..], &[1 << 32, Felt::ORDER - 1]].concat());
}

#[test]
fn circuits_agree_with_the_interpreter_on_bits() {
    let edges = [0, 1, 2, 5, 16, 31, 32, 33, 0x5555_5555, 0xf0f0_1234, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32];
    agree::<kind::U32>(&bitwise(), &edges);
}

#[test]
fn no_cell_of_a_division_a_shift_or_a_pair_of_bits_is_free() {
    let two = |operation: Operation<kind::U32>| function(operation);
    let mut found = vec![function(operations::<kind::U64>()[4]), function(operations::<kind::U64>()[6])];
    found.extend(bitwise().into_iter().chain([operations::<kind::U32>()[4]]).map(two));
    for (compiled, witness) in found {
        let checker = compiled.rules.checker();
        assert_eq!(compiled.rules.trace(&checker, &witness).unwrap().sweep(1), []);
    }
}

#[test]
fn no_cell_of_a_product_is_free() {
    let (compiled, witness) = function(operations::<kind::U64>()[2]);
    let checker = compiled.rules.checker();
    assert_eq!(compiled.rules.trace(&checker, &witness).unwrap().sweep(1), []);
}
