//! `java.lang.Math` to the last bit, as programs on common machines print it, and the same on every machine.
//!
//! Java's virtual machine computes sine, cosine, tangent, exponent, logarithm and power with code of its own whose results
//! are nearly always those that are correctly rounded, so `pxfm` computes them here. For the other functions Java goes by
//! Sun's fdlibm: its arcs are in `libm`, the rest of its methods follow.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

pub use libm::{acos, asin, atan};
pub use pxfm::{f_cos as cos, f_exp as exp, f_log as ln, f_sin as sin, f_tan as tan};

/// From here on hyperbolic functions are half of `exp`, in 53 bits.
const ONE_SIDED: f64 = 22.0;
/// `ln(f64::MAX)`, as far as its upper half goes: `exp` of more overflows.
const EXP_LIMIT: f64 = f64::from_bits(0x4086_2E42_0000_0000);
/// The greatest value whose hyperbolic sine is finite.
const HYPERBOLIC_LIMIT: f64 = f64::from_bits(0x4086_33CE_8FB9_F87D);
/// What π is more than [`PI`].
const PI_REST: f64 = 1.224_646_799_147_353_2e-16;

/// Unlike C's, NaN for a base of 1 and an exponent that is NaN, and of ±1 and an infinite one.
pub fn pow(base: f64, exponent: f64) -> f64 {
    if exponent == 0.0 {
        return 1.0;
    }
    if base.is_nan() || exponent.is_nan() || base.abs() == 1.0 && exponent.is_infinite() {
        return f64::NAN;
    }
    if exponent == 2.0 {
        return base * base;
    }
    pxfm::f_pow(base, exponent)
}

pub fn sinh(value: f64) -> f64 {
    let (size, half) = (value.abs(), 0.5_f64.copysign(value));
    if !value.is_finite() || size < 2_f64.powi(-28) {
        return value;
    }
    if size < ONE_SIDED {
        let t = libm::expm1(size);
        return if size < 1.0 {
            half * (2.0 * t - t * t / (t + 1.0))
        } else {
            half * (t + t / (t + 1.0))
        };
    }
    half_exp(size, half)
}

pub fn cosh(value: f64) -> f64 {
    let size = value.abs();
    if !value.is_finite() {
        return size;
    }
    // Half of ln(2), as far as its upper half goes.
    if size < f64::from_bits(0x3FD6_2E43_0000_0000) {
        let t = libm::expm1(size);
        let w = 1.0 + t;
        return if size < 2_f64.powi(-55) {
            w
        } else {
            1.0 + (t * t) / (w + w)
        };
    }
    if size < ONE_SIDED {
        let t = libm::exp(size);
        return 0.5 * t + 0.5 / t;
    }
    half_exp(size, 0.5)
}

/// `half × exp(size)`, where that is finite though `exp(size)` may not be.
fn half_exp(size: f64, half: f64) -> f64 {
    if size < EXP_LIMIT {
        half * libm::exp(size)
    } else if size <= HYPERBOLIC_LIMIT {
        let root = libm::exp(0.5 * size);
        half * root * root
    } else {
        f64::INFINITY.copysign(half)
    }
}

pub fn tanh(value: f64) -> f64 {
    let size = value.abs();
    if value.is_nan() {
        return value;
    }
    if size < 2_f64.powi(-55) {
        return value * (1.0 + value);
    }
    let result = if size >= ONE_SIDED {
        1.0
    } else if size >= 1.0 {
        let t = libm::expm1(2.0 * size);
        1.0 - 2.0 / (t + 2.0)
    } else {
        let t = libm::expm1(-2.0 * size);
        -t / (t + 2.0)
    };
    result.copysign(value)
}

/// An estimate by a third of the exponent, a rational approximation to 23 bits, one step of Newton's.
pub fn cbrt(value: f64) -> f64 {
    if !value.is_finite() || value == 0.0 {
        return value;
    }
    let size = value.abs();
    let with_high = |of: f64, high: u64| f64::from_bits(of.to_bits() & 0xFFFF_FFFF | high << 32);
    let mut t = if size < f64::MIN_POSITIVE {
        let scaled = size * 2_f64.powi(54);
        with_high(scaled, (scaled.to_bits() >> 32) / 3 + 696_219_795)
    } else {
        with_high(0.0, (size.to_bits() >> 32) / 3 + 715_094_163)
    };
    let s = 19.0 / 35.0 + t * t / size * t;
    t *= 5.0 / 14.0 + 45.0 / 28.0 / (s + 99.0 / 70.0 + -864.0 / 1225.0 / s);
    // Cut to 20 bits, so that its square is exact, and a little too large.
    t = f64::from_bits(((t.to_bits() >> 32) + 1) << 32);
    let quotient = size / (t * t);
    let step = (quotient - t) / (t + t + quotient);
    (t + t * step).copysign(value)
}

pub fn atan2(y: f64, x: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let is_left = x.is_sign_negative();
    let size = match (y == 0.0, x == 0.0, y.is_infinite(), x.is_infinite()) {
        (true, ..) => return if is_left { PI.copysign(y) } else { y },
        (_, true, ..) | (_, _, true, false) => return FRAC_PI_2.copysign(y),
        (_, _, true, true) => {
            let angle = if is_left { 3.0 * FRAC_PI_4 } else { FRAC_PI_4 };
            return angle.copysign(y);
        }
        (_, _, false, true) => return if is_left { PI } else { 0.0 }.copysign(y),
        _ => first_quadrant(y, x),
    };
    match (is_left, y.is_sign_negative()) {
        (false, false) => size,
        (false, true) => -size,
        (true, false) => PI - (size - PI_REST),
        (true, true) => (size - PI_REST) - PI,
    }
}

/// The angle of `|y| / |x|`; a right one or none if they are more than 60 binary places apart.
fn first_quadrant(y: f64, x: f64) -> f64 {
    let high = |value: f64| (value.abs().to_bits() >> 32) as i32;
    let places = (high(y) - high(x)) >> 20;
    if places > 60 {
        FRAC_PI_2 + 0.5 * PI_REST
    } else if x < 0.0 && places < -60 {
        0.0
    } else {
        atan((y / x).abs())
    }
}
