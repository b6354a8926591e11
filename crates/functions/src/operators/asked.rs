//! What a predicate asks of one value, for whoever answers that in another way than row by row: an index over the literals of
//! many predicates.

use datafusion_common::ScalarValue;
use datafusion_expr::{Expr, ScalarUDF};

use super::{
    comparison::{self, ComparisonOperator},
    in_list,
    like::{self, Like, Place, Written},
    logic,
};
use crate::column;

/// A predicate over one value, taken apart. All of them are FALSE for NULL, but for IS NULL, and NOT LIKE.
#[derive(Debug)]
pub enum Asked<'a> {
    /// Like one of these patterns, as they are written and compiled, or, if the LIKE is negated, like none.
    Like {
        value: &'a Expr,
        patterns: Vec<Written<'a>>,
        how: Like,
    },
    /// Has this text in that place: CONTAINS, STARTS_WITH, ENDS_WITH and their kin without case.
    Text {
        value: &'a Expr,
        text: &'a str,
        place: Place,
        ignores_case: bool,
    },
    /// Equal to one of these, which are of its type, or, if negated, to none of them and there.
    Equal {
        value: &'a Expr,
        literals: &'a [ScalarValue],
        is_negated: bool,
    },
    IsNull {
        value: &'a Expr,
        is_negated: bool,
    },
    /// This is TRUE: neither FALSE nor NULL.
    Truth(&'a Expr),
}

/// `None` if the predicate asks for anything else.
pub fn asked(predicate: &Expr) -> Option<Asked<'_>> {
    let Expr::ScalarFunction(call) = predicate else {
        return None;
    };
    let (udf, arguments) = (&*call.func, &call.args[..]);
    if let Some((value, patterns, how)) = like::of_literals(udf, arguments) {
        return Some(Asked::Like {
            value,
            patterns,
            how,
        });
    }
    if let Some((value, literals)) = in_list::literals(udf, arguments) {
        return Some(Asked::Equal {
            value,
            literals,
            is_negated: false,
        });
    }
    match (arguments, comparison::operator(udf)) {
        ([one, other], Some(operator)) => return equal(one, other, operator),
        ([one, other], None) => return text(udf, one, other),
        _ => {}
    }
    let [value] = arguments else {
        return None;
    };
    if logic::is_truth(udf) {
        return Some(Asked::Truth(value));
    }
    let is_negated = logic::null_test(udf)?;
    Some(Asked::IsNull { value, is_negated })
}

/// The values of which COALESCE gives the first that is not NULL; `None` if `value` is no COALESCE.
pub fn first_of(value: &Expr) -> Option<&[Expr]> {
    let Expr::ScalarFunction(call) = value else {
        return None;
    };
    let is_coalesce = column::is_function(&call.func) && call.func.name() == "COALESCE";
    is_coalesce.then_some(&call.args)
}

fn equal<'a>(one: &'a Expr, other: &'a Expr, operator: ComparisonOperator) -> Option<Asked<'a>> {
    let is_negated = match operator {
        ComparisonOperator::Equal => false,
        ComparisonOperator::NotEqual => true,
        _ => return None,
    };
    let (value, literal) = match (one, other) {
        (value, Expr::Literal(literal, _)) | (Expr::Literal(literal, _), value) => (value, literal),
        _ => return None,
    };
    Some(Asked::Equal {
        value,
        literals: std::slice::from_ref(literal),
        is_negated,
    })
}

fn text<'a>(udf: &ScalarUDF, value: &'a Expr, part: &'a Expr) -> Option<Asked<'a>> {
    if !column::is_function(udf) {
        return None;
    }
    let (place, ignores_case) = match udf.name() {
        "CONTAINS" => (Place::Anywhere, false),
        "ICONTAINS" => (Place::Anywhere, true),
        "STARTS_WITH" => (Place::Start, false),
        "ISTARTS_WITH" => (Place::Start, true),
        "ENDS_WITH" => (Place::End, false),
        "IENDS_WITH" => (Place::End, true),
        _ => return None,
    };
    let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = part else {
        return None;
    };
    Some(Asked::Text {
        value,
        text,
        place,
        ignores_case,
    })
}

#[cfg(test)]
mod tests {
    use datafusion_expr::{col, lit};
    use weir_catalog::SqlType;

    use super::*;
    use crate::{
        Registry, Udf,
        operators::{self, LikePattern},
    };

    fn call(name: &str, value: Expr, part: Expr) -> Expr {
        let registry = Registry::builtin();
        let function = registry.get(name).unwrap();
        let types = [Some(SqlType::String), Some(SqlType::String)];
        let Udf::Scalar(udf) = function.resolve(&types).unwrap().udf else {
            panic!("{name} is no scalar function");
        };
        udf.call(vec![value, part])
    }

    #[test]
    fn functions_of_literal_text_are_known_by_their_names() {
        for (name, wanted) in [
            ("CONTAINS", (Place::Anywhere, false)),
            ("ICONTAINS", (Place::Anywhere, true)),
            ("STARTS_WITH", (Place::Start, false)),
            ("ISTARTS_WITH", (Place::Start, true)),
            ("ENDS_WITH", (Place::End, false)),
            ("IENDS_WITH", (Place::End, true)),
        ] {
            let predicate = call(name, col("a"), lit("x"));
            match asked(&predicate) {
                Some(Asked::Text {
                    value,
                    text: "x",
                    place,
                    ignores_case,
                }) => {
                    assert_eq!(*value, col("a"));
                    assert_eq!((place, ignores_case), wanted, "{name}");
                }
                other => panic!("{name}: {other:?}"),
            }
            assert!(asked(&call(name, col("a"), col("b"))).is_none(), "{name}");
        }
    }

    #[test]
    fn operators_are_taken_apart() {
        let equal = operators::compare(ComparisonOperator::Equal, lit("x"), col("a"));
        assert!(matches!(
            asked(&equal),
            Some(Asked::Equal { value, literals: [_], is_negated: false }) if *value == col("a")
        ));
        let less = operators::compare(ComparisonOperator::Less, col("a"), lit("x"));
        assert!(asked(&less).is_none());
        let how = Like {
            is_negated: true,
            ..Like::default()
        };
        let like = operators::like(col("a"), vec![lit("x%"), lit("%y%")], how).unwrap();
        match asked(&like) {
            Some(Asked::Like {
                value,
                patterns,
                how: found,
            }) => {
                assert_eq!((value, found), (&col("a"), how));
                let places: Vec<_> = patterns
                    .iter()
                    .map(|(_, one)| one.literal_in_place())
                    .collect();
                let wanted = [
                    (b"x".as_slice(), Place::Start),
                    (b"y".as_slice(), Place::Anywhere),
                ];
                assert_eq!(places, wanted.map(Some));
            }
            other => panic!("{other:?}"),
        }
        let of_column = operators::like(col("a"), vec![col("b")], how).unwrap();
        assert!(asked(&of_column).is_none());
        let is_there = operators::is_null(col("a"), true);
        assert!(matches!(
            asked(&is_there),
            Some(Asked::IsNull {
                is_negated: true,
                ..
            })
        ));
        assert!(matches!(
            asked(&operators::truth(col("a"))),
            Some(Asked::Truth(_))
        ));
    }

    #[test]
    fn a_pattern_is_one_literal_in_one_place_or_more() {
        let place = |pattern: &str| {
            let pattern = LikePattern::try_new(pattern, None, false).unwrap();
            let found = pattern.literal_in_place();
            found.map(|(literal, place)| (String::from_utf8(literal.to_vec()).unwrap(), place))
        };
        let some = |literal: &str, place| Some((literal.to_owned(), place));
        assert_eq!(place("abc"), some("abc", Place::Whole));
        assert_eq!(place(""), some("", Place::Whole));
        assert_eq!(place("abc%"), some("abc", Place::Start));
        assert_eq!(place("%abc"), some("abc", Place::End));
        assert_eq!(place("%%abc%%"), some("abc", Place::Anywhere));
        assert_eq!(place("%"), some("", Place::Anywhere));
        for more in ["a%b", "%a%b%", "a_", "_", "%a_b%", "%_"] {
            assert_eq!(place(more), None, "{more}");
        }
    }
}
