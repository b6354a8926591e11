//! A predicate as atoms under AND, OR and NOT.

use std::sync::Arc;

use datafusion_common::ScalarValue;
use datafusion_expr::{BinaryExpr, Expr, Operator};
use weir_functions::operators::{Asked, Like, Place, Written, asked, first_of};

use crate::atom::{Atom, ColumnId, Pattern, Test};

/// What taking a predicate apart takes of the stack, whatever its depth.
const STACK: usize = 16 << 20;

/// In negation normal form: NOT stands at leaves only, AND and OR alternate.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    Always(bool),
    Atom {
        atom: Atom,
        is_negated: bool,
    },
    /// What is no atom: the predicate has to be evaluated.
    Plain,
    And(Vec<Formula>),
    Or(Vec<Formula>),
}

/// A column that a predicate names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub id: ColumnId,
    pub kind: ColumnKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// STRING.
    Text,
    /// INTEGER or BIGINT.
    Integer,
    Other,
}

/// Who knows the columns.
pub trait Names {
    /// The column of this name; `None` if it is none of those that rules are asked of.
    fn column(&mut self, name: &str) -> Option<Known>;

    /// The column whose value is that of the first of these that is not NULL. All are of one kind.
    fn first_of(&mut self, columns: &[ColumnId]) -> ColumnId;
}

impl Formula {
    /// `column` tells columns by their names; what it does not know is plain.
    pub fn of(predicate: &Expr, column: &mut dyn Names) -> Self {
        stacker::maybe_grow(STACK, 2 * STACK, || build(predicate, false, column))
    }

    /// Its atoms in order, each as often as it is there; NULL tests, which cost next to nothing, are none.
    pub(crate) fn each_atom(&self) -> impl Iterator<Item = &Atom> {
        let mut open = vec![self];
        std::iter::from_fn(move || {
            loop {
                match open.pop()? {
                    Self::Atom { atom, .. } if atom.test != Test::IsNull => return Some(atom),
                    Self::And(operands) | Self::Or(operands) => open.extend(operands.iter().rev()),
                    Self::Atom { .. } | Self::Always(_) | Self::Plain => {}
                }
            }
        })
    }

    /// What its atoms ask of texts. Whoever keeps many formulas may put in what an equal one has already.
    pub fn each_text(&mut self, mut change: impl FnMut(&mut Arc<[Pattern]>)) {
        let mut open = vec![self];
        while let Some(next) = open.pop() {
            match next {
                Self::And(operands) | Self::Or(operands) => open.extend(operands),
                Self::Atom { atom, .. } => {
                    if let Test::Text(patterns) = &mut atom.test {
                        change(patterns);
                    }
                }
                Self::Always(_) | Self::Plain => {}
            }
        }
    }

    fn leaf(atom: Atom, is_negated: bool) -> Self {
        Self::Atom { atom, is_negated }
    }

    fn is_null(column: ColumnId, is_negated: bool) -> Self {
        let test = Test::IsNull;
        Self::leaf(Atom { column, test }, is_negated)
    }
}

/// `predicate`, or NOT of it.
fn build(predicate: &Expr, is_negated: bool, column: &mut dyn Names) -> Formula {
    match predicate {
        Expr::Literal(ScalarValue::Boolean(Some(value)), _) => {
            Formula::Always(*value != is_negated)
        }
        Expr::Not(operand) => build(operand, !is_negated, column),
        Expr::BinaryExpr(BinaryExpr {
            op: Operator::And | Operator::Or,
            ..
        }) => chain(predicate, is_negated, column),
        Expr::IsNull(value) => null_test(value, is_negated, column),
        Expr::IsNotNull(value) => null_test(value, !is_negated, column),
        other => leaf(other, is_negated, column),
    }
}

/// All operands of a chain of AND, or of OR, in order; however it is balanced.
fn chain(predicate: &Expr, is_negated: bool, column: &mut dyn Names) -> Formula {
    let Expr::BinaryExpr(BinaryExpr { op, .. }) = predicate else {
        return Formula::Plain;
    };
    let is_and = (*op == Operator::And) != is_negated;
    let mut operands = Vec::new();
    let mut open = vec![predicate];
    while let Some(next) = open.pop() {
        match next {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: same,
                right,
            }) if same == op => open.extend([&**right, &**left]),
            other => add(&mut operands, build(other, is_negated, column), is_and),
        }
    }
    joined(operands, is_and)
}

/// One more operand of AND or OR: its own operands, if it is of the same kind; one atom with an earlier one, where that says
/// the same (`a LIKE 'x' OR a LIKE 'y'`, `NOT a = 1 AND NOT a = 2`).
fn add(operands: &mut Vec<Formula>, operand: Formula, is_and: bool) {
    match operand {
        Formula::And(inner) if is_and => inner
            .into_iter()
            .for_each(|operand| add(operands, operand, is_and)),
        Formula::Or(inner) if !is_and => inner
            .into_iter()
            .for_each(|operand| add(operands, operand, is_and)),
        Formula::Atom { atom, is_negated } if is_negated == is_and => {
            let merged = operands.iter_mut().any(|earlier| match earlier {
                Formula::Atom {
                    atom: known,
                    is_negated: same,
                } if *same == is_negated => match known.or(&atom) {
                    Some(both) => {
                        *known = both;
                        true
                    }
                    None => false,
                },
                _ => false,
            });
            if !merged {
                operands.push(Formula::leaf(atom, is_negated));
            }
        }
        other => operands.push(other),
    }
}

fn joined(mut operands: Vec<Formula>, is_and: bool) -> Formula {
    if operands.contains(&Formula::Always(!is_and)) {
        return Formula::Always(!is_and);
    }
    operands.retain(|operand| *operand != Formula::Always(is_and));
    // Formulas are kept for long.
    operands.shrink_to_fit();
    match operands.len() {
        0 => Formula::Always(is_and),
        1 => operands.swap_remove(0),
        _ if is_and => Formula::And(operands),
        _ => Formula::Or(operands),
    }
}

fn null_test(value: &Expr, is_negated: bool, column: &mut dyn Names) -> Formula {
    match known(value, column) {
        Some(known) => Formula::is_null(known.id, is_negated),
        None => Formula::Plain,
    }
}

fn known(value: &Expr, column: &mut dyn Names) -> Option<Known> {
    match value {
        Expr::Column(named) => column.column(&named.name),
        other => {
            let columns = first_of(other)?.iter();
            let columns = columns.map(|one| match one {
                Expr::Column(named) => column.column(&named.name),
                _ => None,
            });
            let columns = columns.collect::<Option<Vec<Known>>>()?;
            let kind = columns.first()?.kind;
            if kind != ColumnKind::Text || columns.iter().any(|one| one.kind != kind) {
                return None;
            }
            let ids: Vec<ColumnId> = columns.iter().map(|one| one.id).collect();
            let id = column.first_of(&ids);
            Some(Known { id, kind })
        }
    }
}

fn leaf(predicate: &Expr, is_negated: bool, column: &mut dyn Names) -> Formula {
    let text_of = |value: &Expr, column: &mut dyn Names| {
        known(value, column).filter(|known| known.kind == ColumnKind::Text)
    };
    match asked(predicate) {
        Some(Asked::Like {
            value,
            patterns,
            how,
        }) => match text_of(value, column) {
            Some(known) => like(known.id, &patterns, how, is_negated != how.is_negated),
            None => Formula::Plain,
        },
        Some(Asked::Text {
            value,
            text,
            place,
            ignores_case,
        }) => match text_of(value, column) {
            Some(known) => texts(
                known.id,
                vec![Pattern::new(text, place, ignores_case)],
                is_negated,
            ),
            None => Formula::Plain,
        },
        Some(Asked::Equal {
            value,
            literals,
            is_negated: is_other,
        }) => {
            let Some(equal) = known(value, column).and_then(|known| equal(known, literals)) else {
                return Formula::Plain;
            };
            // `<>` is FALSE for NULL, as `=` is.
            match (is_other, is_negated) {
                (false, _) => Formula::leaf(equal, is_negated),
                (true, true) => Formula::Or(vec![
                    Formula::is_null(equal.column, false),
                    Formula::leaf(equal, false),
                ]),
                (true, false) => Formula::And(vec![
                    Formula::is_null(equal.column, true),
                    Formula::leaf(equal, true),
                ]),
            }
        }
        Some(Asked::IsNull {
            value,
            is_negated: is_other,
        }) => null_test(value, is_negated != is_other, column),
        Some(Asked::Truth(inner)) if is_two_valued(inner) => build(inner, is_negated, column),
        _ => Formula::Plain,
    }
}

/// Whether NULL never comes of it, so that TRUTH of it is itself.
fn is_two_valued(predicate: &Expr) -> bool {
    match predicate {
        Expr::BinaryExpr(BinaryExpr {
            op: Operator::And | Operator::Or,
            ..
        }) => false,
        other => asked(other).is_some(),
    }
}

fn like(column: ColumnId, patterns: &[Written<'_>], how: Like, is_negated: bool) -> Formula {
    let found = patterns
        .iter()
        .map(|(text, pattern)| Pattern::of_like(text, pattern, how.escape, how.ignores_case));
    match found.collect::<Option<Vec<_>>>() {
        Some(patterns) => texts(column, patterns, is_negated),
        None => Formula::Plain,
    }
}

fn texts(column: ColumnId, patterns: Vec<Pattern>, is_negated: bool) -> Formula {
    if patterns.iter().any(Pattern::is_in_all) {
        return Formula::is_null(column, !is_negated);
    }
    Formula::leaf(Atom::text(column, patterns), is_negated)
}

/// One of `literals`, none of which is NULL.
fn equal(known: Known, literals: &[ScalarValue]) -> Option<Atom> {
    match known.kind {
        ColumnKind::Text => {
            let patterns = literals.iter().map(|literal| match literal {
                ScalarValue::Utf8(Some(text)) => Some(Pattern::new(text, Place::Whole, false)),
                _ => None,
            });
            Some(Atom::text(known.id, patterns.collect::<Option<_>>()?))
        }
        ColumnKind::Integer => {
            let numbers = literals.iter().map(|literal| match literal {
                ScalarValue::Int32(Some(number)) => Some(i64::from(*number)),
                ScalarValue::Int64(Some(number)) => Some(*number),
                _ => None,
            });
            Some(Atom::integer(known.id, numbers.collect::<Option<_>>()?))
        }
        ColumnKind::Other => None,
    }
}
