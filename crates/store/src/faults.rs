//! [`Faulty`]: a [`KvStore`] that dies at a named crash point, for the tests that promise "before or after, never
//! between".
//!
//! A crash point is `label@n:before` or `label@n:after`: the n-th write (from 1) of a batch with that label, just before
//! or just after it is stored. From then on the store answers nothing but [`ReadError::Crashed`], as if the process were
//! gone; the test drops everything that ran on it and opens the backend anew. [`Crash::Abort`] ends the process for real.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{ReadError, WriteError};
use crate::kv::{Changes, KeyRange, KvStore, Row};
use crate::space::Condition;

/// On which side of a write the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Nothing of the write is stored.
    Before,
    /// The write is stored and nobody was told.
    After,
}

/// Where the process dies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashPoint {
    /// Label of the batch.
    pub label: String,
    /// Which of the writes with that label, from 1.
    pub occurrence: u32,
    /// On which side of it.
    pub side: Side,
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.side == Side::Before { "before" } else { "after" };
        write!(f, "{}@{}:{side}", self.label, self.occurrence)
    }
}

impl FromStr for CrashPoint {
    type Err = String;

    /// The inverse of the text form; the error says what is expected.
    fn from_str(text: &str) -> Result<CrashPoint, String> {
        let wrong = || format!("`{text}` is not a crash point like `coordinator/commit@2:before`");
        let (rest, side) = text.rsplit_once(':').ok_or_else(wrong)?;
        let side = match side {
            "before" => Side::Before,
            "after" => Side::After,
            _ => return Err(wrong()),
        };
        let (label, occurrence) = rest.rsplit_once('@').ok_or_else(wrong)?;
        let occurrence = occurrence.parse().map_err(|_| wrong())?;
        Ok(CrashPoint { label: label.into(), occurrence, side })
    }
}

/// How the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The store answers nothing any more.
    Silence,
    /// `std::process::abort`, for tests that run the victim as a process of its own.
    Abort,
}

#[derive(Debug, Default)]
struct State {
    point: Option<(CrashPoint, Crash)>,
    /// Writes seen, by label.
    seen: BTreeMap<&'static str, u32>,
    dead: Option<String>,
}

/// A store over another one that dies where it is told.
#[derive(Debug)]
pub struct Faulty {
    inner: Arc<dyn KvStore>,
    state: Mutex<State>,
}

impl Faulty {
    /// Passes everything through and counts the writes.
    pub fn counting(inner: Arc<dyn KvStore>) -> Faulty {
        Faulty { inner, state: Mutex::default() }
    }

    /// Dies at a point.
    pub fn dying(inner: Arc<dyn KvStore>, point: CrashPoint, crash: Crash) -> Faulty {
        Faulty { inner, state: Mutex::new(State { point: Some((point, crash)), ..State::default() }) }
    }

    /// Every crash point that this run has passed: both sides of every write, in order of label. A test runs once with
    /// a counting store and then once for each of these.
    pub fn points(&self) -> Vec<CrashPoint> {
        let state = self.state.lock();
        let points = state.seen.iter().flat_map(|(label, &count)| {
            (1..=count).flat_map(move |occurrence| {
                [Side::Before, Side::After].map(|side| CrashPoint { label: (*label).into(), occurrence, side })
            })
        });
        points.collect()
    }

    /// Has the crash point been reached?
    pub fn is_dead(&self) -> bool {
        self.state.lock().dead.is_some()
    }

    fn alive(&self) -> Result<(), ReadError> {
        match &self.state.lock().dead {
            Some(point) => Err(ReadError::Crashed { point: point.clone() }),
            None => Ok(()),
        }
    }

    /// Dies when this is the point.
    fn pass(state: &mut State, label: &'static str, occurrence: u32, side: Side) -> Result<(), ReadError> {
        let Some((point, crash)) = &state.point else { return Ok(()) };
        if point.label != label || point.occurrence != occurrence || point.side != side {
            return Ok(());
        }
        if *crash == Crash::Abort {
            std::process::abort();
        }
        let point = point.to_string();
        state.dead = Some(point.clone());
        Err(ReadError::Crashed { point })
    }
}

impl KvStore for Faulty {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.alive()?;
        self.inner.get(key)
    }

    fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, ReadError> {
        self.alive()?;
        self.inner.get_many(keys)
    }

    fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, ReadError> {
        self.alive()?;
        self.inner.range(range, limit)
    }

    fn first_of(&self, ranges: &[KeyRange]) -> Result<Vec<Option<Row>>, ReadError> {
        self.alive()?;
        self.inner.first_of(ranges)
    }

    fn write(&self, position: &[u8], condition: &Condition, changes: &Changes) -> Result<(), WriteError> {
        self.alive()?;
        // Held over the write: a write of another thread is on one side of the crash too.
        let mut state = self.state.lock();
        if let Some(point) = &state.dead {
            return Err(ReadError::Crashed { point: point.clone() }.into());
        }
        let occurrence = state.seen.entry(changes.label).or_insert(0);
        *occurrence += 1;
        let occurrence = *occurrence;
        Faulty::pass(&mut state, changes.label, occurrence, Side::Before)?;
        let result = self.inner.write(position, condition, changes);
        Faulty::pass(&mut state, changes.label, occurrence, Side::After)?;
        result
    }
}
