//! Recorded events of a test: one record a line, packed with gzip or not.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek},
    path::Path,
};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

/// What a packed file begins with (RFC 1952); no line of text does.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// No record is longer.
const LONGEST_LINE: usize = 64 << 20;

/// All events of a test are in memory at once.
const LARGEST: usize = 1 << 30;

/// The lines that are not empty, without their ends.
pub fn read(path: &Path) -> Result<Vec<Bytes>, String> {
    let cannot = |error: std::io::Error| format!("cannot read `{}`: {error}", path.display());
    let mut file = File::open(path).map_err(cannot)?;
    let mut begins = Vec::new();
    file.by_ref()
        .take(2)
        .read_to_end(&mut begins)
        .map_err(cannot)?;
    file.rewind().map_err(cannot)?;
    let mut reader: Box<dyn BufRead> = match begins == GZIP {
        true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        false => Box::new(BufReader::new(file)),
    };
    let (mut lines, mut size, mut line) = (Vec::new(), 0, Vec::new());
    for number in 1.. {
        line.clear();
        let most = LONGEST_LINE as u64 + 2;
        let read = reader.by_ref().take(most).read_until(b'\n', &mut line);
        if read.map_err(cannot)? == 0 {
            break;
        }
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        size += line.len();
        let too_large = match (line.len() > LONGEST_LINE, size > LARGEST) {
            (true, _) => format!("line {number} is longer than {} MiB", LONGEST_LINE >> 20),
            (_, true) => format!("it holds more than {} MiB of events", LARGEST >> 20),
            _ => String::new(),
        };
        if !too_large.is_empty() {
            return Err(format!("cannot read `{}`: {too_large}", path.display()));
        }
        if !line.is_empty() {
            lines.push(Bytes::copy_from_slice(&line));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::read;

    #[test]
    fn lines_are_read_packed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let text = b"{\"a\":1}\r\n\n{\"a\":2}\nlast";
        let plain = folder.path().join("plain");
        std::fs::write(&plain, text).unwrap();
        let packed = folder.path().join("packed.gz");
        let file = std::fs::File::create(&packed).unwrap();
        let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap();
        for path in [plain, packed] {
            assert_eq!(read(&path).unwrap(), ["{\"a\":1}", "{\"a\":2}", "last"]);
        }
        let missing = read(&folder.path().join("none")).unwrap_err();
        assert!(missing.contains("none`: No such file"), "{missing}");
    }
}
