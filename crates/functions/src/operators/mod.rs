//! The operators of the language as total functions over columns: comparison, LIKE, arithmetic, CAST, access, constructors.
