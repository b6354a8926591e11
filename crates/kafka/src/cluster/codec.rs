//! The four compressions of a record batch.
//!
//! **Invariant:** what a few bytes blow up to is bounded ([`LARGEST`]) before it is allocated.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// The largest batch after decompression; brokers take batches of 1 MB by default.
pub(super) const LARGEST: usize = 128 * 1024 * 1024;

/// What can be wrong with compressed bytes, as text.
pub(super) type Result<T> = std::result::Result<T, String>;

impl Compression {
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// As in `compression.type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The three bits in a batch's attributes.
    pub(super) fn code(self) -> i16 {
        self as i16
    }

    pub(super) fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub(super) fn decompress(self, packed: &Bytes) -> Result<Bytes> {
        let unpacked = match self {
            Self::None => return Ok(packed.clone()),
            Self::Gzip => gunzip(packed)?,
            Self::Snappy => unsnappy(packed)?,
            Self::Lz4 => read_all(
                lz4_flex::frame::FrameDecoder::new(&packed[..]),
                packed.len(),
            )?,
            Self::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(&packed[..]);
                read_all(decoder.map_err(|error| error.to_string())?, packed.len())?
            }
        };
        Ok(Bytes::from(unpacked))
    }

    pub(super) fn compress(self, plain: &[u8]) -> Result<Vec<u8>> {
        let packed = match self {
            Self::None => Ok(plain.to_vec()),
            Self::Gzip => {
                let out = Vec::with_capacity(plain.len() / 4);
                let mut encoder =
                    flate2::write::GzEncoder::new(out, flate2::Compression::default());
                encoder.write_all(plain).and_then(|()| encoder.finish())
            }
            Self::Snappy => return snappy(plain),
            Self::Lz4 => {
                // Kafka reads frames of independent blocks only; that is the default here.
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder
                    .write_all(plain)
                    .and_then(|()| encoder.finish().map_err(Into::into))
            }
            Self::Zstd => zstd::bulk::compress(plain, zstd::DEFAULT_COMPRESSION_LEVEL),
        };
        packed.map_err(|error| format!("{}: {error}", self.name()))
    }
}

fn read_all(decoder: impl Read, packed: usize) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(packed.saturating_mul(4).min(LARGEST));
    let mut decoder = decoder.take(LARGEST as u64 + 1);
    decoder
        .read_to_end(&mut out)
        .map_err(|error| error.to_string())?;
    if out.len() > LARGEST {
        return Err(too_large());
    }
    Ok(out)
}

fn too_large() -> String {
    format!("a batch of more than {LARGEST} bytes after decompression")
}

/// Inflates straight into one buffer of the size that the trailer names. The checksum of the trailer is not computed again: the
/// batch's own covers the same bytes.
fn gunzip(packed: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = packed;
    while !rest.is_empty() {
        rest = gunzip_member(rest, &mut out)?;
    }
    Ok(out)
}

/// One member of a gzip stream; what follows it.
fn gunzip_member<'a>(packed: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8]> {
    let body = gzip_header(packed).ok_or("not a gzip header")?;
    let before = out.len();
    // Deflate cannot do better than 1032 to 1: a trailer that promises more lies.
    let promised = body
        .last_chunk::<4>()
        .map_or(0, |size| u32::from_le_bytes(*size) as usize);
    out.reserve(promised.min(body.len().saturating_mul(1032)).min(LARGEST) + 8);
    let mut inflate = Decompress::new(false);
    loop {
        let input = &body[inflate.total_in() as usize..];
        let (taken, given) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress_vec(input, out, FlushDecompress::None);
        match status.map_err(|error| error.to_string())? {
            _ if out.len() > LARGEST => return Err(too_large()),
            Status::StreamEnd => break,
            _ if out.len() == out.capacity() => out.reserve(out.len().max(4096)),
            _ if (inflate.total_in(), inflate.total_out()) == (taken, given) => {
                return Err("a gzip stream that is cut short".into());
            }
            _ => {}
        }
    }
    let trailer = &body[inflate.total_in() as usize..];
    let (trailer, rest) = trailer
        .split_at_checked(8)
        .ok_or("a gzip stream without its trailer")?;
    let size = u32::from_le_bytes([trailer[4], trailer[5], trailer[6], trailer[7]]);
    if (out.len() - before) as u32 != size {
        return Err("a gzip stream whose length is not what it says".into());
    }
    Ok(rest)
}

/// What follows the header of RFC 1952.
fn gzip_header(packed: &[u8]) -> Option<&[u8]> {
    let (fixed, mut rest) = packed.split_at_checked(10)?;
    let [0x1f, 0x8b, 8, flags, ..] = *fixed else {
        return None;
    };
    if flags & 4 != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(u16::from_le_bytes(*length) as usize..)?;
    }
    // A name and a comment, each up to a zero.
    for flag in [8, 16] {
        if flags & flag != 0 {
            rest = rest.get(memchr::memchr(0, rest)? + 1..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

/// The stream header of snappy-java, which Kafka's Java client writes and reads.
const XERIAL: &[u8; 8] = b"\x82SNAPPY\0";

/// Snappy-java's blocks.
const XERIAL_BLOCK: usize = 32 * 1024;

fn snappy(plain: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = snap::raw::Encoder::new();
    let mut out = Vec::with_capacity(16 + plain.len() / 2);
    out.extend_from_slice(XERIAL);
    out.extend_from_slice(&1_u32.to_be_bytes());
    out.extend_from_slice(&1_u32.to_be_bytes());
    for block in plain.chunks(XERIAL_BLOCK) {
        let packed = encoder
            .compress_vec(block)
            .map_err(|error| error.to_string())?;
        out.extend_from_slice(&(packed.len() as u32).to_be_bytes());
        out.extend_from_slice(&packed);
    }
    Ok(out)
}

/// Snappy-java's stream, or one raw block, which other clients write.
fn unsnappy(packed: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut decoder = snap::raw::Decoder::new();
    if !packed.starts_with(XERIAL) {
        unsnappy_block(&mut decoder, packed, &mut out)?;
        return Ok(out);
    }
    let mut rest = packed
        .get(16..)
        .ok_or("a snappy stream without its header")?;
    while !rest.is_empty() {
        let (length, after) = rest
            .split_first_chunk::<4>()
            .ok_or("a snappy stream that is cut short")?;
        let length = u32::from_be_bytes(*length) as usize;
        let (block, after) = after
            .split_at_checked(length)
            .ok_or("a snappy stream that is cut short")?;
        unsnappy_block(&mut decoder, block, &mut out)?;
        rest = after;
    }
    Ok(out)
}

fn unsnappy_block(decoder: &mut snap::raw::Decoder, block: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let length = snap::raw::decompress_len(block).map_err(|error| error.to_string())?;
    let start = out.len();
    if start + length > LARGEST {
        return Err(too_large());
    }
    out.resize(start + length, 0);
    let written = decoder.decompress(block, &mut out[start..]);
    out.truncate(start + written.map_err(|error| error.to_string())?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(kind: Compression, plain: &[u8]) {
        let packed = Bytes::from(kind.compress(plain).expect("packed"));
        assert_eq!(
            kind.decompress(&packed).expect("unpacked"),
            plain,
            "{}",
            kind.name()
        );
    }

    #[test]
    fn each_gives_back_what_it_took() {
        for kind in Compression::ALL {
            check(kind, b"x");
            check(kind, &b"the same again, ".repeat(20_000));
        }
    }

    #[test]
    fn a_gzip_stream_of_several_members_with_names_is_read() {
        let mut packed = Vec::new();
        for part in ["one ", "two"] {
            let mut encoder = flate2::GzBuilder::new()
                .filename("name")
                .comment("comment")
                .extra(vec![1, 2, 3])
                .write(Vec::new(), flate2::Compression::fast());
            encoder.write_all(part.as_bytes()).expect("packed");
            packed.extend(encoder.finish().expect("packed"));
        }
        let unpacked = Compression::Gzip
            .decompress(&packed.into())
            .expect("unpacked");
        assert_eq!(unpacked, "one two");
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = vec![0; LARGEST + 1];
        for kind in [
            Compression::Gzip,
            Compression::Zstd,
            Compression::Lz4,
            Compression::Snappy,
        ] {
            let packed = Bytes::from(kind.compress(&bomb).expect("packed"));
            assert!(kind.decompress(&packed).is_err(), "{}", kind.name());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_survive(plain in proptest::collection::vec(any::<u8>(), 0..5_000)) {
            for kind in Compression::ALL {
                check(kind, &plain);
            }
        }

        #[test]
        fn foreign_bytes_are_an_error_or_bytes(mut packed in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..200) {
            for kind in Compression::ALL {
                let _ = kind.decompress(&Bytes::from(packed.clone()));
                let mut real = kind.compress(&b"abcabcabc".repeat(30)).expect("packed");
                real.truncate(real.len().saturating_sub(cut));
                let _ = kind.decompress(&real.into());
            }
            packed.splice(0..0, [0x1f, 0x8b, 8, 0]);
            let _ = Compression::Gzip.decompress(&packed.into());
        }
    }
}
