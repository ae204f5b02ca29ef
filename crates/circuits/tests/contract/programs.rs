//! Random small programs, over all operations that code has.

use super::*;
use parth_contract::ir::{
    Constant, Context, ContractCode, EventCode, FunctionCode, IntegerOp, Op, OtherContract, Output, Parameter, Type,
    Value,
};
use parth_protocol::ids::{MethodId, StateHeight};

/// One random choice of an operation: which, and which operands or constants.
pub(super) type Choice = (u8, u16, u16, u16, u64);

const HEIGHT: StateHeight = StateHeight::constant(3);
const INPUTS: [Type; 8] = [Type::U64, Type::U64, Type::U32, Type::U32, Type::Felt, Type::Bool, Type::Bool, Type::Hash];

/// Numbers that a seed determines, the same on every machine.
pub(super) struct Random(u64);

impl Random {
    /// The numbers of one of the programs of a seed.
    pub(super) fn new(seed: u64, program: u64) -> Random {
        let mut random = Random(seed);
        Random(random.number() ^ program.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// SplitMix64.
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn choice(&mut self) -> Choice {
        let (many, number) = (self.number(), self.number());
        (many as u8, (many >> 8) as u16, (many >> 24) as u16, (many >> 40) as u16, number)
    }

    /// Inputs of a program: mostly small, sometimes of any size.
    pub(super) fn inputs(&mut self) -> Vec<Felt> {
        let mut number = |bits: u32| {
            let (wide, small) = (self.number() >> (64 - bits), self.number());
            Felt::reduce(if small % 10 == 0 { wide } else { (small >> 8) % 5 })
        };
        let mut inputs: Vec<Felt> = [62, 62, 32, 32, 64].map(&mut number).to_vec();
        let word = number(64);
        let truths = self.number();
        inputs.extend([Felt::from(truths & 1 == 1), Felt::from(truths & 2 == 2)]);
        inputs.extend([word; 4]);
        inputs
    }
}

/// The operations of one function.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    types: Vec<Option<Type>>,
}

impl Program {
    /// A program of up to 40 operations beside its inputs and a few constants.
    pub(super) fn random(random: &mut Random) -> Program {
        let mut program = Program::new();
        for _ in 0..1 + random.number() % 40 {
            program.add(random.choice());
        }
        program
    }

    /// The first operations alone, with outputs for no more than `outputs` of them.
    pub(super) fn cut(&self, ops: usize, outputs: usize) -> Contract {
        let types = self.types[..ops].iter().enumerate();
        let types = types.map(|(at, kind)| kind.filter(|_| at < outputs)).collect();
        Program { ops: self.ops[..ops].to_vec(), types }.contract()
    }

    fn new() -> Program {
        let ops = (0..INPUTS.len() as u16).map(Op::Input).collect();
        let mut program = Program { ops, types: INPUTS.map(Some).to_vec() };
        // Indices, users and heights that exist, so that reads often succeed.
        for value in 0..4 {
            program.push(Op::Const(Constant::U32(value)), Some(Type::U32));
        }
        program
    }

    pub(super) fn push(&mut self, op: Op, kind: Option<Type>) -> Value {
        self.ops.push(op);
        self.types.push(kind);
        Value(self.ops.len() as u32 - 1)
    }

    /// A value of a type: the newest ones are the likeliest.
    pub(super) fn pick(&self, kind: Type, choice: u16) -> Option<Value> {
        let of_kind: Vec<usize> = (0..self.types.len()).filter(|&at| self.types[at] == Some(kind)).collect();
        let from_end = usize::from(choice) % of_kind.len().max(1);
        of_kind.iter().rev().nth(from_end).map(|&at| Value(at as u32))
    }

    /// One of the four constants above.
    pub(super) fn small(&self, choice: u16) -> Value {
        Value(INPUTS.len() as u32 + u32::from(choice) % 4)
    }

    /// A place in the state, seldom one that may lie outside.
    fn index(&self, choice: u16, number: u64) -> Option<Value> {
        if number.is_multiple_of(16) {
            self.pick([Type::Felt, Type::U32, Type::U64][(number >> 8) as usize % 3], choice)
        } else {
            Some(self.small(choice))
        }
    }

    fn add(&mut self, (which, a, b, c, number): Choice) -> Option<()> {
        if which >= 208 {
            return self.add_group((which, a, b, c, number));
        }
        let numbers = [Type::Felt, Type::U32, Type::U64];
        let kind = numbers[usize::from(c) % 3];
        let integer = numbers[1 + usize::from(c) % 2];
        let data = [Type::Felt, Type::U32, Type::U64, Type::Bool, Type::Hash][usize::from(c) % 5];
        let single = [Type::Felt, Type::U32, Type::U64, Type::Bool];
        let when = |program: &Program| if c % 2 == 0 { program.pick(Type::Bool, a ^ b) } else { None };
        let (op, result) = match which % 38 {
            0 => {
                let constants = [
                    Constant::Felt(Felt::reduce(number)),
                    Constant::U64(number >> 2 >> (c % 62)),
                    Constant::U32((number >> 32 >> (c % 32)) as u32),
                    Constant::Bool(number % 2 == 1),
                ];
                let constant = constants[usize::from(c) % 4];
                (Op::Const(constant), Some(constant.kind()))
            }
            1 | 2 => (Op::Add(self.pick(kind, a)?, self.pick(kind, b)?), Some(kind)),
            3 => {
                let kind = if number % 4 == 0 { kind } else { Type::Felt };
                (Op::Sub(self.pick(kind, a)?, self.pick(kind, b)?), Some(kind))
            }
            4 => (Op::Mul(self.pick(kind, a)?, self.pick(kind, b)?), Some(kind)),
            5 => (Op::Less(self.pick(integer, a)?, self.pick(integer, b)?), Some(Type::Bool)),
            6 => (Op::Equal(self.pick(data, a)?, self.pick(data, b)?), Some(Type::Bool)),
            7 => (Op::Select(self.pick(Type::Bool, a ^ b)?, self.pick(data, a)?, self.pick(data, b)?), Some(data)),
            8 => (Op::And(self.pick(Type::Bool, a)?, self.pick(Type::Bool, b)?), Some(Type::Bool)),
            9 => (Op::Or(self.pick(Type::Bool, a)?, self.pick(Type::Bool, b)?), Some(Type::Bool)),
            10 => (Op::Not(self.pick(Type::Bool, a)?), Some(Type::Bool)),
            11 => (Op::Hash(vec![self.pick(data, a)?, self.pick(kind, b)?]), Some(Type::Hash)),
            // Assertions and narrowing conversions are rare, or hardly a program would ever succeed.
            12 if b % 4 == 0 => (Op::Assert(self.pick(Type::Bool, a)?, "not so".into()), None),
            12 => (Op::Not(self.pick(Type::Bool, a)?), Some(Type::Bool)),
            13 => {
                let (from, to) = (single[usize::from(a) % 4], single[usize::from(b) % 4]);
                let fits = from.bits() <= to.bits() && from != Type::Felt || to == Type::Felt;
                let to = if fits || number % 8 == 0 { to } else { from };
                (Op::Convert(self.pick(from, c)?, to), Some(to))
            }
            14 => {
                let lanes = [self.pick(kind, a)?, self.pick(integer, b)?, self.pick(Type::Bool, c)?, self.small(a)];
                (Op::Pack(lanes), Some(Type::Hash))
            }
            15 => (Op::Lane(self.pick(Type::Hash, a)?, (b % 4) as u8), Some(Type::Felt)),
            16 => {
                let contexts = [
                    Context::User,
                    Context::Contract,
                    Context::Caller,
                    Context::Nonce,
                    Context::Checkpoint,
                    Context::Time,
                    Context::Balance,
                    Context::Key,
                ];
                let context = contexts[usize::from(a) % 8];
                (Op::Context(context), Some(context.kind()))
            }
            17 | 18 => (Op::Read(self.index(a, number)?), Some(Type::Hash)),
            19 | 20 => {
                (Op::Write { index: self.index(a, number)?, word: self.pick(Type::Hash, b)?, when: when(self) }, None)
            }
            21 => (Op::Checkpoint(self.small(a % 2)), Some(Type::Checkpoint)),
            22 => match self.pick(Type::Checkpoint, a) {
                Some(checkpoint) => (Op::CheckpointTime(checkpoint), Some(Type::U64)),
                None => (Op::Checkpoint(self.small(a % 2)), Some(Type::Checkpoint)),
            },
            23 => {
                let other = OtherContract { id: self.small(1), height: StateHeight::constant(1) };
                let at = self.pick(Type::Checkpoint, b).filter(|_| b % 2 == 0);
                let contract = if c % 3 == 0 { Some(other) } else { None };
                (Op::State { user: self.small(a), contract, at }, Some(Type::State))
            }
            24 => {
                let state = self.pick(Type::State, a)?;
                (Op::Slot(state, self.small(b % 2)), Some(Type::Hash))
            }
            25 => (Op::Exists(self.pick(Type::State, a)?), Some(Type::Bool)),
            27 => (Op::Mine(OtherContract { id: self.small(1), height: StateHeight::constant(1) }), Some(Type::State)),
            26 => {
                let inputs = vec![self.pick(Type::U64, a)?];
                (Op::Defer { contract: self.small(1), method: increment(), inputs, when: when(self) }, None)
            }
            28 => {
                let inputs = vec![self.pick(Type::U64, a)?];
                let output = single[usize::from(b) % 4];
                let (contract, method, outputs) = (self.small(1), increment(), vec![output]);
                let call = self.push(Op::Inline { contract, method, inputs, outputs, when: when(self) }, None);
                (Op::Result(call, 0), Some(output))
            }
            29..=32 => {
                let operator = IntegerOp::ALL[usize::from(b) % 2];
                (Op::Integer(operator, self.pick(integer, a)?, self.pick(integer, b)?), Some(integer))
            }
            33..=35 => {
                let operator = IntegerOp::ALL[2 + usize::from(c) % 5];
                let right = if number % 2 == 0 { self.small(b) } else { self.pick(Type::U32, b)? };
                (Op::Integer(operator, self.pick(Type::U32, a)?, right), Some(Type::U32))
            }
            // The random contract is contract 0, so it may move native balance.
            36 => {
                let amount = self.pick(Type::U64, a)?;
                (if b % 2 == 0 { Op::BalanceOut(amount) } else { Op::BalanceIn(amount) }, None)
            }
            _ => {
                let fields = vec![self.pick(Type::U64, a)?, self.pick(Type::Hash, b)?];
                (Op::Emit { event: 0, fields, when: when(self) }, None)
            }
        };
        self.push(op, result);
        Some(())
    }

    pub(super) fn contract(self) -> Contract {
        let parameter = |(position, &kind): (usize, &Type)| Parameter { name: format!("i{position}"), kind };
        let data = |(at, kind): (usize, &Option<Type>)| {
            kind.filter(|kind| kind.felts().is_some())
                .map(|_| Output { name: format!("o{at}"), value: Value(at as u32) })
        };
        let outputs = self.types.iter().enumerate().filter_map(data).collect();
        let fields = [("a", Type::U64), ("b", Type::Hash)];
        let fields = fields.map(|(name, kind)| Parameter { name: name.into(), kind }).to_vec();
        let inputs = INPUTS.iter().enumerate().map(parameter).collect();
        let function = FunctionCode { name: "f".into(), view: false, inputs, ops: self.ops, outputs };
        Contract::new(ContractCode {
            name: "Random".into(),
            state_height: HEIGHT,
            events: vec![EventCode { name: "E".into(), fields }],
            functions: vec![function],
        })
        .unwrap()
    }
}

/// The method of Counter that a program calls: it takes a `u64` and gives one.
fn increment() -> MethodId {
    counter::contract().functions()[0].method()
}
