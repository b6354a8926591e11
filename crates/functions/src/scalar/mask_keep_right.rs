//! MASK_KEEP_RIGHT: a text with all but the last so many characters masked, as MASK does it. A negative number gives NULL.

use super::masking::{Masked, builtin, mask};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    builtin(
        "MASK_KEEP_RIGHT",
        "Masks a part of a text.",
        "All but the last characters are masked: letters become `X` and `x`, digits `n`, and all else `-`.",
        "All but the last characters become the masks that are given for their kinds; a NULL mask keeps that kind.",
        |call| {
            mask(call, 2, |count, length| {
                Masked::First(length.saturating_sub(count))
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::masking::testing::{check, check_masks};

    #[test]
    fn the_last_are_kept() {
        let check =
            |count, expected: Option<&str>| check("MASK_KEEP_RIGHT", "Ab1-É", count, expected);
        check(0, Some("Xxn-X"));
        check(3, Some("Xx1-É"));
        check(99, Some("Ab1-É"));
        check(i32::MAX, Some("Ab1-É"));
        check(-1, None);
        check(i32::MIN, None);
    }

    #[test]
    fn masks_may_be_given() {
        check_masks("MASK_KEEP_RIGHT", "Ab1-", 2, "Ul1-");
    }
}
