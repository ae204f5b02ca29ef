//! The syntax tree: what the language can say, with places, and nothing of the parser.

use super::source::{FileId, Span};

/// A name where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) id: FileId,
    pub(crate) imports: Vec<Import>,
    pub(crate) classes: Vec<Class>,
}

#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// The name in the other file, and here.
    pub(crate) names: Vec<(Name, Name)>,
    pub(crate) path: Name,
}

#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) name: Name,
    pub(crate) decorators: Vec<Decorator>,
    pub(crate) base: Option<Name>,
    pub(crate) fields: Vec<Field>,
    pub(crate) methods: Vec<Method>,
}

#[derive(Clone, Debug)]
pub(crate) struct Decorator {
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) fixed: bool,
    pub(crate) annotation: Option<TypeExpr>,
    pub(crate) init: Option<Expr>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Method {
    pub(crate) name: Name,
    pub(crate) decorators: Vec<Decorator>,
    pub(crate) parameters: Vec<(Name, TypeExpr)>,
    pub(crate) result: Option<TypeExpr>,
    pub(crate) body: Vec<Stmt>,
    /// From the name to the end of the head.
    pub(crate) head: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct TypeExpr {
    pub(crate) kind: TypeKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum TypeKind {
    Named(String, Vec<TypeExpr>),
    Number(u64),
    Void,
}

#[derive(Clone, Debug)]
pub(crate) struct Stmt {
    pub(crate) kind: StmtKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum StmtKind {
    Let { mutable: bool, name: Name, annotation: Option<TypeExpr>, init: Expr },
    Expr(Expr),
    If { test: Expr, then: Vec<Stmt>, otherwise: Vec<Stmt> },
    For { variable: Name, annotation: Option<TypeExpr>, from: Expr, test: Expr, update: Expr, body: Vec<Stmt> },
    ForOf { variable: Name, list: Expr, body: Vec<Stmt> },
    Return(Option<Expr>),
    Block(Vec<Stmt>),
}

#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    Number(u64),
    Bool(bool),
    Text(String),
    Name(String),
    This,
    Member(Box<Expr>, Name),
    Index(Box<Expr>, Box<Expr>),
    Call {
        callee: Box<Expr>,
        types: Vec<TypeExpr>,
        arguments: Vec<Expr>,
    },
    Not(Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `a = b`, or `a op= b`.
    Assign(Option<BinaryOp>, Box<Expr>, Box<Expr>),
    Object(Vec<(Name, Expr)>),
    List(Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    /// Written `div(a, b)`.
    Div,
    Rem,
    Equal,
    Differ,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
}

impl BinaryOp {
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::Equal => "===",
            BinaryOp::Differ => "!==",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::And => "&&",
            BinaryOp::Or => "||",
            BinaryOp::BitAnd => "&",
            BinaryOp::BitOr => "|",
            BinaryOp::BitXor => "^",
            BinaryOp::ShiftLeft => "<<",
            BinaryOp::ShiftRight => ">>",
        }
    }
}
