//! What `parth contract build` writes: everything that callers and deployers need, byte for byte the same everywhere.

use std::path::Path;

use parth_client::Program;
use parth_contract::abi::Abi;
use parth_contract::dapen::Compiled;
use parth_contract::{Contract, contract::MAX_CODE_BYTES};
use parth_crypto::{Digest, hex};
use parth_protocol::Record;
use parth_protocol::ids::{Fingerprint, MethodId, StateHeight};
use serde::{Deserialize, Serialize};

use super::source::{read, unreadable};
use crate::exit::{Exit, Failure};

/// The schema of artifacts.
const SCHEMA: &str = "parth/contract/1";
/// Bytes of an artifact that are read: code as hex, an ABI, and room.
const LIMIT: u64 = 8 * MAX_CODE_BYTES as u64;

/// A built contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Artifact {
    schema: String,
    pub(crate) name: String,
    /// The id, when the source says it.
    pub(crate) id: Option<u32>,
    /// Which compiler made it.
    pub(crate) compiler: String,
    /// The circuits that its fingerprints belong to.
    pub(crate) circuits_digest: Digest,
    /// The tree heights that they are compiled for.
    pub(crate) profile: String,
    pub(crate) abi: Abi,
    pub(crate) layout: Vec<Field>,
    /// The code as canonical bytes, `0x` and hexadecimal digits.
    ir: String,
    /// The digest of these bytes.
    pub(crate) code: Digest,
    pub(crate) functions: Vec<Circuit>,
    pub(crate) leaf: Leaf,
}

/// Where one field of state stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// The type of its keys, for maps.
    pub(crate) key: Option<String>,
    pub(crate) value: String,
    /// The first slot, as a decimal string.
    #[serde(with = "decimal")]
    pub(crate) slot: u64,
    /// Slots from one entry to the next, as a decimal string.
    #[serde(with = "decimal")]
    pub(crate) stride: u64,
}

/// The circuit of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Circuit {
    pub(crate) name: String,
    pub(crate) method: MethodId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) rows: usize,
}

/// The leaf of the contract tree that deploying writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Leaf {
    functions: Digest,
    state_height: StateHeight,
    initial: Digest,
    code: Digest,
    /// The digest of the leaf.
    pub(crate) digest: Digest,
}

/// Fields in the form of artifacts.
pub(crate) fn layout(compiled: &Compiled) -> Vec<Field> {
    let fields = compiled.layout.iter().map(|field| Field {
        name: field.name.clone(),
        kind: field.kind.to_owned(),
        key: field.key.clone(),
        value: field.value.clone(),
        slot: field.slot,
        stride: field.stride,
    });
    fields.collect()
}

/// The compiler of this build.
pub(crate) fn compiler() -> String {
    format!("parth {}", env!("CARGO_PKG_VERSION"))
}

impl Artifact {
    /// Of a contract and its circuits.
    pub(crate) fn new(compiled: &Compiled, program: &Program, circuits: Digest, profile: &str) -> Artifact {
        let (contract, leaf) = (&compiled.contract, program.deployed().leaf());
        let functions = contract.functions().iter().zip(program.deployed().functions()).map(|(function, leaf)| {
            let name = format!("{}.{}", contract.name(), function.name());
            Circuit {
                name: function.name().to_owned(),
                method: leaf.method,
                fingerprint: leaf.fingerprint,
                // A program has a circuit for each function.
                rows: program.rows(&name).unwrap_or_default(),
            }
        });
        Artifact {
            schema: SCHEMA.to_owned(),
            name: contract.name().to_owned(),
            id: compiled.id,
            compiler: compiler(),
            circuits_digest: circuits,
            profile: profile.to_owned(),
            abi: contract.abi(),
            layout: layout(compiled),
            ir: hex::encode(&contract.to_bytes()),
            code: contract.code_digest(),
            functions: functions.collect(),
            leaf: Leaf {
                functions: leaf.functions,
                state_height: leaf.state_height,
                initial: leaf.initial,
                code: leaf.code,
                digest: leaf.digest(),
            },
        }
    }

    /// Reads an artifact and checks that its parts belong together; the fingerprints are the builder's word.
    pub(crate) fn read(path: &Path) -> Result<Artifact, Failure> {
        let bytes = read(path, LIMIT + 1).map_err(|error| unreadable(path, &error))?;
        let wrong = |what: String| {
            Failure::new(Exit::Usage, format!("{}: not an artifact: {what}", path.display()))
                .hint("`parth contract build` makes them")
        };
        if bytes.len() as u64 > LIMIT {
            return Err(wrong(format!("more than {LIMIT} bytes")));
        }
        let artifact: Artifact = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if artifact.schema != SCHEMA {
            return Err(wrong(format!("its schema is {:?}, expected {SCHEMA:?}", artifact.schema)));
        }
        let code = bytes_of(&artifact.ir).ok_or_else(|| wrong("its code is not hexadecimal".to_owned()))?;
        let contract = Contract::from_bytes(&code).map_err(|error| wrong(error.to_string()))?;
        let names = |list: &[Circuit]| list.iter().map(|circuit| (circuit.name.clone(), circuit.method)).collect();
        let expected: Vec<(String, MethodId)> =
            contract.functions().iter().map(|function| (function.name().to_owned(), function.method())).collect();
        let actual: Vec<(String, MethodId)> = names(&artifact.functions);
        let parts = [
            ("name", artifact.name == contract.name()),
            ("code digest", artifact.code == contract.code_digest() && artifact.leaf.code == artifact.code),
            ("interface", artifact.abi == contract.abi()),
            ("list of functions", actual == expected),
        ];
        match parts.into_iter().find(|(_, fits)| !fits) {
            Some((part, _)) => Err(wrong(format!("its {part} is not that of its code"))),
            None => Ok(artifact),
        }
    }
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2))?;
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Numbers wider than 53 bits are decimal strings in JSON.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("{text:?} is no whole number below 2^64")))
    }
}
