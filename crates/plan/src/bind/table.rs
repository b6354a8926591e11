//! Table functions: calls in the select list that make rows.
//!
//! Each call becomes a column of its own, which the step before the projection fills; the expression around it goes on
//! from that column.

use std::cell::{Cell, RefCell};

use datafusion_common::Column as ColumnReference;
use datafusion_expr::Expr;
use weir_functions::TableFunction;
use weir_sql::{Expression, Ident};

use super::{Scope, Typed, coerce, expression};
use crate::{Error, ErrorKind, TableCall};

/// The calls of a select list so far, and where in it we are.
#[derive(Debug, Default)]
pub struct TableCalls {
    calls: RefCell<Vec<Known>>,
    /// The table function in whose arguments we are.
    within: RefCell<Option<String>>,
    /// The CASE in which we are, as an error shows it.
    case: RefCell<Option<String>>,
    /// Whether rows are brought together again by GROUP BY.
    is_grouped: Cell<bool>,
}

/// A call as it was written, and what became of it.
#[derive(Debug)]
struct Known {
    arguments: Vec<Expression>,
    call: TableCall,
}

impl TableCalls {
    /// No call may stand in the select list of an aggregation.
    pub fn refuse_in_aggregation(&self) {
        self.is_grouped.set(true);
    }

    pub fn into_calls(self) -> Vec<TableCall> {
        let calls = self.calls.into_inner().into_iter();
        calls.map(|known| known.call).collect()
    }

    /// Binds what stands in a CASE: branches are lazy, rows are not.
    pub fn in_case<T>(&self, shown: impl FnOnce() -> String, bind: impl FnOnce() -> T) -> T {
        let outer = self.case.replace(Some(shown()));
        let bound = bind();
        self.case.replace(outer);
        bound
    }

    fn within<T>(&self, name: &str, bind: impl FnOnce() -> T) -> T {
        self.within.replace(Some(name.to_owned()));
        let bound = bind();
        self.within.replace(None);
        bound
    }

    fn check(&self, name: &str) -> Result<(), Error> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Invalid, message));
        if let Some(outer) = &*self.within.borrow() {
            return refuse(format!(
                "Table functions cannot be nested: `{outer}`(`{name}`())"
            ));
        }
        if self.is_grouped.get() {
            return refuse("Table functions cannot be used with aggregations.".to_owned());
        }
        if let Some(case) = &*self.case.borrow() {
            return refuse(format!("Table functions cannot be used in CASE: {case}"));
        }
        Ok(())
    }

    /// The column of a call that was there before: a constructor binds its members twice.
    fn known(&self, name: &str, arguments: &[Expression]) -> Option<Typed> {
        let calls = self.calls.borrow();
        let mut same = calls.iter().filter(|known| {
            known.call.function.manual().name == name && known.arguments == arguments
        });
        same.next().map(|known| column(&known.call))
    }
}

pub fn call(
    name: &Ident,
    function: &std::sync::Arc<TableFunction>,
    arguments: &[Expression],
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Typed, Error> {
    let shown = function.manual().name;
    let tables = &scope.tables;
    tables.check(shown).map_err(|error| error.at(name.span))?;
    if let Some(known) = tables.known(shown, arguments) {
        return Ok(known);
    }
    let bound = tables.within(shown, || {
        let arguments = arguments.iter();
        arguments
            .map(|argument| expression(argument, scope, clause))
            .collect::<Result<Vec<_>, _>>()
    })?;
    let types: Vec<_> = bound.iter().map(|typed| typed.sql_type.clone()).collect();
    let resolved = function
        .resolve(&types)
        .map_err(|error| Error::new(ErrorKind::Type, error.message).at(name.span))?;
    let cast = bound
        .into_iter()
        .zip(&resolved.arguments)
        .map(|(typed, wanted)| coerce(typed, wanted));
    let number = tables.calls.borrow().len();
    let call = TableCall {
        name: scope.make(format!("KSQL_SYNTH_{number}")),
        sql_type: resolved.returns,
        function: function.clone(),
        arguments: cast.collect(),
    };
    let typed = column(&call);
    tables.calls.borrow_mut().push(Known {
        arguments: arguments.to_vec(),
        call,
    });
    Ok(typed)
}

fn column(call: &TableCall) -> Typed {
    let reference = ColumnReference::from_name(call.name.clone());
    Typed::new(Expr::Column(reference), call.sql_type.clone())
}
