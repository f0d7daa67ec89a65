//! The JSON Schema of the config file: what `config schema` prints, and what the file is checked against.

use serde_json::Value;

use super::file::File;

/// The JSON Schema (draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(File).to_value()
}
