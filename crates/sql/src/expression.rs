//! Expressions: what stands in SELECT, WHERE, VALUES and between the brackets.
//!
//! Chains of AND, of OR and of `||` are n-ary nodes, so that a rule of a hundred thousand alternatives is a flat
//! tree: nothing that walks, prints or drops it descends once for each.
//!
//! **Invariant:** no tree that the parser makes is higher than [`MAX_DEPTH`], whatever it is made of.

use std::fmt;

use crate::{Ident, Span, deep::deep, statement::TypeName};

/// How deep brackets may nest, and how high an expression or a type may be.
pub const MAX_DEPTH: usize = 256;

pub struct Expression {
    pub kind: ExpressionKind,
    pub span: Span,
}

// By hand, since what is derived descends without a look at the stack.
impl Clone for Expression {
    fn clone(&self) -> Self {
        deep(|| Self {
            kind: self.kind.clone(),
            span: self.span,
        })
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        deep(|| self.kind == other.kind)
    }
}

impl Expression {
    /// Shows every reference to a column, with the source's name before it if there is one, to `visit`.
    pub fn for_each_column(&mut self, visit: &mut dyn FnMut(&mut Option<Ident>, &Ident)) {
        if let ExpressionKind::Column { source, name } = &mut self.kind {
            return visit(source, name);
        }
        deep(|| {
            self.kind
                .for_each_operand(&mut |operand| operand.for_each_column(visit));
        });
    }
}

impl ExpressionKind {
    /// The expressions that this one is made of, from left to right.
    fn for_each_operand(&mut self, visit: &mut dyn FnMut(&mut Expression)) {
        match self {
            Self::Literal(_) | Self::Column { .. } | Self::TimeUnit(_) => {}
            Self::Dereference { base: operand, .. }
            | Self::Sign { operand, .. }
            | Self::Not(operand)
            | Self::IsNull { operand, .. }
            | Self::Cast { operand, .. }
            | Self::Lambda { body: operand, .. } => visit(operand),
            Self::And(operands)
            | Self::Or(operands)
            | Self::Concat(operands)
            | Self::Array(operands)
            | Self::Call {
                arguments: operands,
                ..
            } => operands.iter_mut().for_each(visit),
            Self::Subscript {
                base: left,
                index: right,
            }
            | Self::Arithmetic { left, right, .. }
            | Self::Comparison { left, right, .. }
            | Self::AtTimeZone {
                operand: left,
                zone: right,
            } => {
                visit(left);
                visit(right);
            }
            Self::Between {
                operand, low, high, ..
            } => {
                visit(operand);
                visit(low);
                visit(high);
            }
            Self::Like {
                operand, pattern, ..
            } => {
                visit(operand);
                match pattern {
                    LikePattern::One(pattern) => visit(pattern),
                    LikePattern::Any(patterns) => patterns.iter_mut().for_each(visit),
                }
            }
            Self::In { operand, items, .. } => {
                visit(operand);
                items.iter_mut().for_each(visit);
            }
            Self::Case {
                operand,
                branches,
                otherwise,
            } => {
                operand.iter_mut().for_each(|operand| visit(operand));
                for branch in branches {
                    visit(&mut branch.condition);
                    visit(&mut branch.result);
                }
                otherwise.iter_mut().for_each(|otherwise| visit(otherwise));
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    visit(key);
                    visit(value);
                }
            }
            Self::Struct(members) => members.iter_mut().for_each(|(_, value)| visit(value)),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        deep(|| self.kind.fmt(f))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionKind {
    Literal(Literal),
    /// `name` or `source.name`.
    Column {
        source: Option<Ident>,
        name: Ident,
    },
    /// `base->field`.
    Dereference {
        base: Box<Expression>,
        field: Ident,
    },
    /// `base[index]`: an array's element or a map's value.
    Subscript {
        base: Box<Expression>,
        index: Box<Expression>,
    },
    /// `+x`, `-x`. A minus in front of a number literal is part of the literal.
    Sign {
        is_negative: bool,
        operand: Box<Expression>,
    },
    Not(Box<Expression>),
    /// At least two operands.
    And(Vec<Expression>),
    /// At least two operands.
    Or(Vec<Expression>),
    /// `a || b || c`: at least two operands.
    Concat(Vec<Expression>),
    Arithmetic {
        left: Box<Expression>,
        operator: ArithmeticOperator,
        right: Box<Expression>,
    },
    Comparison {
        left: Box<Expression>,
        operator: ComparisonOperator,
        right: Box<Expression>,
    },
    Between {
        operand: Box<Expression>,
        is_negated: bool,
        low: Box<Expression>,
        high: Box<Expression>,
    },
    In {
        operand: Box<Expression>,
        is_negated: bool,
        items: Vec<Expression>,
    },
    Like {
        operand: Box<Expression>,
        is_negated: bool,
        /// ILIKE, which ksqlDB has not.
        ignores_case: bool,
        pattern: LikePattern,
        escape: Option<char>,
    },
    IsNull {
        operand: Box<Expression>,
        is_negated: bool,
    },
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`.
    Case {
        operand: Option<Box<Expression>>,
        branches: Vec<CaseBranch>,
        otherwise: Option<Box<Expression>>,
    },
    Cast {
        operand: Box<Expression>,
        to: TypeName,
    },
    /// `name(arguments)`; `COUNT(*)` has no arguments and `is_star`.
    Call {
        name: Ident,
        arguments: Vec<Expression>,
        is_star: bool,
    },
    /// `ARRAY[…]`.
    Array(Vec<Expression>),
    /// `MAP(key := value, …)`.
    Map(Vec<(Expression, Expression)>),
    /// `STRUCT(name := value, …)`.
    Struct(Vec<(Ident, Expression)>),
    /// `x => body`, `(x, y) => body`.
    Lambda {
        parameters: Vec<Ident>,
        body: Box<Expression>,
    },
    /// A bare unit of time as a function's argument: `DAYS`, `MILLISECONDS`.
    TimeUnit(TimeUnit),
    /// `operand AT TIME ZONE zone`: in the grammar, refused by the planner.
    AtTimeZone {
        operand: Box<Expression>,
        zone: Box<Expression>,
    },
}

/// What stands right of LIKE.
#[derive(Debug, Clone, PartialEq)]
pub enum LikePattern {
    One(Box<Expression>),
    /// `ANY (…)`, which ksqlDB has not: one of them is enough.
    Any(Vec<Expression>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Boolean(bool),
    /// Fits 32 bits.
    Integer(i32),
    /// Fits 64 bits, not 32.
    BigInt(i64),
    /// Digits as written, with an optional `-` in front: `1.50`, `.5`.
    Decimal(String),
    /// Written with an exponent.
    Double(f64),
    String(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct CaseBranch {
    pub condition: Expression,
    pub result: Expression,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    IsDistinctFrom,
    IsNotDistinctFrom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    Days,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}
