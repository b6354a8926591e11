//! What the fuzz targets ask of the decoders, asked of records that were changed at random: a second of it with every run of
//! the tests, or as many as `WEIR_MUTATIONS_SECONDS` says.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::{Duration, Instant};

#[path = "../fuzz/src/lib.rs"]
mod checks;

/// xorshift: the same records each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn mutate(&mut self, record: &mut Vec<u8>, words: &[&[u8]], others: &[&[u8]]) {
        let at = self.below(record.len() + 1);
        let end = at + self.below((record.len() - at).min(12) + 1);
        match self.below(7) {
            0 => _ = record.drain(at..end),
            1 => _ = record.splice(at..at, words[self.below(words.len())].iter().copied()),
            2 => _ = record.splice(at..end, words[self.below(words.len())].iter().copied()),
            3 if at < record.len() => record[at] = self.next() as u8,
            4 => {
                let piece = record[at..end].to_vec();
                let to = self.below(record.len() + 1);
                record.splice(to..to, piece);
            }
            5 => {
                let other = others[self.below(others.len())];
                let from = self.below(other.len() + 1);
                record.truncate(at);
                record.extend_from_slice(&other[from..]);
            }
            _ => record.insert(at, b" \t\n\r,\"{}[]:0-.eE\\"[self.below(17)]),
        }
    }
}

fn run(check: fn(&[u8]), seeds: &[&[u8]], words: &[&[u8]], choices: usize) {
    let seconds = std::env::var("WEIR_MUTATIONS_SECONDS").ok();
    let seconds = seconds.map_or(1, |seconds| seconds.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut runs = 0_u64;
    while Instant::now() < end {
        let mut record = seeds[random.below(seeds.len())].to_vec();
        for _ in 0..random.below(6) {
            random.mutate(&mut record, words, seeds);
        }
        record.insert(0, random.below(choices) as u8);
        let shown = record.clone();
        let checked = std::panic::catch_unwind(|| check(&record));
        assert!(checked.is_ok(), "of {}", shown.escape_ascii());
        runs += 1;
    }
    println!("{runs} records");
}

const NUMBERS: &[&[u8]] = &[
    b"1.50",
    b"-0",
    b"1e2",
    b"1E+400",
    b"0.0000001",
    b"9223372036854775808",
    b"NaN",
    b"-Infinity",
    b"IQ==",
    b"86400000",
    b"1e-2147483649",
    b"true",
];

#[test]
fn json() {
    let seeds: &[&[u8]] = &[
        br#"{"O":true,"I":1,"L":"2","F":1.5e3,"M":1.50,"N":"1e-3","S":[1,{"a":null}],"B":"IQ==","T":1,"D":2,"P":3}"#,
        "{\"r\":{\"I\":1,\"i\":\"x\",\"é\":1.5,\"A\":[{\"k\":1,\"k\":2}],\"E\":{}},\"a\":[\"x\",1,null],\"q\":[{\"I\":1},null],\"M\":{\"k\":\"NaN\"},\"N\":{\"k\":[\"IQ==\"]},\"s\":\"\\u00e9\",\"S\":{\"b\":1e2}}".as_bytes(),
        br#"{"s":1,"S":2,"s":{"x":[1e2]}}"#,
        b"null",
        b"\"x\"",
        b"[1]",
        b"{\"i\":\"1\",\"I\":null,\"I\":2}\xff\xfe\xff{}",
    ];
    let words: &[&[u8]] = &[
        b"\"A\":",
        b"\"a\":",
        b"\"i\":",
        b"\"S\":",
        b"\"s\":",
        b"\"M\":{\"k\":",
        b"\"Q\":[{",
        b"null",
        b"\\u0000",
        b"\\ud83d\\ude00",
        b"\\ud800",
        b"\\\"",
        b"\xff",
        b"\xfe",
        b"\xef\xbb\xbf",
        "É".as_bytes(),
    ];
    run(checks::json::check, seeds, &[words, NUMBERS].concat(), 21);
}

#[test]
fn delimited() {
    let seeds: &[&[u8]] = &[
        b"true,1,2,1.5,1.50,1e-3,abc,IQ==,1,2,3",
        b"true|1|2|1.5|1.50|1e-3|abc|IQ==|1|2|3",
        b"a,\"b,\"\"c\",d\nx",
        b"\"a\tb\"\tc\td",
        b"-1",
        b"\"x\" ,y,z",
        b"a b \"c d\"",
        b"\xff\xfe\xffa,b,c",
    ];
    let words: &[&[u8]] = &[
        b",",
        b"\"",
        b"\"\"",
        b"\r\n",
        b"\t",
        b"|",
        b" ",
        b"1d",
        b"\xff",
        b"\xfe",
        "é".as_bytes(),
    ];
    run(
        checks::delimited::check,
        seeds,
        &[words, NUMBERS].concat(),
        16,
    );
}

#[test]
fn kafka() {
    let seeds: &[&[u8]] = &[b"\0\0\0\x01", &[0; 8], b"\x7f\xf8\0\0\0\0\0\0", b"abc", b""];
    let words: &[&[u8]] = &[b"\xff", b"\xfe", b"\xed\xa0\x80", "é".as_bytes()];
    run(checks::kafka::check, seeds, words, 5);
}
