//! MASK_RIGHT: a text with the last so many characters masked, as MASK does it. A negative number gives NULL.

use super::masking::{Masked, builtin, mask};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "MASK_RIGHT",
        "Masks a part of a text.",
        "The last characters are masked: letters become `X` and `x`, digits `n`, and all else `-`.",
        "The last characters become the masks that are given for their kinds; a NULL mask keeps that kind.",
        |call| {
            mask(call, 2, |count, length| {
                Masked::After(length.saturating_sub(count))
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::masking::testing::{check, check_masks};

    #[test]
    fn the_last_are_masked() {
        let check = |count, expected: Option<&str>| check("MASK_RIGHT", "Ab1-É", count, expected);
        check(0, Some("Ab1-É"));
        check(3, Some("Abn-X"));
        check(99, Some("Xxn-X"));
        check(i32::MAX, Some("Xxn-X"));
        check(-1, None);
        check(i32::MIN, None);
    }

    #[test]
    fn masks_may_be_given() {
        check_masks("MASK_RIGHT", "Ab1-", 2, "Ab1*");
    }
}
