//! WINDOW_TYPE and WINDOW_SIZE: keys with windows behind them.

use weir_catalog::Window;

use crate::{Error, ErrorKind, properties::With};

/// The window that a WITH clause declares.
pub fn window(with: &With<'_>) -> Result<Option<Window>, Error> {
    let size = with.text("WINDOW_SIZE")?;
    let size = size.map(|size| milliseconds(&size)).transpose();
    let size = size.map_err(|error| with.place(error, "WINDOW_SIZE"))?;
    let found = of_kind(with, size);
    found.map_err(|error| with.place(with.place(error, "WINDOW_TYPE"), "WINDOW_SIZE"))
}

fn of_kind(with: &With<'_>, size: Option<i64>) -> Result<Option<Window>, Error> {
    let Some(kind) = with.text("WINDOW_TYPE")? else {
        return match size {
            None => Ok(None),
            Some(_) => Err(refused("'WINDOW_SIZE' is set but 'WINDOW_TYPE' is not.")
                .hint("add WINDOW_TYPE='TUMBLING' or WINDOW_TYPE='HOPPING'")),
        };
    };
    let sized = |make: fn(i64) -> Window, name: &str| match size {
        Some(size) => Ok(Some(make(size))),
        None => Err(refused(format!(
            "{name} windows require 'WINDOW_SIZE' to be provided in the WITH clause. For example: 'WINDOW_SIZE'='10 SECONDS'"
        ))),
    };
    match kind.trim().to_uppercase().as_str() {
        "TUMBLING" => sized(|size_ms| Window::Tumbling { size_ms }, "TUMBLING"),
        "HOPPING" => sized(|size_ms| Window::Hopping { size_ms }, "HOPPING"),
        "SESSION" if size.is_some() => Err(with
            .place(
                refused("'WINDOW_SIZE' should not be set for SESSION windows."),
                "WINDOW_SIZE",
            )
            .hint("leave it out: a session is as long as its records say")),
        "SESSION" => Ok(Some(Window::Session)),
        _ => Err(refused(format!(
            "Failed to prepare statement: Configuration WINDOW_TYPE is invalid: Unknown window type: '{kind}'.\nAllowed types: SESSION, TUMBLING, HOPPING"
        ))),
    }
}

/// `10 SECONDS`.
fn milliseconds(text: &str) -> Result<i64, Error> {
    let invalid = |why: String| {
        refused(format!(
            "Failed to prepare statement: Configuration WINDOW_SIZE is invalid: Invalid duration: '{text}'. {why}"
        ))
        .hint("write a number and a unit: '30 SECONDS'")
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let [count, unit] = words[..] else {
        return Err(invalid(format!("Expected 2 parts, got {}", words.len())));
    };
    let count: i64 = count
        .parse()
        .map_err(|_| invalid(format!("Not numeric: '{count}'")))?;
    let unit = unit.to_uppercase();
    let length = match unit.strip_suffix('S').unwrap_or(&unit) {
        "DAY" => 86_400_000,
        "HOUR" => 3_600_000,
        "MINUTE" => 60_000,
        "SECOND" => 1_000,
        "MILLISECOND" => 1,
        _ => return Err(invalid(format!("Unknown time unit: '{unit}'"))),
    };
    match count.checked_mul(length).filter(|size| *size > 0) {
        Some(size) => Ok(size),
        None => Err(invalid(
            "A window has some length, and not for ever".to_owned(),
        )),
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Property, message)
}
