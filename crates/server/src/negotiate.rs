//! What a client wants to be sent (RFC 9110, section 12.5.1).

/// The forms that answers have.
pub const V1: &str = "application/vnd.ksql.v1+json";
pub const JSON: &str = "application/json";
pub const DELIMITED: &str = "application/vnd.ksqlapi.delimited.v1";
pub const PROTOBUF: &str = "application/vnd.ksql.v1+protobuf";

/// The form to send: of those that an `Accept` header names, the one that it weighs highest; the earlier one on a tie.
/// Without a header it is the first. `None`: none of them will do.
pub fn choose(accept: Option<&str>, offered: &[&'static str]) -> Option<&'static str> {
    let accept = accept.map(str::trim).filter(|accept| !accept.is_empty());
    let Some(accept) = accept else {
        return offered.first().copied();
    };
    let mut best: Option<(f32, &'static str)> = None;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        let found = offered.iter().find(|offer| matches(&name, offer));
        if let Some(found) = found
            && weight > best.map_or(0.0, |(weight, _)| weight)
        {
            best = Some((weight, found));
        }
    }
    best.map(|(_, offer)| offer)
}

fn matches(range: &str, offer: &str) -> bool {
    match range.split_once('/') {
        Some(("*", "*")) => true,
        Some((kind, "*")) => offer.split('/').next() == Some(kind),
        _ => range == offer,
    }
}

/// Whether a request's body is in a form that is read; without a word about it, it is.
pub fn is_json(content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else {
        return true;
    };
    let name = content_type.split(';').next().unwrap_or_default().trim();
    name.eq_ignore_ascii_case(V1) || name.eq_ignore_ascii_case(JSON)
}

#[cfg(test)]
mod tests {
    use super::{DELIMITED, JSON, V1, choose, is_json};

    #[test]
    fn the_weightiest_form_is_chosen() {
        let check = |accept: Option<&str>, expected: Option<&str>| {
            assert_eq!(
                choose(accept, &[DELIMITED, JSON, V1]),
                expected,
                "{accept:?}"
            );
        };
        check(None, Some(DELIMITED));
        check(Some("*/*"), Some(DELIMITED));
        check(Some("application/*"), Some(DELIMITED));
        check(Some("application/json"), Some(JSON));
        check(
            Some("text/html, application/json;q=0.5, */*;q=0.1"),
            Some(JSON),
        );
        check(
            Some("APPLICATION/VND.KSQL.V1+JSON; charset=utf-8"),
            Some(V1),
        );
        check(Some("text/html"), None);
        check(Some("application/json;q=0"), None);
        check(Some(""), Some(DELIMITED));
    }

    #[test]
    fn bodies_are_json_unless_they_say_something_else() {
        assert!(is_json(None));
        assert!(is_json(Some("application/vnd.ksql.v1+json; charset=utf-8")));
        assert!(!is_json(Some("text/plain")));
    }
}
