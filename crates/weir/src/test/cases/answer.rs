//! Whether an answer is the one that a case wants.

use super::json::Json;

/// Every member that is wanted must be there and match; others are free. A name that ends in `|starts_with` wants the
/// beginning of a text.
pub fn has_members(wanted: &Json, found: &Json) -> Result<(), String> {
    let Json::Object(members) = wanted else {
        return match equal(wanted, found, false) {
            true => Ok(()),
            false => Err(format!("expected {wanted}, was {found}")),
        };
    };
    for (name, wanted) in members {
        let (name, is_beginning) = match name.strip_suffix("|starts_with") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let Some(found) = found.get(name) else {
            return Err(format!("expected a member `{name}`, was {found}"));
        };
        if is_beginning {
            let (wanted, text) = (wanted.text().unwrap_or_default(), found.text());
            if !text.is_some_and(|text| text.starts_with(wanted)) {
                return Err(format!(
                    "expected {name} to begin with {wanted}, was {found}"
                ));
            }
        } else {
            has_members(wanted, found).map_err(|why| format!("{name}: {why}"))?;
        }
    }
    Ok(())
}

/// The elements of a query's answer: header and final message by their place, rows in any order unless the case says
/// otherwise.
pub fn rows(wanted: &[Json], found: &[Json], in_order: bool) -> Result<(), String> {
    let schema = found
        .iter()
        .find_map(|element| element.get("header")?.get("schema")?.text());
    let is_double: Vec<bool> = columns(schema.unwrap_or_default())
        .iter()
        .map(|column| column.contains("DOUBLE"))
        .collect();
    let mut left: Vec<&Json> = found
        .iter()
        .filter_map(|element| element.get("row"))
        .collect();
    if let Some(error) = found.iter().find_map(|element| element.get("errorMessage")) {
        return Err(format!("the query failed: {error}"));
    }
    for (place, element) in wanted.iter().enumerate() {
        let Some(row) = element.get("row") else {
            let other = found.get(place).unwrap_or(&Json::Null);
            has_members(element, other).map_err(|why| format!("element {place}: {why}"))?;
            continue;
        };
        let wanted = row.get("columns").unwrap_or(&Json::Null);
        let is_wanted = |row: &&Json| {
            let found = row.get("columns").unwrap_or(&Json::Null);
            let pairs = wanted.items().iter().zip(found.items()).enumerate();
            wanted.items().len() == found.items().len()
                && pairs.into_iter().all(|(column, (wanted, found))| {
                    let is_double = is_double.get(column).copied().unwrap_or(false);
                    equal(wanted, found, is_double)
                })
        };
        let at = left.iter().position(is_wanted);
        match at.filter(|at| !in_order || *at == 0) {
            Some(at) => drop(left.remove(at)),
            None => {
                let shown: Vec<String> = left.iter().take(5).map(|row| row.to_string()).collect();
                return Err(format!("row {wanted} is not among {}", shown.join(" ")));
            }
        }
    }
    if wanted.len() != found.len() {
        let rest = found.last().unwrap_or(&Json::Null);
        return Err(format!(
            "expected {} elements, were {}, the last is {rest}",
            wanted.len(),
            found.len()
        ));
    }
    Ok(())
}

/// The columns of a schema's text: cut at commas that are in no bracket and no name.
fn columns(schema: &str) -> Vec<&str> {
    let (mut depth, mut is_quoted, mut start) = (0_usize, false, 0);
    let mut columns = Vec::new();
    for (at, character) in schema.char_indices() {
        match character {
            '`' => is_quoted = !is_quoted,
            '<' | '(' if !is_quoted => depth += 1,
            '>' | ')' if !is_quoted => depth = depth.saturating_sub(1),
            ',' if !is_quoted && depth == 0 => {
                columns.push(&schema[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    columns.push(&schema[start..]);
    columns
}

/// Whole values: types and scale count, so 1 is not 1.0; doubles are compared by value.
pub fn equal(wanted: &Json, found: &Json, is_double: bool) -> bool {
    match (wanted, found) {
        (Json::Number(wanted), Json::Number(found)) => {
            wanted == found || (is_double && same_double(wanted, found))
        }
        (Json::List(wanted), Json::List(found)) => {
            let mut pairs = wanted.iter().zip(found);
            wanted.len() == found.len() && pairs.all(|(one, other)| equal(one, other, is_double))
        }
        (Json::Object(wanted), Json::Object(members)) => {
            let is_there = |(name, wanted): &(String, Json)| {
                found
                    .get(name)
                    .is_some_and(|found| equal(wanted, found, is_double))
            };
            wanted.len() == members.len() && wanted.iter().all(is_there)
        }
        (wanted, found) => wanted == found,
    }
}

pub fn same_double(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, columns, equal, has_members, rows};

    fn json(text: &str) -> Json {
        Json::parse(text).unwrap()
    }

    #[test]
    fn scale_counts_but_for_doubles() {
        assert!(!equal(&json("1"), &json("1.0"), false));
        assert!(!equal(&json("[1.0]"), &json("[1.00]"), false));
        assert!(equal(&json("1.0E10"), &json("10000000000.0"), true));
        assert!(equal(
            &json(r#"{"a":1,"b":null}"#),
            &json(r#"{"b":null,"a":1}"#),
            false
        ));
        assert!(!equal(
            &json(r#"{"a":1}"#),
            &json(r#"{"a":1,"b":null}"#),
            false
        ));
    }

    #[test]
    fn members_that_are_not_wanted_are_free() {
        let found = json(r#"{"queryId":"transient_S_1","n":{"x":1,"y":2}}"#);
        assert!(
            has_members(
                &json(r#"{"queryId|starts_with":"transient","n":{"x":1}}"#),
                &found
            )
            .is_ok()
        );
        assert!(has_members(&json(r#"{"queryId|starts_with":"SCALABLE"}"#), &found).is_err());
        assert!(has_members(&json(r#"{"m":1}"#), &found).is_err());
    }

    #[test]
    fn rows_come_in_any_order_and_the_others_in_their_places() {
        let header = r#"{"header":{"queryId":"q","schema":"`A` INTEGER, `D` DOUBLE"}}"#;
        let found = format!(
            r#"[{header},{{"row":{{"columns":[1,1.5]}}}},{{"row":{{"columns":[2,1.0E2]}}}},{{"finalMessage":"Limit Reached"}}]"#
        );
        let wanted = |rows: &str, end: &str| {
            json(&format!(
                r#"[{{"header":{{"schema":"`A` INTEGER, `D` DOUBLE"}}}},{rows},{{"finalMessage":"{end}"}}]"#
            ))
        };
        let both = r#"{"row":{"columns":[2,100.0]}},{"row":{"columns":[1,1.5]}}"#;
        let found = json(&found);
        let check = |wanted: Json, in_order| rows(wanted.items(), found.items(), in_order);
        assert_eq!(check(wanted(both, "Limit Reached"), false), Ok(()));
        assert!(check(wanted(both, "Limit Reached"), true).is_err());
        assert!(check(wanted(both, "Query Completed"), false).is_err());
        let one = r#"{"row":{"columns":[1,1.5]}}"#;
        assert!(check(wanted(one, "Limit Reached"), false).is_err());
        let twice = format!("{one},{one}");
        assert!(check(wanted(&twice, "Limit Reached"), false).is_err());
    }

    #[test]
    fn a_schema_is_cut_between_its_columns() {
        assert_eq!(
            columns("`A,B` STRUCT<`X` INTEGER, `Y` DECIMAL(4, 2)>, `D` DOUBLE"),
            [
                "`A,B` STRUCT<`X` INTEGER, `Y` DECIMAL(4, 2)>",
                " `D` DOUBLE"
            ]
        );
    }
}
