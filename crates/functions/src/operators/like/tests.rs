use std::{sync::Arc, time::Instant};

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion_common::ScalarValue;
use datafusion_expr::lit;
use proptest::prelude::*;

use super::*;
use crate::testing::{column as test_column, evaluate};

/// The definition, by recursion.
fn naive(pattern: &[char], escape: Option<char>, text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [first, rest @ ..] if Some(*first) == escape => rest.first().is_some_and(|wanted| {
            text.first() == Some(wanted) && naive(&rest[1..], escape, &text[1..])
        }),
        ['%', rest @ ..] => (0..=text.len()).any(|skipped| naive(rest, escape, &text[skipped..])),
        ['_', rest @ ..] => !text.is_empty() && naive(rest, escape, &text[1..]),
        [first, rest @ ..] => text.first() == Some(first) && naive(rest, escape, &text[1..]),
    }
}

fn check(text: &str, pattern: &str, escape: Option<char>, expected: bool) {
    let compiled = LikePattern::try_new(pattern, escape, false).unwrap();
    assert_eq!(
        compiled.matches(text),
        expected,
        "{text:?} LIKE {pattern:?}"
    );
    let values = StringArray::from(vec!["", text, "x", text]);
    let rows = column::matches(&compiled, &values);
    assert_eq!(
        (rows.value(1), rows.value(3)),
        (expected, expected),
        "{text:?} LIKE {pattern:?}"
    );
}

#[test]
fn patterns_match_as_the_manual_says() {
    check("C:\\Windows\\cmd.exe", "%\\cmd.exe", None, true);
    check("C:\\Windows\\cmd.exe.bak", "%\\cmd.exe", None, false);
    check("a\nb", "a%b", None, true);
    check("a\nb", "a_b", None, true);
    check("a\r\nb", "a_b", None, false);
    check("Win32-Process", "%Win32_Process%", None, true);
    check("100%", "100!%", Some('!'), true);
    check("1000", "100!%", Some('!'), false);
    check("a_b", "a\\_b", Some('\\'), true);
    check("a_b", "a\\_b", None, false);
    check("ends in \\", "%\\", None, true);
    check("", "", None, true);
    check("", "%", None, true);
    check("", "_", None, false);
    check("aa", "a%a", None, true);
    check("a", "a%a", None, false);
    check("😀", "_", None, true);
    check("abcabd", "%ab_%d", None, true);
    check("abc", "%ABC%", None, false);
    check("x-é-y", "x%é_y", None, true);
}

#[test]
fn a_pattern_must_not_end_in_its_escape_character() {
    let how = Like {
        escape: Some('!'),
        ..Like::default()
    };
    let error = like(lit("x"), vec![lit("a!%"), lit("abc!")], how).unwrap_err();
    let message = "LIKE pattern must not end in its escape character: 'abc!'".to_owned();
    assert_eq!(error, BadPattern { index: 1, message });
    assert!(LikePattern::try_new("abc!!", Some('!'), false).is_ok());
}

fn check_rows(pattern: Expr, escape: Option<char>, is_negated: bool, expected: &[bool]) {
    let values: ArrayRef = Arc::new(StringArray::from(vec![
        Some("ab"),
        None,
        Some("ab"),
        Some("b"),
    ]));
    let patterns: ArrayRef = Arc::new(StringArray::from(vec![
        Some("a%"),
        Some("%"),
        None,
        Some("b!"),
    ]));
    let how = Like {
        escape,
        is_negated,
        ignores_case: false,
    };
    let like = like(test_column(0), vec![pattern], how).unwrap();
    let result = evaluate(&like, &[values, patterns]);
    assert_eq!(result.null_count(), 0);
    let rows: Vec<bool> = result.as_boolean().values().iter().collect();
    assert_eq!(rows, expected);
}

#[test]
fn a_null_is_not_like_anything_and_never_null() {
    check_rows(lit("a%"), None, false, &[true, false, true, false]);
    check_rows(lit("a%"), None, true, &[false, true, false, true]);
    check_rows(lit(ScalarValue::Utf8(None)), None, false, &[false; 4]);
    check_rows(lit(ScalarValue::Utf8(None)), None, true, &[true; 4]);
    check_rows(
        test_column(1),
        Some('!'),
        false,
        &[true, false, false, false],
    );
    check_rows(test_column(1), Some('!'), true, &[false, true, true, true]);
}

#[test]
fn any_of_several_is_enough_and_case_does_not_count() {
    let values: ArrayRef = Arc::new(StringArray::from(vec![
        Some("x"),
        Some("PowerShell.EXE"),
        None,
        Some("ΣΊΣΥΦΟΣ"),
        Some("cmd.exe"),
        Some("A_b"),
    ]));
    // A slice: offsets do not begin at 0.
    let values = values.slice(1, 5);
    let patterns: ArrayRef = Arc::new(StringArray::from(vec![
        Some("POWER%"),
        Some("%"),
        Some("%ς"),
        None,
        Some("a!_B"),
    ]));
    let check = |patterns_given: Vec<Expr>, ignores_case, expected: [bool; 5]| {
        for is_negated in [false, true] {
            let how = Like {
                escape: Some('!'),
                is_negated,
                ignores_case,
            };
            let like = like(test_column(0), patterns_given.clone(), how).unwrap();
            let result = evaluate(&like, &[values.clone(), patterns.clone()]);
            let rows: Vec<bool> = result.as_boolean().values().iter().collect();
            assert_eq!(
                rows,
                expected.map(|is_like| is_like != is_negated),
                "{like}"
            );
        }
    };
    let literals = || vec![lit("%.exe"), lit(ScalarValue::Utf8(None)), lit("σ%")];
    check(literals(), true, [true, false, true, true, false]);
    check(literals(), false, [false, false, false, true, false]);
    check(vec![test_column(1)], true, [true, false, true, false, true]);
    let mixed = vec![test_column(1), lit("c%")];
    check(mixed, true, [true, false, true, true, true]);
    // One value for all rows.
    let of_constant = like(
        lit("Cmd.exe"),
        vec![lit("c%"), test_column(1)],
        Like {
            ignores_case: true,
            ..Like::default()
        },
    );
    let result = evaluate(&of_constant.unwrap(), &[values, patterns]);
    assert!(result.as_boolean().values().iter().all(|is_like| is_like));
}

#[test]
fn a_literal_is_not_found_across_two_rows() {
    let values = StringArray::from(vec!["xab", "cx", "abc", "ab", "", "c", "abcabc"]);
    let pattern = LikePattern::try_new("%abc%", None, false).unwrap();
    let rows: Vec<bool> = column::matches(&pattern, &values).iter().collect();
    assert_eq!(rows, [false, false, true, false, false, false, true]);
    let sliced: Vec<bool> = column::matches(&pattern, &values.slice(2, 3))
        .iter()
        .collect();
    assert_eq!(sliced, [true, false, false]);
    assert_eq!(column::matches(&pattern, &values.slice(0, 0)).len(), 0);
}

#[test]
fn the_longest_literal_is_in_every_match() {
    let literal = |pattern| {
        let pattern = LikePattern::try_new(pattern, None, false).unwrap();
        pattern.longest_literal().map(<[u8]>::to_vec)
    };
    assert_eq!(literal("%abc%").as_deref(), Some(&b"abc"[..]));
    assert_eq!(literal("ab%cde_f%x").as_deref(), Some(&b"cde"[..]));
    assert_eq!(literal("whole").as_deref(), Some(&b"whole"[..]));
    assert_eq!(literal("%_%"), None);
}

#[test]
fn hostile_patterns_take_no_more_than_the_product_of_the_lengths() {
    let text = "a".repeat(20_000);
    let start = Instant::now();
    for pattern in [
        "%a".repeat(200) + "%b",
        "%a_".repeat(200) + "b",
        "_%".repeat(200) + "b",
    ] {
        assert!(
            !LikePattern::try_new(&pattern, None, false)
                .unwrap()
                .matches(&text)
        );
    }
    let pattern =
        LikePattern::try_new(&("%".to_owned() + &"a".repeat(300) + "_b%"), None, false).unwrap();
    assert!(!pattern.matches(&text));
    // A matcher that tries again would need ages for one of these.
    assert!(start.elapsed().as_secs() < 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn matching_is_the_definition(
        texts in prop::collection::vec("[ab%_\\\\\né😀]{0,10}", 1..5),
        pattern in "[ab%_!\\\\é😀\n]{0,8}",
        escape in prop::option::of(prop::sample::select(vec!['!', '\\', '%', 'é'])),
    ) {
        let Ok(compiled) = LikePattern::try_new(&pattern, escape, false) else { return Ok(()) };
        let characters: Vec<char> = pattern.chars().collect();
        let expected: Vec<bool> = texts
            .iter()
            .map(|text| naive(&characters, escape, &text.chars().collect::<Vec<_>>()))
            .collect();
        let one_by_one: Vec<bool> = texts.iter().map(|text| compiled.matches(text)).collect();
        let at_once: Vec<bool> = column::matches(&compiled, &StringArray::from(texts)).iter().collect();
        prop_assert_eq!(&one_by_one, &expected);
        prop_assert_eq!(&at_once, &expected);
    }
}
