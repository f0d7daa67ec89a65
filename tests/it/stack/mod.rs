//! The real stack: run by the gate.

mod bad_input;
mod kafka_tls;
mod registry_tls;

use std::time::Duration;

/// Nothing of what is refused may take longer to be told.
const LIMIT: Duration = Duration::from_secs(15);

fn from_stack(name: &str) -> String {
    std::env::var_os(name)
        .and_then(|value| value.into_string().ok())
        .unwrap_or_else(|| panic!("{name} is not set: run tests/stack/up --secure"))
}
