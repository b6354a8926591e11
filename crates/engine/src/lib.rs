//! The engine that runs statements: the library's door.
