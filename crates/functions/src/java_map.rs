//! The order in which ksqlDB goes through the entries of a MAP: that of Java's `HashMap`, made for as many entries as there
//! are (Guava's `newHashMapWithExpectedSize`). It is nobody's promise, but what REDUCE gives depends on it.

use std::ops::Range;

use arrow::array::StringArray;

/// The places of `entries`, in that order.
pub fn order(keys: &StringArray, entries: Range<usize>) -> Vec<u32> {
    let buckets = buckets(entries.len());
    let mut places: Vec<(u32, u32)> = entries
        .map(|place| (bucket(keys.value(place), buckets), place as u32))
        .collect();
    // Within a bucket, as they came.
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

/// A power of two: three of four places are taken at most.
fn buckets(entries: usize) -> u32 {
    let capacity = match entries {
        0..3 => entries + 1,
        _ => (entries * 4).div_ceil(3),
    };
    u32::try_from(capacity).map_or(1 << 30, |capacity| {
        capacity.clamp(1, 1 << 30).next_power_of_two()
    })
}

fn bucket(key: &str, buckets: u32) -> u32 {
    let hash = key.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    });
    (hash ^ hash >> 16) & (buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_by_bucket() {
        let keys = StringArray::from(vec!["x", "yes, thanks", "nope", "sure, yeah"]);
        assert_eq!(order(&keys, 1..4), [1, 3, 2]);
        assert_eq!(order(&keys, 0..1), [0]);
        assert!(order(&keys, 2..2).is_empty());
        assert_eq!(
            [0, 1, 2, 3, 4, 12, 13].map(buckets),
            [1, 2, 4, 4, 8, 16, 32]
        );
    }
}
