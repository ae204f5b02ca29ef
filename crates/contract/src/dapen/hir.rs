//! Checked code: every name resolved, every expression typed. Nothing here can fail to mean something.

use super::ast::BinaryOp;
use super::source::Span;
use super::types::{ContractRef, Ty};
use crate::ir::Context;

/// A variable of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LocalId(pub(crate) usize);

#[derive(Clone, Debug)]
pub(crate) struct Method {
    /// Types of all variables; the parameters come first.
    pub(crate) locals: Vec<Ty>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub(crate) struct Stmt {
    pub(crate) kind: StmtKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum StmtKind {
    Let(LocalId, Expr),
    Assign {
        place: Place,
        op: Option<BinaryOp>,
        value: Expr,
    },
    Expr(Expr),
    If {
        test: Expr,
        then: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    /// The variable takes each of these values.
    Count {
        variable: LocalId,
        values: std::ops::Range<u64>,
        step: u64,
        body: Vec<Stmt>,
    },
    Each {
        variable: LocalId,
        list: Expr,
        body: Vec<Stmt>,
    },
    Return(Option<Expr>),
    Block(Vec<Stmt>),
}

/// Where something is assigned.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) root: Root,
    pub(crate) path: Vec<Step>,
    /// The type at the end of the path.
    pub(crate) ty: Ty,
}

#[derive(Clone, Debug)]
pub(crate) enum Root {
    Local(LocalId),
    /// A plain field of the own instance.
    Field(usize),
}

/// One step into a value.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Field(usize),
    Index(Expr),
}

#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) ty: Ty,
    pub(crate) span: Span,
}

/// Whose instance is read.
#[derive(Clone, Debug)]
pub(crate) enum Instance {
    /// The caller's own, as it stands.
    Own,
    /// A frozen one; the expression is a view.
    Frozen(Box<Expr>),
}

#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    /// A number of the expression's type.
    Number(u64),
    Bool(bool),
    /// The hash of zeros.
    None,
    Local(LocalId),
    Context(Context),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// Same in all parts.
    Same(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// To the expression's type.
    Convert(Box<Expr>),
    /// Fields or elements, in order.
    Parts(Vec<Expr>),
    /// An array of copies.
    Fill(Box<Expr>),
    Field(Box<Expr>, usize),
    Index(Box<Expr>, Box<Expr>),
    Hash(Vec<Expr>),
    /// A method of the own contract.
    Inline(usize, Vec<Expr>),
    View {
        contract: ContractRef,
        user: Box<Expr>,
        at: Option<Box<Expr>>,
    },
    IsUser(Box<Expr>),
    TimeAt(Box<Expr>),
    Read {
        instance: Instance,
        contract: ContractRef,
        field: usize,
        what: Read,
    },
    // What follows gives nothing.
    Require {
        test: Box<Expr>,
        message: String,
    },
    Emit {
        event: usize,
        fields: Vec<Expr>,
    },
    Change {
        field: usize,
        what: Change,
    },
    Balance {
        out: bool,
        amount: Box<Expr>,
    },
    /// A call of a method of a contract, owed until the session ends.
    Defer {
        contract: ContractRef,
        method: usize,
        arguments: Vec<Expr>,
    },
    /// A call of a method of another contract, made right after this one; its result is known here.
    Called {
        contract: ContractRef,
        method: usize,
        arguments: Vec<Expr>,
    },
    /// A view of the user's own instance of another contract, as it stands before this call.
    Mine(ContractRef),
    Nothing,
}

/// What is read of a field.
#[derive(Clone, Debug)]
pub(crate) enum Read {
    /// A plain field, or a part of one.
    Value(Vec<Step>),
    Entry(Box<Expr>),
    /// Is there an entry of a map by hash?
    Has(Box<Expr>),
    Grown,
    Once,
    IsSet,
    Length,
    At(Box<Expr>),
}

/// What is changed in a field of the own instance.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Set { key: Box<Expr>, value: Box<Expr> },
    AddTo { key: Box<Expr>, by: Box<Expr> },
    Add(Box<Expr>),
    SetOnce(Box<Expr>),
    Push(Box<Expr>),
}
