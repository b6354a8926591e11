//! Rules as YAML: whatever a file holds, each of its documents is left out with a reason, or becomes a statement that is read again
//! as the same tree.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use weir_sigma::{Mapping, Options, Rules, convert, events_stream, print};
use weir_sql::{Statement, Variables, parse_statement};

static LAYOUTS: LazyLock<Vec<Options>> = LazyLock::new(|| {
    let layouts = ["winlogbeat", "flat"].iter();
    let options = layouts.map(|layout| {
        let mapping = Mapping::built_in(layout).expect("it is built in");
        Options::new(mapping, "events", "alerts")
    });
    options.collect()
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let rules = Rules::parse(&text, Some("rule.yml"));
    for left_out in &rules.left_out {
        assert!(!left_out.error.to_string().is_empty());
    }
    for options in &*LAYOUTS {
        for rule in &rules.rules {
            match convert(rule, options) {
                Err(error) => assert!(!error.to_string().is_empty()),
                Ok(converted) => {
                    check(&converted.text, &converted.statement);
                    if let Ok(stream) = events_stream(&converted.fields, options) {
                        check(&print(&stream), &stream);
                    }
                }
            }
        }
    }
});

fn check(text: &str, statement: &Statement) {
    let read = parse_statement(text, &Variables::default())
        .unwrap_or_else(|error| panic!("{text}\nis not read again: {error:?}"));
    assert!(read.statement == *statement, "{text}\nis another tree");
}
