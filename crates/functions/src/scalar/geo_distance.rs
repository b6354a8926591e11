//! GEO_DISTANCE: how far two places on Earth are from each other, along a great circle.
//!
//! By the haversine formula on a sphere of 6,371 km or 3,959 miles. A NULL or blank unit means kilometres; a place that there
//! is not, or a unit, is NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::{java_math, numbers::doubles};
use crate::{
    kernel::Call,
    operators::cast::trim,
    overload::{Builtin, Parameter, Variant},
};

const RADIUS_IN_KILOMETRES: f64 = 6371.0;
const RADIUS_IN_MILES: f64 = 3959.0;
const KILOMETRES: [&str; 5] = ["km", "kilometer", "kilometers", "kilometre", "kilometres"];
const MILES: [&str; 3] = ["mi", "mile", "miles"];

pub fn function() -> Builtin {
    let degrees = Parameter::Is(SqlType::Double);
    let parameters = [
        ("lat1", degrees.clone()),
        ("lon1", degrees.clone()),
        ("lat2", degrees.clone()),
        ("lon2", degrees),
        ("unit", Parameter::STRING),
    ];
    let variant = |count: usize, description| {
        Variant::new(
            &parameters[..count],
            description,
            |_| SqlType::Double,
            distances,
        )
    };
    Builtin::new(
        "GEO_DISTANCE",
        "MATHEMATICAL",
        "Returns the distance of two places on Earth, given by latitude and longitude in degrees.",
        vec![
            variant(4, "The distance in kilometres."),
            variant(
                5,
                "The distance in `KM` or `MI`; in kilometres if the unit is NULL or blank.",
            ),
        ],
    )
    .takes_null()
}

fn distances(call: &Call) -> Result<ArrayRef> {
    let places = call.arguments.get(..4).unwrap_or(&call.arguments);
    let angles = places.iter().map(doubles).collect::<Result<Vec<_>>>()?;
    let unit = call.arguments.get(4);
    let units = unit.map(|unit| unit.strings()).transpose()?;
    // One unit for all rows is nearly always there.
    let common = match (unit, units) {
        (Some(unit), Some(units)) if unit.is_constant() => Some(radius(units.get(0))),
        (None, _) => Some(Some(RADIUS_IN_KILOMETRES)),
        _ => None,
    };
    let distances = (0..call.rows).map(|row| {
        let mut degrees = [0.0; 4];
        for (degrees, (place, angles)) in degrees.iter_mut().zip(places.iter().zip(&angles)) {
            if place.is_null(row) {
                return None;
            }
            *degrees = angles.value(place.index(row));
        }
        let radius = match (common, units) {
            (Some(radius), _) => radius?,
            (None, Some(units)) => radius(units.get(row))?,
            (None, None) => return None,
        };
        Some(angle_between(degrees)? * radius)
    });
    Ok(Arc::new(distances.collect::<Float64Array>()))
}

fn radius(unit: Option<&str>) -> Option<f64> {
    let unit = trim(unit.unwrap_or_default());
    let is_one_of = |names: &[&str]| names.iter().any(|name| unit.eq_ignore_ascii_case(name));
    if unit.is_empty() || is_one_of(&KILOMETRES) {
        Some(RADIUS_IN_KILOMETRES)
    } else if is_one_of(&MILES) {
        Some(RADIUS_IN_MILES)
    } else {
        None
    }
}

/// In radians; `None` where latitude or longitude are none.
fn angle_between([lat1, lon1, lat2, lon2]: [f64; 4]) -> Option<f64> {
    // What is not a number is not out of range.
    if lat1.abs() > 90.0 || lat2.abs() > 90.0 || lon1.abs() > 180.0 || lon2.abs() > 180.0 {
        return None;
    }
    let haversine = |degrees: f64| {
        let sine = java_math::sin(degrees.to_radians() / 2.0);
        sine * sine
    };
    let cosine = |degrees: f64| java_math::cos(degrees.to_radians());
    let share = haversine(lat2 - lat1) + haversine(lon2 - lon1) * cosine(lat1) * cosine(lat2);
    Some(2.0 * java_math::asin(share.sqrt()))
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, decimal, no_text, text};

    const HELSINKI: [f64; 2] = [60.1699, 24.9384];
    const CAPE_TOWN: [f64; 2] = [-33.9249, 18.4241];

    fn check(from: [f64; 2], to: [f64; 2], unit: Option<ScalarValue>, expected: Option<f64>) {
        let numbers = [from, to].concat().into_iter().map(ScalarValue::from);
        let arguments: Vec<ScalarValue> = numbers.chain(unit).collect();
        call("GEO_DISTANCE", &arguments, expected);
    }

    #[test]
    fn in_the_unit_that_is_asked_for() {
        let kilometres = Some(10479.887594739293);
        check(HELSINKI, CAPE_TOWN, None, kilometres);
        for unit in [
            "KM",
            "km",
            " Kilometers ",
            "kilometre",
            "KILOMETRES",
            "kilometer",
            "",
            "  ",
        ] {
            check(HELSINKI, CAPE_TOWN, Some(text(unit)), kilometres);
        }
        check(HELSINKI, CAPE_TOWN, Some(no_text()), kilometres);
        for unit in ["MI", "mile", "Miles\t"] {
            check(
                HELSINKI,
                CAPE_TOWN,
                Some(text(unit)),
                Some(6512.301834495819),
            );
        }
        for unit in ["m", "knots", "kms", "\u{a0}km"] {
            check(HELSINKI, CAPE_TOWN, Some(text(unit)), None);
        }
    }

    #[test]
    fn near_and_far() {
        let near = [47.3769, 8.5417];
        check(near, [47.3770, 8.5421], None, Some(0.03210625542335506));
        check([0.0, 0.0], [0.0, 180.0], None, Some(20015.086796020572));
        check(
            [90.0, 180.0],
            [-90.0, -180.0],
            None,
            Some(20015.086796020572),
        );
        check(CAPE_TOWN, CAPE_TOWN, None, Some(0.0));
        check([f64::NAN, 0.0], CAPE_TOWN, None, Some(f64::NAN));
    }

    #[test]
    fn what_is_no_place_has_no_distance() {
        for place in [[90.1, 0.0], [-90.1, 0.0], [0.0, 180.1], [0.0, -180.1]] {
            check(place, CAPE_TOWN, None, None);
            check(CAPE_TOWN, place, Some(text("mi")), None);
        }
        for index in 0..4 {
            let mut arguments: Vec<ScalarValue> = vec![1.0.into(); 4];
            arguments[index] = None::<f64>.into();
            call("GEO_DISTANCE", &arguments, None::<f64>);
            arguments.push(text("km"));
            call("GEO_DISTANCE", &arguments, None::<f64>);
        }
    }

    #[test]
    fn other_numbers_widen() {
        let arguments = [0.into(), 0_i64.into(), decimal(0, 2, 1), 180.into()];
        call("GEO_DISTANCE", &arguments, 20015.086796020572);
    }
}
