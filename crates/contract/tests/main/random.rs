//! Random programs: compiled code does what the source says when it is simply followed, statement by statement.
//!
//! The follower below has real branches, early returns and short circuits, and fails where arithmetic leaves its range;
//! the compiled code has none of these, only conditions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use parth_contract::dapen::{self, Options, render};
use proptest::prelude::*;

const CONTRACT: ContractId = ContractId::constant(1);
const LIMIT: u64 = 1 << 62;

#[derive(Clone, Debug)]
enum Number {
    Literal(u64),
    Variable(u8),
    Field(u8),
    Entry(Box<Number>),
    Element(Box<Number>),
    Binary(u8, Box<Number>, Box<Number>),
    Choice(Box<Truth>, Box<Number>, Box<Number>),
    Helper(Box<Number>),
}

#[derive(Clone, Debug)]
enum Truth {
    Less(Number, Number),
    Equal(Number, Number),
    And(Box<Truth>, Box<Truth>),
    Or(Box<Truth>, Box<Truth>),
    Not(Box<Truth>),
}

#[derive(Clone, Debug)]
enum Action {
    Assign(u8, Number),
    Store(u8, Number),
    Raise(u8, Number),
    SetEntry(Number, Number),
    SetElement(Number, Number),
    If(Truth, Vec<Action>, Vec<Action>),
    Loop(u8, Vec<Action>),
    Require(Truth),
    Emit(Number),
    Return(Number),
}

const HEAD: &str = "export class Seen extends Event { value: u64 = 0; }
@contract({ id: 1 })
export class Random extends Contract {
  f0: u64 = 0;
  f1: u64 = 0;
  entries = map<u32, u64>();
  elements: Arr<u64, 3> = [0, 0, 0];

  helper(x: u64): u64 {
    if (x > 7) { return x - 7; }
    this.f1 += 1;
    return x + this.f0;
  }

  @call
  run(v0: u64, v1: u64): u64 {
    let v2: u64 = 5;
";

/// The source text of a program.
fn number_text(number: &Number) -> String {
    match number {
        Number::Literal(value) => format!("u64({value})"),
        Number::Variable(at) => format!("v{}", at % 3),
        Number::Field(at) => format!("this.f{}", at % 2),
        Number::Entry(key) => format!("this.entries.get(u32({}))", number_text(key)),
        Number::Element(at) => format!("this.elements[u32({})]", number_text(at)),
        Number::Binary(op, a, b) => {
            format!("({} {} {})", number_text(a), ["+", "-", "*"][usize::from(op % 3)], number_text(b))
        }
        Number::Choice(test, a, b) => format!("({} ? {} : {})", truth_text(test), number_text(a), number_text(b)),
        Number::Helper(x) => format!("this.helper({})", number_text(x)),
    }
}

fn truth_text(truth: &Truth) -> String {
    match truth {
        Truth::Less(a, b) => format!("({} < {})", number_text(a), number_text(b)),
        Truth::Equal(a, b) => format!("({} === {})", number_text(a), number_text(b)),
        Truth::And(a, b) => format!("({} && {})", truth_text(a), truth_text(b)),
        Truth::Or(a, b) => format!("({} || {})", truth_text(a), truth_text(b)),
        Truth::Not(a) => format!("!{}", truth_text(a)),
    }
}

fn actions_text(actions: &[Action], depth: usize, out: &mut String) {
    for action in actions {
        let _ = match action {
            Action::Assign(at, value) => writeln!(out, "v{} = {};", at % 3, number_text(value)),
            Action::Store(at, value) => writeln!(out, "this.f{} = {};", at % 2, number_text(value)),
            Action::Raise(at, value) => writeln!(out, "this.f{} += {};", at % 2, number_text(value)),
            Action::SetEntry(key, value) => {
                writeln!(out, "this.entries.set(u32({}), {});", number_text(key), number_text(value))
            }
            Action::SetElement(at, value) => {
                writeln!(out, "this.elements[u32({})] = {};", number_text(at), number_text(value))
            }
            Action::If(test, then, otherwise) => {
                let _ = writeln!(out, "if ({}) {{", truth_text(test));
                actions_text(then, depth, out);
                let _ = writeln!(out, "}} else {{");
                actions_text(otherwise, depth, out);
                writeln!(out, "}}")
            }
            Action::Loop(times, body) => {
                let _ = writeln!(out, "for (let i{depth} = 0; i{depth} < {}; i{depth}++) {{", times % 4);
                actions_text(body, depth + 1, out);
                writeln!(out, "}}")
            }
            Action::Require(test) => writeln!(out, "require({}, \"not so\");", truth_text(test)),
            Action::Emit(value) => writeln!(out, "emit(Seen, {{ value: {} }});", number_text(value)),
            Action::Return(value) => writeln!(out, "return {};", number_text(value)),
        };
    }
}

/// Follows a program.
#[derive(Clone, Debug, Default, PartialEq)]
struct Follower {
    variables: [u64; 3],
    fields: [u64; 2],
    entries: BTreeMap<u32, u64>,
    elements: [u64; 3],
    events: Vec<u64>,
}

/// Nothing: the call fails.
type Followed<T> = Option<T>;

impl Follower {
    fn number(&mut self, number: &Number) -> Followed<u64> {
        Some(match number {
            Number::Literal(value) => *value,
            Number::Variable(at) => self.variables[usize::from(at % 3)],
            Number::Field(at) => self.fields[usize::from(at % 2)],
            Number::Entry(key) => {
                let key = u32::try_from(self.number(key)?).ok()?;
                self.entries.get(&key).copied().unwrap_or_default()
            }
            Number::Element(at) => {
                let at = self.number(at)?;
                *self.elements.get(usize::try_from(at).ok()?)?
            }
            Number::Binary(op, a, b) => {
                let (a, b) = (self.number(a)?, self.number(b)?);
                let result = match op % 3 {
                    0 => a.checked_add(b),
                    1 => a.checked_sub(b),
                    _ => a.checked_mul(b),
                };
                result.filter(|&result| result < LIMIT)?
            }
            Number::Choice(test, a, b) => {
                if self.truth(test)? {
                    self.number(a)?
                } else {
                    self.number(b)?
                }
            }
            Number::Helper(x) => {
                let x = self.number(x)?;
                if x > 7 {
                    return Some(x - 7);
                }
                self.fields[1] = Some(self.fields[1] + 1).filter(|&value| value < LIMIT)?;
                Some(x + self.fields[0]).filter(|&value| value < LIMIT)?
            }
        })
    }

    fn truth(&mut self, truth: &Truth) -> Followed<bool> {
        Some(match truth {
            Truth::Less(a, b) => self.number(a)? < self.number(b)?,
            Truth::Equal(a, b) => self.number(a)? == self.number(b)?,
            Truth::And(a, b) => self.truth(a)? && self.truth(b)?,
            Truth::Or(a, b) => self.truth(a)? || self.truth(b)?,
            Truth::Not(a) => !self.truth(a)?,
        })
    }

    /// What is returned, if anything is.
    fn follow(&mut self, actions: &[Action]) -> Followed<Option<u64>> {
        for action in actions {
            match action {
                Action::Assign(at, value) => self.variables[usize::from(at % 3)] = self.number(value)?,
                Action::Store(at, value) => self.fields[usize::from(at % 2)] = self.number(value)?,
                Action::Raise(at, value) => {
                    let at = usize::from(at % 2);
                    let old = self.fields[at];
                    let sum = old.checked_add(self.number(value)?)?;
                    self.fields[at] = Some(sum).filter(|&sum| sum < LIMIT)?;
                }
                Action::SetEntry(key, value) => {
                    let key = u32::try_from(self.number(key)?).ok()?;
                    let value = self.number(value)?;
                    self.entries.insert(key, value);
                }
                Action::SetElement(at, value) => {
                    let at = u32::try_from(self.number(at)?).ok()?;
                    let slot = usize::try_from(at).ok().filter(|&at| at < 3)?;
                    self.elements[slot] = self.number(value)?;
                }
                Action::If(test, then, otherwise) => {
                    let side = if self.truth(test)? { then } else { otherwise };
                    if let Some(result) = self.follow(side)? {
                        return Some(Some(result));
                    }
                }
                Action::Loop(times, body) => {
                    for _ in 0..times % 4 {
                        if let Some(result) = self.follow(body)? {
                            return Some(Some(result));
                        }
                    }
                }
                Action::Require(test) => {
                    if !self.truth(test)? {
                        return None;
                    }
                }
                Action::Emit(value) => {
                    let value = self.number(value)?;
                    self.events.push(value);
                }
                Action::Return(value) => return Some(Some(self.number(value)?)),
            }
        }
        Some(None)
    }
}

fn numbers() -> impl Strategy<Value = Number> {
    let leaf = prop_oneof![
        3 => (0u64..12).prop_map(Number::Literal),
        4 => any::<u8>().prop_map(Number::Variable),
        2 => any::<u8>().prop_map(Number::Field),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            4 => (0u8..3, boxed.clone(), boxed.clone()).prop_map(|(op, a, b)| Number::Binary(op, a, b)),
            1 => boxed.clone().prop_map(Number::Entry),
            1 => boxed.clone().prop_map(Number::Element),
            1 => boxed.clone().prop_map(Number::Helper),
            1 => (inner.clone(), inner, boxed.clone(), boxed)
                .prop_map(|(x, y, a, b)| Number::Choice(Box::new(Truth::Less(x, y)), a, b)),
        ]
    })
}

fn truths() -> impl Strategy<Value = Truth> {
    let leaf = prop_oneof![
        (numbers(), numbers()).prop_map(|(a, b)| Truth::Less(a, b)),
        (numbers(), numbers()).prop_map(|(a, b)| Truth::Equal(a, b)),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Truth::And(a, b)),
            (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Truth::Or(a, b)),
            boxed.prop_map(Truth::Not),
        ]
    })
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let leaf = prop_oneof![
        4 => (any::<u8>(), numbers()).prop_map(|(at, value)| Action::Assign(at, value)),
        3 => (any::<u8>(), numbers()).prop_map(|(at, value)| Action::Store(at, value)),
        2 => (any::<u8>(), numbers()).prop_map(|(at, value)| Action::Raise(at, value)),
        2 => (numbers(), numbers()).prop_map(|(key, value)| Action::SetEntry(key, value)),
        1 => (numbers(), numbers()).prop_map(|(at, value)| Action::SetElement(at, value)),
        1 => truths().prop_map(Action::Require),
        2 => numbers().prop_map(Action::Emit),
        1 => numbers().prop_map(Action::Return),
    ];
    let action = leaf.prop_recursive(3, 16, 4, |inner| {
        let list = prop::collection::vec(inner, 0..4);
        prop_oneof![
            3 => (truths(), list.clone(), list.clone()).prop_map(|(test, a, b)| Action::If(test, a, b)),
            1 => (any::<u8>(), list).prop_map(|(times, body)| Action::Loop(times, body)),
        ]
    });
    prop::collection::vec(action, 1..7)
}

fn cases() -> u32 {
    std::env::var("PARTH_RANDOM_PROGRAMS").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn compiled_programs_do_what_their_source_says(program in actions(), inputs in prop::collection::vec((0u64..20, 0u64..20), 3)) {
        let mut text = HEAD.to_owned();
        actions_text(&program, 0, &mut text);
        text.push_str("return v0;\n  }\n}\n");
        let files = BTreeMap::from([("a.dapen.ts".to_owned(), text.clone())]);
        let compilation = dapen::compile(&files, "a.dapen.ts", &Options::default());
        let shown: String =
            compilation.diagnostics.iter().map(|found| render::human(&compilation.sources, found, false)).collect();
        // Constants that fail always are refused, and so is what nests too deeply.
        let Some(compiled) = compilation.compiled else {
            let known = ["E0319", "E0318", "E0104"];
            prop_assert!(known.iter().any(|code| shown.contains(code)), "{shown}\n{text}");
            return Ok(());
        };
        prop_assert_eq!(&shown, "");
        let slot = |name: &str| compiled.layout.iter().find(|field| field.name == name).unwrap().slot;
        let (f0, f1, entries, elements) = (slot("f0"), slot("f1"), slot("entries"), slot("elements"));
        let mut chain = chain_of(vec![system_contract::contract(), compiled.contract.clone()]);
        let mut follower = Follower::default();
        let mut session = chain.open(user(1)).unwrap();
        for (a, b) in inputs {
            let before = follower.clone();
            follower.variables = [a, b, 5];
            follower.events.clear();
            let expected = follower.follow(&program).map(|result| result.unwrap_or(follower.variables[0]));
            let actual = chain.call(&mut session, CONTRACT, "run", &felts(&[a, b]));
            match (expected, actual) {
                (None, Err(SandboxError::Exec(_))) => follower = before,
                (Some(result), Ok(execution)) => {
                    prop_assert_eq!(execution.outputs, felts(&[result]), "{}", text);
                    let events: Vec<u64> = execution.events.iter().map(|event| event.felts[1].as_u64()).collect();
                    prop_assert_eq!(&events, &follower.events, "{}", text);
                }
                (expected, actual) => prop_assert!(false, "expected {expected:?}, got {actual:?}\n{text}"),
            }
            let state = session.state(CONTRACT);
            let word = |slot: u64| state.map_or(0, |state| state.leaf(slot).0[0].as_u64());
            prop_assert_eq!([word(f0), word(f1)], follower.fields, "{}", text);
            for (at, &element) in follower.elements.iter().enumerate() {
                prop_assert_eq!(word(elements + at as u64), element, "{}", text);
            }
            for (&key, &value) in &follower.entries {
                prop_assert_eq!(word(entries + u64::from(key)), value, "{}", text);
            }
        }
        chain.close(session).unwrap();
    }
}
