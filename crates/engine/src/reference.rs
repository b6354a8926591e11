//! The parts of `docs/reference/` that are written from the code: functions, casts, properties.
//!
//! Such a part stands between two comments of its page, `<!-- from the code: NAME -->` and `<!-- end -->`. A test fails when
//! it is not what the code says now; `WEIR_UPDATE_DOCS=1` writes it anew.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use weir_catalog::SqlType;
use weir_functions::{Argument, Manual, Overload, Registry, check_cast};
use weir_plan::{PropertyManual, property_manual};

use crate::{
    properties::{KNOWN, Level, WITHOUT_EFFECT},
    property_manual::MEANINGS,
};

/// Compares a part of a page with what the code says.
#[track_caller]
fn check(page: &str, part: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    let path = path.join(page);
    let text = fs::read_to_string(&path).expect("the page is there");
    let begin = format!("<!-- from the code: {part} -->\n");
    let (before, rest) = text.split_once(&begin).expect("the part begins");
    let (found, after) = rest.split_once("<!-- end -->").expect("the part ends");
    let expected = format!("\n{}\n\n", expected.trim());
    if found == expected {
        return;
    }
    assert!(
        std::env::var_os("WEIR_UPDATE_DOCS").is_some(),
        "docs/reference/{page} is not what the code says of {part}; WEIR_UPDATE_DOCS=1 writes it into the page"
    );
    let text = format!("{before}{begin}{expected}<!-- end -->{after}");
    fs::write(&path, text).expect("the page can be written");
}

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

/// Below each category its functions.
fn by_category(registry: &Registry) -> BTreeMap<&'static str, Vec<&Manual>> {
    let mut categories: BTreeMap<&str, Vec<&Manual>> = BTreeMap::new();
    for (_, manual) in registry.manuals() {
        categories.entry(manual.category).or_default().push(manual);
    }
    categories
}

#[test]
fn the_functions_are_those_of_the_registry() {
    let registry = Registry::builtin();
    let categories = by_category(&registry);
    // Writing to a String cannot fail.
    let mut text = String::from("| category | functions |\n| --- | --- |\n");
    for (category, functions) in &categories {
        let links = functions.iter().map(|manual| link(manual));
        let links: Vec<_> = links.collect();
        let _ = writeln!(text, "| {category} | {} |", links.join(" "));
    }
    for (category, functions) in &categories {
        let _ = write!(text, "\n## {category}\n");
        for manual in functions {
            text.push_str(&described(manual));
        }
    }
    check("functions.md", "functions", &text);
}

fn link(manual: &Manual) -> String {
    let star = if manual.is_added { "\\*" } else { "" };
    format!("[{}](#{}){star}", manual.name, manual.name.to_lowercase())
}

fn described(manual: &Manual) -> String {
    let added = match manual.is_added {
        true => " Weir's own.",
        false => "",
    };
    let nulls = match manual.takes_null {
        true => " A NULL argument may give something else than NULL.",
        false => "",
    };
    let Manual {
        name, description, ..
    } = manual;
    let mut text = format!(
        "\n### {name}\n\n{description}{added}{nulls}\n\n| | gives | |\n| --- | --- | --- |\n"
    );
    let mut arguments: Vec<(&str, &str)> = Vec::new();
    for overload in &manual.overloads {
        let form = code(&format!("{name}({})", form(overload)));
        let (returns, description) = (code(&overload.returns), cell(overload.description));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {form} | {returns} | {description} |");
        let described = overload.arguments.iter();
        let described = described.filter(|argument| !argument.description.is_empty());
        for argument in described {
            let of_argument = (argument.name, argument.description);
            if !arguments.contains(&of_argument) {
                arguments.push(of_argument);
            }
        }
    }
    if !arguments.is_empty() {
        text.push('\n');
    }
    for (argument, description) in arguments {
        let _ = writeln!(text, "- `{argument}`: {description}");
    }
    text
}

fn form(overload: &Overload) -> String {
    let arguments = overload.arguments.iter();
    let arguments = arguments.map(|argument: &Argument| {
        let dots = if argument.is_variadic { "…" } else { "" };
        format!("{} {}{dots}", argument.name, argument.sql_type)
    });
    arguments.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_casts_are_those_of_the_code() {
    let decimal = SqlType::Decimal {
        precision: 4,
        scale: 2,
    };
    let types = [
        SqlType::Boolean,
        SqlType::Integer,
        SqlType::BigInt,
        decimal,
        SqlType::Double,
        SqlType::String,
        SqlType::Bytes,
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
    ];
    let name = |sql_type: &SqlType| match sql_type {
        SqlType::Decimal { .. } => "DECIMAL".to_owned(),
        SqlType::String => "VARCHAR".to_owned(),
        other => other.to_string(),
    };
    let heads: Vec<_> = types.iter().map(name).collect();
    let rule = "| --- ".repeat(types.len() + 1);
    let mut text = format!("| from, to | {} |\n{rule}|\n", heads.join(" | "));
    for from in &types {
        let cells = types.iter().map(|to| match check_cast(from, to) {
            Ok(()) => "yes",
            Err(_) => "",
        });
        let cells: Vec<_> = cells.collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} | {} |", name(from), cells.join(" | "));
    }
    check("types.md", "casts", &text);
}

#[test]
fn the_properties_of_a_with_clause_are_those_of_the_planner() {
    let mut text = String::from("| property | source | result | |\n| --- | --- | --- | --- |\n");
    for property in property_manual() {
        let PropertyManual {
            name,
            meaning,
            is_of_sources,
            is_of_sinks,
        } = property;
        let yes = |is| if is { "yes" } else { "" };
        let (source, sink) = (yes(is_of_sources), yes(is_of_sinks));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{name}` | {source} | {sink} | {} |", cell(meaning));
    }
    check("properties.md", "WITH", &text);
}

#[test]
fn the_properties_of_the_engine_are_those_that_it_knows() {
    let mut known: Vec<_> = KNOWN.iter().collect();
    known.sort_by_key(|(name, ..)| *name);
    let table = |level: Level| {
        let mut text = String::from("| property | default | |\n| --- | --- | --- |\n");
        for (name, default, of_level) in &known {
            if *of_level != level {
                continue;
            }
            let meaning = MEANINGS.iter().find(|(of, _)| of == name);
            let (_, meaning) = meaning.expect("every property has a meaning");
            let default = match *default {
                "" => String::new(),
                default => code(default),
            };
            let effect = match WITHOUT_EFFECT.contains(name) {
                true => " *No effect in this version.*",
                false => "",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| `{name}` | {default} | {}{effect} |", cell(meaning));
        }
        text
    };
    check("properties.md", "SET", &table(Level::Query));
    check("properties.md", "server", &table(Level::Server));
}
