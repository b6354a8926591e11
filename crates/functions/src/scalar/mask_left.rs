//! MASK_LEFT: a text with the first so many characters masked, as MASK does it. A negative number gives NULL.

use super::masking::{Masked, builtin, mask};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "MASK_LEFT",
        "Masks a part of a text.",
        "The first characters are masked: letters become `X` and `x`, digits `n`, and all else `-`.",
        "The first characters become the masks that are given for their kinds; a NULL mask keeps that kind.",
        |call| mask(call, 2, |count, _| Masked::First(count)),
    )
}

#[cfg(test)]
mod tests {
    use super::super::masking::testing::{check, check_masks};

    #[test]
    fn the_first_are_masked() {
        let check = |count, expected: Option<&str>| check("MASK_LEFT", "Ab1-é", count, expected);
        check(0, Some("Ab1-é"));
        check(3, Some("Xxn-é"));
        check(99, Some("Xxn-x"));
        check(i32::MAX, Some("Xxn-x"));
        check(-1, None);
        check(i32::MIN, None);
    }

    #[test]
    fn masks_may_be_given() {
        check_masks("MASK_LEFT", "Ab1-", 2, "Ul1-");
    }
}
