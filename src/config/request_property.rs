//! `-X key=value`: librdkafka's own settings.

use super::flags::sided;
use super::request::{ReconcileRequest, RequestError};
use super::secret::is_secret_property;
use crate::edge::kafka;

/// Adds one.
///
/// # Errors
/// It cannot be, or is a secret.
pub(super) fn add(request: &mut ReconcileRequest, text: &str) -> Result<(), RequestError> {
    // The value may be a secret by mistake: it is never repeated.
    let (sides, pair) = sided("-X", text, request.sides.present())?;
    let (name, value) = pair.split_once('=').ok_or_else(|| RequestError {
        what: "-X: must be key=value".to_owned(),
        hint: None,
    })?;
    let refused = |error: &kafka::KafkaError| RequestError {
        what: format!("-X {name}: {error}"),
        hint: error.hint(),
    };
    if is_secret_property(name) {
        return Err(refused(&kafka::KafkaError::SecretInPlain { key: name.to_owned() }));
    }
    let alone = kafka::Settings {
        brokers: vec!["localhost".to_owned()],
        properties: [(name.to_owned(), value.to_owned())].into(),
        ..kafka::Settings::default()
    };
    kafka::validate(&alone).map_err(|error| refused(&error))?;
    for side in sides {
        request
            .sides
            .get_mut(*side)
            .cluster
            .properties
            .insert(name.to_owned(), value.to_owned());
    }
    Ok(())
}
