//! The window behind a key, as Kafka Streams writes it (`TimeWindowedSerializer`, `SessionWindowedSerializer`).
//!
//! ```text
//! time      key bytes ‖ start                 8 bytes, big-endian, milliseconds
//! session   key bytes ‖ end ‖ start           16 bytes
//! ```

use weir_catalog::Window;

/// The key, and the bytes of its window; `None` if it is too short to have one.
pub fn split(window: Window, key: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match window {
        Window::Session => 16,
        Window::Tumbling { .. } | Window::Hopping { .. } => 8,
    };
    key.split_at_checked(key.len().checked_sub(length)?)
}

/// Start and end of the window of a key, in milliseconds.
pub fn bounds(window: Window, key: &[u8]) -> Option<(i64, i64)> {
    let (_, bytes) = split(window, key)?;
    let (first, rest) = bytes.split_first_chunk()?;
    let first = i64::from_be_bytes(*first);
    match window {
        Window::Session => Some((i64::from_be_bytes(*rest.first_chunk()?), first)),
        Window::Tumbling { size_ms } | Window::Hopping { size_ms } => {
            Some((first, first.saturating_add(size_ms)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_stands_behind_its_key() {
        let tumbling = Window::Tumbling { size_ms: 1_000 };
        let key = [b"k".as_slice(), &5_i64.to_be_bytes()].concat();
        assert_eq!(split(tumbling, &key).unwrap().0, b"k");
        assert_eq!(bounds(tumbling, &key), Some((5, 1_005)));
        let session = [b"".as_slice(), &9_i64.to_be_bytes(), &3_i64.to_be_bytes()].concat();
        assert_eq!(split(Window::Session, &session).unwrap().0, b"");
        assert_eq!(bounds(Window::Session, &session), Some((3, 9)));
        assert_eq!(bounds(Window::Session, &key), None);
        assert_eq!(bounds(tumbling, b"short"), None);
        let last = i64::MAX.to_be_bytes();
        assert_eq!(bounds(tumbling, &last), Some((i64::MAX, i64::MAX)));
    }
}
