//! Certificates and keys as PEM text, from a file or from the property itself.

use super::config::{Given, invalid};
use crate::Result;

/// The text of `<store>.location`, which must be PEM.
pub(super) fn file(given: &Given<'_>, store: &str) -> Result<Option<String>> {
    let name = format!("{store}.location");
    let Some(path) = given.text(&name) else {
        return Ok(None);
    };
    expect_type(given, &format!("{store}.type"))?;
    let bytes = std::fs::read(path).map_err(|error| {
        invalid(
            &name,
            format!("names `{path}`, which cannot be read: {error}"),
        )
    })?;
    match String::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN ") => Ok(Some(text)),
        _ => Err(invalid(
            &name,
            format!(
                "names `{path}`, which is not PEM; {}",
                conversion(store, path)
            ),
        )),
    }
}

/// Java's own stores are refused by their name, before anything is read.
pub(super) fn expect_type(given: &Given<'_>, name: &str) -> Result<()> {
    let store = name.trim_end_matches(".type");
    match given.text(name) {
        None => Ok(()),
        Some(kind) if kind.eq_ignore_ascii_case("PEM") => Ok(()),
        Some(kind) => {
            let path = given.text(&format!("{store}.location")).unwrap_or("store");
            Err(invalid(
                name,
                format!("is {kind}; only PEM is read: {}", conversion(store, path)),
            ))
        }
    }
}

fn conversion(store: &str, path: &str) -> String {
    if store == "ssl.truststore" {
        return format!(
            "convert it with `keytool -list -rfc -keystore {path} > truststore.pem`, then set `ssl.truststore.type=PEM`"
        );
    }
    format!(
        "convert it with `keytool -importkeystore -srckeystore {path} -destkeystore store.p12 -deststoretype PKCS12` and \
         `openssl pkcs12 -in store.p12 -nodes -out keystore.pem`, then set `ssl.keystore.type=PEM`"
    )
}

/// Whether there is a section whose label ends with `label`; the text itself is never shown.
pub(super) fn expect(property: &str, text: &str, label: &str) -> Result<()> {
    if sections(text, label).is_empty() {
        let what = format!("has no `-----BEGIN {label}-----` in it");
        return Err(invalid(property, what));
    }
    Ok(())
}

/// The sections whose label ends with `label` (`RSA PRIVATE KEY` ends with `PRIVATE KEY`), in their order.
pub(super) fn sections(text: &str, label: &str) -> String {
    let mut found = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        rest = &rest[start..];
        let Some((name, _)) = rest["-----BEGIN ".len()..].split_once("-----") else {
            break;
        };
        let end_mark = format!("-----END {name}-----");
        let Some(end) = rest.find(&end_mark) else {
            break;
        };
        let (section, after) = rest.split_at(end + end_mark.len());
        if name.ends_with(label) {
            found.push_str(section);
            found.push('\n');
        }
        rest = after;
    }
    found
}

/// PEM in one property may have lost its line breaks to line continuations: they are put back.
pub(super) fn lines(text: &str) -> String {
    let mut lines = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        let Some((label, body)) = rest[start + "-----BEGIN ".len()..].split_once("-----") else {
            break;
        };
        let Some((body, after)) = body.split_once(&format!("-----END {label}-----")) else {
            break;
        };
        lines.push_str(&format!("-----BEGIN {label}-----\n"));
        let body: Vec<char> = body.chars().filter(|c| !c.is_whitespace()).collect();
        for line in body.chunks(64) {
            lines.extend(line);
            lines.push('\n');
        }
        lines.push_str(&format!("-----END {label}-----\n"));
        rest = after;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_come_back() {
        let one_line = "-----BEGIN CERTIFICATE----- QUJD REVG -----END CERTIFICATE----- -----BEGIN X-----eA==-----END X-----";
        let expected = "-----BEGIN CERTIFICATE-----\nQUJDREVG\n-----END CERTIFICATE-----\n-----BEGIN X-----\neA==\n-----END X-----\n";
        assert_eq!(lines(one_line), expected);
        assert_eq!(lines(expected), expected);
    }

    #[test]
    fn a_key_and_its_certificates_are_told_apart() {
        let text = "Bag\n-----BEGIN RSA PRIVATE KEY-----\nk\n-----END RSA PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\na\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nb\n-----END CERTIFICATE-----";
        assert_eq!(
            sections(text, "PRIVATE KEY"),
            "-----BEGIN RSA PRIVATE KEY-----\nk\n-----END RSA PRIVATE KEY-----\n"
        );
        assert_eq!(sections(text, "CERTIFICATE").matches("BEGIN").count(), 2);
        assert_eq!(
            sections("-----BEGIN CERTIFICATE-----\ncut", "CERTIFICATE"),
            ""
        );
    }
}
