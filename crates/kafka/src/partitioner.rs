//! Which partition a key goes to: murmur2 as Kafka's Java client has it.

use crate::PartitionId;

/// `murmur2(key) & 0x7fffffff`, modulo the number of partitions (`BuiltInPartitioner.partitionForKey` of kafka-clients).
pub fn partition_for_key(key: &[u8], partitions: i32) -> PartitionId {
    (murmur2(key) & 0x7fff_ffff) as i32 % partitions
}

/// The 32-bit murmur2 with the seed of `org.apache.kafka.common.utils.Utils.murmur2`.
pub fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let mut hash = SEED ^ data.len() as u32;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        k = k.wrapping_mul(M);
        k ^= k >> 24;
        k = k.wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        for (index, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}
