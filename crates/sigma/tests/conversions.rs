//! What each part of a rule becomes, as text.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use weir_sigma::{
    Converted, Error, ErrorKind, Mapping, Options, Placeholders, Rules, convert, events_stream,
    print,
};
use weir_sql::{Variables, parse_statement};

fn options(layout: &str) -> Options {
    Options::new(Mapping::built_in(layout).unwrap(), "events", "alerts")
}

fn rule(log_source: &str, detection: &str) -> String {
    let detection = detection.trim_end().replace('\n', "\n  ");
    format!("title: T\nid: 1-a\nlogsource: {log_source}\ndetection:\n  {detection}\n")
}

fn converted(text: &str, options: &Options) -> Result<Converted, Error> {
    let mut rules = Rules::parse(text, Some("rule.yml"));
    if let Some(left_out) = rules.left_out.pop() {
        return Err(left_out.error);
    }
    let converted = convert(&rules.rules[0], options)?;
    let read = parse_statement(&converted.text, &Variables::default()).unwrap();
    assert!(read.statement == converted.statement, "{}", converted.text);
    Ok(converted)
}

fn predicate_of(text: &str, options: &Options) -> Result<String, Error> {
    converted(text, options).map(|converted| converted.predicate.to_string())
}

/// A selection alone, over flat events of any kind.
#[track_caller]
fn check(selection: &str, expected: &str) {
    let detection = format!("a: {}\ncondition: a", selection.replace('\n', "\n  "));
    let predicate = predicate_of(&rule("{product: windows}", &detection), &options("flat"));
    assert_eq!(predicate.unwrap(), expected, "{selection}");
}

#[track_caller]
fn refused(selection: &str, kind: ErrorKind, expected: &str) {
    let detection = format!("a: {selection}\ncondition: a");
    let error =
        predicate_of(&rule("{product: windows}", &detection), &options("flat")).unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.file.is_some() && error.place.is_some(), "{error}");
}

#[test]
fn equality_is_without_case_where_there_is_case() {
    check("{Image: cmd.exe}", "`Image` ILIKE 'cmd.exe'");
    check("{EventID: 4688}", "`EventID` = '4688'");
    check("{EventID: '4688'}", "`EventID` = '4688'");
    check("{EventID: [1, 4688]}", "`EventID` IN ('1', '4688')");
    check(
        "{AccessMask: ['0x10', 16]}",
        "`AccessMask` ILIKE ANY ('0x10', '16')",
    );
    check("{Name: 'É'}", "`Name` ILIKE 'É'");
    check("{Initiated: true}", "`Initiated` ILIKE 'true'");
    check("{Initiated: 'false'}", "`Initiated` ILIKE 'false'");
    check("{x: 'it''s'}", "`x` ILIKE 'it''s'");
    check("{x: [a, a, b]}", "`x` ILIKE ANY ('a', 'b')");
}

#[test]
fn places_and_wildcards() {
    check(r"{Image|endswith: \cmd.exe}", r"`Image` ILIKE '%\cmd.exe'");
    check(r"{Image|startswith: 'C:\'}", r"`Image` ILIKE 'C:\%'");
    check("{x|contains: [a, b]}", "`x` ILIKE ANY ('%a%', '%b%')");
    check(
        "{x|contains|all: [a, b]}",
        "`x` ILIKE '%a%' AND `x` ILIKE '%b%'",
    );
    check("{x: 'a*b?c'}", "`x` ILIKE 'a%b_c'");
    check(r"{x: 'a\*b\?c'}", "`x` ILIKE 'a*b?c'");
    check(r"{x: '\\*\a'}", r"`x` ILIKE '\%\a'");
    check(r"{x: '\\\\host\share'}", r"`x` ILIKE '\\host\share'");
    check("{x|contains: '100%'}", "`x` ILIKE '%100!%%' ESCAPE '!'");
    check(
        "{x: ['a_b', 'c!*']}",
        "`x` ILIKE ANY ('a#_b', 'c!%') ESCAPE '#'",
    );
    check("{x: '*'}", "`x` IS NOT NULL");
    check("{x|contains: ''}", "`x` IS NOT NULL");
    check("{x|contains: 4688}", "`x` ILIKE '%4688%'");
}

#[test]
fn null_and_empty() {
    check("{x: null}", "`x` IS NULL");
    check("{x: ''}", "`x` = ''");
    check(
        "{x: [null, '', a]}",
        "`x` IS NULL OR `x` ILIKE ANY ('', 'a')",
    );
    check("{x: [null, '']}", "`x` IS NULL OR `x` = ''");
    check("{x|exists: true}", "`x` IS NOT NULL");
    check("{x|exists: false}", "`x` IS NULL");
    check("{x|neq: null}", "`x` IS NOT NULL");
    check("{x|neq: a}", "NOT `x` ILIKE 'a'");
    check("{x|neq: [a, b]}", "NOT `x` ILIKE ANY ('a', 'b')");
}

#[test]
fn cased() {
    check("{x|cased: Abc}", "`x` = 'Abc'");
    check("{x|cased: [Abc, d]}", "`x` IN ('Abc', 'd')");
    check("{x|contains|cased: Abc}", "`x` LIKE '%Abc%'");
    check("{x|cased|endswith: [A, b]}", "`x` LIKE ANY ('%A', '%b')");
}

#[test]
fn encodings_are_written_out() {
    check(
        "{x|contains|windash: -v}",
        "`x` ILIKE ANY ('%-v%', '%/v%', '%–v%', '%—v%', '%―v%')",
    );
    check(
        "{x|windash|contains|all: [-v, b]}",
        "`x` ILIKE ANY ('%-v%', '%/v%', '%–v%', '%—v%', '%―v%') AND `x` ILIKE '%b%'",
    );
    check("{x|base64: foobar}", "`x` ILIKE 'Zm9vYmFy'");
    check(
        "{x|base64offset|contains: foobar}",
        "`x` ILIKE ANY ('%Zm9vYmFy%', '%Zvb2Jhc%', '%mb29iYX%')",
    );
    check(
        "{x|wide|base64offset|contains: IEX}",
        "`x` ILIKE ANY ('%SQBFAFgA%', '%kARQBYA%', '%JAEUAWA%')",
    );
    check("{x|utf16le|base64: a}", "`x` ILIKE 'YQA='");
    check("{x|utf16be|base64: a}", "`x` ILIKE 'AGE='");
    check("{x|utf16|base64: a}", "`x` ILIKE '//5hAA=='");
    check("{x|wide|contains: ab}", "`x` ILIKE '%a\0b\0%'");
    check("{x|base64|cased: a}", "`x` = 'YQ=='");
}

#[test]
fn regular_expressions() {
    check(r"{x|re: '^a+b'}", "REGEXP_LIKE(`x`, '^a+b')");
    check(r"{x|re: 'a.b'}", "REGEXP_LIKE(`x`, '(?d)a.b')");
    check(r"{x|re: '\s''\d'}", r"REGEXP_LIKE(`x`, '(?U)\s''\d')");
    check(r"{x|re|i: 'ab'}", "REGEXP_LIKE(`x`, '(?iu)ab')");
    check(r"{x|re|i|m|s: '^a.b'}", "REGEXP_LIKE(`x`, '(?diums)^a.b')");
    check(
        r"{x|re: [a, b]}",
        "REGEXP_LIKE(`x`, 'a') OR REGEXP_LIKE(`x`, 'b')",
    );
    check(
        r"{x|re|all: [a, b]}",
        "REGEXP_LIKE(`x`, 'a') AND REGEXP_LIKE(`x`, 'b')",
    );
    check(
        r"{x|re: '(?<!a)b(?=c)'}",
        "REGEXP_LIKE(`x`, '(?<!a)b(?=c)')",
    );
    check(r"{x|re|neq: a}", "NOT REGEXP_LIKE(`x`, 'a')");
}

#[test]
fn networks_fields_and_numbers() {
    check("{ip|cidr: 10.0.0.0/8}", "CIDR_MATCH(`ip`, '10.0.0.0/8')");
    check(
        "{ip|cidr: ['127.0.0.0/8', '::1/128']}",
        "CIDR_MATCH(`ip`, '127.0.0.0/8') OR CIDR_MATCH(`ip`, '::1/128')",
    );
    check(
        "{a|fieldref: b}",
        "ISTARTS_WITH(`a`, `b`) AND ISTARTS_WITH(`b`, `a`)",
    );
    check("{a|fieldref|cased: b}", "`a` = `b`");
    check("{a|fieldref|contains: b}", "ICONTAINS(`a`, `b`)");
    check("{a|endswith|fieldref: b}", "IENDS_WITH(`a`, `b`)");
    check("{a|fieldref|startswith|cased: b}", "STARTS_WITH(`a`, `b`)");
    check(
        "{a|fieldref: [b, c]}",
        "ISTARTS_WITH(`a`, `b`) AND ISTARTS_WITH(`b`, `a`) OR ISTARTS_WITH(`a`, `c`) AND ISTARTS_WITH(`c`, `a`)",
    );
    check("{n|lt: 5}", "CAST(`n` AS DOUBLE) < 5");
    check("{n|lte: -5.5}", "CAST(`n` AS DOUBLE) <= -5.5");
    check("{n|gt: 5000000000}", "CAST(`n` AS DOUBLE) > 5000000000");
    check("{n|gte: 1e3}", "CAST(`n` AS DOUBLE) >= 1E3");
    check(
        "{n|gte: 1, n|lt: 5}",
        "CAST(`n` AS DOUBLE) >= 1 AND CAST(`n` AS DOUBLE) < 5",
    );
}

#[test]
fn parts_of_a_time() {
    let time = r"CAST(REGEXP_REPLACE(REPLACE(`t`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP)";
    let part = |format: &str| format!("CAST(FORMAT_TIMESTAMP({time}, '{format}') AS INTEGER)");
    check("{t|hour: 3}", &format!("{} = 3", part("H")));
    check("{t|minute: [0, 30]}", &format!("{} IN (0, 30)", part("m")));
    check("{t|hour|gte: 22}", &format!("{} >= 22", part("H")));
    check("{t|day: 1}", &format!("{} = 1", part("d")));
    check("{t|month: 12}", &format!("{} = 12", part("M")));
    check("{t|year|lt: 2025}", &format!("{} < 2025", part("y")));
    let day = format!("UNIX_DATE(CAST({time} AS DATE))");
    check(
        "{t|week: 1}",
        &format!(
            "(CAST(FORMAT_DATE(FROM_DAYS({day} - ({day} + 3) % 7 + 3), 'D') AS INTEGER) + 6) / 7 = 1"
        ),
    );
}

#[test]
fn lists_are_or_and_maps_are_and() {
    check("{a: x, b: y}", "`a` ILIKE 'x' AND `b` ILIKE 'y'");
    check(
        "[{a: x, b: y}, {c: z}]",
        "`a` ILIKE 'x' AND `b` ILIKE 'y' OR `c` ILIKE 'z'",
    );
    check(
        "{c-useragent: x, 'Threat Name': y, properties.message: z, 'SD:': w}",
        "`c-useragent` ILIKE 'x' AND `Threat Name` ILIKE 'y' AND `properties.message` ILIKE 'z' AND `SD:` ILIKE 'w'",
    );
    check(
        "{select: x, 'a`b': y}",
        "`select` ILIKE 'x' AND `a``b` ILIKE 'y'",
    );
}

#[test]
fn keywords_are_looked_for_in_values() {
    let values = "MAP_VALUES(FILTER(JSON_RECORDS(RAW_VALUE), (K, V) => K NOT IN ('EventRecordID', 'TimeCreated', 'Level', 'Task', 'Opcode', 'Keywords', 'Message', 'message')))";
    let found = |test: &str| format!("ARRAY_LENGTH(FILTER({values}, V => V {test})) > 0");
    check(
        "[kali, mimi*katz]",
        &found("ILIKE ANY ('%kali%', '%mimi%katz%')"),
    );
    check("kali", &found("ILIKE '%kali%'"));
    check(
        "{'|all': [a, b]}",
        &format!("{} AND {}", found("ILIKE '%a%'"), found("ILIKE '%b%'")),
    );
    check("[1102]", &found("ILIKE '%1102%'"));
    check("{'|startswith': a}", &found("ILIKE 'a%'"));
    let regular = format!("ARRAY_LENGTH(FILTER({values}, V => REGEXP_LIKE(V, 'a+'))) > 0");
    check("{'|re': a+}", &regular);
    check(
        "[a, {x: y}]",
        &format!("`x` ILIKE 'y' OR {}", found("ILIKE '%a%'")),
    );

    let text = rule(
        "{product: windows, service: system}",
        "a: [kali]\ncondition: a",
    );
    assert_eq!(
        predicate_of(&text, &options("winlogbeat")).unwrap(),
        "`winlog`->`channel` ILIKE 'System' AND ARRAY_LENGTH(FILTER(ARRAY_CONCAT(ARRAY_CONCAT(ARRAY[`winlog`->`event_id`, `winlog`->`channel`, \
         `winlog`->`provider_name`, `winlog`->`computer_name`], MAP_VALUES(JSON_RECORDS(EXTRACTJSONFIELD(RAW_VALUE, '$.winlog.event_data')))), \
         MAP_VALUES(JSON_RECORDS(EXTRACTJSONFIELD(RAW_VALUE, '$.winlog.user_data')))), V => V ILIKE '%kali%')) > 0"
    );
}

#[test]
fn conditions() {
    let check = |detection: &str, expected: &str| {
        let text = rule("{product: windows}", detection);
        assert_eq!(
            predicate_of(&text, &options("flat")).unwrap(),
            expected,
            "{detection}"
        );
    };
    check(
        "s: {a: x}\nf: {b: null}\ncondition: s and not f",
        "`a` ILIKE 'x' AND `b` IS NOT NULL",
    );
    check(
        "s: {a: x}\nf: {b: y, c: z}\ncondition: s and not f",
        "`a` ILIKE 'x' AND NOT (`b` ILIKE 'y' AND `c` ILIKE 'z')",
    );
    check(
        "s_1: {a: x}\ns_2: {b: y}\ns_3: {c: z}\ncondition: 1 of s_*",
        "`a` ILIKE 'x' OR `b` ILIKE 'y' OR `c` ILIKE 'z'",
    );
    check(
        "s_1: {a: x}\ns_2: {b: y}\ns_3: {c: z}\ncondition: 2 of them",
        "ARRAY_LENGTH(FILTER(ARRAY[`a` ILIKE 'x', `b` ILIKE 'y', `c` ILIKE 'z'], HOLDS => HOLDS)) >= 2",
    );
    check(
        "s_1: {a: x}\n_s_2: {b: y}\ncondition: all of them",
        "`a` ILIKE 'x'",
    );
    // Several conditions are several rules in one: any of them is enough.
    check(
        "s: {a: x}\nt: {b: y}\ncondition: [s, t]",
        "`a` ILIKE 'x' OR `b` ILIKE 'y'",
    );
    check(
        "s: {a: x}\nt: {bad|unknown: y}\ncondition: s",
        "`a` ILIKE 'x'",
    );
}

#[test]
fn log_sources_with_two_kinds_of_events() {
    let text = |detection: &str| rule("{product: windows, category: process_creation}", detection);
    let check = |detection: &str, expected: &str| {
        assert_eq!(
            predicate_of(&text(detection), &options("flat")).unwrap(),
            expected
        );
    };
    let sysmon = "`Channel` ILIKE 'Microsoft-Windows-Sysmon/Operational' AND `EventID` = '1'";
    let security = "`Channel` ILIKE 'Security' AND `EventID` = '4688'";
    check(
        "s: {CommandLine|contains: x}\ncondition: s",
        &format!("({sysmon} OR {security}) AND `CommandLine` ILIKE '%x%'"),
    );
    check(
        r"s: {Image|endswith: \a.exe, CommandLine|contains: x}
condition: s",
        &format!(
            r"({sysmon} AND `Image` ILIKE '%\a.exe' OR {security} AND `NewProcessName` ILIKE '%\a.exe') AND `CommandLine` ILIKE '%x%'"
        ),
    );
    check(
        "s: {Image: a}\nt: {User: b}\ncondition: s or t",
        &format!(
            "{sysmon} AND (`Image` ILIKE 'a' OR `User` ILIKE 'b') OR {security} AND (`NewProcessName` ILIKE 'a' OR `User` ILIKE 'b')"
        ),
    );
    let both = rule(
        "{product: windows, category: process_creation, service: security}",
        "s: {Image: a}\ncondition: s",
    );
    assert_eq!(
        predicate_of(&both, &options("flat")).unwrap(),
        format!(
            "{sysmon} AND `Channel` ILIKE 'Security' AND `Image` ILIKE 'a' OR {security} AND `NewProcessName` ILIKE 'a'"
        )
    );
}

#[test]
fn winlogbeat_has_fields_in_several_places() {
    let check = |log_source: &str, selection: &str, expected: &str| {
        let text = rule(log_source, &format!("s: {selection}\ncondition: s"));
        assert_eq!(
            predicate_of(&text, &options("winlogbeat")).unwrap(),
            expected
        );
    };
    check(
        "{product: windows, category: dns_query}",
        "{QueryName: x, Provider_Name: y}",
        "`winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational' AND `winlog`->`event_id` = '22' AND \
         `winlog`->`event_data`->`QueryName` ILIKE 'x' AND `winlog`->`provider_name` ILIKE 'y'",
    );
    check(
        "{product: windows, service: security}",
        "{EventID: 4624, LogonType: 10}",
        "`winlog`->`channel` ILIKE 'Security' AND `winlog`->`event_id` = '4624' AND \
         COALESCE(`winlog`->`event_data`->`LogonType`, `winlog`->`user_data`->`LogonType`) = '10'",
    );
    check(
        "{product: windows, service: system}",
        "{Channel: Security}",
        "`winlog`->`channel` ILIKE 'System' AND \
         COALESCE(`winlog`->`event_data`->`Channel`, `winlog`->`user_data`->`Channel`, `winlog`->`channel`) ILIKE 'Security'",
    );
    check(
        "{product: windows, service: windefend}",
        "{ThreatName: x}",
        "`winlog`->`channel` ILIKE 'Microsoft-Windows-Windows Defender/Operational' AND COALESCE(`winlog`->`event_data`->`ThreatName`, \
         `winlog`->`event_data`->`Threat Name`, `winlog`->`user_data`->`ThreatName`, `winlog`->`user_data`->`Threat Name`) ILIKE 'x'",
    );
    check(
        "{product: windows, category: registry_delete}",
        "{TargetObject|contains: x}",
        "`winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational' AND `winlog`->`event_id` = '12' AND \
         `winlog`->`event_data`->`EventType` ILIKE ANY ('deletekey', 'deletevalue') AND `winlog`->`event_data`->`TargetObject` ILIKE '%x%'",
    );
}

#[test]
fn placeholders_and_filters() {
    let mut options = options("flat");
    options.placeholders = Placeholders::parse("admins: [root, 'adm*']").unwrap();
    let text = rule(
        "{product: windows}",
        "s: {User|expand: '%admins%'}\ncondition: s",
    );
    assert_eq!(
        predicate_of(&text, &options).unwrap(),
        "`User` ILIKE ANY ('root', 'adm%')"
    );
    options.placeholders = Placeholders::default();
    let error = predicate_of(&text, &options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Placeholder);

    let filter = |rules: &str, source: &str, detection: &str| {
        format!("---\ntitle: F\nlogsource: {source}\nfilter:\n  rules: {rules}\n  {detection}\n")
    };
    let base = format!(
        "name: base\n{}",
        rule("{product: windows}", "s: {a: x}\ncondition: s")
    );
    let with = |filter: &str| predicate_of(&format!("{base}{filter}"), &options);
    let tuned = "s: {u|startswith: adm}\n  condition: not s";
    for rules in ["[1-a]", "base", "any"] {
        assert_eq!(
            with(&filter(rules, "{product: windows}", tuned)).unwrap(),
            "`a` ILIKE 'x' AND NOT `u` ILIKE 'adm%'"
        );
    }
    assert_eq!(
        with(&filter(
            "[1-a]",
            "{product: windows}",
            "s: {u: adm}\n  condition: s"
        ))
        .unwrap(),
        "`a` ILIKE 'x' AND `u` ILIKE 'adm'"
    );
    for (rules, source) in [
        ("[2-b]", "{product: windows}"),
        ("[1-a]", "{product: linux}"),
    ] {
        let error = with(&filter(rules, source, tuned)).unwrap_err();
        assert!(error.message.contains("no such rule"), "{error}");
    }
    // A filter that is broken does not take its rule with it.
    let broken = converted(
        &format!(
            "{base}{}",
            filter("any", "{product: windows}", "condition: s")
        ),
        &options,
    )
    .unwrap();
    assert_eq!(broken.predicate.to_string(), "`a` ILIKE 'x'");
    assert_eq!(broken.filters_left_out.len(), 1);
}

#[test]
fn what_cannot_be_converted_says_why_and_where() {
    use ErrorKind::{Condition, Modifier, Placeholder, Regex, Rule, Yaml};
    refused(
        "{x|foo: a}",
        Modifier,
        "rule.yml:5:7: the modifier `foo` is not known (known are contains",
    );
    refused(
        "{x|re: '('}",
        Regex,
        "the regular expression `(` cannot be used",
    );
    refused(
        "{x|cidr: 10.0.0.0/33}",
        Modifier,
        "expected a network such as 10.0.0.0/8 for `x`, found `10.0.0.0/33`",
    );
    refused("{x|cidr: abc}", Modifier, "expected a network");
    refused(
        "{x|lt: abc}",
        Modifier,
        "expected a number for `x`, found `abc`",
    );
    refused("{x|lt: 0x}", Modifier, "expected a number");
    refused("{x|exists: maybe}", Modifier, "expected `true` or `false`");
    refused("{x|hour: soon}", Modifier, "expected a whole number");
    refused("{x|re|contains: a}", Modifier, "do not go together");
    refused("{x|lt|gt: 1}", Modifier, "two of the modifiers");
    refused("{x|cidr|re: a}", Modifier, "does not go with");
    refused("{'|fieldref': a}", Modifier, "need a field");
    refused(
        "{x|contains|base64: a}",
        Modifier,
        "a value with wildcards cannot be encoded (put `contains`",
    );
    refused("{x|base64offset|contains: a}", Modifier, "too short");
    refused(
        "{x|wide: é}",
        Modifier,
        "`base64offset` or `base64` behind it",
    );
    refused(
        "{x|expand: '%nobody%'}",
        Placeholder,
        "the placeholder `%nobody%` has no values",
    );
    refused(
        "{x: {y: z}}",
        Modifier,
        "expected a text for `x`, found a map",
    );
    refused("{x: []}", Rule, "`x` has no value");
    refused("{}", Rule, "asks for nothing");
    refused("[]", Rule, "asks for nothing");
    refused(
        "[null]",
        Modifier,
        "expected a text for `a keyword`, found null",
    );
    refused("{x: a, x: b}", Yaml, "rule.yml:5:13: `x` stands twice");
    let check = |text: &str, kind: ErrorKind, expected: &str| {
        let error = predicate_of(text, &options("flat")).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        &rule("{product: windows}", "s: {a: x}\ncondition: t"),
        Condition,
        "rule.yml:6:14: the condition names `t`, which the rule does not have (it has `s`)",
    );
    check(
        &rule("{product: windows}", "s: {a: x}"),
        Condition,
        "there is no `condition`",
    );
    check(
        &rule("{product: linux}", "s: {a: x}\ncondition: s"),
        ErrorKind::LogSource,
        "the log source (product linux) is not mapped",
    );
    check(
        &rule(
            "{product: windows, service: nothing}",
            "s: {a: x}\ncondition: s",
        ),
        ErrorKind::LogSource,
        "the log source (product windows, service nothing) is not mapped (add it",
    );
    check("a: b", Rule, "no `detection`");
    check("- a", Rule, "which is a map, found a list");
    check(
        "title: T\ncorrelation: {}\n",
        ErrorKind::Unsupported,
        "correlations are not converted",
    );
    check(
        "detection: {s: {a: b}, condition: s}",
        Rule,
        "the rule has no `title`",
    );
    check(
        "title: T\ndetection: {s: {a: b}, condition: s}",
        Rule,
        "no `logsource`",
    );
}

#[test]
fn one_text_may_have_many_rules() {
    let one = rule("{product: windows}", "s: {a: x}\ncondition: s");
    let two = one.replace("id: 1-a", "id: 2-b");
    let rules = Rules::parse(
        &format!("{one}---\n{two}---\n{one}---\n{two}"),
        Some("r.yml"),
    );
    assert_eq!(rules.rules.len(), 2);
    assert_eq!(rules.left_out.len(), 2);
    let said = rules.left_out[0].error.to_string();
    assert!(
        said.contains("`1-a` is the id of a rule in r.yml too"),
        "{said}"
    );
}

#[test]
fn thousands_of_values_and_operands_stay_flat() {
    let values: Vec<String> = (0..5_000)
        .map(|number| format!("'%driver_{number}'"))
        .collect();
    let text = rule(
        "{product: windows}",
        &format!(
            "s: {{Hashes|contains: [{}]}}\ncondition: s",
            values.join(", ")
        ),
    );
    converted(&text, &options("flat")).unwrap();
    let selections: Vec<String> = (0..3_000)
        .map(|number| format!("s{number}: {{a: x{number}, b: y}}"))
        .collect();
    for condition in ["1 of s*", "all of s*", "not 1 of s*", "2 of s*"] {
        let text = rule(
            "{product: windows, category: process_creation}",
            &format!("{}\ncondition: {condition}", selections.join("\n")),
        );
        converted(&text, &options("winlogbeat")).unwrap();
    }
}

#[test]
fn the_statement_as_a_person_reads_it() {
    let text = "title: Clearing\nid: 12-ab\nlevel: high\nauthor: A. Author\nreferences: ['https://example.org/x']\nlogsource: {product: windows, category: dns_query}\n\
                detection:\n  s: {QueryName|contains: [a, b]}\n  f: {Image: c}\n  g: {Image: d, User: e}\n  condition: s and not 1 of f* and not g\n";
    let mut options = options("winlogbeat");
    let converted = converted(text, &options).unwrap();
    assert_eq!(converted.query_id, "SIGMA_12_AB");
    assert_eq!(
        converted.text,
        r"-- Clearing
-- 12-ab · high · A. Author
-- https://example.org/x
INSERT INTO `alerts` WITH (QUERY_ID = 'SIGMA_12_AB')
SELECT '12-ab' AS RULE_ID,
       'Clearing' AS RULE_TITLE,
       'high' AS RULE_LEVEL,
       ARRAY_REMOVE(ARRAY[''], '') AS RULE_TAGS,
       'A. Author' AS RULE_AUTHOR,
       COALESCE(CAST(REGEXP_REPLACE(REPLACE(`@timestamp`, ' ', 'T'), '(\.\d{3})\d+', '$1') AS TIMESTAMP), FROM_UNIXTIME(ROWTIME)) AS EVENT_TIME,
       'events' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `events`
WHERE `winlog`->`channel` ILIKE 'Microsoft-Windows-Sysmon/Operational'
  AND `winlog`->`event_id` = '22'
  AND `winlog`->`event_data`->`QueryName` ILIKE ANY ('%a%', '%b%')
  AND NOT `winlog`->`event_data`->`Image` ILIKE 'c'
  AND NOT (`winlog`->`event_data`->`Image` ILIKE 'd' AND `winlog`->`event_data`->`User` ILIKE 'e')
EMIT CHANGES"
    );
    assert_eq!(
        print(&events_stream(&converted.fields, &options).unwrap()),
        r"CREATE STREAM IF NOT EXISTS `events` (
  `@timestamp` VARCHAR,
  `winlog` STRUCT<
    `channel` VARCHAR,
    `computer_name` VARCHAR,
    `event_data` STRUCT<`Image` VARCHAR, `QueryName` VARCHAR, `User` VARCHAR>,
    `event_id` VARCHAR,
    `provider_name` VARCHAR
  >
) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON')"
    );
    options.has_event = false;
    let without = predicate_and_text(text, &options);
    assert!(!without.contains("RAW_VALUE") && without.contains("ROWOFFSET AS SOURCE_OFFSET\nFROM"));
}

fn predicate_and_text(text: &str, options: &Options) -> String {
    converted(text, options).unwrap().text
}

#[test]
fn a_head_cannot_leave_its_comment() {
    let text = "title: \"a\\nDROP STREAM x;\\r--\"\nlogsource: {product: windows}\ndetection: {s: {a: b}, condition: s}\nauthor: \"x\\ny\"\n";
    let converted = converted(text, &options("flat")).unwrap();
    assert!(
        converted
            .text
            .starts_with("-- a DROP STREAM x; --\n-- x y\nINSERT"),
        "{}",
        converted.text
    );
    assert_eq!(converted.query_id, "SIGMA_A_DROP_STREAM_X____");
}

#[test]
fn streams_have_names_that_streams_may_have() {
    let text = rule("{product: windows}", "s: {a: x}\ncondition: s");
    let mut options = options("flat");
    (options.topic, options.stream, options.sink) = ("a.b".into(), "a.b".into(), "c.d-e".into());
    let converted = converted(&text, &options).unwrap();
    assert!(
        converted.text.contains("INSERT INTO `c_d-e` WITH")
            && converted.text.contains("FROM `a_b`")
    );
    assert!(converted.text.contains("'a.b' AS SOURCE_TOPIC"));
    let stream = print(&events_stream(&converted.fields, &options).unwrap());
    assert!(
        stream.contains("STREAM IF NOT EXISTS `a_b`") && stream.contains("KAFKA_TOPIC = 'a.b'")
    );
}
