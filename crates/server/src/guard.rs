//! Who asks, and from where: looked at before anything else of a request.
//!
//! Without credentials the server trusts whoever can connect to this machine's own address. Web pages can, too: a browser
//! sends what any page wants to localhost. So a request with a foreign `Origin` is refused, and so is one whose `Host` is not
//! ours, which is what a page sends after its own name was pointed at this machine (DNS rebinding).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{app::App, error::Refusal, routes::text};

pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match check(&app, request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check(app: &App, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let names = app.own_names();
    check_origin(headers, &names, &app.options.origins)?;
    let Some(credentials) = &app.options.credentials else {
        check_site(headers)?;
        return check_host(uri, headers, &names);
    };
    let authorization = text(headers, &header::AUTHORIZATION);
    let is_known = authorization.is_some_and(|value| credentials.accept(value))
        // A browser's WebSocket cannot send the header.
        || (uri.path().starts_with("/ws/")
            && access_token(uri).is_some_and(|token| credentials.accept_token(&token)));
    match is_known {
        true => Ok(()),
        false => Err(Refusal::new(40100, "Unauthorized")),
    }
}

/// A page of another site that asks for a picture or a script sends no `Origin`; browsers say where it comes from all the
/// same (Fetch Metadata, `Sec-Fetch-Site`).
fn check_site(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get("sec-fetch-site").map(|value| value.as_bytes()) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        // The `Origin` that comes with it was let in.
        Some(_) if headers.contains_key(header::ORIGIN) => Ok(()),
        Some(_) => Err(Refusal::new(
            40300,
            "Pages of other sites may not ask here: access.control.allow.origin lists those that may",
        )),
    }
}

fn check_host(uri: &Uri, headers: &HeaderMap, names: &[String]) -> Result<(), Refusal> {
    let host = uri
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| text(headers, &header::HOST));
    let host = match (host, headers.get(header::HOST)) {
        (Some(host), _) => host,
        // A browser always says it.
        (None, None) => return Ok(()),
        (None, Some(_)) => "",
    };
    if names.iter().any(|name| name.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    Err(Refusal::new(
        40300,
        format!(
            "Host {} is not this server's: ask for {}, or start the server with credentials",
            host.escape_debug(),
            names.first().map_or("localhost", String::as_str)
        ),
    ))
}

fn check_origin(headers: &HeaderMap, names: &[String], allowed: &[String]) -> Result<(), Refusal> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let is_ours = ["http://", "https://"].iter().any(|scheme| {
        origin
            .strip_prefix(scheme)
            .is_some_and(|host| names.iter().any(|name| name.eq_ignore_ascii_case(host)))
    });
    if is_ours || allowed.iter().any(|known| known == "*" || known == origin) {
        return Ok(());
    }
    Err(Refusal::new(
        40300,
        format!(
            "Origin {} may not ask here: access.control.allow.origin lists those that may",
            origin.escape_debug()
        ),
    ))
}

fn access_token(uri: &Uri) -> Option<String> {
    let pairs = uri.query()?.split('&');
    let value = pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == "access_token")?
        .1;
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8();
    decoded.ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Uri, header};

    use super::{check_host, check_origin, check_site};

    #[test]
    fn pages_of_others_are_refused() {
        let names = ["localhost:8088".to_owned(), "127.0.0.1:8088".to_owned()];
        let origin = |origin: &str, allowed: &[&str]| {
            let headers = HeaderMap::from_iter([(header::ORIGIN, origin.parse().unwrap())]);
            let allowed: Vec<_> = allowed.iter().map(|origin| (*origin).to_owned()).collect();
            check_origin(&headers, &names, &allowed).is_ok()
        };
        assert!(origin("http://localhost:8088", &[]));
        assert!(!origin("http://localhost:9999", &[]));
        assert!(!origin("https://evil.example", &[]));
        assert!(!origin("null", &[]));
        assert!(origin("https://soc.example", &["https://soc.example"]));
        let host = |host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            check_host(&Uri::from_static("/ksql"), &headers, &names).is_ok()
        };
        assert!(host("LOCALHOST:8088"));
        assert!(!host("localhost"));
        assert!(!host("evil.example:8088"));
        let unreadable = header::HeaderValue::from_bytes(b"\xff").unwrap();
        let headers = HeaderMap::from_iter([(header::HOST, unreadable)]);
        assert!(check_host(&Uri::from_static("/"), &headers, &names).is_err());
        let site = |site: &str| {
            let name = header::HeaderName::from_static("sec-fetch-site");
            check_site(&HeaderMap::from_iter([(name, site.parse().unwrap())])).is_ok()
        };
        assert!(site("same-origin") && site("none"));
        assert!(!site("cross-site") && !site("same-site"));
        assert!(check_host(&Uri::from_static("/"), &HeaderMap::new(), &names).is_ok());
    }
}
