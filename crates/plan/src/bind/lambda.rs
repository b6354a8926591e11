//! Lambdas: their parameters are names in their bodies, beside the columns of the source.

use datafusion_expr::Expr;
use weir_catalog::SqlType;
use weir_functions::lambda;
use weir_sql::{Expression, Ident, Span};

use super::{Scope, Typed, coerce, expression, list};
use crate::{Error, ErrorKind};

/// How many lambdas may stand in one another: each one multiplies what those in it have to do.
const DEEPEST: usize = 8;

/// `(a, b) => body`, while the types of its parameters are not known yet.
pub struct Lambda<'a> {
    pub parameters: &'a [Ident],
    body: &'a Expression,
}

impl<'a> Lambda<'a> {
    /// Refuses names that mean something else already.
    pub fn try_new(
        parameters: &'a [Ident],
        body: &'a Expression,
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<Self, Error> {
        let refuse =
            |message: String, span: Span| Err(Error::new(ErrorKind::Invalid, message).at(span));
        if !scope.has_lambdas() {
            return refuse("Lambdas are not enabled at this time.".to_owned(), span)
                .map_err(|error: Error| error.hint("set ksql.lambdas.enabled to true"));
        }
        if scope.depth() >= DEEPEST {
            return refuse(
                format!("Lambdas may stand in one another {DEEPEST} deep."),
                span,
            );
        }
        for (index, parameter) in parameters.iter().enumerate() {
            let name = &parameter.value;
            if parameters[..index]
                .iter()
                .any(|before| before.value == *name)
            {
                let names: Vec<&str> = parameters.iter().map(|name| name.value.as_str()).collect();
                let names = names.join(", ");
                return refuse(
                    format!("Lambda arguments have duplicates: [{names}]"),
                    parameter.span,
                );
            }
            if scope.is_column(name) {
                return refuse(
                    format!("Lambda function argument can't be a column name: {name}"),
                    parameter.span,
                );
            }
            if scope.variable(name).is_some() {
                return refuse(
                    format!("Reusing lambda arguments in nested lambda is not allowed: {name}"),
                    parameter.span,
                );
            }
        }
        Ok(Self { parameters, body })
    }

    /// The lambda over parameters of these types; `output` is what its body must give, if that is known.
    pub fn bind(
        &self,
        inputs: &[SqlType],
        output: Option<SqlType>,
        scope: &Scope<'_>,
        clause: &'static str,
    ) -> Result<Typed, Error> {
        let names = self.parameters.iter().map(|name| name.value.clone());
        let names: Vec<String> = names.collect();
        let variables = names.iter().cloned().zip(inputs.iter().cloned());
        let body =
            scope.with_variables(variables.collect(), || expression(self.body, scope, clause))?;
        let gives = match body.sql_type.clone().or(output) {
            Some(gives) => gives,
            None => return Err(list::untyped_null(self.body)),
        };
        let body = coerce(body, &gives);
        let mut copy = |part: &Expr| scope.copies.spend(part).map(|()| part.clone());
        let body = lambda::with_failures(body, &mut copy)?;
        Ok(Typed::new(lambda::lambda(names, body), gives))
    }
}
