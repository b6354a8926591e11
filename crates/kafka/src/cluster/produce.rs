//! One batch to the broker that leads its partition.

use bytes::{BufMut, Bytes, BytesMut};
use krafka::{
    __private::protocol::{
        ApiKey, InitProducerIdRequest, InitProducerIdResponse, ProduceResponse, VersionedEncode,
        versions,
    },
    error::{ErrorCode, KrafkaError},
};

use super::{
    batch::Producer,
    codec::Compression,
    config::Acks,
    link::{Lane, Leader, ask, version},
};
use crate::{Offset, PartitionId};

/// From here on topics are named by their ids; until here, by their names.
const HIGHEST: i16 = 12;
/// From here on texts and arrays have short lengths, and fields may follow.
const FLEXIBLE: i16 = 9;
/// The first that takes zstd (KIP-110).
const WITH_ZSTD: i16 = 7;

pub(super) struct Produce<'a> {
    pub topic: &'a str,
    pub partition: PartitionId,
    pub batch: &'a Bytes,
    pub acks: Acks,
    pub compression: Compression,
    pub timeout_ms: i32,
}

impl Produce<'_> {
    /// The offset of the batch's first record, once the broker has it.
    pub async fn send(&self, lane: &Lane, leader: &Leader) -> krafka::error::Result<Offset> {
        let connection = lane.connection(leader).await?;
        let low = match self.compression {
            Compression::Zstd => WITH_ZSTD,
            _ => versions::PRODUCE_MIN,
        };
        let version = version(&connection, ApiKey::Produce, low, HIGHEST)?;
        let body = |out: &mut BytesMut| {
            self.put(version, out);
            Ok(())
        };
        let response: ProduceResponse = ask(&connection, ApiKey::Produce, version, body).await?;
        connection.notify_throttle(response.throttle_time_ms);
        let answer = response
            .responses
            .into_iter()
            .find(|topic| topic.name == self.topic)
            .and_then(|topic| {
                topic
                    .partition_responses
                    .into_iter()
                    .find(|it| it.index == self.partition)
            });
        match answer {
            Some(answer) if answer.error_code.is_ok() => Ok(answer.base_offset),
            Some(answer) => Err(KrafkaError::broker(answer.error_code, "")),
            None => Err(KrafkaError::broker(
                ErrorCode::UnknownServerError,
                "the answer says nothing of this partition",
            )),
        }
    }

    /// `transactional id, acks, timeout, [topic, [partition, records]]`
    fn put(&self, version: i16, out: &mut BytesMut) {
        out.reserve(self.batch.len() + self.topic.len() + 64);
        let acks: i16 = match self.acks {
            Acks::All => -1,
            Acks::Leader => 1,
        };
        if version >= FLEXIBLE {
            out.put_u8(0); // No transaction.
            out.put_i16(acks);
            out.put_i32(self.timeout_ms);
            out.put_u8(2); // One topic; a length is one more, for null is zero.
            put_length(out, self.topic.len());
            out.put_slice(self.topic.as_bytes());
            out.put_u8(2); // One partition.
            out.put_i32(self.partition);
            put_length(out, self.batch.len());
            out.put_slice(self.batch);
            out.put_slice(&[0, 0, 0]); // No more fields for the partition, the topic, the request.
        } else {
            out.put_i16(-1);
            out.put_i16(acks);
            out.put_i32(self.timeout_ms);
            out.put_i32(1);
            out.put_i16(self.topic.len() as i16);
            out.put_slice(self.topic.as_bytes());
            out.put_i32(1);
            out.put_i32(self.partition);
            out.put_i32(self.batch.len() as i32);
            out.put_slice(self.batch);
        }
    }
}

fn put_length(out: &mut BytesMut, length: usize) {
    let mut rest = length + 1;
    while rest > 0x7f {
        out.put_u8(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

/// A name for this writer by which brokers recognise a batch that comes twice (KIP-98).
pub(super) async fn new_producer(lane: &Lane, leader: &Leader) -> krafka::error::Result<Producer> {
    let connection = lane.connection(leader).await?;
    let key = ApiKey::InitProducerId;
    let version = version(
        &connection,
        key,
        versions::INIT_PRODUCER_ID_MIN,
        versions::INIT_PRODUCER_ID_MAX,
    )?;
    let request = InitProducerIdRequest::idempotent();
    let body = |out: &mut BytesMut| request.encode_versioned(version, out);
    let response: InitProducerIdResponse = ask(&connection, key, version, body).await?;
    match response.error_code {
        ErrorCode::None => Ok(Producer {
            id: response.producer_id,
            epoch: response.producer_epoch,
            sequence: 0,
        }),
        code => Err(KrafkaError::broker(code, "")),
    }
}
