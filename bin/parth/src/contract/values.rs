//! Felts to values and back, by the ABI: what people write, what they read.

use parth_contract::ir::{Parameter, Type};
use parth_crypto::{Digest, Felt};
use serde::Serialize;

use super::near::near;
use crate::exit::{Exit, Failure};

/// A value with its name and type, as documents have it: numbers as decimal strings, hashes as `0x` and 64 digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Type,
    pub(crate) value: String,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.value)
    }
}

/// Felts as the values of a parameter list; felts that are missing give fewer values.
pub(crate) fn named(parameters: &[Parameter], mut felts: &[Felt]) -> Vec<Named> {
    let mut values = Vec::with_capacity(parameters.len());
    for parameter in parameters {
        let Some((mine, rest)) = felts.split_at_checked(parameter.kind.felts().unwrap_or_default()) else { break };
        values.push(Named { name: parameter.name.clone(), kind: parameter.kind, value: show(parameter.kind, mine) });
        felts = rest;
    }
    values
}

fn show(kind: Type, felts: &[Felt]) -> String {
    match (kind, felts) {
        (Type::Bool, [felt]) => (*felt == Felt::ONE).to_string(),
        (_, [felt]) => felt.as_u64().to_string(),
        (_, &[a, b, c, d]) => Digest([a, b, c, d]).to_string(),
        _ => String::new(),
    }
}

/// A word of state for people: a number when the other three felts are zero, which is how one value is stored.
pub(crate) fn word(word: &Digest) -> String {
    match word.0 {
        [value, Felt::ZERO, Felt::ZERO, Felt::ZERO] => value.as_u64().to_string(),
        felts => format!("[{}]", felts.map(|felt| felt.as_u64().to_string()).join(", ")),
    }
}

/// The felts that the words of a command line stand for: values in order, then values by name.
pub(crate) fn arguments(function: &str, parameters: &[Parameter], words: &[String]) -> Result<Vec<Felt>, Failure> {
    let takes = || {
        let list = parameters.iter().map(|known| format!("{}: {}", known.name, known.kind)).collect::<Vec<_>>();
        format!("{function} takes ({})", list.join(", "))
    };
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let mut given: Vec<Option<Vec<Felt>>> = vec![None; parameters.len()];
    let mut by_name = false;
    for (at, word) in words.iter().enumerate() {
        let position = at + 1;
        let (place, text) = match word.split_once('=') {
            Some((name, text)) => {
                by_name = true;
                let place = parameters.iter().position(|parameter| parameter.name == name).ok_or_else(|| {
                    let near = near(name, parameters.iter().map(|parameter| parameter.name.as_str()));
                    usage(format!("argument {position}: {function} has no parameter `{name}`{near}; {}", takes()))
                })?;
                (place, text)
            }
            None if by_name => {
                let message = format!("argument {position}, `{word}`, has no name, but one before it has");
                return Err(usage(message).hint("values in order come first, then name=value"));
            }
            None => (at, word.as_str()),
        };
        let Some(parameter) = parameters.get(place) else {
            return Err(usage(format!("argument {position}, `{word}`, is one too many: {}", takes())));
        };
        if given[place].is_some() {
            return Err(usage(format!("argument {position}: `{}` is given twice", parameter.name)));
        }
        let felts = parse(parameter.kind, text).ok_or_else(|| {
            let (name, kind, form) = (&parameter.name, parameter.kind, form(parameter.kind));
            usage(format!("argument {position}, `{name}`: `{text}` is no {kind} ({form})"))
        })?;
        given[place] = Some(felts);
    }
    let missing = parameters.iter().zip(&given).enumerate().filter(|(_, (_, given))| given.is_none());
    let missing: Vec<String> =
        missing.map(|(at, (parameter, _))| format!("argument {}, `{}`", at + 1, parameter.name)).collect();
    if !missing.is_empty() {
        return Err(usage(format!("missing: {}; {}", missing.join("; "), takes())));
    }
    Ok(given.into_iter().flatten().flatten().collect())
}

/// The form of values of a type.
fn form(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "true or false",
        Type::U32 => "a whole number below 2^32",
        Type::U64 => "a whole number below 2^62",
        Type::Felt => "a whole number below 2^64 - 2^32 + 1",
        Type::Hash => "0x and 64 hexadecimal digits, every 16 of them a felt",
        Type::Checkpoint | Type::State => "never an input",
    }
}

fn parse(kind: Type, text: &str) -> Option<Vec<Felt>> {
    let one = |felt| Some(vec![felt]);
    match kind {
        Type::Bool => match text {
            "true" => one(Felt::ONE),
            "false" => one(Felt::ZERO),
            _ => None,
        },
        Type::Hash => text.parse::<Digest>().ok().map(|digest| digest.0.to_vec()),
        Type::Felt | Type::U32 | Type::U64 => {
            let digits = text.replace('_', "");
            let whole = text.starts_with(|c: char| c.is_ascii_digit()) && digits.bytes().all(|b| b.is_ascii_digit());
            let number: u64 = whole.then(|| digits.parse().ok())??;
            let fits = kind.bits().is_none_or(|bits| number < 1 << bits);
            Felt::new(number).filter(|_| fits).and_then(one)
        }
        Type::Checkpoint | Type::State => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Vec<Parameter> {
        [("to", Type::U32), ("amount", Type::U64), ("sure", Type::Bool)]
            .map(|(name, kind)| Parameter { name: name.to_owned(), kind })
            .to_vec()
    }

    fn felts(words: &[&str]) -> Result<Vec<u64>, String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let felts = arguments("send", &parameters(), &words).map_err(|failure| format!("{failure:?}"))?;
        Ok(felts.iter().map(|felt| felt.as_u64()).collect())
    }

    #[test]
    fn arguments_come_by_position_then_by_name() {
        assert_eq!(felts(&["2", "1_000", "true"]), Ok(vec![2, 1000, 1]));
        assert_eq!(felts(&["2", "sure=false", "amount=7"]), Ok(vec![2, 7, 0]));
    }

    #[test]
    fn a_wrong_argument_is_refused_by_name_and_position() {
        for (words, expected) in [
            (&["2", "1"][..], "missing: argument 3, `sure`"),
            (&["2", "amount=-1", "sure=true"], "argument 2, `amount`: `-1` is no u64 (a whole number below 2^62)"),
            (&["4294967296", "1", "true"], "argument 1, `to`: `4294967296` is no u32"),
            (&["2", "4611686018427387904", "true"], "is no u64"),
            (&["2", "1", "yes"], "argument 3, `sure`: `yes` is no bool (true or false)"),
            (&["2", "1", "true", "4"], "argument 4, `4`, is one too many"),
            (&["2", "to=3"], "argument 2: `to` is given twice"),
            (&["to=2", "3"], "argument 2, `3`, has no name"),
            (&["2", "amont=3"], "argument 2: send has no parameter `amont`; did you mean amount?"),
            (&["2", "1e3", "true"], "argument 2, `amount`: `1e3` is no u64"),
            (&["", "1", "true"], "argument 1, `to`: `` is no u32"),
        ] {
            let message = felts(words).expect_err(expected);
            assert!(message.contains(expected), "{message}");
        }
    }
}
