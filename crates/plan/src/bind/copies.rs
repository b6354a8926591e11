//! How much of a statement may be said twice.
//!
//! Some expressions need an operand at two places: BETWEEN, an IN over expressions, a constructor that is bound again for
//! another type. Nested in one another they would double at each level, and a statement of one line would fill the memory.

use std::cell::Cell;

use datafusion_expr::Expr;

use crate::{Error, ErrorKind};

/// The nodes that may be made again in one statement.
const MOST: usize = 1_000_000;

#[derive(Debug)]
pub struct Copies {
    left: Cell<usize>,
}

impl Default for Copies {
    fn default() -> Self {
        Self {
            left: Cell::new(MOST),
        }
    }
}

impl Copies {
    /// Notes that `expression` is made once more.
    pub fn spend(&self, expression: &Expr) -> Result<(), Error> {
        match nodes(expression, self.left.get()) {
            Some(nodes) => {
                self.left.set(self.left.get() - nodes);
                Ok(())
            }
            None => Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "The statement is too complex: its operands of BETWEEN, IN, constructors and lambdas, nested in one another, come to more than {MOST} expressions."
                ),
            )),
        }
    }
}

/// How many expressions it is made of; `None` if more than `most`.
fn nodes(expression: &Expr, most: usize) -> Option<usize> {
    let mut count = 0;
    let mut waiting = vec![expression];
    while let Some(next) = waiting.pop() {
        count += 1;
        if count > most {
            return None;
        }
        match next {
            Expr::BinaryExpr(binary) => {
                waiting.extend([binary.left.as_ref(), binary.right.as_ref()]);
            }
            Expr::Not(operand) | Expr::IsNull(operand) | Expr::IsNotNull(operand) => {
                waiting.push(operand);
            }
            Expr::Case(case) => {
                for (when, then) in &case.when_then_expr {
                    waiting.extend([when.as_ref(), then.as_ref()]);
                }
                waiting.extend(case.else_expr.as_deref());
            }
            Expr::ScalarFunction(call) => waiting.extend(&call.args),
            Expr::HigherOrderFunction(call) => waiting.extend(&call.args),
            Expr::Lambda(lambda) => waiting.push(&lambda.body),
            _ => {}
        }
    }
    Some(count)
}
