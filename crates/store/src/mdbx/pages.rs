//! Reads a file of MDBX before the engine maps it.
//!
//! The engine trusts its pages: one flipped bit in a page's table of entries can take the process down with a bus error,
//! and one in its list of free pages can make a later write overwrite live rows. So the pages are read here first, as
//! plain bytes, and everything the engine would trust is compared with everything else that says the same.
//!
//! ```text
//!   pages 0 1 2   meta: three in turn, the one of the newest transaction counts
//!   page          header (20 bytes) ‖ entries: offset of each node ‖ free ‖ nodes, packed to the end
//!   branch node   child page ‖ … ‖ key: the least key below it (the first node's is not used)
//!   leaf node     data length ‖ flags ‖ key length ‖ key ‖ data, or the number of the first of several large pages
//!   two trees     rows (ours), and the free list: transaction → count ‖ free pages
//! ```
//!
//! Every page is reached once or free; keys are in order within and across pages; counts are those of the trees; every
//! row's checksum holds. Layout: libmdbx 0.13 (data version 3), pages of 4 KiB, little endian.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::{PAGE, SEAL, checksum};
use crate::space::hexadecimal;

const HEADER: usize = 20;
const NODE: usize = 8;
/// Bytes behind the header, to which entries are relative.
const SPACE: usize = PAGE - HEADER;

const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const LARGE: u16 = 4;
const META: u16 = 8;
/// Flag of a node whose data is on large pages.
const BIG: u8 = 1;

/// `0x59659DBDEF4C11` and data version 3.
const MAGIC: u64 = 0x5965_9DBD_EF4C_1103;
const METAS: u32 = 3;
const NO_PAGE: u32 = u32::MAX;
/// No tree of 2^31 pages is higher.
const MAX_HEIGHT: u16 = 32;

/// What is wrong with the file, or why it cannot be read.
#[derive(Debug)]
pub(super) enum Unsound {
    Damaged(String),
    Io(io::Error),
}

impl From<io::Error> for Unsound {
    fn from(error: io::Error) -> Unsound {
        Unsound::Io(error)
    }
}

fn damaged<T>(found: impl Into<String>) -> Result<T, Unsound> {
    Err(Unsound::Damaged(found.into()))
}

/// Checks a file and returns how many rows it has. With `rows`, their checksums too.
pub(super) fn check(file: &Path, rows: bool) -> Result<u64, Unsound> {
    let mut pages = Pages { file: File::open(file)?, page: [0; PAGE] };
    let meta = newest_meta(&mut pages)?;
    let mut walk = Walk { pages, transaction: meta.transaction, end: meta.end, reached: Vec::new(), rows };
    walk.reached.resize(meta.end as usize, false);
    walk.reached.iter_mut().take(METAS as usize).for_each(|reached| *reached = true);
    walk.tree(&meta.main, Leaves::Rows)?;
    walk.tree(&meta.free, Leaves::FreeLists)?;
    Ok(meta.main.items)
}

/// One page at a time.
struct Pages {
    file: File,
    page: [u8; PAGE],
}

impl Pages {
    fn read(&mut self, number: u32) -> Result<[u8; PAGE], Unsound> {
        self.file.seek(SeekFrom::Start(u64::from(number) * PAGE as u64))?;
        match self.file.read_exact(&mut self.page) {
            Ok(()) => Ok(self.page),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                damaged(format!("it ends before page {number}"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u16::from_le_bytes(*chunk))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

/// One of the two trees, as its meta page describes it.
struct TreeInfo {
    name: &'static str,
    height: u16,
    root: u32,
    branches: u32,
    leaves: u32,
    large: u32,
    items: u64,
}

struct Meta {
    transaction: u64,
    /// The first page that was never used.
    end: u32,
    free: TreeInfo,
    main: TreeInfo,
}

/// The meta page that counts. All three must be sound: of a damaged one nobody knows whether it was the newest, and the
/// engine would go back to the commit before.
fn newest_meta(pages: &mut Pages) -> Result<Meta, Unsound> {
    let mut newest: Option<Meta> = None;
    for number in 0..METAS {
        let page = pages.read(number)?;
        let meta = &page[HEADER..];
        let tree = |name, at: usize| TreeInfo {
            name,
            height: u16_at(meta, at + 2),
            root: u32_at(meta, at + 8),
            branches: u32_at(meta, at + 12),
            leaves: u32_at(meta, at + 16),
            large: u32_at(meta, at + 20),
            items: u64_at(meta, at + 32),
        };
        let (transaction, twin) = (u64_at(meta, 8), u64_at(meta, 176));
        if u32_at(&page, 16) != number || u16_at(&page, 10) != META || u64_at(meta, 0) != MAGIC {
            return damaged(format!("page {number} is not a meta page of MDBX"));
        }
        // Bytes 44 to 48 hold the page size, in a field that the free list's tree does not use.
        if transaction != twin || u32_at(meta, 44) != PAGE as u32 || u32_at(meta, 16) != 0 {
            return damaged(format!("meta page {number} contradicts itself"));
        }
        let (now, end) = (u32_at(meta, 32), u32_at(meta, 36));
        if end < METAS || end > now || now > u32_at(meta, 28) || u64_at(meta, 168) < 2 {
            return damaged(format!("meta page {number} has impossible sizes"));
        }
        if newest.as_ref().is_none_or(|newest| transaction > newest.transaction) {
            newest = Some(Meta { transaction, end, free: tree("free list", 40), main: tree("rows", 88) });
        }
    }
    newest.map_or_else(|| damaged("it has no meta page"), Ok)
}

/// What the leaves of a tree hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Rows,
    FreeLists,
}

/// The key before, in a form whose byte order is the tree's.
#[derive(Default)]
struct Last {
    key: Option<Vec<u8>>,
    /// It came from a branch: the next leaf may have the same one.
    from_branch: bool,
}

/// What a walk through one tree has seen.
struct Seen {
    kind: Leaves,
    last: Last,
    branches: u32,
    leaves: u32,
    large: u32,
    items: u64,
}

struct Walk {
    pages: Pages,
    transaction: u64,
    end: u32,
    /// Pages that a tree or the free list has named.
    reached: Vec<bool>,
    rows: bool,
}

/// A node of a page.
struct Node<'p> {
    /// Child page of a branch, length of a leaf's data.
    number: u32,
    flags: u8,
    key: &'p [u8],
    /// Everything behind the key, up to the end of the page.
    rest: &'p [u8],
    /// Bytes of the node in its page, rounded up to an even number.
    size: usize,
}

impl Walk {
    fn tree(&mut self, tree: &TreeInfo, kind: Leaves) -> Result<(), Unsound> {
        let mut seen = Seen { kind, last: Last::default(), branches: 0, leaves: 0, large: 0, items: 0 };
        if (tree.root == NO_PAGE) != (tree.height == 0) || tree.height > MAX_HEIGHT {
            return damaged(format!("the tree of {} has no root or no height", tree.name));
        }
        if tree.root != NO_PAGE {
            self.page(tree.root, tree.height, self.transaction, &mut seen)?;
        }
        let expected = (tree.branches, tree.leaves, tree.large, tree.items);
        let actual = (seen.branches, seen.leaves, seen.large, seen.items);
        if expected != actual {
            return damaged(format!(
                "the tree of {} says (branches, leaves, large pages, items) {expected:?} and has {actual:?}",
                tree.name
            ));
        }
        Ok(())
    }

    /// Visits a page and everything below it. `height` is 1 for a leaf.
    fn page(&mut self, number: u32, height: u16, newest: u64, seen: &mut Seen) -> Result<(), Unsound> {
        self.reach(number)?;
        let page = self.pages.read(number)?;
        let kind = if height == 1 { LEAF } else { BRANCH };
        let transaction = u64_at(&page, 0);
        if u32_at(&page, 16) != number || u16_at(&page, 10) != kind || transaction > newest {
            return damaged(format!("page {number} has a wrong header"));
        }
        let nodes = nodes(number, &page, kind)?;
        if kind == LEAF {
            seen.leaves += 1;
            for node in &nodes {
                seen.items += 1;
                seen.follow(number, node.key, false)?;
                let data = self.data(number, node, transaction, seen)?;
                match seen.kind {
                    Leaves::Rows => self.row(number, node.key, &data)?,
                    Leaves::FreeLists => self.free_list(number, u64_at(node.key, 0), &data)?,
                }
            }
            return Ok(());
        }
        seen.branches += 1;
        for (at, node) in nodes.iter().enumerate() {
            if at > 0 {
                seen.follow(number, node.key, true)?;
            }
            self.page(node.number, height - 1, transaction, seen)?;
        }
        Ok(())
    }

    /// Marks a page as named.
    fn reach(&mut self, number: u32) -> Result<(), Unsound> {
        match self.reached.get_mut(number as usize) {
            Some(reached) if !*reached => {
                *reached = true;
                Ok(())
            }
            Some(_) => damaged(format!("page {number} is named twice")),
            None => damaged(format!("page {number} is named and the file has pages up to {}", self.end)),
        }
    }

    /// The data of a leaf node, from its page or from its large pages.
    fn data(&mut self, number: u32, node: &Node<'_>, newest: u64, seen: &mut Seen) -> Result<Vec<u8>, Unsound> {
        let length = node.number as usize;
        match node.flags {
            0 => match node.rest.get(..length) {
                Some(data) => Ok(data.to_vec()),
                None => damaged(format!("page {number}: a row ends behind the page")),
            },
            BIG => {
                let first = u32_at(node.rest, 0);
                let count = (HEADER + length).div_ceil(PAGE) as u32;
                let mut data = Vec::new();
                for at in 0..count {
                    let Some(next) = first.checked_add(at) else {
                        return damaged(format!("page {number}: a large page has no number"));
                    };
                    self.reach(next)?;
                    let page = self.pages.read(next)?;
                    if at > 0 {
                        data.extend_from_slice(&page);
                        continue;
                    }
                    let sound = u16_at(&page, 10) == LARGE && u32_at(&page, 12) == count && u32_at(&page, 16) == next;
                    if !sound || u64_at(&page, 0) > newest {
                        return damaged(format!("large page {next} has a wrong header"));
                    }
                    data.extend_from_slice(&page[HEADER..]);
                }
                seen.large += count;
                data.truncate(length);
                Ok(data)
            }
            flags => damaged(format!("page {number}: a row has flags {flags}")),
        }
    }

    fn row(&self, number: u32, key: &[u8], data: &[u8]) -> Result<(), Unsound> {
        let seal = data.len().checked_sub(SEAL).map(|at| data.split_at(at));
        if self.rows && seal.is_none_or(|(value, seal)| seal != checksum(key, value)) {
            return damaged(format!("page {number}: the checksum of row {} is wrong", hexadecimal(key)));
        }
        Ok(())
    }

    /// The pages that one transaction has freed.
    fn free_list(&mut self, number: u32, transaction: u64, list: &[u8]) -> Result<(), Unsound> {
        let count = u32_at(list, 0) as usize;
        if transaction > self.transaction || count.checked_mul(4).is_none_or(|bytes| bytes + 4 > list.len()) {
            return damaged(format!("page {number}: the free list of transaction {transaction} is impossible"));
        }
        (1..=count).try_for_each(|at| self.reach(u32_at(list, 4 * at)))
    }
}

impl Seen {
    /// Takes the next key. Keys below a branch node are not less than its key, and those before it are less.
    fn follow(&mut self, number: u32, key: &[u8], from_branch: bool) -> Result<(), Unsound> {
        let key = match self.kind {
            Leaves::Rows => key.to_vec(),
            Leaves::FreeLists if key.len() == 8 => u64_at(key, 0).to_be_bytes().to_vec(),
            Leaves::FreeLists => return damaged(format!("page {number}: a free list has an impossible key")),
        };
        let may_equal = self.last.from_branch && !from_branch;
        let in_order = self.last.key.as_ref().is_none_or(|last| *last < key || may_equal && *last == key);
        if !in_order {
            return damaged(format!("page {number}: key {} is out of order", hexadecimal(&key)));
        }
        self.last = Last { key: Some(key), from_branch };
        Ok(())
    }
}

/// The nodes of a page, in the order of its entries. They must fill the page from its upper bound to its end, with no
/// hole and no overlap: the engine adds the next one below that bound.
fn nodes(number: u32, page: &[u8; PAGE], kind: u16) -> Result<Vec<Node<'_>>, Unsound> {
    let (lower, upper) = (usize::from(u16_at(page, 12)), usize::from(u16_at(page, 14)));
    let count = lower / 2;
    let least = if kind == BRANCH { 2 } else { 1 };
    if !lower.is_multiple_of(2) || !upper.is_multiple_of(2) || lower > upper || upper > SPACE || count < least {
        return damaged(format!("page {number} has impossible bounds"));
    }
    let mut out = Vec::with_capacity(count);
    let mut places = Vec::with_capacity(count);
    for at in 0..count {
        let offset = usize::from(u16_at(page, HEADER + 2 * at));
        let Some(node) = node(&page[HEADER..], offset, kind) else {
            return damaged(format!("page {number}: node {at} is outside the page"));
        };
        places.push((offset, node.size));
        out.push(node);
    }
    places.sort_unstable();
    let mut end = upper;
    for (offset, size) in places {
        if offset != end {
            return damaged(format!("page {number}: its nodes do not fill it"));
        }
        end += size;
    }
    if end != SPACE {
        return damaged(format!("page {number}: its nodes do not fill it"));
    }
    Ok(out)
}

fn node(space: &[u8], offset: usize, kind: u16) -> Option<Node<'_>> {
    let bytes = space.get(offset..).filter(|_| offset.is_multiple_of(2))?;
    let (head, body) = bytes.split_at_checked(NODE)?;
    let (number, flags) = (u32_at(head, 0), head[4]);
    let (key, rest) = body.split_at_checked(usize::from(u16_at(head, 6)))?;
    let data = match (kind, flags) {
        (LEAF, BIG) => 4,
        (LEAF, _) => number as usize,
        _ => 0,
    };
    rest.get(..data)?;
    let size = (NODE + key.len() + data).next_multiple_of(2);
    Some(Node { number, flags, key, rest, size })
}
