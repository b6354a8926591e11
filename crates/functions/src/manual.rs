//! What a function's manual entry says.

/// One entry: what DESCRIBE FUNCTION shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manual {
    /// Upper case.
    pub name: &'static str,
    /// As ksqlDB groups them: `STRING`, `MATHEMATICAL`, `NULL`, …
    pub category: &'static str,
    pub description: &'static str,
    pub overloads: Vec<Overload>,
    /// Whether a NULL argument may give something else than NULL; the descriptions say what.
    pub takes_null: bool,
    /// Whether Weir has it and ksqlDB has not.
    pub is_added: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overload {
    pub arguments: Vec<Argument>,
    /// As printed: `STRING`, `ARRAY<T>`.
    pub returns: String,
    pub description: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    pub name: &'static str,
    /// As printed; `T` for any type.
    pub sql_type: String,
    pub description: &'static str,
    pub is_variadic: bool,
}
