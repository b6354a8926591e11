//! Whole patterns, in both directions. Expected values are those of `java.time`.

use weir_catalog::calendar::Timestamp;

use super::*;

fn read(pattern: &str, text: &str, expected: Option<&str>) {
    read_in("GMT", pattern, text, expected);
}

fn read_in(zone: &str, pattern: &str, text: &str, expected: Option<&str>) {
    let zone = Zone::of(zone).unwrap();
    let compiled = Pattern::try_new(pattern).unwrap();
    let found = compiled.read_timestamp(text, &zone);
    let found = found.map(|millis| Timestamp(millis).to_string());
    assert_eq!(found.as_deref(), expected, "{text} by {pattern}");
}

fn written(zone: &str, pattern: &str, millis: i64) -> Option<String> {
    let mut out = String::new();
    let zone = Zone::of(zone).unwrap();
    let pattern = Pattern::try_new(pattern).unwrap();
    pattern.write_timestamp(millis, &zone, &mut out)?;
    Some(out)
}

#[test]
fn whole_timestamps() {
    let expected = Some("2018-05-11T21:58:33.000");
    read("yyyy-MM-dd'T'HH:mm:ss", "2018-05-11T21:58:33", expected);
    read("yyyy-MM-dd'T'HH:mm:ss", "2018-05-11t21:58:33", expected);
    read("yyyyMMddHHmmss", "20180511215833", expected);
    read("yyyyMMddHHmmssSSS", "20180511215833000", expected);
    read(
        "dd/MMM/yyyy:HH:mm:ss Z",
        "11/May/2018:21:58:33 +0000",
        expected,
    );
    read(
        "EEE, dd MMM yyyy HH:mm:ss zzz",
        "Fri, 11 May 2018 21:58:33 GMT",
        expected,
    );
    read(
        "EEEE, d MMMM y h:mm:ss a",
        "friday, 11 MAY 2018 9:58:33 pm",
        expected,
    );
    read("yy-D H:m:s", "18-131 21:58:33", expected);
    read("uuuu-MM-dd kk:mm:ss", "2018-05-11 21:58:33", expected);
    read(
        "yyyy-MM-dd HH:mm:ss.SSSSSS",
        "2018-05-11 21:58:33.000999",
        expected,
    );
    read(
        "yyyy-MM-dd HH:mm:ss.SSS",
        "2018-05-11 21:58:33.123",
        Some("2018-05-11T21:58:33.123"),
    );
    read(
        "yyyy-MM-dd'T'HH:mm:ss.SX",
        "2019-08-27T13:31:09.2+0000",
        Some("2019-08-27T13:31:09.200"),
    );
    read(
        "G yyyy-MM-dd",
        "AD 2018-05-11",
        Some("2018-05-11T00:00:00.000"),
    );
    read("yyyy-MM-dd A", "2018-05-11 79113000", expected);
    read("yyyy-MM-dd N", "2018-05-11 79113000000000", expected);
    read(
        "yyyy-MM-dd HH:mm:ss:nnnnnnnnn",
        "1605-11-05 10:10:10:001000000",
        Some("1605-11-05T10:10:10.001"),
    );
    read("''yyyy''", "'2018'", Some("2018-01-01T00:00:00.000"));
}

#[test]
fn what_is_missing_is_as_in_1970() {
    read("", "", Some("1970-01-01T00:00:00.000"));
    read("yyyy", "2019", Some("2019-01-01T00:00:00.000"));
    read("MM", "12", Some("1970-12-01T00:00:00.000"));
    read("dd", "31", Some("1970-01-31T00:00:00.000"));
    read("MM-dd", "02-30", Some("1970-02-28T00:00:00.000"));
    read("DDD", "100", Some("1970-04-10T00:00:00.000"));
    read("DDD", "366", None);
    read("yyyy DDD", "2020 366", Some("2020-12-31T00:00:00.000"));
    read("HH", "23", Some("1970-01-01T23:00:00.000"));
    read("mm:ss", "10:11", Some("1970-01-01T00:10:11.000"));
    read("SSS", "012", Some("1970-01-01T00:00:00.012"));
    read("hh", "12", Some("1970-01-01T00:00:00.000"));
    read("a", "PM", Some("1970-01-01T18:00:00.000"));
    read("EEE", "Mon", Some("1969-12-29T00:00:00.000"));
    read("EEE", "Thu", Some("1970-01-01T00:00:00.000"));
    read("YYYY-MM-dd", "2021-03-04", Some("1970-03-04T00:00:00.000"));
    read("QQQ yyyy", "Q2 2021", Some("2021-01-01T00:00:00.000"));
    read(
        "yyyy-MM-dd[ HH:mm:ss]",
        "1605-11-05",
        Some("1605-11-05T00:00:00.000"),
    );
    read(
        "yyyy-MM-dd[ HH:mm[:ss]]",
        "1605-11-05 10:11",
        Some("1605-11-05T10:11:00.000"),
    );
    read(
        "[yyyy-MM-dd][MM/dd/yyyy]",
        "11/05/1605",
        Some("1605-11-05T00:00:00.000"),
    );
}

#[test]
fn smart_days_and_strict_ones() {
    read("yyyy-MM-dd", "2021-02-30", Some("2021-02-28T00:00:00.000"));
    read("yyyy-MM-dd", "2021-04-31", Some("2021-04-30T00:00:00.000"));
    read("yyyy-MM-dd", "2021-02-32", None);
    read("yyyy-MM-dd", "2021-13-01", None);
    read("yyyy-MM-dd", "2021-00-01", None);
    read(
        "yyyy-MM-dd HH:mm",
        "2021-12-31 24:00",
        Some("2022-01-01T00:00:00.000"),
    );
    read("yyyy-MM-dd HH:mm", "2021-12-31 24:01", None);
    read("HH:mm", "23:60", None);
    read("hh a", "13 PM", None);
    read("yyyy", "0000", None);
    read("uuuu", "0000", Some("0001-01-01T00:00:00.000"));
    // Fields that contradict one another.
    read("EEE yyyy-MM-dd", "Mon 2021-03-04", None);
    read(
        "EEE yyyy-MM-dd",
        "Thu 2021-03-04",
        Some("2021-03-04T00:00:00.000"),
    );
    read("HH hh a", "11 11 PM", None);
    read("yyyy yyyy", "2020 2021", None);
    read("QQ yyyy-MM-dd", "02 2021-03-04", None);
}

#[test]
fn widths_and_signs() {
    read("yyyy-MM-dd", "2021-3-04", None);
    read("y-M-d", "2021-3-4", Some("2021-03-04T00:00:00.000"));
    read("y-M-d", "02021-03-04", Some("2021-03-04T00:00:00.000"));
    read("yyyy", "12021", None);
    read("yyyy", "+12021", Some("+12021-01-01T00:00:00.000"));
    read("yyyy", "+2021", None);
    read("yyyy", "-2021", None);
    read("uuuu", "-0044", Some("0045-01-01T00:00:00.000"));
    read("u", "-0", None);
    read("u", "+5", None);
    read("yyyyMMdd", "2021034", None);
    read("yyyyMMdd", "+120210304", Some("+12021-03-04T00:00:00.000"));
    read("yyyy-MM-dd", "2021-03-04 ", None);
    read("yyyy-MM-dd", " 2021-03-04", None);
    read("yyyy-MM-dd", "", None);
    read("yyyy-MM-dd", "２０２１-03-04", None);
    read("ss.SSS", "10.12", None);
    read("N", "99999999999999999999999", None);
    read("u", "9999999999999999999", None);
    read("ppppH:mm", "   9:05", Some("1970-01-01T09:05:00.000"));
    read("ppppH:mm", "  9:05", None);
    read("yyyy 'é→'", "2021 É→", Some("2021-01-01T00:00:00.000"));
    read("yyyy", "20é", None);
    read("MMM", "é", None);
}

#[test]
fn weeks() {
    read(
        "YYYY-'W'ww-e",
        "2021-W02-1",
        Some("2021-01-03T00:00:00.000"),
    );
    read(
        "YYYY ww EEE",
        "2022 01 Sun",
        Some("2021-12-26T00:00:00.000"),
    );
    read(
        "yyyy MM W e",
        "2021 03 2 5",
        Some("2021-03-11T00:00:00.000"),
    );
    read(
        "yyyy MM F EEE",
        "2021 03 2 Thu",
        Some("2021-03-11T00:00:00.000"),
    );
    read("g", "40588", Some("1970-01-02T00:00:00.000"));
    read("c", "8", None);
}

#[test]
fn zones() {
    let noon = |zone: &str| format!("2021-07-01 12:00 {zone}");
    let check = |letters: &str, zone: &str, expected: Option<&str>| {
        let expected = expected.map(|time| format!("2021-07-01T{time}:00.000"));
        read_in(
            "Asia/Tokyo",
            &format!("yyyy-MM-dd HH:mm {letters}"),
            &noon(zone),
            expected.as_deref(),
        );
    };
    check("X", "Z", Some("12:00"));
    check("X", "z", Some("12:00"));
    check("X", "+02", Some("10:00"));
    check("X", "+0230", Some("09:30"));
    check("X", "+02:30", None);
    check("XX", "+02", None);
    check("XXX", "-02:30", Some("14:30"));
    check("XXX", "+0230", None);
    check("XXXXX", "+02:30:00", Some("09:30"));
    check("x", "+00", Some("12:00"));
    check("x", "Z", None);
    check("Z", "-0800", Some("20:00"));
    check("ZZZZ", "GMT+01:00", Some("11:00"));
    check("ZZZZZ", "+01:00", Some("11:00"));
    check("O", "GMT+3", Some("09:00"));
    check("O", "GMT", Some("12:00"));
    check("OOOO", "GMT+3", None);
    check("VV", "America/Los_Angeles", Some("19:00"));
    check("VV", "america/los_angeles", Some("19:00"));
    check("VV", "UTC+2", Some("12:00").filter(|_| false));
    check("VV", "UTC+02:00", Some("10:00"));
    check("VV", "Mars/Olympus", None);
    check("z", "PST", Some("19:00"));
    check("z", "PDT", Some("19:00"));
    check("z", "UTC", Some("12:00"));
    check("z", "CET", Some("10:00"));
    check("zzzz", "Pacific Standard Time", Some("19:00"));
    check("zzzz", "central european summer time", Some("10:00"));
    check("X", "+19", None);
    check("'zone' X", "zone +09", Some("03:00"));
    // Without one in the text, that which is given.
    read_in(
        "Asia/Tokyo",
        "yyyy-MM-dd HH:mm",
        "2021-07-01 12:00",
        Some("2021-07-01T03:00:00.000"),
    );
    read_in("-02:00", "HH", "12", Some("1970-01-01T14:00:00.000"));
    read(
        "yyyy-MM-dd HH:mm X VV",
        "2021-07-01 12:00 +00 Asia/Tokyo",
        Some("2021-07-01T12:00:00.000"),
    );
}

/// ksqlDB sets one field after the other on a day of 1970, which was in winter; `ZonedDateTime` keeps that offset.
#[test]
fn an_hour_that_a_clock_shows_twice_is_the_later_one() {
    let (zone, pattern) = ("America/Los_Angeles", "yyyy-MM-dd HH:mm");
    read_in(
        zone,
        pattern,
        "2021-11-07 01:30",
        Some("2021-11-07T09:30:00.000"),
    );
    read_in(
        zone,
        pattern,
        "2021-11-07 00:30",
        Some("2021-11-07T07:30:00.000"),
    );
    read_in(
        zone,
        pattern,
        "2021-03-14 02:30",
        Some("2021-03-14T10:30:00.000"),
    );
    read(
        "yyyy-MM-dd HH:mm VV",
        "2021-11-07 01:30 America/Los_Angeles",
        Some("2021-11-07T08:30:00.000"),
    );
}

#[test]
fn instants_are_written() {
    let instant = 1_526_075_913_042; // 2018-05-11T21:58:33.042Z, a Friday
    let check = |zone: &str, pattern: &str, expected: &str| {
        assert_eq!(
            written(zone, pattern, instant).as_deref(),
            Some(expected),
            "{pattern}"
        );
    };
    check("GMT", "yyyy-MM-dd HH:mm:ss.SSS", "2018-05-11 21:58:33.042");
    check(
        "America/Los_Angeles",
        "yyyy-MM-dd HH:mm:ss zzz",
        "2018-05-11 14:58:33 PDT",
    );
    check(
        "America/Los_Angeles",
        "zzzz VV vvvv v",
        "Pacific Daylight Time America/Los_Angeles Pacific Time PT",
    );
    check(
        "Europe/Berlin",
        "z zzzz O OOOO",
        "CEST Central European Summer Time GMT+2 GMT+02:00",
    );
    check("GMT", "z VV O zzzz", "GMT GMT GMT Greenwich Mean Time");
    check("UTC", "z zzzz X", "UTC Coordinated Universal Time Z");
    check(
        "+05:30",
        "z VV Z ZZZZ ZZZZZ",
        "+05:30 +05:30 +0530 GMT+05:30 +05:30",
    );
    check(
        "+05:30",
        "X XX XXX x xx xxx",
        "+0530 +0530 +05:30 +0530 +0530 +05:30",
    );
    check(
        "Europe/Berlin",
        "X XX XXX XXXX XXXXX",
        "+02 +0200 +02:00 +0200 +02:00",
    );
    check("GMT", "X x xx xxx Z ZZZZZ", "Z +00 +0000 +00:00 +0000 Z");
    check("Asia/Kolkata", "z zzzz", "IST India Standard Time");
    check("Asia/Singapore", "z zzzz", "SGT GMT+08:00");
    check("GMT", "G GGGG GGGGG", "AD Anno Domini A");
    check(
        "GMT",
        "y yy yyy yyyy yyyyy u",
        "2018 18 2018 2018 02018 2018",
    );
    check("GMT", "M MM MMM MMMM MMMMM L LLL", "5 05 May May M 5 May");
    check("GMT", "D DDD d dd F", "131 131 11 11 2");
    check("GMT", "Q QQ QQQ QQQQ QQQQQ", "2 02 Q2 2nd quarter 2");
    check(
        "GMT",
        "E EEEE EEEEE e ee eee c ccc",
        "Fri Friday F 6 06 Fri 6 Fri",
    );
    check("GMT", "w ww W YYYY YY", "19 19 2 2018 18");
    check("GMT", "a h hh H k K m s", "PM 9 09 21 21 9 58 33");
    check(
        "GMT",
        "S SS SSS SSSSSS SSSSSSSSS",
        "0 04 042 042000 042000000",
    );
    check("GMT", "A n N g", "79113042 42000000 79113042000000 58249");
    check("GMT", "ppppH|'quoted ''text'''", "  21|quoted 'text'");
    check("GMT", "yyyy[-MM[-dd]]", "2018-05-11");
    check("GMT", "", "");
}

#[test]
fn what_cannot_be_written_is_no_text() {
    assert_eq!(written("GMT", "ppHH:mmssSSSSpy", 0), None);
    assert_eq!(
        written("GMT", "yyyy", -62_135_596_800_001),
        Some("0001".to_owned())
    );
    assert_eq!(
        written("GMT", "G uuuu", -62_167_219_200_001),
        Some("BC -0001".to_owned())
    );
    assert_eq!(
        written("GMT", "yyyy", 253_402_300_800_000),
        Some("+10000".to_owned())
    );
    assert!(written("GMT", "yyyy-MM-dd", i64::MIN).is_some());
    assert!(written("+01:00", "yyyy-MM-dd", i64::MAX).is_none());
    let check_date = |pattern: &str, expected: Option<&str>| {
        let mut out = String::new();
        let found = Pattern::try_new(pattern)
            .unwrap()
            .write_date(18_993, &mut out);
        assert_eq!(found.map(|()| out).as_deref(), expected, "{pattern}");
    };
    check_date("dd-MMM-yyyy", Some("01-Jan-2022"));
    check_date("yyyy-MM-dd HH:mm", None);
    check_date("yyyy-MM-dd[ HH:mm]", Some("2022-01-01"));
    check_date("yyyy VV", None);
    check_date("yyyy X", None);
    let check_time = |pattern: &str, expected: Option<&str>| {
        let mut out = String::new();
        let found = Pattern::try_new(pattern)
            .unwrap()
            .write_time(36_930_042, &mut out);
        assert_eq!(found.map(|()| out).as_deref(), expected, "{pattern}");
    };
    check_time("HH:mm:ss.SSS", Some("10:15:30.042"));
    check_time("hh a", Some("10 AM"));
    check_time("yyyy HH", None);
}

#[test]
fn times_and_dates_are_read() {
    let time = |pattern: &str, text: &str| Pattern::try_new(pattern).unwrap().read_time(text);
    assert_eq!(time("HHmmss", "000105"), Some(65_000));
    assert_eq!(time("HHmmss.SSS'Fred'", "000105.000Fred"), Some(65_000));
    assert_eq!(time("HH", "24"), Some(0));
    assert_eq!(time("h:mm a", "12:05 am"), Some(300_000));
    assert_eq!(time("yyyy HHmmss", "2020 000105"), None);
    assert_eq!(time("mm", "05"), None);
    assert_eq!(time("HHmmss", "invalid"), None);
    let date = |pattern: &str, text: &str| Pattern::try_new(pattern).unwrap().read_date(text);
    assert_eq!(date("yyyy-MM-dd'Lit'", "2018-05-11Lit"), Some(17_662));
    assert_eq!(date("dd-MMM-yyyy", "01-jan-2022"), Some(18_993));
    assert_eq!(date("yyyy-MM", "2022-01"), None);
    assert_eq!(date("yyyy-MM-dd HH:mm", "2022-01-01 24:00"), Some(18_994));
    assert_eq!(date("yyyyMMdd", "foo"), None);
}

#[test]
fn lenient_dates() {
    let now = 1_800_000_000_000; // 2027
    let check = |pattern: &str, text: &str, expected: Option<&str>| {
        let days = LenientPattern::try_new(pattern)
            .unwrap()
            .read_date(text, now);
        let found = days.map(|days| weir_catalog::calendar::Date(days.into()).to_string());
        assert_eq!(found.as_deref(), expected, "{text} by {pattern}");
    };
    check("yyyy-MM-dd", "2021-12-01", Some("2021-12-01"));
    check("yyyy-MM-dd", "2021-02-30", Some("2021-03-02"));
    check("yyyy-MM-dd", "2021-13-00", Some("2021-12-31"));
    check("yyyy-MM-dd", "2021-12-01 and more", Some("2021-12-01"));
    check("yyyy-MM-dd", "2021- 2-1", Some("2021-02-01"));
    check("yyyy-MM-dd", "2004", None);
    check("yyyy-MM-dd", "-2021-02-01", None);
    check("yyyy-MM-dd", "99999999999-01-01", None);
    check("yyyy-MM-dd", "", None);
    check("yyyy-MM-dd'Fred'", "2021-12-01Fred", Some("2021-12-01"));
    check("yyyy-MM-dd'Fred'", "2021-12-01fred", None);
    check("dd-MMM-yyyy", "01-dec-2021", Some("2021-12-01"));
    check("dd MMMM yyyy", "01 Dec 2021", Some("2021-12-01"));
    check("yyyyMMdd", "20211201", Some("2021-12-01"));
    check("yyyyMMdd", "2021121", Some("2021-12-01"));
    check("yyyy", "2021", Some("2021-01-01"));
    check("MM", "3", Some("1970-03-01"));
    check("yy-MM-dd", "46-01-01", Some("2046-01-01"));
    check("yy-MM-dd", "47-01-01", Some("1947-01-01"));
    check("yy-MM-dd", "2021-01-01", Some("2021-01-01"));
    check("yyyy D", "2021 60", Some("2021-03-01"));
    check("EEE yyyy-MM-dd", "Mon 2021-12-01", Some("2021-12-01"));
    check("yyyy ww E", "2021 2 Sun", Some("2021-01-03"));
    check("yyyy MM W E", "2021 03 2 Thu", Some("2021-03-11"));
    check("yyyy MM F E", "2021 03 2 Thu", Some("2021-03-11"));
    check("yyyy-MM-dd HH:mm", "2021-12-01 05:40", None);
    check("yyyy-MM-dd HH:mm", "2021-12-01 24:00", Some("2021-12-02"));
    check("yyyy-MM-dd hh a", "2021-12-01 12 am", Some("2021-12-01"));
    check("yyyy-MM-dd X", "2021-12-01 +01", None);
    check("yyyy-MM-dd HH X", "2021-12-01 01 +01", Some("2021-12-01"));
    check("yyyy-MM-dd HH z", "2021-12-01 16 PST", Some("2021-12-02"));
    check("yyyy-MM-dd HH z", "2021-12-01 17 PDT", Some("2021-12-02"));
    check("G yyyy-MM-dd", "BC 0045-03-15", Some("-0044-03-13"));
    check("yyyy-MM-dd", "1582-10-15", Some("1582-10-15"));
    check("yyyy-MM-dd", "1582-10-04", Some("1582-10-14"));
    check("''yyyy", "'2021", Some("2021-01-01"));
    for (pattern, expected) in [
        ("invalid", "Format 'i' not supported"),
        ("yyyy'", "Unterminated quote"),
        ("XXXX", "invalid number of X"),
    ] {
        assert_eq!(LenientPattern::try_new(pattern).unwrap_err(), expected);
    }
}

/// What is written is read again as what it was.
#[test]
fn both_directions_agree() {
    let patterns = [
        "yyyy-MM-dd'T'HH:mm:ss.SSSX",
        "uuuuMMddHHmmssSSSXX",
        "EEEE d MMMM y G hh:mm:ss.SSS a VV",
        "YYYY 'week' w, e HH:mm:ss.SSS O",
        "DDD yyyy N xxx",
        "g A ZZZZ",
    ];
    let instants = (-40..40).map(|step: i64| step * 987_654_321_987);
    for (pattern, instant) in patterns
        .iter()
        .flat_map(|of| instants.clone().map(move |at| (of, at)))
    {
        // A year before Christ needs its era; all of these are after it.
        let zone = Zone::of("Europe/Madrid").unwrap();
        // Local time before there was standard time has seconds, which these patterns cut.
        if instant < -2_000_000_000_000 {
            continue;
        }
        let text = written("Europe/Madrid", pattern, instant).unwrap();
        let compiled = Pattern::try_new(pattern).unwrap();
        assert_eq!(
            compiled.read_timestamp(&text, &zone),
            Some(instant),
            "{text} by {pattern}"
        );
    }
}
